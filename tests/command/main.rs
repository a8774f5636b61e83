//! The command `configdrive`, except for `deploy`.

#![cfg(test)]

use std::process::ExitCode;

// Full disks, closed streams, signals, nowhere to write.
mod adversity;
// Options that make a document, `new`, and all errors at once; cloud-init reads the drives.
mod by_hand;
// What `check` prints, for whom, and its exit code.
mod check;
// The directory that `extract` writes to.
mod extract;
// Damaged, odd and malicious drives.
mod inspect;
// Every message, in one list.
mod messages;
// The verb that replaces genisoimage.
mod mkisofs;
// The options of the interface, as flags.
mod options;
// Core dumps, file modes, and secrets in messages.
mod secrets;
// Hints, colours and line width on a terminal.
mod terminal;
// What each verb prints and writes, its exit codes and its errors.
mod verbs;

fn main() -> ExitCode {
    configdrive_support::run_trials!(
        adversity, by_hand, check, extract, inspect, messages, mkisofs, options, secrets, terminal, verbs
    )
}
