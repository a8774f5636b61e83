//! The verb `completions`.

use clap::{Args, Command};
use clap_complete::Shell;
use configdrive_verbs::{Error, output};

/// Print a completion script for a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  configdrive completions bash > ~/.local/share/bash-completion/completions/configdrive"
)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "configdrive", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
