//! The command line.

use clap::{CommandFactory, Parser, Subcommand};
#[cfg(not(feature = "deploy"))]
use configdrive_verbs::Error;
use configdrive_verbs::{Build, Check, Encode, Extract, Inspect, Mkisofs, New, Pack, RequiredBy, Schema, exit_codes};

#[cfg(feature = "deploy")]
use crate::deploy::{Deploy, Error};
#[cfg(feature = "page")]
use crate::page::Page;
use crate::{completions::Completions, component::Component, man::Man, sandbox::SandboxOptions as Sandbox};

/// OpenStack config drives for bare metal: decide whether an instance needs one, build it in a sandbox, check it and deploy it
#[derive(Parser)]
#[command(name = "configdrive", version, after_help = exit_codes())]
pub struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    New(New),
    RequiredBy(RequiredBy<Sandbox>),
    Build(Build<Sandbox>),
    Encode(Encode<Sandbox>),
    Pack(Pack<Sandbox>),
    Check(Check<Sandbox>),
    #[cfg(feature = "deploy")]
    Deploy(Box<Deploy>),
    Inspect(Inspect<Sandbox>),
    Extract(Extract<Sandbox>),
    Mkisofs(Mkisofs<Sandbox>),
    Component(Component),
    #[cfg(feature = "page")]
    Page(Page),
    Schema(Schema),
    Completions(Completions),
    Man(Man),
}

impl Cli {
    pub fn run(self) -> Result<(), Error> {
        match self.verb {
            Verb::New(verb) => verb.run()?,
            Verb::RequiredBy(verb) => verb.run()?,
            Verb::Build(verb) => verb.run()?,
            Verb::Encode(verb) => verb.run()?,
            Verb::Pack(verb) => verb.run()?,
            Verb::Check(verb) => verb.run()?,
            #[cfg(feature = "deploy")]
            Verb::Deploy(verb) => verb.run()?,
            Verb::Inspect(verb) => verb.run()?,
            Verb::Extract(verb) => verb.run()?,
            Verb::Mkisofs(verb) => verb.run()?,
            Verb::Component(verb) => verb.run()?,
            #[cfg(feature = "page")]
            Verb::Page(verb) => verb.run()?,
            Verb::Schema(verb) => verb.run()?,
            Verb::Completions(verb) => verb.run(Self::command())?,
            Verb::Man(verb) => verb.run(Self::command())?,
        }
        Ok(())
    }
}
