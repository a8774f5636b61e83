//! What a node's `extra` says about its drive.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What tells one drive from another: the SHA-256 of its text as it would be without the random bytes that were drawn
/// for this one run, in hexadecimal digits.
///
/// It says nothing about the drive to somebody who does not know it, but lets one who knows all but a password try
/// guesses of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Of a drive's text; of none where the instance needs no drive.
    pub(super) fn new(text: Option<&str>) -> Self {
        Self(Sha256::digest(text.unwrap_or_default()).iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a node's `extra` tells after a deployment: with what it became active, and when. Whatever is done to the node
/// afterwards, by whomever, changes the time, so that an old record is never mistaken for the truth.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    fingerprint: Fingerprint,
    provision_updated_at: String,
}

impl Record {
    /// Its name in `extra`.
    pub const MEMBER: &str = "configdrive";

    /// For a node that has been active since then; none where Ironic does not tell since when.
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
    fn a_record_holds_for_the_same_drive_until_the_node_is_provisioned_again() {
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
    fn an_extra_that_is_not_ours_is_no_record() {
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
