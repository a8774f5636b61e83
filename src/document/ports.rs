//! The node's ports and port groups, as Ironic's API returns them.

use alloc::vec::Vec;

use super::{
    address::MacAddr,
    error::Problem,
    json::{Json, Object},
    read::{Members, Result, list, object, text},
};

/// A physical port of the node.
#[derive(Debug)]
pub struct Port<'a> {
    /// Ironic's id of it.
    pub uuid: &'a str,
    /// The MAC address.
    pub address: Option<MacAddr<'a>>,
    /// The port group that it belongs to.
    pub portgroup_uuid: Option<&'a str>,
    /// The VIF that is attached to it.
    pub vif_id: Option<&'a str>,
}

/// Ports that act as one interface.
#[derive(Debug)]
pub struct PortGroup<'a> {
    /// Ironic's id of it.
    pub uuid: &'a str,
    /// The MAC address, if it has one of its own.
    pub address: Option<MacAddr<'a>>,
    /// The bonding mode.
    pub mode: Option<&'a str>,
    /// Options of the Linux bonding driver.
    pub properties: Option<&'a Object<'a>>,
    /// The VIF that is attached to it.
    pub vif_id: Option<&'a str>,
}

impl<'a> Port<'a> {
    /// Reads a list of ports, or the answer of Ironic's API with its member `ports`.
    pub(super) fn parse_list(value: &'a Json<'a>) -> Result<Vec<Self>> {
        collection(value, "ports", |value| {
            let members = Members::of(value)?;
            Ok(Self {
                uuid: members.required("uuid", text)?,
                address: members.optional("address", MacAddr::parse)?,
                portgroup_uuid: members.optional("portgroup_uuid", text)?,
                vif_id: vif_id(members)?,
            })
        })
    }
}

impl<'a> PortGroup<'a> {
    /// Reads a list of port groups, or the answer of Ironic's API with its member `portgroups`.
    pub(super) fn parse_list(value: &'a Json<'a>) -> Result<Vec<Self>> {
        collection(value, "portgroups", |value| {
            let members = Members::of(value)?;
            Ok(Self {
                uuid: members.required("uuid", text)?,
                address: members.optional("address", MacAddr::parse)?,
                mode: members.optional("mode", text)?,
                properties: members.optional("properties", properties)?,
                vif_id: vif_id(members)?,
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

/// `tenant_vif_port_id` is where Ironic keeps it, `vif_port_id` where it once was; an empty one does not count.
fn vif_id<'a>(members: Members<'a>) -> Result<Option<&'a str>> {
    let within = |place, name| {
        let member = |value| Members::of(value)?.optional(name, text);
        members.optional(place, member).map(|found| found.flatten().filter(|id: &&str| !id.is_empty()))
    };
    Ok(within("internal_info", "tenant_vif_port_id")?.or(within("extra", "vif_port_id")?))
}

/// Each property becomes a member `bond_…` of the link. Nova's own `bond_links` must not be replaced by one.
fn properties<'a>(value: &'a Json<'a>) -> Result<&'a Object<'a>> {
    let properties = object(value)?;
    for name in ["links", "bond_links"] {
        if properties.get(name).is_some() {
            let problem = Problem::Conflict("would replace the list of the bond's links; remove this property");
            return Err(super::DocumentError::from(problem).below(name));
        }
    }
    Ok(properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_collection_is_a_list_or_the_answer_of_ironics_api() {
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
