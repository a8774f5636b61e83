//! Ironic's microversions.

use std::fmt;
use std::str::FromStr;

/// A microversion of Ironic's API, such as `1.115`. Versions are ordered numerically.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion {
    major: u16,
    minor: u16,
}

impl Microversion {
    /// The newest version that this crate was tested with (Ironic 39.0.0). In a newer one, requests might mean something else.
    pub const NEWEST_KNOWN: Self = Self::new(1, 115);

    pub(crate) const fn new(major: u16, minor: u16) -> Self {
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

/// The error for a string that is not a microversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAVersion;

impl fmt::Display for NotAVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected two numbers separated by a dot, such as 1.115")
    }
}

impl std::error::Error for NotAVersion {}

/// The microversions that a server supports, from the headers of its answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VersionRange {
    /// `X-OpenStack-Ironic-API-Minimum-Version`
    pub min: Microversion,
    /// `X-OpenStack-Ironic-API-Maximum-Version`
    pub max: Microversion,
}

impl VersionRange {
    /// Returns the newest version that both sides know, or `None` if the server supports only newer ones than this crate.
    pub fn negotiate(self) -> Option<Microversion> {
        let version = self.max.min(Microversion::NEWEST_KNOWN);
        (version >= self.min).then_some(version)
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
    fn a_string_that_is_not_a_version_is_refused() {
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
