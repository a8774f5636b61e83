//! The instance document: the instance, its network, and the other data for its drive.

use alloc::vec::Vec;

use super::{
    error::{DocumentError, Problem},
    file::File,
    instance::{DrivePolicy, Instance},
    json::Object,
    network_model::Vif,
    overrides::Overrides,
    ports::{Port, PortGroup},
    read::{Members, Result, all, object, text},
};

/// An instance document, from which Nova's files are built.
#[derive(Debug)]
pub struct InstanceDocument<'a> {
    /// The members that decide whether the instance needs a drive.
    pub drive_policy: DrivePolicy,
    /// The instance.
    pub instance: Instance<'a>,
    /// The instance's interfaces in Nova's network model.
    pub network_info: Vec<Vif<'a>>,
    /// A ready-made network_data.json, used instead of one built from `network_info`.
    pub network_data: Option<&'a Object<'a>>,
    /// The node's ports in Ironic.
    pub ports: Vec<Port<'a>>,
    /// The node's port groups in Ironic.
    pub portgroups: Vec<PortGroup<'a>>,
    /// Files for cloud-init to write into the instance.
    pub injected_files: Vec<File<'a>>,
    /// The administrator's password. Never empty.
    pub admin_pass: Option<&'a str>,
    /// Static vendor data.
    pub vendor_data: Option<&'a Object<'a>>,
    /// Dynamic vendor data, keyed by target.
    pub vendor_data2: Option<&'a Object<'a>>,
    /// Base64 of random bytes for the instance.
    pub random_seed: Option<&'a str>,
}

impl<'a> InstanceDocument<'a> {
    pub(super) fn parse(members: Members<'a>, overrides: &'a Overrides<'a>) -> Result<Self> {
        let mut network_info = members.list("network_info", Vif::parse);
        let network_data = members.optional("network_data", object);
        if let (Ok([]), Ok(None)) = (network_info.as_deref(), &network_data) {
            // nova.virt.ironic.driver fails on this with a TypeError.
            let problem = "must not be empty; for an instance without a network, set network_data to {}";
            network_info = Err(DocumentError::from(Problem::Conflict(problem)).below("network_info"));
        }
        all!(Self {
            network_info: network_info,
            network_data: network_data,
            drive_policy: members.required("instance", DrivePolicy::parse),
            instance: members.required("instance", Instance::parse),
            ports: overrides.ports.or(members, Port::parse_list).map(Option::unwrap_or_default),
            portgroups: overrides.portgroups.or(members, PortGroup::parse_list).map(Option::unwrap_or_default),
            injected_files: members.list("injected_files", File::parse),
            admin_pass: members.optional("admin_pass", text).map(|found| found.filter(|password| !password.is_empty())),
            vendor_data: overrides.vendor_data.or(members, object),
            vendor_data2: overrides.vendor_data2.or(members, object),
            random_seed: overrides.random_seed(members),
        })
    }
}
