//! Whom a drive is for, which decides which findings matter.

use std::{error, fmt, str::FromStr};

use crate::{Finding, Scope};

/// A reader of a drive, or a kind of node.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Recipient {
    /// cloud-init.
    CloudInit,
    /// glean.
    Glean,
    /// cloudbase-init.
    CloudbaseInit,
    /// Nodes whose disk has sectors of 4096 bytes (4Kn).
    FourKDisks,
    /// Nodes with the network interface `flat`.
    Flat,
    /// Nodes with the network interface `neutron`.
    Neutron,
}

impl Recipient {
    /// All recipients.
    pub const ALL: &[Self] =
        &[Self::CloudInit, Self::Glean, Self::CloudbaseInit, Self::FourKDisks, Self::Flat, Self::Neutron];

    /// Returns the name, as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::CloudInit => "cloud-init",
            Self::Glean => "glean",
            Self::CloudbaseInit => "cloudbase-init",
            Self::FourKDisks => "4kn",
            Self::Flat => "flat",
            Self::Neutron => "neutron",
        }
    }

    /// Returns a description for help texts.
    pub fn description(self) -> &'static str {
        match self {
            Self::CloudInit => "instances with cloud-init",
            Self::Glean => "instances with glean",
            Self::CloudbaseInit => "instances with cloudbase-init",
            Self::FourKDisks => "nodes whose disk has sectors of 4096 bytes (4Kn)",
            Self::Flat => "nodes with the network interface flat",
            Self::Neutron => "nodes with the network interface neutron",
        }
    }

    /// Returns the scope of the findings that concern such nodes, or `None` for a reader.
    fn scope(self) -> Option<Scope> {
        match self {
            Self::CloudInit | Self::Glean | Self::CloudbaseInit => None,
            Self::FourKDisks => Some(Scope::FourKDisks),
            Self::Flat | Self::Neutron => Some(Scope::FlatOrNeutron),
        }
    }
}

impl FromStr for Recipient {
    type Err = UnknownRecipient;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let recipient = Self::ALL.iter().find(|recipient| recipient.name() == text);
        recipient.copied().ok_or_else(|| UnknownRecipient(text.to_owned()))
    }
}

/// The error for a name that is not a [`Recipient`]'s.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UnknownRecipient(String);

impl fmt::Display for UnknownRecipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = Recipient::ALL.iter().map(|recipient| recipient.name()).collect();
        let names = names.join(", ");
        write!(f, "expected one of {names}, found {:?}", self.0)
    }
}

impl error::Error for UnknownRecipient {}

/// The readers and nodes that a drive is for.
///
/// Without a reader, these are all readers. Without a node, the node is unknown, and only findings about all nodes matter. The default
/// is without both.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Recipients {
    all: bool,
    list: Vec<Recipient>,
}

impl Recipients {
    /// All readers and all nodes, to which all findings matter.
    pub fn all() -> Self {
        Self { all: true, list: Vec::new() }
    }

    /// Selects the findings that matter.
    pub fn select(&self, findings: Vec<Finding>) -> Selection {
        let mut selection = Selection::default();
        for finding in findings.into_iter().filter(|finding| self.reads(finding)) {
            if self.covers(finding.scope) {
                selection.findings.push(finding);
            } else if !selection.not_checked.contains(&finding.scope) {
                selection.not_checked.push(finding.scope);
            }
        }
        selection
    }

    fn reads(&self, finding: &Finding) -> bool {
        let mut readers = self.list.iter().filter(|recipient| recipient.scope().is_none()).peekable();
        // Every drive goes through Ironic and its agent.
        let is_read = |recipient: &Recipient| finding.readers.iter().any(|name| name == recipient.name());
        readers.peek().is_none()
            || finding.readers.iter().any(|name| matches!(name.as_str(), "ironic" | "ironic-python-agent"))
            || readers.any(is_read)
    }

    fn covers(&self, scope: Scope) -> bool {
        self.all || scope == Scope::Everywhere || self.list.iter().any(|recipient| recipient.scope() == Some(scope))
    }
}

impl FromIterator<Recipient> for Recipients {
    fn from_iter<I: IntoIterator<Item = Recipient>>(list: I) -> Self {
        Self { all: false, list: list.into_iter().collect() }
    }
}

/// The findings that matter to some [`Recipients`].
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Selection {
    /// The findings that matter, worst first.
    pub findings: Vec<Finding>,
    /// The scopes of the findings that were left out because it is unknown whether the drive is for such nodes; each once.
    pub not_checked: Vec<Scope>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Severity;

    fn finding(code: &str, scope: Scope, readers: &[&str]) -> Finding {
        Finding {
            severity: Severity::Warning,
            code: code.into(),
            scope,
            readers: readers.iter().map(|name| (*name).into()).collect(),
            place: String::new(),
            message: String::new(),
            remedy: String::new(),
        }
    }

    /// Returns the codes of the findings that matter, and the scopes that were not checked.
    fn select(recipients: &Recipients) -> (Vec<String>, Vec<Scope>) {
        let findings = vec![
            finding("both", Scope::Everywhere, &["cloud-init", "glean"]),
            finding("glean", Scope::Everywhere, &["glean"]),
            finding("agent", Scope::Everywhere, &["ironic-python-agent"]),
            finding("4kn", Scope::FourKDisks, &["cloud-init", "cloudbase-init"]),
            finding("mtu", Scope::FlatOrNeutron, &["ironic"]),
            finding("vfat", Scope::FlatOrNeutron, &["ironic"]),
        ];
        let Selection { findings, not_checked } = recipients.select(findings);
        (findings.into_iter().map(|finding| finding.code).collect(), not_checked)
    }

    #[test]
    fn findings_about_some_nodes_matter_only_for_such_nodes() {
        use Scope::{FlatOrNeutron, FourKDisks};
        for (names, codes, not_checked) in [
            (&[][..], &["both", "glean", "agent"][..], &[FourKDisks, FlatOrNeutron][..]),
            (&["4kn"], &["both", "glean", "agent", "4kn"], &[FlatOrNeutron]),
            (&["flat"], &["both", "glean", "agent", "mtu", "vfat"], &[FourKDisks]),
            (&["neutron"], &["both", "glean", "agent", "mtu", "vfat"], &[FourKDisks]),
            (&["cloud-init"], &["both", "agent"], &[FourKDisks, FlatOrNeutron]),
            (&["glean", "4kn"], &["both", "glean", "agent"], &[FlatOrNeutron]),
            (&["cloudbase-init", "cloud-init", "4kn", "flat"], &["both", "agent", "4kn", "mtu", "vfat"], &[]),
        ] {
            let recipients: Recipients = names.iter().map(|name| name.parse::<Recipient>().unwrap()).collect();
            let expected = (codes.iter().map(|code| (*code).to_owned()).collect(), not_checked.to_vec());
            assert_eq!(select(&recipients), expected, "{names:?}");
        }
        assert_eq!(select(&Recipients::all()).0.len(), 6);
        assert_eq!(select(&Recipients::default()), select(&[].into_iter().collect()));
    }

    #[test]
    fn an_unknown_name_is_an_error_that_lists_the_names() {
        let error = "cirros".parse::<Recipient>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "expected one of cloud-init, glean, cloudbase-init, 4kn, flat, neutron, found \"cirros\""
        );
    }
}
