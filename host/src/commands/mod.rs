//! The command's verbs, one file each.

mod build;
mod check;
mod component;
mod deploy;
mod directory;
mod encode;
mod exit;
mod extract;
mod input;
mod inspect;
mod nova_conf;
mod options;
mod output;
mod pack;
mod required_by;
mod schema;

use std::{env, process::ExitCode};

use clap::{CommandFactory, Parser, Subcommand, error::ErrorKind};
use configdrive_host::untrusted;

use self::exit::{Error, Exit};

/// OpenStack config drives for bare metal: decides whether an instance needs one, builds it in a sandbox, and deploys it.
#[derive(Parser)]
#[command(name = "configdrive", version, after_help = exit::help(), disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    RequiredBy(required_by::RequiredBy),
    Build(build::Build),
    Encode(encode::Encode),
    Pack(pack::Pack),
    Check(check::Check),
    Deploy(deploy::Deploy),
    Inspect(inspect::Inspect),
    Extract(extract::Extract),
    Component(component::Component),
    Schema(schema::Schema),
}

impl Verb {
    fn run(self) -> Result<(), Error> {
        match self {
            Self::RequiredBy(verb) => verb.run(),
            Self::Build(verb) => verb.run(),
            Self::Encode(verb) => verb.run(),
            Self::Pack(verb) => verb.run(),
            Self::Check(verb) => verb.run(),
            Self::Deploy(verb) => verb.run(),
            Self::Inspect(verb) => verb.run(),
            Self::Extract(verb) => verb.run(),
            Self::Component(verb) => verb.run(),
            Self::Schema(verb) => verb.run(),
        }
    }
}

/// Runs the command, and tells the process how it went.
pub fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => cli.verb.run(),
        Err(help) if matches!(help.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            output::print(&help.render().to_string())
        }
        Err(error) => Err(usage(&error)),
    };
    match outcome {
        Ok(()) => Exit::Success,
        // Whoever read our output has had enough of it.
        Err(error) if error.is_broken_pipe() => Exit::Success,
        Err(error) => {
            eprintln!("error: {error}");
            error.exit()
        }
    }
    .into()
}

/// clap's message without its usage and tips, in one line.
fn usage(error: &clap::Error) -> Error {
    let text = error.render().to_string();
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let message = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let message = untrusted::one_line(message.strip_prefix("error: ").unwrap_or(&message), 300);
    let verb = env::args().nth(1).filter(|verb| Cli::command().find_subcommand(verb).is_some());
    let help = ["configdrive", verb.as_deref().unwrap_or_default(), "--help"];
    let help = help.into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    Error::Usage(format!("{message}; see `{help}`"))
}
