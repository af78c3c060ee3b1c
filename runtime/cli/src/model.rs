//! `fixate model`: models of other makes, and what is known of each.

pub(crate) mod export;
pub(crate) mod fetch;
mod import;
mod info;
mod list;
mod open;
mod verify;

use crate::arguments::ModelCommand;
use crate::failure::Failure;

pub(crate) use open::{bundle, open, options, while_loading};

pub(crate) fn run(command: &ModelCommand, json: bool) -> Result<(), Failure> {
    match command {
        ModelCommand::Import(arguments) => import::run(arguments, json),
        ModelCommand::Export(arguments) => export::run(arguments, json),
        ModelCommand::Fetch(arguments) => fetch::run(arguments, json),
        ModelCommand::Info(arguments) => info::run(arguments, json),
        ModelCommand::Verify(arguments) => verify::run(arguments, json),
        ModelCommand::List => list::run(json),
    }
}

/// The kinds of prompts that a model takes.
fn prompts(masks: bool) -> Vec<&'static str> {
    let mut prompts = vec!["points", "boxes"];
    if masks {
        prompts.push("masks");
    }
    prompts
}
