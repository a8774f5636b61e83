use std::path::PathBuf;

use clap::{Args, ValueEnum};
use configdrive_host::{adapters, sandbox::COMPONENT};

use super::{exit::Error, output};

/// Write out the WebAssembly component itself, for other hosts
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive component -o configdrive.wasm\n  \
    wasmtime run --invoke 'required-by(\"{}\", {force-config-drive: false})' configdrive.wasm\n\n  \
    configdrive component --adapter command -o configdrive-cli.wasm\n  \
    wasmtime run configdrive-cli.wasm pack < instance.json > config-2.txt\n\n  \
    configdrive component --adapter service -o configdrive-service.wasm\n  \
    wasmtime serve -Scli --addr 127.0.0.1:8080 configdrive-service.wasm")]
pub struct Component {
    /// Composed with an adapter, as a program for engines that have WASI 0.2
    #[arg(long, value_enum)]
    adapter: Option<Adapter>,
    /// Where the component goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Adapter {
    /// This command, without the verbs that need Ironic (wasi:cli/run)
    Command,
    /// A service over HTTP (wasi:http/incoming-handler)
    Service,
}

impl Component {
    pub fn run(self) -> Result<(), Error> {
        let component = match self.adapter {
            None => COMPONENT,
            Some(Adapter::Command) => adapters::COMMAND,
            Some(Adapter::Service) => adapters::SERVICE,
        };
        output::write_bytes(&self.output, component)
    }
}
