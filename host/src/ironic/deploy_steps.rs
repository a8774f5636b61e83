//! Deploy steps that the operator requests in addition to Ironic's own, or with another priority.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Deploy steps, in Ironic's form: a list of objects with `interface`, `step`, `priority` and `args`.
#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct DeploySteps(Vec<RequestedStep>);

#[derive(Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RequestedStep {
    interface: String,
    step: String,
    priority: Value,
    #[serde(default)]
    args: Map<String, Value>,
}

impl DeploySteps {
    /// Reads a JSON or YAML list, which may not be empty. Absent `args` are none.
    pub fn parse(text: &str) -> Result<Self, NotDeploySteps> {
        // YAML contains JSON. The limits are the library's, which are generous for steps.
        let steps: Self = serde_saphyr::from_str(text).map_err(|error| {
            let error = error.without_snippet();
            NotDeploySteps(error.location().map(|location| (location.line(), location.column())))
        })?;
        if steps.0.is_empty() { Err(NotDeploySteps(None)) } else { Ok(steps) }
    }

    pub(super) fn json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Shows the steps' names: the arguments may be secrets.
impl fmt::Display for DeploySteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|step| format!("{}.{}", step.interface, step.step)).collect();
        f.write_str(&names.join(", "))
    }
}

impl fmt::Debug for DeploySteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeploySteps({self})")
    }
}

/// The error for text that is not a list of deploy steps. It quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotDeploySteps(Option<(u64, u64)>);

impl fmt::Display for NotDeploySteps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((line, column)) = self.0 {
            write!(f, "line {line}, column {column}: ")?;
        }
        f.write_str(
            "expected a JSON or YAML list of deploy steps: objects with `interface`, `step`, `priority` and optionally `args`",
        )
    }
}

impl std::error::Error for NotDeploySteps {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_json_or_yaml() {
        let json = r#"[{"interface": "raid", "step": "apply_configuration", "args": {"a": [1]}, "priority": 90}]"#;
        let yaml = "- interface: raid\n  step: apply_configuration\n  args: {a: [1]}\n  priority: 90\n";
        let steps = DeploySteps::parse(json).unwrap();
        assert_eq!(DeploySteps::parse(yaml).unwrap(), steps);
        assert_eq!(serde_json::from_str::<Value>(&steps.json()).unwrap(), serde_json::from_str::<Value>(json).unwrap());
        assert_eq!(steps.to_string(), "raid.apply_configuration");
        for text in [
            "",
            "[]",
            "{}",
            "- 7",
            "- {interface: raid, step: s}",
            "- {interface: raid, step: s, priority: 1, arg: {}}",
        ] {
            assert!(DeploySteps::parse(text).is_err(), "{text}");
        }
    }
}
