//! The verbs of the command `configdrive` that need no network, as a library.
//!
//! Each verb is a type with its command line (clap's [`Args`](clap::Args)) and a function `run`. The component that does the work comes
//! from an [`Engine`], which adds its own options to each verb: `configdrive` starts a sandbox, and `configdrive-wasi-cli` calls the
//! component that it is composed with.
//!
//! A program declares its verbs and leaves the rest to [`run()`]:
//!
//! ```
//! use clap::{Parser, Subcommand};
//! use configdrive_verbs::{Build, Engine, Error, Exit, Pack, run};
//!
//! #[derive(Parser)]
//! struct Cli<E: Engine> {
//!     #[command(subcommand)]
//!     verb: Verb<E>,
//! }
//!
//! #[derive(Subcommand)]
//! enum Verb<E: Engine> {
//!     Build(Build<E>),
//!     Pack(Pack<E>),
//! }
//!
//! fn main_of<E: Engine>() -> Exit {
//!     run(|cli: Cli<E>| -> Result<(), Error> {
//!         match cli.verb {
//!             Verb::Build(verb) => verb.run(),
//!             Verb::Pack(verb) => verb.run(),
//!         }
//!     })
//! }
//! ```
#![forbid(unsafe_code)]
// `print!` and `eprint!` panic if the reader has gone or the disk is full.
#![deny(clippy::print_stderr, clippy::print_stdout)]

pub mod document;
pub mod input;
pub mod nova_conf;
pub mod options;
pub mod output;

mod build;
mod check;
mod directory;
mod encode;
mod engine;
mod error;
mod exit;
#[cfg(unix)]
mod extract;
mod inspect;
#[cfg(unix)]
mod mkisofs;
mod new;
mod pack;
mod required_by;
mod run;
mod schema;
mod signals;
mod source;
mod style;
mod values;

pub use self::{
    build::Build,
    check::Check,
    encode::Encode,
    engine::Engine,
    error::{Destination, Error, Failure},
    exit::{Exit, exit_codes},
    inspect::Inspect,
    new::New,
    pack::Pack,
    required_by::RequiredBy,
    run::{run, usage_words},
    schema::Schema,
    source::{OptionSources, Source},
};
#[cfg(unix)]
pub use self::{extract::Extract, mkisofs::Mkisofs};
