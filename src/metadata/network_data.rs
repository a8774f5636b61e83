//! network_data.json (`nova.virt.netutils.get_network_metadata`, then the Ironic driver's `_get_network_metadata`).

use alloc::{
    borrow::Cow, collections::BTreeMap, collections::BTreeSet, format, string::String, string::ToString, vec::Vec,
};

use super::or_null;
use crate::document::{
    InstanceDocument, Integer, IpVersion, Json, Network, Object, Port, PortGroup, Route, Subnet, Vif, attached,
};

/// VIF types that Nova shows to instances, for compatibility. It shows all others as `phy` (`nova.network.model`).
const LEGACY_EXPOSED_VIF_TYPES: [&str; 8] = ["bridge", "dvs", "hw_veb", "hyperv", "ovs", "tap", "vhostuser", "vif"];

/// Returns the document's own network_data.json, or builds one from its interfaces.
pub fn network_data<'a>(document: &InstanceDocument<'a>) -> Object<'a> {
    if let Some(ready) = document.network_data {
        return ready.clone();
    }
    let node = Node::new(document);
    let mut links = Vec::new();
    let mut member_links = Vec::new();
    let mut networks = Vec::new();
    let mut services = Vec::new();
    let mut known_servers = BTreeSet::new();

    for (n, vif, network) in attached(&document.network_info) {
        let id = vif.devname.map_or_else(|| Cow::Owned(format!("interface{n}")), Cow::Borrowed);
        let (link, members) = node.link(vif, network, id.clone());
        links.push(link);
        member_links.extend(members);

        for version in [IpVersion::V4, IpVersion::V6] {
            let Some(subnet) = network.first_subnet(version).filter(|subnet| !subnet.ips.is_empty()) else { continue };
            networks.push(network_entry(networks.len(), network, subnet, &id).into());
            // As in Nova, a server that an earlier subnet has is left out, but one that a subnet has twice is written twice.
            let servers: Vec<_> = subnet.dns.iter().map(|ip| ip.as_str()).collect();
            services.extend(servers.iter().filter(|server| !known_servers.contains(*server)).copied().map(service));
            known_servers.extend(servers);
        }
    }

    links.append(&mut member_links);
    Object::from([("links", Json::List(links)), ("networks", Json::List(networks)), ("services", Json::List(services))])
}

/// The node's ports and port groups in Ironic, keyed by the id of the attached VIF.
struct Node<'d, 'a> {
    ports: BTreeMap<&'a str, &'d Port<'a>>,
    portgroups: BTreeMap<&'a str, &'d PortGroup<'a>>,
    /// The ports of each port group, keyed by the group's id.
    members: BTreeMap<&'a str, Vec<&'d Port<'a>>>,
}

impl<'d, 'a> Node<'d, 'a> {
    fn new(document: &'d InstanceDocument<'a>) -> Self {
        let mut members: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for port in &document.ports {
            if let Some(group) = port.portgroup_uuid {
                members.entry(group).or_default().push(port);
            }
        }
        Self {
            // If several have the same VIF, the last one counts.
            ports: document.ports.iter().filter_map(|port| Some((port.vif_id?, port))).collect(),
            portgroups: document.portgroups.iter().filter_map(|group| Some((group.vif_id?, group))).collect(),
            members,
        }
    }

