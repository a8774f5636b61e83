use std::path::PathBuf;

use clap::Args;
use configdrive_host::sandbox::Sandbox;

use super::{
    exit::Error,
    input::DocumentInput,
    options::{LimitOptions, OperatorOptions},
    output,
};

/// Build the image of an instance's drive
#[derive(Args)]
#[command(
    after_help = "Example:\n  configdrive build -i instance.json -o config-2.iso\n  sudo mount -o loop config-2.iso /mnt"
)]
// One list of options does for every verb; `required-by` decides.
#[command(mut_arg("force_config_drive", |option| option.hide(true)))]
pub struct Build {
    #[command(flatten)]
    document: DocumentInput,
    /// Where the image goes; `-` is standard output
    #[arg(short, long, value_name = "IMAGE", default_value = "-", hide_default_value = true)]
    output: PathBuf,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Build {
    pub fn run(self) -> Result<(), Error> {
        output::check_bytes(&self.output)?;
        let limits = self.limits.limits();
        let options = self.operator.read(&limits)?.options(&limits)?;
        let document = self.document.read(limits.input)?;
        let image = Sandbox::new(limits)?.build_drive(&document, &options)?;
        output::write_bytes(&self.output, &image)
    }
}
