//! Nodes.

use std::fmt;

use serde::Deserialize;

use super::feature::Feature;
use super::ident::NodeIdent;
use super::provision::Target;
use super::record::{Fingerprint, Record};
use crate::transport::{Microversion, tidy};

/// A node, as far as a deployment is concerned.
#[derive(Clone, Debug, Deserialize)]
pub struct Node {
    /// Its UUID, which unlike its name never changes.
    pub uuid: NodeIdent,
    /// Its name, if it has one.
    pub name: Option<NodeIdent>,
    /// Where it is in Ironic's state machine.
    pub provision_state: ProvisionState,
    /// Where Ironic takes it at the moment. A failed deployment keeps it.
    pub target_provision_state: Option<ProvisionState>,
    /// When `provision_state` last changed; to be compared, not to be read.
    pub provision_updated_at: Option<String>,
    /// Whether an operator, or Ironic after a failure, took it out of service.
    pub maintenance: bool,
    /// Why. Untrusted text; [`Node::maintenance_reason`] is fit for a terminal.
    #[serde(rename = "maintenance_reason")]
    pub raw_maintenance_reason: Option<String>,
    /// The conductor that holds its lock.
    pub reservation: Option<String>,
    /// What went wrong last. Untrusted text; [`Node::last_error`] is fit for a terminal.
    #[serde(rename = "last_error")]
    pub raw_last_error: Option<String>,
    /// The instance that it belongs to.
    pub instance_uuid: Option<String>,
    /// `noop`, `flat` or `neutron`. With the latter two, Ironic itself opens the drive.
    pub network_interface: Option<String>,
    /// What a deployment is at, where the server is new enough to tell ([`Feature::DeploySteps`]).
    #[serde(default)]
    pub deploy_step: DeployStep,
    /// What operators note down, of which [`Record`] is one.
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
    /// Its name as one line, fit for a terminal.
    pub fn name(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

/// A node's `extra`, which anybody may fill with anything.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(from = "Option<serde_json::Map<String, serde_json::Value>>")]
pub(super) struct Extra {
    pub record: Option<Record>,
}

impl From<Option<serde_json::Map<String, serde_json::Value>>> for Extra {
    fn from(members: Option<serde_json::Map<String, serde_json::Value>>) -> Self {
        let record = members.and_then(|mut members| members.remove(Record::MEMBER));
        // What is not ours, or of a later version, is as good as none.
        Self { record: record.and_then(|record| serde_json::from_value(record).ok()) }
    }
}

impl Node {
    /// The members of this type, for the query `fields`.
    pub(super) fn fields(version: Microversion) -> String {
        let steps = if version >= Feature::DeploySteps.since() { ",deploy_step" } else { "" };
        format!(
            "uuid,name,provision_state,target_provision_state,provision_updated_at,maintenance,maintenance_reason,\
             reservation,last_error,instance_uuid,network_interface,extra{steps}"
        )
    }

    /// What people call it.
    pub fn label(&self) -> &NodeIdent {
        self.name.as_ref().unwrap_or(&self.uuid)
    }

    /// Whether it is active with the drive of this fingerprint, as its record says.
    pub(super) fn has(&self, fingerprint: &Fingerprint) -> bool {
        self.provision_state.is_active()
            && self.extra.record.is_some()
            && self.extra.record == Record::new(self.provision_updated_at.as_deref(), fingerprint.clone())
    }

    /// Whether its provisioning has come to another place since it was `before`.
    pub(super) fn has_moved_since(&self, before: &Self) -> bool {
        self.provision_state != before.provision_state || self.provision_updated_at != before.provision_updated_at
    }

    /// Ironic's words, or an operator's, for why it is in maintenance, as one line.
    pub fn maintenance_reason(&self) -> Option<String> {
        self.raw_maintenance_reason.as_deref().map(tidy).filter(|words| !words.is_empty())
    }

    /// Ironic's words for what went wrong last, as one line.
    pub fn last_error(&self) -> Option<String> {
        self.raw_last_error.as_deref().map(tidy).filter(|words| !words.is_empty())
    }
}

/// A state of Ironic's machine (`ironic.common.states`), such as `available`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub struct ProvisionState(String);

impl ProvisionState {
    /// Its name as one line, fit for a terminal.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The node waits for its first deployment.
    pub fn is_available(&self) -> bool {
        self.0 == "available"
    }

    /// The deployment is done.
    pub fn is_active(&self) -> bool {
        self.0 == "active"
    }

    /// Whether Ironic's state machine (`ironic.common.state_machine`) has a way from here for `target`.
    pub fn allows(&self, target: Target) -> bool {
        match target {
            Target::Active => matches!(self.0.as_str(), "available" | "deploy failed"),
            Target::Rebuild => matches!(self.0.as_str(), "active" | "deploy failed" | "error"),
        }
    }

    /// The deployment goes on.
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
    fn the_fields_asked_for_make_a_node() {
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
}
