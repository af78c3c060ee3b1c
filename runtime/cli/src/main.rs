//! The `fixate` command.

mod arguments;
mod bench;
mod calibrate;
mod close_look;
mod eval;
mod failure;
mod image_file;
mod kinds;
mod live;
mod model;
mod overlay;
mod replay;
mod segment;
mod tensors;

use arguments::{Arguments, Command};
use clap::Parser;
use failure::Failure;
use serde::Serialize;
use std::fmt;
use std::io::Write;
use std::panic;
use std::process::ExitCode;

fn main() -> ExitCode {
    // What is wrong with a certificate stands in the command's one line.
    let quiet = env_logger::Env::default().default_filter_or("error,rustls_platform_verifier=off");
    env_logger::Builder::from_env(quiet).init();
    // The library turns the backend's panics on hostile models into errors, which are told in one line.
    panic::set_hook(Box::new(|panic| log::debug!("{panic}")));
    let arguments = Arguments::parse();
    let result = panic::catch_unwind(|| run(&arguments)).unwrap_or_else(|_| {
        let reason = "a defect of fixate ended this; RUST_LOG=debug tells where";
        Err(Failure::Failed(reason.to_owned()))
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            // Nowhere is left to tell it if standard error is closed.
            let _ = writeln!(std::io::stderr(), "fixate: {failure}");
            ExitCode::from(failure.exit_status())
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    match &arguments.command {
        Command::Segment(segment) => segment::run(segment, arguments.json),
        Command::Bench(bench) => bench::run(bench, arguments.json),
        Command::Eval(eval) => eval::run(eval, arguments.json),
        Command::Live(live) => live::run(live, arguments.json),
        Command::Record(record) => live::record(record, arguments.json),
        Command::Replay(replay) => replay::run(replay, arguments.json),
        Command::Calibrate(command) => calibrate::run(command, arguments.json),
        Command::Model(command) => model::run(command, arguments.json),
    }
}

/// One line on standard output. A reader that went away (`| head`) is no failure.
fn print_line(line: fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// The one JSON object of `--json`.
fn print_json(value: &impl Serialize) -> Result<(), Failure> {
    print_line(format_args!(
        "{}",
        serde_json::to_string(value).map_err(Failure::of)?
    ));
    Ok(())
}
