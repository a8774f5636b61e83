//! Features of Ironic's API that requests rely on.

use std::fmt;

use crate::transport::Microversion;

/// A feature that a request relies on and old servers lack (Ironic's REST API version history).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Feature {
    /// Node details. Version 1.2 introduced the name of the state `available`, 1.5 the names of nodes, 1.8 answers with only some
    /// fields, and 1.20 the network interface.
    Nodes,
    /// Port groups. Version 1.23 introduced them, and 1.26 added their ports, mode and properties, from which the drive's bonds are
    /// built.
    PortGroups,
    /// Rebuilds with a drive, introduced in 1.35.
    RebuildWithDrive,
    /// The current step of a deployment, introduced in 1.44.
    DeploySteps,
    /// Drives that Ironic builds from a JSON object, introduced in 1.56.
    MetadataDrive,
    /// Vendor data in such an object, introduced in 1.59.
    MetadataVendorData,
    /// Deploy steps in a request, introduced in 1.69.
    RequestedSteps,
}

impl Feature {
    /// Returns the oldest version that has the feature.
    pub fn since(self) -> Microversion {
        match self {
            Self::Nodes => Microversion::new(1, 20),
            Self::PortGroups => Microversion::new(1, 26),
            Self::RebuildWithDrive => Microversion::new(1, 35),
            Self::DeploySteps => Microversion::new(1, 44),
            Self::MetadataDrive => Microversion::new(1, 56),
            Self::MetadataVendorData => Microversion::new(1, 59),
            Self::RequestedSteps => Microversion::new(1, 69),
        }
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Nodes => "node details",
            Self::PortGroups => "port groups with their properties",
            Self::RebuildWithDrive => "rebuilds with a config drive",
            Self::DeploySteps => "the steps of a deployment",
            Self::MetadataDrive => "config drives built by Ironic",
            Self::MetadataVendorData => "vendor data in config drives built by Ironic",
            Self::RequestedSteps => "requested deploy steps",
        })
    }
}
