//! The component in other languages, and what is distributed with it.
//!
//! `install.py` installs what these tests need. If something is missing, its tests are ignored and say so; if the variable `CI` is
//! set they fail instead.

#![cfg(test)]

use std::process::ExitCode;

// The registry, completions, manual pages, the interface's page.
mod distribution;
// Python, Node, a browser, C.
mod embed;
// Go.
mod golang;
// Java.
mod java;
// Nova.
mod nova;

fn main() -> ExitCode {
    configdrive_support::run_trials!(distribution, embed, golang, java, nova)
}
