//! Drives, read by the software that reads them on an instance and on the way to it.
//!
//! `read.py` runs cloud-init, glean, cloudbase-init, Ironic's agent and Ironic's conductor. A reader that is not installed
//! (`install.py`) has its tests ignored, which name it; where the variable `CI` is set they fail instead.

#![cfg(test)]

use std::process::ExitCode;

// Drives with faults, of which `check` claims what readers do.
mod claims;
// The readers.
mod software;
// Drives that every reader reads.
mod sound;

fn main() -> ExitCode {
    configdrive_support::run_trials!(claims, sound)
}
