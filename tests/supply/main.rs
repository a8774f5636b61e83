//! What the project is made of, and what it publishes.

#![cfg(test)]

// The libraries' public API.
mod api;
// The component: its crates, its panics, its bytes.
mod component;
// The same features in all builds.
mod features;
// The packages that are published.
mod packages;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
};

use configdrive_support::{below, root};
use libtest_mimic::Failed;

fn main() -> ExitCode {
    configdrive_support::run_trials!(api, component, features, packages)
}

/// Cargo's target directory.
fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| below("target"), PathBuf::from)
}

/// Runs a command in the workspace's root directory and returns its output.
fn run(command: &mut Command) -> Result<String, Failed> {
    run_in(command, root())
}

fn run_in(command: &mut Command, directory: &Path) -> Result<String, Failed> {
    // Cargo sets these variables for this test. In a cargo that is started here they would make build scripts run again, and rebuild
    // everything that depends on them.
    for (name, _) in env::vars_os() {
        if ["CARGO_MANIFEST_", "CARGO_PKG_"].iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    let output = command.current_dir(directory).output()?;
    if output.status.success() {
        return Ok(String::from_utf8(output.stdout)?);
    }
    Err(format!("{command:?}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}
