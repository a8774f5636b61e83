//! Reports in JSON.

use configdrive_host::ironic::{Done, NodeIdent};
use serde_json::json;

/// Returns a node's outcome as JSON.
pub fn outcome(done: &Done, waited: bool) -> serde_json::Value {
    json!({
        "uuid": done.node.uuid.as_str(),
        "name": done.node.name.as_ref().map(NodeIdent::as_str),
        // Without waiting, only the state before the deployment is known.
        "provision_state": waited.then(|| done.node.provision_state.to_string()),
        "configdrive": done.drive,
    })
}
