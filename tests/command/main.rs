//! The command `configdrive`, but for `deploy`.

#![cfg(test)]

use std::process::ExitCode;

// Full disks, closed streams, signals, nowhere to write.
mod adversity;
// Damaged, odd and malicious drives.
mod inspect;
// The options of the interface, as flags.
mod options;
// Core dumps, the modes of files, and what errors say.
mod secrets;
// What each verb prints and writes, its exit codes and its errors.
mod verbs;

fn main() -> ExitCode {
    configdrive_support::run_trials!(adversity, inspect, options, secrets, verbs)
}
