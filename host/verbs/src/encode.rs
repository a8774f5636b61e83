//! The verb `encode`.

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::ConfigDrive;

use crate::{
    engine::Engine,
    error::Error,
    input::{self, Expected},
    output,
    source::OptionSources,
};

/// Encode an image for Ironic: gzip, then base64
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive build -i instance.json | configdrive encode -o config-2.txt")]
pub struct Encode<E: Engine> {
    /// Read the image from IMAGE [default: standard input]
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
    /// Write the encoded drive to TEXT [default: standard output]
    #[arg(short, long, value_name = "TEXT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Encode<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let image = input::read(&self.input, limit, Expected::Image)?;
        let text = self.engine.start()?.encode(&image.bytes);
        let text = text.map_err(|error| image.source.explain(error, &OptionSources::default()))?;
        output::write_text(&self.output, &text)
    }
}
