//! Images: ours under other readers, and theirs under ours.

#![cfg(test)]

use std::process::ExitCode;

// The readers of FAT.
mod fat_readers;
// Drives that others make.
mod makers;
// What we read, and what we refuse.
mod read;
// What others read of ours.
mod written;

fn main() -> ExitCode {
    configdrive_support::run_trials!(read, written)
}
