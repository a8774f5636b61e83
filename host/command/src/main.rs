//! The command `configdrive`.

// `print!` and `eprint!` panic if the reader has gone or the disk is full.
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod adapters;
mod cli;
mod completions;
mod component;
#[cfg(feature = "deploy")]
mod deploy;
mod man;
#[cfg(feature = "page")]
mod page;
mod process;
mod sandbox;

use std::process::ExitCode;

fn main() -> ExitCode {
    process::prepare();
    configdrive_verbs::run(cli::Cli::run).into()
}
