//! The verb `component`.

use std::path::PathBuf;

use clap::Args;
#[cfg(feature = "adapters")]
use clap::ValueEnum;
use configdrive_host::COMPONENT;
use configdrive_verbs::{Error, output};

#[cfg(feature = "adapters")]
use crate::adapters;

/// Write the WebAssembly component to a file, for other hosts
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive component -o configdrive.wasm\n  \
    wasmtime run --invoke 'required-by(\"{}\", {force-config-drive: false})' configdrive.wasm\n\n  \
    configdrive component --adapter command -o configdrive-cli.wasm\n  \
    wasmtime run configdrive-cli.wasm pack < instance.json > config-2.txt\n\n  \
    configdrive component --adapter service -o configdrive-service.wasm\n  \
    wasmtime serve -Scli --addr 127.0.0.1:8080 configdrive-service.wasm")]
pub struct Component {
    /// Compose it with an adapter, as a program for engines with WASI 0.2
    #[cfg(feature = "adapters")]
    #[arg(long, value_enum)]
    adapter: Option<Adapter>,
    /// Write the component to FILE [default: standard output]
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

#[cfg(feature = "adapters")]
#[derive(Clone, Copy, ValueEnum)]
enum Adapter {
    /// This command, without the verbs that need Ironic (wasi:cli/run)
    Command,
    /// An HTTP service (wasi:http/incoming-handler)
    Service,
}

impl Component {
    pub fn run(self) -> Result<(), Error> {
        output::write_bytes(&self.output, self.component())
    }

    #[cfg(feature = "adapters")]
    fn component(&self) -> &'static [u8] {
        match self.adapter {
            None => COMPONENT,
            Some(Adapter::Command) => adapters::COMMAND,
            Some(Adapter::Service) => adapters::SERVICE,
        }
    }

    #[cfg(not(feature = "adapters"))]
    fn component(&self) -> &'static [u8] {
        COMPONENT
    }
}
