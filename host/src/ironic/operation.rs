//! Operations, as errors name them.

use std::fmt;

use super::ident::NodeIdent;

/// An operation on Ironic. `Display` says that it failed, for use in errors.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Get the supported versions.
    Versions,
    /// Look up the nodes of a fleet.
    Fleet,
    /// Look up a node.
    Node(NodeIdent),
    /// Fetch a node's ports.
    Ports(NodeIdent),
    /// Fetch a node's port groups.
    PortGroups(NodeIdent),
    /// Build a node's drive.
    Build(NodeIdent),
    /// Validate a node.
    Validate(NodeIdent),
    /// Claim a node by setting its `instance_uuid`.
    Claim(NodeIdent),
    /// Set a node's `instance_info`.
    SetInstanceInfo(NodeIdent),
    /// Remove the claim on a node.
    Release(NodeIdent),
    /// Deploy a node.
    Deploy(NodeIdent),
    /// Rebuild a node.
    Rebuild(NodeIdent),
    /// Record a node's drive in its `extra`.
    Record(NodeIdent),
    /// Follow a node's deployment.
    Watch(NodeIdent),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Versions => f.write_str("cannot get the API versions"),
            Self::Fleet => f.write_str("cannot look up the fleet's nodes"),
            Self::Node(node) => write!(f, "cannot look up node {node}"),
            Self::Ports(node) => write!(f, "cannot fetch the ports of node {node}"),
            Self::PortGroups(node) => write!(f, "cannot fetch the port groups of node {node}"),
            Self::Build(node) => write!(f, "cannot build the drive of node {node}"),
            Self::Validate(node) => write!(f, "cannot validate node {node}"),
            Self::Claim(node) => write!(f, "cannot claim node {node} (`instance_uuid`)"),
            Self::SetInstanceInfo(node) => write!(f, "cannot set the `instance_info` of node {node}"),
            Self::Release(node) => write!(f, "cannot remove the claim on node {node} (`instance_uuid`)"),
            Self::Deploy(node) => write!(f, "cannot deploy node {node}"),
            Self::Rebuild(node) => write!(f, "cannot rebuild node {node}"),
            Self::Watch(node) => write!(f, "cannot follow the deployment of node {node}"),
            Self::Record(node) => write!(f, "cannot record the drive in the `extra` of node {node}"),
        }
    }
}
