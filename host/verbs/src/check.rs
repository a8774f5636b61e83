//! The verb `check`.

use std::path::PathBuf;

use clap::Args;
use configdrive_contract::{ConfigDrive, DriveSource, Finding, Severity, untrusted};
use serde_json::json;

use crate::{
    engine::Engine,
    error::{Error, Failure},
    input::{self, DocumentInput, Expected},
    options::{ConfigFile, DriveOptions, PolicyOptions, Unused},
    output,
    source::OptionSources,
    style::{self, Label},
};

/// Find what the readers of a drive will ignore, read differently or fail on
///
/// The findings are printed to standard output, worst first, one per line (on a terminal, wrapped to its width): the
/// severity, the code, the place on the drive, the problem and its remedy. An `error` means that the instance comes up
/// without its configuration or that the deployment fails; a `warning` means that a reader ignores something or reads it
/// differently. If there are errors, the exit code is 9.
#[derive(Args)]
#[command(after_help = "Example:\n  configdrive check -i instance.json\n  configdrive check config-2.iso")]
pub struct Check<E: Engine> {
    /// Check a drive instead of a document: an image, its gzip, or the base64 that Ironic accepts; `-` is standard input
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
                let drive = input::read(drive, limit, Expected::Drive)?;
                let findings = self.engine.start()?.check_drive(DriveSource::Bytes(&drive.bytes));
                findings.map_err(|error| drive.source.explain(error, &OptionSources::default()))?
            }
            None => {
                let settings = self.drive_options.read(self.config.read(limit)?, limit)?;
                let document = self.document.read(limit)?;
                let findings = self.engine.start()?.check_document(&document.bytes, &settings.options);
                findings.map_err(|error| document.source.explain(error, &settings.sources))?
            }
        };
        let report = if self.json {
            format!("{}\n", json!(findings))
        } else {
            for_people(&findings, style::stdout_width(), style::stdout_has_colour())
        };
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        match (output::print(&report), errors) {
            (printed, 0) => printed,
            (Err(error), _) if !error.is_broken_pipe() => Err(error),
            // The result is the same if the reader has gone.
            (_, errors) => Err(Error::Findings { errors }),
        }
    }
}

/// Formats the findings: one line each, or paragraphs of at most `width` columns.
fn for_people(findings: &[Finding], width: Option<usize>, colour: bool) -> String {
    if findings.is_empty() {
        return "nothing found\n".into();
    }
    let format = |finding| match width {
        Some(width) => paragraph(finding, width, colour),
        None => line(finding, colour),
    };
    findings.iter().map(format).collect()
}

fn line(finding: &Finding, colour: bool) -> String {
    format!("{} {finding}\n", label(finding, colour))
}

/// Formats the label, the code and the place, and below them the message and the remedy.
fn paragraph(finding: &Finding, width: usize, colour: bool) -> String {
    let Finding { code, place, message, remedy, .. } = finding;
    let bold = if colour { style::BOLD } else { anstyle::Style::new() };
    let mut text = format!("{} {bold}{}{bold:#}", label(finding, colour), untrusted::one_line(code, 100));
    if !place.is_empty() {
        // Not wrapped, so that a place can be copied.
        text += &format!(" {}", untrusted::one_line(place, 1000));
    }
    text.push('\n');
    let sentence = untrusted::one_line(&format!("{message}; {remedy}"), 1000);
    for line in style::wrap(&sentence, width.saturating_sub(INDENT.len()).clamp(20, 100)) {
        text += &format!("{INDENT}{line}\n");
    }
    text
}

const INDENT: &str = "    ";

fn label(finding: &Finding, colour: bool) -> String {
    let label = Label::of(finding.severity);
    if colour { label.to_string() } else { label.plain() }
}

#[cfg(test)]
mod tests {
    use configdrive_contract::Scope;

    use super::*;

    #[test]
    fn a_finding_is_one_line_or_a_paragraph_as_wide_as_the_terminal() {
        let finding = Finding {
            severity: Severity::Warning,
            code: "link-without-mtu".into(),
            scope: Scope::Everywhere,
            readers: vec!["ironic".into()],
            place: "openstack/latest/network_data.json#/links/0".into(),
            message: "the link has no mtu".into(),
            remedy: "add\u{1b}[2J one".into(),
        };
        let findings = [finding];
        assert_eq!(
            for_people(&findings, None, false),
            "warning: link-without-mtu: openstack/latest/network_data.json#/links/0: the link has no mtu; \
             add\\u{1b}[2J one\n"
        );
        assert_eq!(
            for_people(&findings, Some(30), false),
            "warning: link-without-mtu openstack/latest/network_data.json#/links/0\n    the link has no mtu;\n    \
             add\\u{1b}[2J one\n"
        );
        assert!(for_people(&findings, Some(30), true).starts_with("\u{1b}["));
    }
}
