use std::path::PathBuf;

use clap::Args;
use configdrive_host::{
    report,
    sandbox::{DriveSource, Finding, Sandbox, Severity},
};

use super::{
    exit::Error,
    input::{self, DocumentInput},
    options::{LimitOptions, OperatorOptions},
    output,
};

/// Find what makes a drive useless although it is valid: what its readers ignore, read differently or give up on
///
/// The findings go to standard output, worst first, a line each: `error: ` where the instance comes up without its
/// configuration or the deployment fails, `warning: ` where a reader ignores something or reads it differently; then the
/// code, the place on the drive, the reason and the remedy. With errors, the exit code is 9.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive check -i instance.json\n  configdrive check config-2.iso")]
// One list of options does for every verb; `required-by` decides.
#[command(mut_arg("force_config_drive", |option| option.hide(true)))]
pub struct Check {
    /// A drive instead of a document: the image, its gzip, or the base64 text that Ironic takes; `-` is standard input
    #[arg(conflicts_with_all = ["input", "directory"])]
    drive: Option<PathBuf>,
    #[command(flatten)]
    document: DocumentInput,
    /// Print the findings as a JSON list
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    operator: OperatorOptions,
    #[command(flatten)]
    limits: LimitOptions,
}

impl Check {
    pub fn run(self) -> Result<(), Error> {
        let limits = self.limits.limits();
        let findings = match &self.drive {
            Some(drive) => {
                let drive = DriveSource::Bytes(input::read(drive, limits.input)?);
                Sandbox::new(limits)?.check_drive(&drive)?
            }
            None => {
                let options = self.operator.read(&limits)?.options(&limits)?;
                let document = self.document.read(limits.input)?;
                Sandbox::new(limits)?.check_document(&document, &options)?
            }
        };
        let report = if self.json { format!("{}\n", report::findings(&findings)) } else { for_people(&findings) };
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
    findings.iter().map(|finding| format!("{}: {finding}\n", report::severity(finding.severity))).collect()
}
