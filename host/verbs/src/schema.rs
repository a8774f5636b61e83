//! The verb `schema`.

use std::path::PathBuf;

use clap::Args;

use crate::{error::Error, output};

/// Write the JSON Schema of instance documents
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive schema -o document.schema.json")]
pub struct Schema {
    /// Write the schema to FILE [default: standard output]
    #[arg(short, long, value_name = "FILE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
}

impl Schema {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        output::write_text(&self.output, configdrive_contract::DOCUMENT_SCHEMA)
    }
}
