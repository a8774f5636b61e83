//! The command `configdrive` as a component: the native command's verbs that need no Ironic, with its options, its messages and
//! its exit codes.

#[cfg(target_family = "wasm")]
mod cli;
#[cfg(target_family = "wasm")]
mod component;

#[cfg(target_family = "wasm")]
fn main() {
    // What std does with an `ExitCode` on WASI tells success from failure and no more.
    wasip2::cli::exit::exit_with_code(configdrive_verbs::run(cli::Cli::run) as u8);
}

#[cfg(not(target_family = "wasm"))]
fn main() {}
