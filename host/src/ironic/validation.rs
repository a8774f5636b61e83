//! Ironic's own checks of a node.

use std::fmt;

use serde::Deserialize;

use crate::transport::tidy;

/// Ironic's opinion of a node's driver interfaces, as far as a deployment depends on them: those that Nova looks at
/// (`nova.virt.ironic.driver.IronicDriver.spawn`).
#[derive(Clone, Debug, Deserialize)]
pub struct Validation {
    deploy: Interface,
    power: Interface,
    storage: Interface,
}

/// An interface that none can be seen of is as unfit as for Nova.
#[derive(Clone, Debug, Deserialize)]
struct Interface {
    result: Option<bool>,
    reason: Option<String>,
}

impl Validation {
    /// Why the node cannot be deployed; empty where it can.
    pub fn reasons(&self) -> Vec<Reason> {
        let interfaces = [("deploy", &self.deploy), ("power", &self.power), ("storage", &self.storage)];
        let unfit = interfaces.into_iter().filter(|(_, interface)| interface.result != Some(true));
        unfit
            .map(|(name, interface)| Reason { interface: name, words: tidy(interface.reason.as_deref().unwrap_or("")) })
            .collect()
    }
}

/// Why an interface is not fit for a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// `deploy`, `power` or `storage`.
    pub interface: &'static str,
    /// Ironic's words as one line, fit for a terminal; empty where it has none.
    pub words: String,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.words.as_str() {
            "" => write!(f, "{}: no reason given", self.interface),
            words => write!(f, "{}: {words}", self.interface),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_counts_as_fit_only_where_ironic_says_so() {
        let validation: Validation = serde_json::from_str(
            r#"{"deploy": {"result": false, "reason": "Node n\n lacks image_source"}, "power": {"result": true},
                "storage": {"result": null, "reason": null}, "bios": {"result": false, "reason": "unasked"}}"#,
        )
        .unwrap();
        let reasons: Vec<_> = validation.reasons().iter().map(Reason::to_string).collect();
        assert_eq!(reasons, ["deploy: Node n lacks image_source", "storage: no reason given"]);
    }
}
