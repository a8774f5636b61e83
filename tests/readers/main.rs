//! Drives, read by the software that reads them on an instance and on the way to it.
//!
//! `read.py` runs cloud-init, glean, cloudbase-init, Ironic's agent and Ironic's conductor, which `install.py` installs. If one is
//! missing, its tests are ignored and name it; if the variable `CI` is set they fail instead.

#![cfg(test)]

use std::process::ExitCode;

// Drives with faults, and what `check` claims that readers do.
mod claims;
// YAML, compared with PyYAML.
mod cloud_config;
// The readers, started through `read.py`.
mod software;
// Drives that every reader reads.
mod sound;

fn main() -> ExitCode {
    configdrive_support::run_trials!(claims, cloud_config, sound)
}
