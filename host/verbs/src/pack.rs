//! The verb `pack`.

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::ConfigDrive;

use crate::{
    document::DocumentInput,
    engine::Engine,
    error::Error,
    options::{ConfigFile, DriveOptions, PolicyOptions, Unused},
    output,
};

/// Build an instance's config drive and encode it for Ironic
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive pack -i instance.json -o config-2.txt\n  \
    openstack baremetal node deploy NODE --config-drive config-2.txt")]
pub struct Pack<E: Engine> {
    #[command(flatten)]
    document: DocumentInput,
    /// Write the encoded drive to TEXT [default: standard output]
    #[arg(short, long, value_name = "TEXT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    _policy: Unused<PolicyOptions>,
    #[command(flatten)]
    drive_options: DriveOptions,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Pack<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let settings = self.drive_options.read(self.config.read(limit)?, limit)?;
        let draft = self.document.read(limit)?;
        let component = self.engine.start()?;
        let Some(document) = draft.finish(&component, &settings.options)? else { return Ok(()) };
        let text = component.pack(&document.bytes, &settings.options);
        let text = text.map_err(|error| document.source.explain(error, &settings.sources))?;
        output::write_text(&self.output, &text)
    }
}
