//! `fixate calibrate`: models fitted to a machine.

mod images;
mod quantize;

use crate::failure::Failure;
use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum CalibrateCommand {
    /// Makes an int8 encoder of a bundle's f32 encoder, with a report of what it loses.
    Quantize(quantize::Quantize),
}

/// Runs the command.
pub(crate) fn run(command: &CalibrateCommand, json: bool) -> Result<(), Failure> {
    match command {
        CalibrateCommand::Quantize(arguments) => quantize::run(arguments, json),
    }
}
