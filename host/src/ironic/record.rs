//! The deployment record in a node's `extra`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::claim::Claim;
use super::deploy_steps::DeploySteps;
use super::instance_info::InstanceInfo;
use super::node::Node;

/// A drive's fingerprint: the SHA-256, in hexadecimal digits, of the text that the drive would have without the random bytes drawn
/// for the run. If there are any, the fingerprint includes what is set in `instance_info`, and the requested deploy steps.
///
/// It reveals nothing about an unknown drive. But an attacker who knows everything on the drive except a password can use it to
/// test guesses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// Computes the fingerprint of a drive's text; `None` stands for no drive.
    #[cfg(test)]
    pub(super) fn new(text: Option<&str>) -> Self {
        Self::with(text, None, None)
    }

    /// Computes the fingerprint of a drive's text and of what else is requested for the instance.
    pub(super) fn with(text: Option<&str>, info: Option<&InstanceInfo>, steps: Option<&DeploySteps>) -> Self {
        let mut hash = Sha256::new_with_prefix(text.unwrap_or_default());
        if info.is_some() || steps.is_some() {
            // Neither base64 nor JSON contains this byte.
            hash.update([0]);
            hash.update(json!({"instance_info": info, "deploy_steps": steps}).to_string());
        }
        Self(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The record in a node's `extra`: the drive with which the node became active, and when; and the deployment that a run is about to
/// start. Any later change of the provisioning state changes the time in Ironic, which makes the record obsolete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(flatten)]
    active: Option<ActiveWith>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    intent: Option<Intent>,
}

/// The drive with which a node became active, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ActiveWith {
    fingerprint: Fingerprint,
    provision_updated_at: String,
}

/// The deployment that a run was about to start, so that a later run can recognise and finish it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Intent {
    fingerprint: Fingerprint,
    /// The claim under which the deployment is started.
    instance_uuid: String,
    /// The node's `provision_updated_at` before the deployment.
    since: Option<String>,
    /// Whether somebody else may deploy the node under the same claim. If so, a deployment of the node may not be this one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shared: bool,
}

impl Record {
    /// The record's name in `extra`.
    pub const MEMBER: &str = "configdrive";

    /// Creates the record for a node that became active at `provision_updated_at`, or returns `None` if Ironic does not report it.
    pub fn new(provision_updated_at: Option<&str>, fingerprint: Fingerprint) -> Option<Self> {
        let provision_updated_at = provision_updated_at?.to_owned();
        Some(Self { active: Some(ActiveWith { fingerprint, provision_updated_at }), intent: None })
    }

    /// Creates the record for a deployment that is about to be started. It keeps what is known about the node's drive.
    pub fn before(node: &Node, fingerprint: &Fingerprint, claim: &Claim, shared: bool) -> Self {
        let (fingerprint, instance_uuid) = (fingerprint.clone(), claim.as_str().to_owned());
        let intent = Intent { fingerprint, instance_uuid, since: node.provision_updated_at.clone(), shared };
        let active = node.extra.record.clone().and_then(|record| record.active);
        Self { active, intent: Some(intent) }
    }

    /// Returns the JSON Patch operation (RFC 6902) that writes the record.
    pub fn patch(&self) -> Value {
        json!({"op": "add", "path": format!("/extra/{}", Self::MEMBER), "value": self})
    }

    /// Returns whether the node is active with the drive of this fingerprint.
    pub fn is_active_with(&self, fingerprint: &Fingerprint, node: &Node) -> bool {
        let known = self.active.as_ref();
        node.provision_state.is_active()
            && known.is_some_and(|known| {
                known.fingerprint == *fingerprint
                    && Some(&known.provision_updated_at) == node.provision_updated_at.as_ref()
            })
    }

    /// Returns whether an earlier run started the node's current deployment, with the drive of this fingerprint.
    pub fn has_started(&self, fingerprint: &Fingerprint, node: &Node) -> bool {
        let moved = |intent: &Intent| intent.since != node.provision_updated_at;
        let claimed = |intent: &Intent| Some(&intent.instance_uuid) == node.instance_uuid.as_ref();
        let intended = self.intent.as_ref();
        intended.is_some_and(|intent| {
            !intent.shared && intent.fingerprint == *fingerprint && claimed(intent) && moved(intent)
        })
    }

    /// Returns whether another run has claimed the node and not yet started its deployment.
    pub fn is_intended(&self, node: &Node) -> bool {
        let intended = self.intent.as_ref();
        intended.is_some_and(|intent| {
            Some(&intent.instance_uuid) == node.instance_uuid.as_ref() && intent.since == node.provision_updated_at
        })
    }

    /// Returns whether an earlier run, for the same drive, made the node's claim.
    pub fn has_claimed(&self, fingerprint: &Fingerprint, node: &Node) -> bool {
        let intended = self.intent.as_ref();
        intended.is_some_and(|intent| {
            !intent.shared
                && intent.fingerprint == *fingerprint
                && Some(&intent.instance_uuid) == node.instance_uuid.as_ref()
        })
    }
}

#[cfg(test)]
mod tests {
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
    fn a_deployment_that_an_earlier_run_started_is_recognised() {
        let drive = Fingerprint::new(Some("H4sI"));
        let claim = Claim::new("i");
        let before = node("available", "t1", serde_json::json!({}));
        let record = Record::before(&before, &drive, &claim, false);
        let with = |state, updated_at, instance: Option<&str>| {
            let mut node = node(state, updated_at, serde_json::json!({"configdrive": record}));
            node.instance_uuid = instance.map(str::to_owned);
            node
        };
        let started = |node: Node, drive: &Fingerprint| node.has_started(drive);
        assert!(started(with("deploying", "t2", Some("i")), &drive));
        assert!(started(with("active", "t3", Some("i")), &drive));
        assert!(!started(with("available", "t1", Some("i")), &drive), "it was not started");
        assert!(!started(with("deploying", "t2", Some("j")), &drive), "somebody else has taken the node");
        assert!(!started(with("deploying", "t2", None), &drive));
        assert!(!started(with("deploying", "t2", Some("i")), &Fingerprint::new(None)), "another drive");
        assert!(!with("active", "t3", Some("i")).has(&drive), "an intention is not an outcome");
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
