//! The verb `required-by`.

use clap::Args;
use configdrive_contract::{ConfigDrive, Options};

use crate::{
    document::DocumentInput,
    engine::Engine,
    error::Error,
    options::{ConfigFile, DriveOptions, PolicyOptions, Unused},
    output,
    source::OptionSources,
};

/// Print whether an instance needs a config drive: true or false
///
/// Decides as Nova does: a drive is needed if the instance asks for one, its image requires one, or the operator forces
/// one on new instances.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive required-by -i instance.json --force-config-drive")]
pub struct RequiredBy<E: Engine> {
    #[command(flatten)]
    document: DocumentInput,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    policy: PolicyOptions,
    #[command(flatten)]
    _drive_options: Unused<DriveOptions>,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> RequiredBy<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let policy = self.policy.policy(&self.config.read(limit)?);
        let draft = self.document.read(limit)?;
        let component = self.engine.start()?;
        let Some(document) = draft.finish(&component, &Options::default())? else { return Ok(()) };
        let required = component.required_by(&document.bytes, policy);
        let required = required.map_err(|error| document.source.explain(error, &OptionSources::default()))?;
        output::print(if required { "true\n" } else { "false\n" })
    }
}
