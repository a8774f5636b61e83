//! Runs the commands and snippets in `README.md` and `docs/`.
//!
//! Each page is one test. Its fenced blocks run from top to bottom, in a fresh directory and in one shell, with the built command first in
//! `PATH`. Marks are HTML comments, on the lines before a block or anywhere:
//!
//! | block | what the test does |
//! | --- | --- |
//! | `console` | runs the lines `$ command`, continued by lines `> …`, and compares the output with the lines after them |
//! | `sh`, `python` | runs it as a script |
//! | `text` | nothing |
//! | others | fails unless there is a mark |
//!
//! In an output, `…` matches any text within a line and, alone on a line, any lines.
//!
//! | mark before a block | meaning |
//! | --- | --- |
//! | `<!-- file: PATH -->` | the block is a file in the page's directory |
//! | `<!-- exit: CODE -->` | the block's last command has this exit code |
//! | `<!-- output -->` | the block is the output of the last command before it |
//! | `<!-- background -->` | the block's command keeps running until the end of the page |
//! | `<!-- doctest: FILE -->` | this source file includes the page, so that the block is a documentation test |
//! | `<!-- not run: REASON -->` | the block is not run; the test prints the reason |
//!
//! | mark anywhere | meaning |
//! | --- | --- |
//! | `<!-- needs: ironic -->` | the page uses an Ironic on loopback; `OS_*` are set for it, and `ironic.py` is a command |
//! | `<!-- node: NAME … -->` | enrols a node in that Ironic, with the arguments of `ironic.py enroll` |
//! | `<!-- needs: python -->` | the page uses the virtual environment of `install.py`: OpenStack's clients and Ansible |
//! | `<!-- needs: nova -->` | the page uses the virtual environment of `tests/bindings/install.py`: Nova and wasmtime |
//! | `<!-- needs: go -->` | the page uses Go, with the modules that `tests/bindings/install.py` downloads, and ours |
//! | `<!-- needs: PROGRAM -->` | the page uses a program; without it the test is ignored |
//! | `<!-- setup: COMMANDS -->`, `<!-- check: COMMANDS -->` | runs commands that readers do not see |
//!
//! In the page's directory, `repo` is a link to the repository. `CONFIGDRIVE_BLESS=1` updates the outputs in the pages.

#![cfg(test)]

// Links between pages.
mod links;
// A page's blocks and marks.
mod markdown;
// Compares outputs with those in a page.
mod output;
// The pages as tests.
mod pages;
// Ironic.
mod services;
// A shell, and commands in the background.
mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    configdrive_support::run_trials!(links, markdown, output, pages)
}
