//! The command line.

use clap::{Parser, Subcommand};
use configdrive_verbs::{Build, Check, Encode, Error, Inspect, Pack, RequiredBy, exit_codes};

use crate::component::Imported;

/// Decide whether a bare metal instance needs an OpenStack config drive, build it, and inspect it
///
/// In the examples, `configdrive` stands for `wasmtime run configdrive-cli.wasm`. To give it access to files, share a directory
/// of the host: `wasmtime run --dir . configdrive-cli.wasm`.
#[derive(Parser)]
#[command(name = "configdrive", version, after_help = exit_codes())]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    RequiredBy(RequiredBy<Imported>),
    Build(Build<Imported>),
    Encode(Encode<Imported>),
    Pack(Pack<Imported>),
    Check(Check<Imported>),
    Inspect(Inspect<Imported>),
}

impl Cli {
    pub fn run(self) -> Result<(), Error> {
        match self.verb {
            Verb::RequiredBy(verb) => verb.run(),
            Verb::Build(verb) => verb.run(),
            Verb::Encode(verb) => verb.run(),
            Verb::Pack(verb) => verb.run(),
            Verb::Check(verb) => verb.run(),
            Verb::Inspect(verb) => verb.run(),
        }
    }
}
