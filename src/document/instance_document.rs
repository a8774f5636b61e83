//! The instance document: the instance, its network, and what goes onto the drive with them.

use alloc::vec::Vec;

use super::{
    error::{DocumentError, Problem},
    file::File,
    instance::{DrivePolicy, Instance},
    json::Object,
    network_model::Vif,
    overrides::Overrides,
    ports::{Port, PortGroup},
    read::{Members, Result, object, text},
};

/// An instance document: all that a drive tells.
#[derive(Debug)]
pub struct InstanceDocument<'a> {
    /// Whether there is to be a drive at all.
    pub drive_policy: DrivePolicy,
    /// The instance.
    pub instance: Instance<'a>,
    /// Its interfaces in Nova's network model.
    pub network_info: Vec<Vif<'a>>,
    /// A ready network_data.json, instead of what `network_info` gives.
    pub network_data: Option<&'a Object<'a>>,
    /// The node's ports.
    pub ports: Vec<Port<'a>>,
    /// The node's port groups.
    pub portgroups: Vec<PortGroup<'a>>,
    /// Files to be written into the instance.
    pub injected_files: Vec<File<'a>>,
    /// The administrator's password, not empty.
    pub admin_pass: Option<&'a str>,
    /// Static vendor data.
    pub vendor_data: Option<&'a Object<'a>>,
    /// Dynamic vendor data, by target.
    pub vendor_data2: Option<&'a Object<'a>>,
    /// Base64 of random bytes.
    pub random_seed: Option<&'a str>,
}

impl<'a> InstanceDocument<'a> {
    pub(super) fn parse(members: Members<'a>, overrides: &'a Overrides<'a>) -> Result<Self> {
        let network_info = members.list("network_info", Vif::parse)?;
        let network_data = members.optional("network_data", object)?;
        if network_info.is_empty() && network_data.is_none() {
            // nova.virt.ironic.driver fails on it with a TypeError.
            let problem = "empty; for an instance without network, give network_data as {}";
            return Err(DocumentError::from(Problem::Conflict(problem)).below("network_info"));
        }
        Ok(Self {
            drive_policy: members.required("instance", DrivePolicy::parse)?,
            instance: members.required("instance", Instance::parse)?,
            network_info,
            network_data,
            ports: overrides.ports.or(members, Port::parse_list)?.unwrap_or_default(),
            portgroups: overrides.portgroups.or(members, PortGroup::parse_list)?.unwrap_or_default(),
            injected_files: members.list("injected_files", File::parse)?,
            admin_pass: members.optional("admin_pass", text)?.filter(|password| !password.is_empty()),
            vendor_data: overrides.vendor_data.or(members, object)?,
            vendor_data2: overrides.vendor_data2.or(members, object)?,
            random_seed: overrides.random_seed(members)?,
        })
    }
}
