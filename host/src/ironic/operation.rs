//! What is asked of Ironic, for errors.

use std::fmt;

use super::ident::NodeIdent;

/// What was asked of Ironic.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Which versions it speaks.
    Versions,
    /// A node.
    Node(NodeIdent),
    /// A node's ports.
    Ports(NodeIdent),
    /// A node's port groups.
    PortGroups(NodeIdent),
    /// Whether a node is fit for a deployment.
    Validate(NodeIdent),
    /// To deploy a node.
    Deploy(NodeIdent),
    /// To rebuild a node.
    Rebuild(NodeIdent),
    /// To note down in a node's `extra` what it has.
    Record(NodeIdent),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Versions => f.write_str("cannot ask for the API's versions"),
            Self::Node(node) => write!(f, "cannot look up node {node}"),
            Self::Ports(node) => write!(f, "cannot fetch the ports of node {node}"),
            Self::PortGroups(node) => write!(f, "cannot fetch the port groups of node {node}"),
            Self::Validate(node) => write!(f, "cannot ask whether node {node} is fit for a deployment"),
            Self::Deploy(node) => write!(f, "cannot deploy node {node}"),
            Self::Rebuild(node) => write!(f, "cannot rebuild node {node}"),
            Self::Record(node) => write!(f, "cannot note down in the `extra` of node {node} what it has"),
        }
    }
}
