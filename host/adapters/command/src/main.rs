//! The command `configdrive` as a component: the native command's verbs that do not need Ironic, with the same options, messages
//! and exit codes.

#[cfg(target_family = "wasm")]
mod cli;
#[cfg(target_family = "wasm")]
mod component;

#[cfg(target_family = "wasm")]
fn main() {
    // On WASI, std reduces an `ExitCode` to success or failure.
    wasip2::cli::exit::exit_with_code(configdrive_verbs::run(cli::Cli::run) as u8);
}

#[cfg(not(target_family = "wasm"))]
fn main() {}
