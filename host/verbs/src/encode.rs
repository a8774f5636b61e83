//! `encode`.

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::ConfigDrive;

use crate::{engine::Engine, error::Error, input, output};

/// Turn an image into the text that Ironic takes: gzip, then base64
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive build -i instance.json | configdrive encode -o config-2.txt")]
pub struct Encode<E: Engine> {
    /// The image; `-` is standard input
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
    /// Where the text goes; `-` is standard output
    #[arg(short, long, value_name = "TEXT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Encode<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let image = input::read_image(&self.input, limit)?;
        let text = self.engine.start()?.encode(&image)?;
        output::write_text(&self.output, &text)
    }
}
