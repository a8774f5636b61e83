//! The command's verbs, one file each.

mod build;
mod check;
mod cloud;
mod completions;
mod component;
mod deploy;
mod directory;
mod encode;
mod exit;
mod extract;
mod fleet;
mod fleet_file;
mod input;
mod inspect;
mod interrupt;
mod log;
mod man;
mod nova_conf;
mod options;
mod output;
mod pack;
mod process;
mod progress;
mod required_by;
mod run;
mod schema;
mod signals;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use self::exit::Error;

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
    Completions(completions::Completions),
    Man(man::Man),
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
            Self::Completions(verb) => verb.run(),
            Self::Man(verb) => verb.run(),
        }
    }
}

/// Runs the command, and tells the process how it went.
pub fn main() -> ExitCode {
    process::prepare();
    run::run(|cli: Cli| cli.verb.run()).into()
}
