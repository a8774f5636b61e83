use std::path::PathBuf;

use clap::Args;
use configdrive_host::sandbox::COMPONENT;

use super::{exit::Error, output};

/// Write out the WebAssembly component itself, for other hosts
#[derive(Args)]
#[command(
    after_help = "Example:\n  configdrive component -o configdrive.wasm\n  wasm-tools component wit configdrive.wasm"
)]
pub struct Component {
    /// Where the component goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

impl Component {
    pub fn run(self) -> Result<(), Error> {
        output::write_bytes(&self.output, COMPONENT)
    }
}
