use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, exit::Error, output};

/// Write the completions of a shell
#[derive(Args)]
#[command(
    after_help = "Example:\n  configdrive completions bash > ~/.local/share/bash-completion/completions/configdrive"
)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub fn run(self) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "configdrive", &mut script);
        output::print(&String::from_utf8_lossy(&script))
    }
}
