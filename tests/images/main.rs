//! Images: ours, read by other tools, and theirs, read by us.

#![cfg(test)]

use std::process::ExitCode;

// The readers of FAT.
mod fat_readers;
// Drives that other tools make.
mod makers;
// Drives that we read, and drives that we refuse.
mod read;
// Our drives, read by other readers.
mod written;

fn main() -> ExitCode {
    configdrive_support::run_trials!(read, written)
}
