//! The record of a node's drive in its `extra`.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A drive's fingerprint: the SHA-256, in hexadecimal digits, of the base64 text that the drive would have without the random
/// bytes drawn for the run.
///
/// It reveals nothing about an unknown drive. But an attacker who knows everything on the drive except a password can use it to
/// test guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Computes the fingerprint of a drive's base64 text, or of no drive.
    pub(super) fn new(text: Option<&str>) -> Self {
        Self(Sha256::digest(text.unwrap_or_default()).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The record in a node's `extra` after a deployment: the drive with which the node became active, and the time. Any later
/// change to the node's provisioning changes the time in Ironic, which makes the record obsolete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    fingerprint: Fingerprint,
    provision_updated_at: String,
}

impl Record {
    /// The record's name in `extra`.
    pub const MEMBER: &str = "configdrive";

    /// Creates the record for a node that became active at that time. Returns `None` if Ironic does not report the time.
    pub fn new(provision_updated_at: Option<&str>, fingerprint: Fingerprint) -> Option<Self> {
        let provision_updated_at = provision_updated_at?.to_owned();
        Some(Self { fingerprint, provision_updated_at })
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::Node;
    use super::*;

    fn node(state: &str, updated_at: &str, extra: serde_json::Value) -> Node {
        serde_json::from_value(serde_json::json!({
            "uuid": "u", "provision_state": state, "provision_updated_at": updated_at, "maintenance": false, "extra": extra,
        }))
        .unwrap()
    }

    #[test]
    fn a_record_is_valid_for_the_same_drive_until_the_node_is_provisioned_again() {
        let drive = Fingerprint::new(Some("H4sI"));
        let record = Record::new(Some("t1"), drive.clone()).unwrap();
        let extra = serde_json::json!({"configdrive": record, "owner": "somebody"});
        assert!(node("active", "t1", extra.clone()).has(&drive));
        assert!(!node("active", "t1", extra.clone()).has(&Fingerprint::new(Some("H4sJ"))));
        assert!(!node("active", "t1", extra.clone()).has(&Fingerprint::new(None)));
        assert!(!node("active", "t2", extra.clone()).has(&drive));
        assert!(!node("deploy failed", "t1", extra).has(&drive));
    }

    #[test]
    fn an_extra_that_is_not_ours_is_not_a_record() {
        let drive = Fingerprint::new(Some("H4sI"));
        for extra in [
            serde_json::json!(null),
            serde_json::json!({}),
            serde_json::json!({"configdrive": null}),
            serde_json::json!({"configdrive": "H4sI"}),
            serde_json::json!({"configdrive": {"fingerprint": 7}}),
        ] {
            assert!(!node("active", "t1", extra).has(&drive));
        }
    }
}
