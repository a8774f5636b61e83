//! Findings: what `check` returns.

use std::fmt;

use serde::Serialize;

use crate::untrusted::one_line;

/// Something on a drive that one of its readers will ignore, read differently or fail on.
///
/// Its `Display` is one line for people, `code: place: message; remedy`, safe to print to a terminal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What kind of finding it is, in kebab case, such as `link-without-mtu`. A code never changes its meaning.
    pub code: String,
    /// Where it applies.
    pub scope: Scope,
    /// The programs that it concerns, such as `cloud-init`. Names may be added.
    pub readers: Vec<String>,
    /// Place on the drive: a path, optionally followed by `#` and a JSON pointer. Empty for the drive as a whole. Without a path
    /// before the `#`, the place is in the document.
    pub place: String,
    /// What was found and what it causes: one line, without values from the document.
    pub message: String,
    /// What to do about it: one line.
    pub remedy: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, place, message, remedy, .. } = self;
        let place = if place.is_empty() { String::new() } else { format!("{place}: ") };
        f.write_str(&one_line(&format!("{code}: {place}{message}; {remedy}"), 1000))
    }
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// The instance boots without its configuration, or the deployment fails.
    Error,
    /// A reader ignores something, or reads it differently from the others.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Where a finding applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scope {
    /// Wherever the drive is read.
    Everywhere,
    /// On nodes with the network interface `flat` or `neutron`, because Ironic opens the drive before it deploys them.
    FlatOrNeutron,
    /// On disks with sectors of 4096 bytes (4Kn).
    FourKDisks,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_finding_is_an_object_for_programs_and_a_line_for_people() {
        let finding = Finding {
            severity: Severity::Warning,
            code: "link-without-mtu".into(),
            scope: Scope::FlatOrNeutron,
            readers: vec!["ironic".into()],
            place: "a#/b".into(),
            message: "m".into(),
            remedy: "r".into(),
        };
        let object = json!({
            "severity": "warning", "code": "link-without-mtu", "scope": "flat-or-neutron", "readers": ["ironic"],
            "place": "a#/b", "message": "m", "remedy": "r",
        });
        assert_eq!(serde_json::to_value(&finding).unwrap(), object);
        assert_eq!(serde_json::to_value(Scope::FourKDisks).unwrap(), "four-k-disks");
        assert_eq!(finding.to_string(), "link-without-mtu: a#/b: m; r");
    }
}
