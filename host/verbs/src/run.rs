//! From a command line to an exit code.

use std::env;

use clap::{Parser, error::ErrorKind};
use configdrive_contract::untrusted;

use crate::{
    error::{Error, Failure},
    exit::Exit,
    output,
};

/// Reads the command line, does what it says, and reports how it went.
pub fn run<Cli: Parser, E: Failure>(verb: impl FnOnce(Cli) -> Result<(), E>) -> Exit {
    let outcome = match Cli::try_parse() {
        Ok(cli) => verb(cli),
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            output::print(&help.render().to_string()).map_err(E::from)
        }
        Err(error) => Err(usage::<Cli>(&error).into()),
    };
    match outcome {
        Ok(()) => Exit::Success,
        // Whoever read our output has had enough of it.
        Err(error) if error.is_broken_pipe() => Exit::Success,
        Err(error) => {
            output::tell(&format!("error: {}", error.sentence()));
            error.exit()
        }
    }
}

fn usage<Cli: Parser>(error: &clap::Error) -> Error {
    let message = usage_words(error);
    let verb = env::args().nth(1).filter(|verb| Cli::command().find_subcommand(verb).is_some());
    let help = ["configdrive", verb.as_deref().unwrap_or_default(), "--help"];
    let help = help.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    Error::Usage(format!("{message}; see `{help}`"))
}

/// Returns clap's message without its usage and tips, in one line.
pub fn usage_words(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let message = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    untrusted::one_line(message.strip_prefix("error: ").unwrap_or(&message), 300)
}
