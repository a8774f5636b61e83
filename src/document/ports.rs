//! The node's ports and port groups, as Ironic's API returns them.

use alloc::vec::Vec;

use super::{
    address::MacAddr,
    error::Problem,
    json::{Json, Object},
    read::{Members, Result, all, both, list, object, text},
};

/// A physical port of the node.
#[derive(Debug)]
pub struct Port<'a> {
    /// The port's id in Ironic.
    pub uuid: &'a str,
    /// The MAC address.
    pub address: Option<MacAddr<'a>>,
    /// The id of the port group to which the port belongs.
    pub portgroup_uuid: Option<&'a str>,
    /// The id of the VIF that is attached to the port.
    pub vif_id: Option<&'a str>,
}

/// A group of ports that form one interface.
#[derive(Debug)]
pub struct PortGroup<'a> {
    /// The port group's id in Ironic.
    pub uuid: &'a str,
    /// The MAC address, if the group has its own.
    pub address: Option<MacAddr<'a>>,
    /// The bonding mode.
    pub mode: Option<&'a str>,
    /// Options of the Linux bonding driver.
    pub properties: Option<&'a Object<'a>>,
    /// The id of the VIF that is attached to the group.
    pub vif_id: Option<&'a str>,
}

impl<'a> Port<'a> {
    /// Reads an array of ports, or a response of Ironic's API with the member `ports`.
    pub(super) fn parse_list(value: &'a Json<'a>) -> Result<Vec<Self>> {
        collection(value, "ports", |value| {
            let members = Members::of(value)?;
            all!(Self {
                uuid: members.required("uuid", text),
                address: members.optional("address", MacAddr::parse),
                portgroup_uuid: members.optional("portgroup_uuid", text),
                vif_id: vif_id(members),
            })
        })
    }
}

impl<'a> PortGroup<'a> {
    /// Reads an array of port groups, or a response of Ironic's API with the member `portgroups`.
    pub(super) fn parse_list(value: &'a Json<'a>) -> Result<Vec<Self>> {
        collection(value, "portgroups", |value| {
            let members = Members::of(value)?;
            all!(Self {
                uuid: members.required("uuid", text),
                address: members.optional("address", MacAddr::parse),
                mode: members.optional("mode", text),
                properties: members.optional("properties", properties),
                vif_id: vif_id(members),
            })
        })
    }
}

fn collection<'a, T>(
    value: &'a Json<'a>,
    name: &'static str,
    read: impl FnMut(&'a Json<'a>) -> Result<T>,
) -> Result<Vec<T>> {
    match value {
        Json::Object(_) => Members::of(value)?.required(name, |value| list(value, read)),
        _ => list(value, read),
    }
}

/// Reads the id of the attached VIF. Ironic keeps it in `tenant_vif_port_id`, and used to keep it in `vif_port_id`. An empty id
/// counts as absent.
fn vif_id<'a>(members: Members<'a>) -> Result<Option<&'a str>> {
    let within = |place, name| {
        let member = |value| Members::of(value)?.optional(name, text);
        members.optional(place, member).map(|found| found.flatten().filter(|id: &&str| !id.is_empty()))
    };
    let found = both(within("internal_info", "tenant_vif_port_id"), within("extra", "vif_port_id"));
    found.map(|(current, former)| current.or(former))
}

/// Reads the properties of a bond. Each becomes a member `bond_…` of the link, but none may replace Nova's own `bond_links`.
fn properties<'a>(value: &'a Json<'a>) -> Result<&'a Object<'a>> {
    let properties = object(value)?;
    for name in ["links", "bond_links"] {
        if properties.get(name).is_some() {
            let problem = Problem::Conflict("would replace the bond's own list of links; remove this property");
            return Err(super::DocumentError::from(problem).below(name));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_an_array_or_a_response_of_ironics_api() {
        for text in [r#"[{"uuid": "a"}, {"uuid": "b"}]"#, r#"{"ports": [{"uuid": "a"}, {"uuid": "b"}], "next": "c"}"#] {
            let json = Json::parse(text).unwrap();
            let ports: Vec<_> = Port::parse_list(&json).unwrap().iter().map(|port| port.uuid).collect();
            assert_eq!(ports, ["a", "b"], "{text}");
        }
        let json = Json::parse(r#"{"portgroups": [{"uuid": "c"}]}"#).unwrap();
        let [group] = &PortGroup::parse_list(&json).unwrap()[..] else { panic!() };
        assert_eq!(group.uuid, "c");
        assert!(Port::parse_list(&json).is_err());
    }
}
