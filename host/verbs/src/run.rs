//! Runs a command line and returns its exit code.

use std::{env, ffi::OsString};

use clap::{
    Parser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use configdrive_contract::untrusted;

#[cfg(unix)]
use crate::mkisofs;
use crate::{
    error::{Error, Failure},
    exit::Exit,
    output, style,
};

/// Parses the command line, runs the verb and reports its error.
pub fn run<Cli: Parser, E: Failure>(verb: impl FnOnce(Cli) -> Result<(), E>) -> Exit {
    let arguments: Vec<_> = env::args_os().collect();
    #[cfg(unix)]
    let arguments = mkisofs::named(arguments);
    let outcome = match parse(&arguments) {
        Ok(cli) => verb(cli),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                output::print(&style::help(&error.render(), style::stdout_has_colour())).map_err(E::from)
            }
            // The command without arguments: as clap does, the help goes to standard error, and scripts see a failure.
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
                output::help(&error.render());
                return Exit::Usage;
            }
            _ => Err(usage::<Cli>(&error, &arguments).into()),
        },
    };
    match outcome {
        Ok(()) => Exit::Success,
        // The reader has seen enough.
        Err(error) if error.is_broken_pipe() => Exit::Success,
        Err(error) => {
            output::error(&error.sentence());
            error.further().iter().for_each(|sentence| output::error(sentence));
            error.exit()
        }
    }
}

fn parse<Cli: Parser>(arguments: &[OsString]) -> Result<Cli, clap::Error> {
    #[cfg(unix)]
    let arguments = mkisofs::with_two_dashes(Cli::command, arguments)?;
    Cli::try_parse_from(arguments)
}

fn usage<Cli: Parser>(error: &clap::Error, arguments: &[OsString]) -> Error {
    let verb = arguments.get(1).and_then(|verb| verb.to_str());
    let verb = verb.filter(|verb| Cli::command().find_subcommand(verb).is_some());
    let help = match verb {
        Some(verb) => format!("configdrive {verb} --help"),
        None => "configdrive --help".to_owned(),
    };
    let message = usage_words(error);
    let separator = if message.ends_with('?') { " See" } else { "; see" };
    Error::Usage(format!("{message}{separator} `{help}`"))
}

/// Returns clap's message and suggestion in one line, without its usage.
pub fn usage_words(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let message = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = untrusted::one_line(message.strip_prefix("error: ").unwrap_or(&message), 300);
    match suggestion(error) {
        Some(suggestion) => format!("{message}; did you mean '{suggestion}'?"),
        None => message,
    }
}

/// Returns the argument, value or verb that clap suggests as the intended one.
fn suggestion(error: &clap::Error) -> Option<&str> {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    kinds.into_iter().find_map(|kind| match error.get(kind)? {
        ContextValue::String(suggestion) => Some(suggestion.as_str()),
        // The closest is the last.
        ContextValue::Strings(suggestions) => suggestions.last().map(String::as_str),
        _ => None,
    })
}
