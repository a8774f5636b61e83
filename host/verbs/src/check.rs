//! The verb `check`.

use std::path::PathBuf;

use clap::{
    Args,
    builder::{PossibleValue, PossibleValuesParser, TypedValueParser},
};
use configdrive_contract::{
    ConfigDrive, DriveSource, Finding, Recipient, Recipients, Scope, Selection, Severity, untrusted,
};
use serde_json::json;

use crate::{
    document::{DocumentFlags, DocumentInput},
    engine::Engine,
    error::{Error, Failure},
    input::{self, Expected},
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
///
/// Without `--for` or `--all`, findings that concern only some nodes, such as those with 4Kn disks, are left out and do
/// not count. If there are any, one line on standard error names the nodes that were not checked.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  configdrive check -i instance.json\n  configdrive check config-2.iso --for cloud-init,4kn"
)]
pub struct Check<E: Engine> {
    /// Check a drive instead of a document: an image, its gzip, or the base64 that Ironic accepts; `-` is standard input
    #[arg(conflicts_with_all = ["input", "directory", "print_document", DocumentFlags::GROUP])]
    drive: Option<PathBuf>,
    #[command(flatten)]
    document: DocumentInput,
    /// Report only what concerns these readers and nodes, separated by commas [default: all readers, and what concerns
    /// every node]
    ///
    /// Without a reader in the list, all readers count. What Ironic itself or its agent would reject is always reported.
    #[arg(long = "for", value_name = "LIST", value_delimiter = ',', value_parser = recipient())]
    recipients: Vec<Recipient>,
    /// Report everything, whichever readers and nodes it concerns
    #[arg(long, conflicts_with = "recipients")]
    all: bool,
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
                let draft = self.document.read(limit)?;
                let component = self.engine.start()?;
                let Some(document) = draft.finish(&component, &settings.options)? else { return Ok(()) };
                let findings = component.check_document(&document.bytes, &settings.options);
                findings.map_err(|error| document.source.explain(error, &settings.sources))?
            }
        };
        let recipients = if self.all { Recipients::all() } else { self.recipients.iter().copied().collect() };
        let Selection { findings, not_checked } = recipients.select(findings);
        let report = if self.json {
            format!("{}\n", json!(findings))
        } else {
            for_people(&findings, style::stdout_width(), style::stdout_has_colour())
        };
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let printed = output::print(&report);
        if printed.is_ok() && !not_checked.is_empty() {
            output::note(&note(&not_checked, &self.recipients));
        }
        match (printed, errors) {
            (printed, 0) => printed,
            (Err(error), _) if !error.is_broken_pipe() => Err(error),
            // The result is the same if the reader has gone.
            (_, errors) => Err(Error::Findings { errors }),
        }
    }
}

/// Returns the parser of a recipient, which shows the names in the help.
fn recipient() -> impl TypedValueParser<Value = Recipient> {
    let value = |recipient: &Recipient| PossibleValue::new(recipient.name()).help(recipient.description());
    PossibleValuesParser::new(Recipient::ALL.iter().map(value)).try_map(|name| name.parse())
}

/// Returns the line about the nodes that were not checked, with the options that check them as well.
fn note(not_checked: &[Scope], recipients: &[Recipient]) -> String {
    let (mut nodes, mut names) = (Vec::new(), recipients.iter().map(|recipient| recipient.name()).collect::<Vec<_>>());
    for scope in not_checked {
        let (node, name) = match scope {
            Scope::FourKDisks => ("disks with 4096-byte sectors", Recipient::FourKDisks.name()),
            Scope::FlatOrNeutron => ("nodes with the network interface flat or neutron", Recipient::Flat.name()),
            _ => continue,
        };
        nodes.push(node);
        names.push(name);
    }
    format!("note: not checked: {}; use --for {} or --all", nodes.join(", "), names.join(","))
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
    use super::*;

    #[test]
    fn a_note_names_the_nodes_and_the_options_that_check_them() {
        let scopes = [Scope::FourKDisks, Scope::FlatOrNeutron];
        assert_eq!(
            note(&scopes, &[]),
            "note: not checked: disks with 4096-byte sectors, nodes with the network interface flat or neutron; \
             use --for 4kn,flat or --all"
        );
        let recipients = [Recipient::Glean, Recipient::Flat];
        assert_eq!(
            note(&scopes[..1], &recipients),
            "note: not checked: disks with 4096-byte sectors; use --for glean,flat,4kn or --all"
        );
    }

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
