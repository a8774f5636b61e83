//! Drives, read by the software that reads them on an instance and on the way to it.
//!
//! `read.py` runs cloud-init, glean, cloudbase-init, Ironic's agent and Ironic's conductor, which `install.py` installs. If one is
//! missing, its tests are ignored and name it; if the variable `CI` is set they fail instead.
//!
//! `differential.py` changes drives at random and compares what every reader makes of them with the findings.

#![cfg(test)]

use std::process::ExitCode;

// Drives with faults, and what `check` claims that readers do.
mod claims;
// YAML, compared with PyYAML.
mod cloud_config;
// Drives and findings for `differential.py`.
mod differential;
// The reference of findings.
mod documentation;
// Documents in YAML, compared with PyYAML.
mod documents_in_yaml;
// Ignition's parser.
mod ignition;
// The readers, started through `read.py`.
mod software;
// Drives that every reader reads.
mod sound;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some(differential::OPTION) {
        return differential::answer();
    }
    configdrive_support::run_trials!(
        claims,
        cloud_config,
        differential,
        documentation,
        documents_in_yaml,
        ignition,
        sound
    )
}
