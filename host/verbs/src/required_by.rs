use clap::Args;
use configdrive_host::sandbox::Sandbox;

use super::{
    exit::Error,
    input::DocumentInput,
    options::{self, LimitOptions, OperatorOptions},
    output,
};

/// Tell whether an instance needs a config drive: prints true or false
///
/// Decides as Nova does: the instance asks for a drive, its image demands one, or the operator forces one on new instances.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive required-by -i instance.json --force-config-drive")]
// One list of options does for every verb; these bear on the decision.
#[command(mut_args = |option| {
    let bears = ["input", "directory", "config_file", "force_config_drive"].contains(&option.get_id().as_str());
    let shapes_the_drive = option.get_help_heading() == Some(options::OPERATOR);
    option.hide(shapes_the_drive && !bears)
})]
pub struct RequiredBy {
    #[command(flatten)]
    document: DocumentInput,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl RequiredBy {
    pub fn run(self) -> Result<(), Error> {
        let limits = self.limits.limits();
        let policy = self.operator.read(&limits)?.policy();
        let document = self.document.read(limits.input)?;
        let required = Sandbox::new(limits)?.required_by(&document, policy)?;
        output::print(if required { "true\n" } else { "false\n" })
    }
}
