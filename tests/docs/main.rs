//! The documentation, run: every command and every snippet in `README.md` and below `docs/`.
//!
//! Each page is one test. Its fenced blocks run from top to bottom in a fresh directory and in one shell, with the command that was
//! built first in `PATH`; marks, which are HTML comments, say what else a block is:
//!
//! | block | test |
//! | --- | --- |
//! | `console` | lines `$ command`, continued by lines `> …`, then the output, in which `…` matches any text or, alone, any lines |
//! | `sh` | a script |
//! | `python` | a script, for a page that `needs: python` |
//! | `rust` | `<!-- doctest: FILE -->` names the source file that includes the page |
//! | `text` | not a test |
//!
//! | mark before a block | meaning |
//! | --- | --- |
//! | `<!-- file: PATH -->` | the block is a file of the page's directory |
//! | `<!-- exit: CODE -->` | the exit code of the block's last command |
//! | `<!-- output -->` | the block is the output of the last command before it |
//! | `<!-- background -->` | the block's command keeps running until the page's end |
//! | `<!-- not run: REASON -->` | the block is not run; the reasons are printed |
//!
//! | mark anywhere | meaning |
//! | --- | --- |
//! | `<!-- needs: ironic -->` | an Ironic on loopback, which `OS_*` name |
//! | `<!-- node: NAME … -->` | a node in that Ironic, with the arguments of `ironic.py enroll` |
//! | `<!-- needs: python -->` | a virtual environment with OpenStack's clients and Ansible, by `install.py` |
//! | `<!-- needs: nova -->` | a virtual environment with Nova, by `tests/bindings/install.py` |
//! | `<!-- needs: PROGRAM -->` | a program in `PATH` |
//! | `<!-- setup: COMMANDS -->`, `<!-- check: COMMANDS -->` | a script that readers do not see |
//!
//! In the page's directory, `repo` is the repository. `CONFIGDRIVE_BLESS=1` writes the outputs into the pages.

#![cfg(test)]

// Links between pages.
mod links;
// A page's blocks and marks.
mod markdown;
// Outputs, compared with what a page shows.
mod output;
// The pages as tests.
mod pages;
// Ironic, and programs that run in the background.
mod services;
// A shell, command by command.
mod shell;

use std::process::ExitCode;

fn main() -> ExitCode {
    configdrive_support::run_trials!(links, pages)
}
