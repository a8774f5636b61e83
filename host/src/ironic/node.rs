//! Nodes.

use std::fmt;

use serde::Deserialize;

use super::feature::Feature;
use super::ident::NodeIdent;
use super::instance_info::Names;
use super::provision::Target;
use super::record::{Fingerprint, Record};
use crate::transport::{Microversion, tidy};

/// The properties of a node that concern a deployment.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// The node's UUID, which unlike its name never changes.
    pub uuid: NodeIdent,
    /// The node's name, if it has one.
    pub name: Option<NodeIdent>,
    /// The node's current state.
    pub provision_state: ProvisionState,
    /// The state that Ironic is taking the node to, which stays the same when a deployment fails.
    pub target_provision_state: Option<ProvisionState>,
    /// When `provision_state` last changed. Only compared, never parsed.
    pub provision_updated_at: Option<String>,
    /// Whether an operator, or Ironic after a failure, has taken the node out of service.
    pub maintenance: bool,
    /// The reason for the maintenance. Untrusted text; [`Node::maintenance_reason`] is safe to print to a terminal.
    #[serde(rename = "maintenance_reason")]
    pub raw_maintenance_reason: Option<String>,
    /// The conductor that has locked the node.
    pub reservation: Option<String>,
    /// The last error. Untrusted text; [`Node::last_error`] is safe to print to a terminal.
    #[serde(rename = "last_error")]
    pub raw_last_error: Option<String>,
    /// The UUID of the instance on the node.
    pub instance_uuid: Option<String>,
    /// The network interface: `noop`, `flat` or `neutron`. With the latter two, Ironic itself opens the drive.
    pub network_interface: Option<String>,
    /// The current step of a deployment, if the server is new enough to report it ([`Feature::DeploySteps`]).
    #[serde(default)]
    pub deploy_step: DeployStep,
    /// The names of what is set for the instance.
    #[serde(default)]
    pub(super) instance_info: Names,
    /// The operators' own data, which includes our [`Record`].
    #[serde(default)]
    pub(super) extra: Extra,
}

/// A step of a deployment, such as `deploy.write_image`; empty between steps.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<RawDeployStep>")]
pub struct DeployStep(Option<String>);

#[derive(Default, Deserialize)]
#[serde(default)]
struct RawDeployStep {
    interface: Option<String>,
    step: Option<String>,
}

impl From<Option<RawDeployStep>> for DeployStep {
    fn from(raw: Option<RawDeployStep>) -> Self {
        let RawDeployStep { interface, step } = raw.unwrap_or_default();
        let name = step.map(|step| match interface {
            Some(interface) => format!("{interface}.{step}"),
            None => step,
        });
        Self(name.map(|name| tidy(&name)))
    }
}

impl DeployStep {
    /// Returns the step's name as one line, safe to print to a terminal.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// A node's `extra`, which may contain anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Option<serde_json::Map<String, serde_json::Value>>")]
pub(super) struct Extra {
    pub record: Option<Record>,
}

impl From<Option<serde_json::Map<String, serde_json::Value>>> for Extra {
    fn from(members: Option<serde_json::Map<String, serde_json::Value>>) -> Self {
        let record = members.and_then(|mut members| members.remove(Record::MEMBER));
        // A record that is not ours, or from a later version, counts as absent.
        Self { record: record.and_then(|record| serde_json::from_value(record).ok()) }
    }
}

impl Node {
    /// Returns the members of this type, for the query parameter `fields`.
    pub(super) fn fields(version: Microversion) -> String {
        let steps = if version >= Feature::DeploySteps.since() { ",deploy_step" } else { "" };
        format!(
            "uuid,name,provision_state,target_provision_state,provision_updated_at,maintenance,maintenance_reason,\
             reservation,last_error,instance_uuid,instance_info,network_interface,extra{steps}"
        )
    }

    /// Returns the node's name, or its UUID if it has none.
    pub fn label(&self) -> &NodeIdent {
        self.name.as_ref().unwrap_or(&self.uuid)
    }

    /// Returns whether the node is active with the drive of this fingerprint, according to its record.
    pub(super) fn has(&self, fingerprint: &Fingerprint) -> bool {
        self.extra.record.as_ref().is_some_and(|record| record.is_active_with(fingerprint, self))
    }

    /// Returns whether an earlier run started the node's current deployment with this drive, according to its record.
    pub(super) fn has_started(&self, fingerprint: &Fingerprint) -> bool {
        (self.provision_state.is_active() || self.provision_state.is_deploying())
            && self.extra.record.as_ref().is_some_and(|record| record.has_started(fingerprint, self))
    }

    /// Returns whether an earlier run claimed the node for this drive, according to its record.
    pub(super) fn has_claimed(&self, fingerprint: &Fingerprint) -> bool {
        self.extra.record.as_ref().is_some_and(|record| record.has_claimed(fingerprint, self))
    }

    /// Returns whether another run has claimed the node and not yet started its deployment, according to its record.
    pub(super) fn is_about_to_be_deployed(&self) -> bool {
        self.extra.record.as_ref().is_some_and(|record| record.is_intended(self))
    }

