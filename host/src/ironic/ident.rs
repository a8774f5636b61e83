//! Names and UUIDs of nodes.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// A node's name or UUID.
///
/// Ironic's names consist of RFC 3986's unreserved characters (`ironic.common.utils.is_valid_logical_name`), and so do UUIDs,
/// so that neither needs escaping in a URL. `.` and `..` are refused because URLs drop such segments.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct NodeIdent(String);

impl NodeIdent {
    /// Returns the name or UUID as a string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this is a UUID, which Ironic does not accept as a name.
    pub(super) fn is_uuid(&self) -> bool {
        let expected = |(index, byte)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => u8::is_ascii_hexdigit(&byte),
        };
        self.0.len() == 36 && self.0.bytes().enumerate().all(expected)
    }
}

impl FromStr for NodeIdent {
    type Err = NotANode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        if matches!(text, "" | "." | "..") || text.len() > 255 || !text.bytes().all(unreserved) {
            return Err(NotANode);
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for NodeIdent {
    type Error = NotANode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl fmt::Display for NodeIdent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The error for a string that is neither a node's name nor a UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANode;

impl fmt::Display for NotANode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected a node's name or a UUID: at most 255 letters, digits and -._~")
    }
}

impl std::error::Error for NotANode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_uuids_are_accepted() {
        for text in ["n0", "rack-1.node_2~a", "1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "..."] {
            assert_eq!(text.parse::<NodeIdent>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_string_that_would_change_the_url_is_refused() {
        for text in ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "a b", "knoten-ö", "a\n", &"a".repeat(256)] {
            assert_eq!(text.parse::<NodeIdent>(), Err(NotANode), "{text:?}");
        }
    }
}
