//! The verb `man`.

use clap::{Args, Command};
use clap_mangen::Man as Page;
use configdrive_verbs::{Destination, Error, output};

/// Print a manual page
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive man | man -l -\n  configdrive man deploy > configdrive-deploy.1")]
pub struct Man {
    /// Print the page of this verb instead of the command's
    verb: Option<String>,
}

impl Man {
    pub fn run(self, mut command: Command) -> Result<(), Error> {
        // Sets the full names of the verbs.
        command.build();
        let command = match self.verb {
            None => command,
            Some(verb) => command
                .find_subcommand(&verb)
                .cloned()
                .ok_or_else(|| Error::Usage(format!("expected a verb, found {verb:?}; see `configdrive --help`")))?,
        };
        let mut page = Vec::new();
        // The fields of the title are positional: without a date, the source would take its place.
        let page_of = Page::new(command).date(" ").source(concat!("configdrive ", env!("CARGO_PKG_VERSION")));
        page_of.render(&mut page).map_err(|error| Error::Write { to: Destination::StandardOutput, error })?;
        output::print(&String::from_utf8_lossy(&page))
    }
}
