use std::path::PathBuf;

use clap::Args;
use configdrive_host::sandbox::Sandbox;

use super::{
    exit::Error,
    input::DocumentInput,
    options::{LimitOptions, OperatorOptions},
    output,
};

/// Build an instance's drive and encode it in one go
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive pack -i instance.json -o config-2.txt\n  \
    openstack baremetal node deploy NODE --config-drive config-2.txt")]
// One list of options does for every verb; `required-by` decides.
#[command(mut_arg("force_config_drive", |option| option.hide(true)))]
pub struct Pack {
    #[command(flatten)]
    document: DocumentInput,
    /// Where the text goes; `-` is standard output
    #[arg(short, long, value_name = "TEXT", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Pack {
    pub fn run(self) -> Result<(), Error> {
        let limits = self.limits.limits();
        let options = self.operator.read(&limits)?.options(&limits)?;
        let document = self.document.read(limits.input)?;
        let text = Sandbox::new(limits)?.pack(&document, &options)?;
        output::write_text(&self.output, &text)
    }
}
