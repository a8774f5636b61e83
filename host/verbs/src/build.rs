//! The verb `build`.

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

/// Build the image of an instance's config drive
#[derive(Args)]
#[command(
    after_help = "Examples:\n  configdrive build -i instance.json -o config-2.iso\n  sudo mount -o loop config-2.iso /mnt\n  \
    configdrive build --hostname web-01 --ssh-key ~/.ssh/id_ed25519.pub --user-data setup.sh \\\n    \
    --ip 52:54:00:12:34:01=192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.2 -o web-01.iso"
)]
pub struct Build<E: Engine> {
    #[command(flatten)]
    document: DocumentInput,
    /// Write the image to IMAGE [default: standard output]
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
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

impl<E: Engine> Build<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        if !self.document.prints() {
            output::check_bytes(&self.output)?;
        }
        let limit = self.engine.input_limit();
        let settings = self.drive_options.read(self.config.read(limit)?, limit)?;
        let draft = self.document.read(limit)?;
        let component = self.engine.start()?;
        let Some(document) = draft.finish(&component, &settings.options)? else { return Ok(()) };
        let image = component.build_drive(&document.bytes, &settings.options);
        let image = image.map_err(|error| document.source.explain(error, &settings.sources))?;
        output::write_bytes(&self.output, &image)
    }
}