    /// Returns the interface's link and, if it is a bond, the links of its ports.
    fn link(&self, vif: &Vif<'a>, network: &Network<'a>, id: Cow<'a, str>) -> (Json<'a>, Vec<Json<'a>>) {
        let vif_type = vif.vif_type.filter(|vif_type| LEGACY_EXPOSED_VIF_TYPES.contains(vif_type)).unwrap_or("phy");
        let mut link: Vec<(Cow<'a, str>, Json<'a>)> = alloc::vec![
            ("id".into(), Json::Text(id)),
            ("vif_id".into(), or_null(vif.id)),
            ("type".into(), vif_type.into()),
            ("mtu".into(), mtu(network)),
            ("ethernet_mac_address".into(), or_null(vif.address.map(|mac| mac.as_str()))),
        ];
        let mut member_links = Vec::new();
        // A repeated name replaces the value but keeps its place: see Object.
        if let Some(group) = vif.id.and_then(|id| self.portgroups.get(id)) {
            let ports = self.members.get(group.uuid).map_or(&[][..], Vec::as_slice);
            link.push(("type".into(), "bond".into()));
            link.push(("bond_mode".into(), or_null(group.mode)));
            link.push(("bond_links".into(), ports.iter().map(|port| Json::from(port.uuid)).collect()));
            if let Some(mac) = group.address {
                link.push(("ethernet_mac_address".into(), mac.as_str().into()));
            }
            for (name, value) in group.properties.into_iter().flat_map(Object::iter) {
                let name = if name.starts_with("bond") { Cow::Borrowed(name) } else { format!("bond_{name}").into() };
                link.push((name, value.clone()));
            }
            member_links.extend(ports.iter().map(|port| {
                let mac = or_null(port.address.map(|mac| mac.as_str()));
                let member = [("id", port.uuid.into()), ("type", "phy".into()), ("ethernet_mac_address", mac)];
                Json::from(Object::from(member))
            }));
        } else if let Some(port) = vif.id.and_then(|id| self.ports.get(id)) {
            link.push(("ethernet_mac_address".into(), or_null(port.address.map(|mac| mac.as_str()))));
            link.push(("type".into(), "phy".into()));
        }
        (link.into_iter().collect::<Object<'_>>().into(), member_links)
    }
}

/// Returns the link's MTU, or null if any subnet has a DHCP server, which then announces it (`_get_link_mtu`).
fn mtu<'a>(network: &Network<'a>) -> Json<'a> {
    let has_server = |subnet: &Subnet<'_>| subnet.dhcp_server.is_some_and(|server| !server.is_empty());
    match network.mtu {
        Some(mtu) if !network.subnets.iter().any(has_server) => Json::Integer(mtu.clone()),
        _ => Json::Null,
    }
}

/// `_get_nets`.
fn network_entry<'a>(n: usize, network: &Network<'a>, subnet: &Subnet<'a>, link: &Cow<'a, str>) -> Object<'a> {
    let version = match subnet.cidr.version() {
        IpVersion::V4 => "ipv4",
        IpVersion::V6 => "ipv6",
    };
    let id = Json::from(format!("network{n}"));
    let link = Json::Text(link.clone());
    let network_type = match subnet.ipv6_address_mode {
        Some(mode) => format!("{version}_{mode}"),
        None if subnet.dhcp_server.is_some() || subnet.enable_dhcp => {
            let network_type = format!("{version}_dhcp");
            return Object::from([
                ("id", id),
                ("type", network_type.into()),
                ("link", link),
                ("network_id", or_null(network.id)),
            ]);
        }
        None => String::from(version),
    };
    let ip = subnet.ips.first().map(|ip| ip.ip);
    let netmask = match (subnet.cidr.version(), ip.and_then(|ip| ip.version)) {
        (IpVersion::V4, Some(IpVersion::V6) | None) => Json::Integer(Integer::from(i64::from(subnet.cidr.prefix()))),
        _ => subnet.cidr.netmask().to_string().into(),
    };
    Object::from([
        ("id", id),
        ("type", network_type.into()),
        ("link", link),
        ("ip_address", or_null(ip.and_then(|ip| ip.address).map(|ip| ip.as_str()))),
        ("netmask", netmask),
        ("routes", default_route(subnet).into_iter().chain(subnet.routes.iter().map(route)).collect()),
        ("network_id", or_null(network.id)),
        ("services", subnet.dns.iter().map(|ip| service(ip.as_str())).collect()),
    ])
}

fn default_route<'a>(subnet: &Subnet<'a>) -> Option<Json<'a>> {
    let any = match subnet.cidr.version() {
        IpVersion::V4 => "0.0.0.0",
        IpVersion::V6 => "::",
    };
    let gateway = subnet.gateway?.as_str();
    Some(Object::from([("network", any.into()), ("netmask", any.into()), ("gateway", gateway.into())]).into())
}

fn route<'a>(route: &Route<'a>) -> Json<'a> {
    let route = [
        ("network", route.cidr.network().to_string().into()),
        ("netmask", route.cidr.netmask().to_string().into()),
        ("gateway", or_null(route.gateway.map(|ip| ip.as_str()))),
    ];
    Object::from(route).into()
}

/// `_get_dns_services`.
fn service(address: &str) -> Json<'_> {
    Object::from([("type", "dns".into()), ("address", address.into())]).into()
}
