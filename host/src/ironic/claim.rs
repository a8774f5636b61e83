//! Claims on nodes.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;

/// A value for a node's `instance_uuid`, by which a deployment claims the node.
///
/// Nova and metalsmith claim a node in the same way, with their instance's UUID. Ironic refuses a second claim, so clients that respect
/// claims do not deploy each other's nodes. Undeploying a node removes its claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim(String);

impl Claim {
    /// Makes a claim for one run: a version 8 UUID (RFC 9562) with a fixed prefix and random digits. It cannot use the instance's own
    /// UUID, which is tenant data that only the component parses.
    pub fn random() -> Self {
        let [high, low] = [(); 2].map(|()| RandomState::new().hash_one(()));
        let digits = format!("{high:016x}{low:016x}");
        let (first, rest) = digits.split_at_checked(4).unwrap_or_default();
        let (second, rest) = rest.split_at_checked(3).unwrap_or_default();
        let (third, rest) = rest.split_at_checked(3).unwrap_or_default();
        let fourth = rest.get(..12).unwrap_or_default();
        Self(format!("{OURS}-{first}-8{second}-a{third}-{fourth}"))
    }

    /// Makes a claim of a known UUID: the caller's, or the one that the node has.
    pub fn new(uuid: &str) -> Self {
        Self(uuid.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether `instance_uuid` was made by [`random`](Self::random), in this run or another.
    pub fn is_ours(instance_uuid: &str) -> bool {
        instance_uuid.strip_prefix(OURS).is_some_and(|rest| rest.get(5..7) == Some("-8"))
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The first digits of the UUIDs that this crate makes.
const OURS: &str = "c0f1d21e";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_a_uuid_that_is_recognised() {
        let claims = [Claim::random(), Claim::random()];
        assert_ne!(claims[0], claims[1]);
        for claim in claims {
            let groups: Vec<usize> = claim.as_str().split('-').map(str::len).collect();
            assert_eq!(groups, [8, 4, 4, 4, 12], "{claim}");
            assert!(Claim::is_ours(claim.as_str()));
        }
        for other in ["", "c0f1d21e", "1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "c0f1d21e-03f2-4d2e-ae87-c02d7f33c123"] {
            assert!(!Claim::is_ours(other), "{other}");
        }
    }
}
