use std::path::PathBuf;

use clap::Args;
use configdrive_host::sandbox::Sandbox;

use super::{exit::Error, input, options::LimitOptions, output};

/// Turn an image into the text that Ironic takes: gzip, then base64
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive build -i instance.json | configdrive encode -o config-2.txt")]
pub struct Encode {
    /// The image; `-` is standard input
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
    input: PathBuf,
    /// Where the text goes; `-` is standard output
    #[arg(short, long, value_name = "TEXT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Encode {
    pub fn run(self) -> Result<(), Error> {
        let limits = self.limits.limits();
        let image = input::read_image(&self.input, limits.input)?;
        let text = Sandbox::new(limits)?.encode(&image)?;
        output::write_text(&self.output, &text)
    }
}
