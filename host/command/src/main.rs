//! The command `configdrive`.

// `print!` and `eprint!` panic where nobody reads any more, or where the disk is full.
#![deny(clippy::print_stderr, clippy::print_stdout)]

mod commands;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::main()
}