    /// Returns whether the node's claim is not that of `before`, or another run has written a record since.
    pub(super) fn is_taken_since(&self, before: &Self) -> bool {
        let is_recorded = match (&self.extra.record, &before.extra.record) {
            (Some(now), Some(before)) => now != before,
            (now, None) => now.is_some(),
            (None, Some(_)) => false,
        };
        self.instance_uuid != before.instance_uuid || is_recorded
    }

    /// Returns whether the node's provisioning state has changed since `before`. An older state, from a lagging database or a cache,
    /// is not a change.
    pub(super) fn has_changed_since(&self, before: &Self) -> bool {
        let changed =
            self.provision_state != before.provision_state || self.provision_updated_at != before.provision_updated_at;
        changed && !self.is_older_than(before)
    }

    /// Returns whether this is an earlier version of the node than `other`, as far as their times can be compared.
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        match (&self.provision_updated_at, &other.provision_updated_at) {
            (Some(this), Some(other)) => is_time(this) && is_time(other) && this < other,
            _ => false,
        }
    }

    /// Returns the reason for the maintenance, from Ironic or an operator, as one line.
    pub fn maintenance_reason(&self) -> Option<String> {
        self.raw_maintenance_reason.as_deref().map(tidy).filter(|words| !words.is_empty())
    }

    /// Returns the node's `instance_uuid` as one line.
    pub(super) fn instance(&self) -> Option<String> {
        self.instance_uuid.as_deref().map(tidy)
    }

    /// Returns Ironic's last error as one line.
    pub fn last_error(&self) -> Option<String> {
        self.raw_last_error.as_deref().map(tidy).filter(|words| !words.is_empty())
    }
}

/// Returns whether `text` is a time as Ironic writes it, in UTC. Such texts sort in the order of their times, with or without fractions
/// of a second.
fn is_time(text: &str) -> bool {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    text.len() >= 19 && shape.take(19).eq(*b"0000-00-00T00:00:00") && text.ends_with("+00:00")
}

/// A state of Ironic's state machine (`ironic.common.states`), such as `available`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct ProvisionState(String);

impl ProvisionState {
    /// Returns the state's name as one line, safe to print to a terminal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether the node has no instance and is ready for a deployment.
    pub fn is_available(&self) -> bool {
        self.0 == "available"
    }

    /// Returns whether the node is deployed.
    pub fn is_active(&self) -> bool {
        self.0 == "active"
    }

    /// Returns whether Ironic's state machine (`ironic.common.state_machine`) accepts `target` in this state.
    pub fn allows(&self, target: Target) -> bool {
        match target {
            Target::Active => matches!(self.0.as_str(), "available" | "deploy failed"),
            Target::Rebuild => matches!(self.0.as_str(), "active" | "deploy failed" | "error"),
        }
    }

    /// Returns whether a node can be in this state after a deployment was started.
    pub(super) fn follows_a_start(&self) -> bool {
        self.is_deploying() || self.is_active() || matches!(self.0.as_str(), "deploy failed" | "error")
    }

    /// Returns whether a deployment is in progress.
    pub fn is_deploying(&self) -> bool {
        matches!(self.0.as_str(), "deploying" | "wait call-back" | "deploy hold")
    }
}

impl From<String> for ProvisionState {
    fn from(text: String) -> Self {
        Self(tidy(&text))
    }
}

impl fmt::Display for ProvisionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_requested_fields_make_a_node() {
        let node: Node = serde_json::from_str(
            r#"{"uuid": "1be26c0b-03f2-4d2e-ae87-c02d7f33c123", "name": null, "maintenance": false, "reservation": null,
                "provision_state": "deploy failed", "target_provision_state": "active", "instance_uuid": null,
                "provision_updated_at": "2026-01-01T00:00:00+00:00", "last_error": "Deploy step\n failed",
                "network_interface": "flat", "links": []}"#,
        )
        .unwrap();
        assert_eq!(node.label().as_str(), "1be26c0b-03f2-4d2e-ae87-c02d7f33c123");
        assert!(!node.provision_state.is_deploying());
        assert_eq!(node.last_error().unwrap(), "Deploy step failed");
    }

    #[test]
    fn an_older_state_is_not_a_change() {
        let node = |state: &str, time: &str| -> Node {
            serde_json::from_value(serde_json::json!({
                "uuid": "u", "provision_state": state, "provision_updated_at": time, "maintenance": false,
            }))
            .unwrap()
        };
        let times = ["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.5+00:00", "2026-01-01T00:00:01+00:00"];
        let before = node("available", times[1]);
        assert!(!node("deploy failed", times[0]).has_changed_since(&before));
        assert!(!node("available", times[1]).has_changed_since(&before));
        assert!(node("deploying", times[2]).has_changed_since(&before));
        assert!(
            node("deploying", times[1]).has_changed_since(&before),
            "within the resolution of the database's times"
        );
        assert!(
            node("deploying", "1").has_changed_since(&before),
            "a time in another form is only compared for equality"
        );
    }
}
