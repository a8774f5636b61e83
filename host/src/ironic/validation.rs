//! Ironic's own validation of a node.

use std::fmt;

use serde::Deserialize;

use crate::transport::tidy;

/// Ironic's validation of the driver interfaces that a deployment depends on: those that Nova checks
/// (`nova.virt.ironic.driver.IronicDriver.spawn`).
#[derive(Clone, Debug, Deserialize)]
pub struct Validation {
    deploy: Interface,
    power: Interface,
    storage: Interface,
}

/// The result for one interface. As in Nova, an interface without a result is unfit.
#[derive(Clone, Debug, Deserialize)]
struct Interface {
    result: Option<bool>,
    reason: Option<String>,
}

impl Validation {
    /// Returns why the node cannot be deployed. Empty if it can.
    pub fn reasons(&self) -> Vec<Reason> {
        let interfaces = [("deploy", &self.deploy), ("power", &self.power), ("storage", &self.storage)];
        let unfit = interfaces.into_iter().filter(|(_, interface)| interface.result != Some(true));
        unfit
            .map(|(name, interface)| Reason { interface: name, words: tidy(interface.reason.as_deref().unwrap_or("")) })
            .collect()
    }
}

/// Why an interface failed validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The interface: `deploy`, `power` or `storage`.
    pub interface: &'static str,
    /// Ironic's message as one line, safe to print to a terminal. Empty if there is none.
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
    fn an_interface_is_fit_only_if_ironic_says_so() {
        let validation: Validation = serde_json::from_str(
            r#"{"deploy": {"result": false, "reason": "Node n\n lacks image_source"}, "power": {"result": true},
                "storage": {"result": null, "reason": null}, "bios": {"result": false, "reason": "unasked"}}"#,
        )
        .unwrap();
        let reasons: Vec<_> = validation.reasons().iter().map(Reason::to_string).collect();
        assert_eq!(reasons, ["deploy: Node n lacks image_source", "storage: no reason given"]);
    }
}
