//! `check`.

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::{ConfigDrive, DriveSource, Finding, Severity};
use serde_json::json;

use crate::{
    engine::Engine,
    error::{Error, Failure},
    input::{self, DocumentInput},
    options::{ConfigFile, DriveOptions, PolicyOptions, Unused},
    output,
};

/// Find what makes a drive useless although it is valid: what its readers ignore, read differently or give up on
///
/// The findings go to standard output, worst first, a line each: `error: ` where the instance comes up without its
/// configuration or the deployment fails, `warning: ` where a reader ignores something or reads it differently; then the
/// code, the place on the drive, the reason and the remedy. With errors, the exit code is 9.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive check -i instance.json\n  configdrive check config-2.iso")]
pub struct Check<E: Engine> {
    /// A drive instead of a document: the image, its gzip, or the base64 text that Ironic takes; `-` is standard input
    #[arg(conflicts_with_all = ["input", "directory"])]
    drive: Option<PathBuf>,
    #[command(flatten)]
    document: DocumentInput,
    /// Print the findings as a JSON list
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    _policy: Unused<PolicyOptions>,
    #[command(flatten)]
    drive_options: DriveOptions,
    #[command(flatten)]
    engine: E,
}

impl<E: Engine> Check<E> {
    /// Runs the verb.
    pub fn run(self) -> Result<(), Error> {
        let limit = self.engine.input_limit();
        let findings = match &self.drive {
            Some(drive) => {
                let drive = input::read(drive, limit)?;
                self.engine.start()?.check_drive(DriveSource::Bytes(&drive))?
            }
            None => {
                let options = self.drive_options.options(self.config.read(limit)?, limit)?;
                let document = self.document.read(limit)?;
                self.engine.start()?.check_document(&document, &options)?
            }
        };
        let report = if self.json { format!("{}\n", json!(findings)) } else { for_people(&findings) };
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match (output::print(&report), errors) {
            (printed, 0) => printed,
            (Err(error), _) if !error.is_broken_pipe() => Err(error),
            // The verdict stands where nobody reads on.
            (_, errors) => Err(Error::Findings { errors }),
        }
    }
}

fn for_people(findings: &[Finding]) -> String {
    if findings.is_empty() {
        return "nothing found\n".into();
    }
    findings.iter().map(|finding| format!("{}: {finding}\n", finding.severity)).collect()
}
