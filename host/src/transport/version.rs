use std::fmt;
use std::str::FromStr;

/// A microversion of Ironic's API, such as `1.115`. Ordered by number, not by text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion {
    major: u16,
    minor: u16,
}

impl Microversion {
    /// The newest one that this crate was run against (Ironic 39.0.0). A newer one might mean something else.
    pub const NEWEST_KNOWN: Self = Self::new(1, 115);

    const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl FromStr for Microversion {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (major, minor) = text.split_once('.').ok_or(NotAVersion)?;
        let number = |digits: &str| digits.parse().map_err(|_| NotAVersion);
        Ok(Self::new(number(major)?, number(minor)?))
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Text that is no microversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAVersion;

/// The microversions that a server speaks, as the headers of each of its answers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// `X-OpenStack-Ironic-API-Minimum-Version`
    pub min: Microversion,
    /// `X-OpenStack-Ironic-API-Maximum-Version`
    pub max: Microversion,
}

impl VersionRange {
    /// The newest version that both sides know; none where the server is all newer than this crate.
    pub fn negotiate(self) -> Option<Microversion> {
        let version = self.max.min(Microversion::NEWEST_KNOWN);
        (version >= self.min).then_some(version)
    }
}

/// Something that a request relies on, and that old servers lack (Ironic's REST API version history).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// The state `available` has its name since 1.2, nodes have names since 1.5, answers can be cut down to some fields
    /// since 1.8, and nodes show their network interface since 1.20.
    Nodes,
    /// Port groups exist since 1.23 and show their ports, mode and properties, of which the drive's bonds are made,
    /// since 1.26.
    PortGroups,
    /// A rebuild takes a drive since 1.35.
    RebuildWithDrive,
    /// Nodes show the step that their deployment is at since 1.44.
    DeploySteps,
}

impl Feature {
    /// The oldest version that has it.
    pub fn since(self) -> Microversion {
        match self {
            Self::Nodes => Microversion::new(1, 20),
            Self::PortGroups => Microversion::new(1, 26),
            Self::RebuildWithDrive => Microversion::new(1, 35),
            Self::DeploySteps => Microversion::new(1, 44),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "nodes with all that is needed of them",
            Self::PortGroups => "port groups with their properties",
            Self::RebuildWithDrive => "a rebuild with a config drive",
            Self::DeploySteps => "the steps of a deployment",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Microversion {
        text.parse().unwrap()
    }

    fn range(min: &str, max: &str) -> VersionRange {
        VersionRange { min: version(min), max: version(max) }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(version("1.9") < version("1.35"));
        assert!(version("1.115") < version("2.0"));
        assert_eq!(version("1.115").to_string(), "1.115");
    }

    #[test]
    fn text_that_is_no_version_is_refused() {
        for text in ["", "1", "1.", ".1", "1.2.3", "latest", "1.-1", "1.99999"] {
            assert_eq!(text.parse::<Microversion>(), Err(NotAVersion), "{text}");
        }
    }

    #[test]
    fn the_newest_version_that_both_know_is_used() {
        assert_eq!(range("1.1", "1.58").negotiate(), Some(version("1.58")));
        assert_eq!(range("1.1", "1.999").negotiate(), Some(Microversion::NEWEST_KNOWN));
        assert_eq!(range("1.200", "1.999").negotiate(), None);
    }
}
