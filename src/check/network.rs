//! Findings about `network_data.json`: what its readers make of the network.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::net::IpAddr;

use super::{Code, Drive, Findings, Place, Readers, has, items, json, object, text};
use crate::document::{Json, Object};

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    drive.each_of("network_data.json", |path, content| network_data(&Place::file(path), content, findings));
}

fn network_data(place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let value = json(content);
    let data = match &value {
        Ok(Json::Object(data)) => data,
        Ok(other) => {
            let message = format!("cloud-init configures no network because this is {}, not an object", other.kind());
            return findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, place, message);
        }
        Err(why) => {
            let message = format!("cloud-init ignores the whole drive as broken because the file {why}");
            return findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, place, message);
        }
    };
    let [Some(links), Some(networks), Some(services)] =
        ["links", "networks", "services"].map(|name| objects(data, name, place, findings))
    else {
        return;
    };
    if links.is_empty() && networks.is_empty() && services.is_empty() {
        let message = "cloud-init configures no interface, not even with DHCP, because there are no links, networks or \
                       services; if the node's network interface is flat or neutron, Ironic also rebuilds the drive with \
                       its own network_data.json in openstack/latest";
        return findings.add(Code::EmptyNetworkData, Readers::CLOUD_INIT | Readers::IRONIC, place, message);
    }
    check_links(&links, findings);
    check_networks(&networks, &links, findings);
    check_dns(data, &services, &networks, place, findings);
}

type Items<'j, 'a, 'p> = Vec<(&'j Object<'a>, Place<'p>)>;

/// Returns the objects of a list with their places, or `None` if it is not a list of objects, which stops cloud-init.
fn objects<'j, 'a, 'p>(
    data: &'j Object<'a>,
    name: &str,
    place: &Place<'p>,
    findings: &mut Findings,
) -> Option<Items<'j, 'a, 'p>> {
    let place = place.below(name);
    let list = match data.get(name) {
        None => return Some(Vec::new()),
        Some(Json::List(list)) => list,
        Some(other) => {
            let message = format!("cloud-init configures no network because this is {}, not a list", other.kind());
            findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, &place, message);
            return None;
        }
    };
    let mut found = Vec::new();
    for (item, index) in list.iter().zip(0usize..) {
        let place = place.below(index);
        let Some(item) = object(item) else {
            let message = format!("cloud-init configures no network because this is {}, not an object", item.kind());
            findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, &place, message);
            return None;
        };
        found.push((item, place));
    }
    Some(found)
}

fn check_links(links: &Items<'_, '_, '_>, findings: &mut Findings) {
    let ids: BTreeSet<_> = links.iter().filter_map(|(link, _)| text(link, "id")).collect();
    let mut without_mtu = Vec::new();
    let mut macs = BTreeMap::new();
    for (link, place) in links {
        if !has(link, "mtu") {
            without_mtu.push(place);
        }
        let kind = text(link, "type").unwrap_or_default();
        let required: &[_] = match kind {
            "bond" => &["id", "bond_links"],
            "vlan" => &["id", "vlan_link", "vlan_id", "vlan_mac_address"],
            _ => &["id", "type"],
        };
        for name in required.iter().filter(|name| !has(link, name)) {
            let message = format!("cloud-init fails and configures no network because the link has no {name}");
            findings.add(Code::IncompleteLink, Readers::CLOUD_INIT, &place.below(name), message);
        }
        match kind {
            "bond" => {
                for (member, index) in items(link, "bond_links").iter().zip(0usize..) {
                    check_reference(member, &ids, &place.below("bond_links").below(index), findings);
                }
                if !has(link, "ethernet_mac_address") {
                    let message = "glean fails and configures no network because the bond has no ethernet_mac_address";
                    findings.add(Code::BondWithoutMac, Readers::GLEAN, place, message);
                }
                if !text(link, "bond_mode").is_some_and(|mode| BOND_MODES.contains(&mode)) {
                    let message =
                        "cloudbase-init fails and configures no network because bond_mode is not one of Linux's modes";
                    findings.add(Code::UnknownBondMode, Readers::CLOUDBASE_INIT, &place.below("bond_mode"), message);
                }
            }
            "vlan" => {
                if let Some(link) = link.get("vlan_link") {
                    check_reference(link, &ids, &place.below("vlan_link"), findings);
                }
            }
            _ => match text(link, "ethernet_mac_address").filter(|mac| !mac.is_empty()) {
                // cloud-init does not need it if the link has a name, which Nova does not set.
                None if has(link, "name") => {}
                None => {
                    let message = "cloud-init and glean fail and configure no network because the link has no \
                                   ethernet_mac_address";
                    findings.add(Code::LinkWithoutMac, Readers::CLOUD_INIT | Readers::GLEAN, place, message);
                }
                Some(mac) => {
                    if macs.insert(mac.to_ascii_lowercase(), ()).is_some() {
                        let message = "cloud-init configures only the last of the links with this MAC address";
                        findings.add(
                            Code::DuplicateMac,
                            Readers::CLOUD_INIT,
                            &place.below("ethernet_mac_address"),
                            message,
                        );
                    }
                }
            },
        }
    }
    check_duplicates(
        links,
        Readers::CLOUD_INIT | Readers::GLEAN,
        "cloud-init and glean confuse links with the same id",
        findings,
    );
    if let [first, others @ ..] = &*without_mtu {
        let affected = match others.len() {
            0 => "this link's mtu is missing or null".to_string(),
            others => format!("the mtu of this link and {others} more is missing or null"),
        };
        let message = format!(
            "if the node's network interface is flat or neutron, Ironic rebuilds the drive because {affected}, with its own \
             network data in openstack/latest and the old data in the dated directories; for a node with a bond, Ironic cannot \
             do so and keeps the drive"
        );
        findings.add(Code::LinkWithoutMtu, Readers::IRONIC, first, message);
    }
}

/// The kernel's bond modes, which are also cloudbase-init's `AVAILABLE_BOND_TYPES`.
const BOND_MODES: [&str; 7] =
    ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

fn check_reference(link: &Json<'_>, ids: &BTreeSet<&str>, place: &Place<'_>, findings: &mut Findings) {
    if !matches!(link, Json::Text(id) if ids.contains(&**id)) {
        let message = "cloud-init fails and configures no network because no link has this id";
        findings.add(Code::UnknownLink, Readers::CLOUD_INIT, place, message);
    }
}

fn check_duplicates(items: &Items<'_, '_, '_>, readers: Readers, message: &str, findings: &mut Findings) {
    let mut ids = BTreeSet::new();
    for (item, place) in items {
        if let Some(id) = text(item, "id")
            && !ids.insert(id)
        {
            findings.add(Code::DuplicateId, readers, &place.below("id"), message);
        }
    }
}

fn check_networks(networks: &Items<'_, '_, '_>, links: &Items<'_, '_, '_>, findings: &mut Findings) {
    let ids: BTreeSet<_> = links.iter().filter_map(|(link, _)| text(link, "id")).collect();
    for (network, place) in networks {
        match network.get("link") {
            Some(Json::Text(link)) if ids.contains(&**link) => {}
            Some(link) if *link != Json::Null => {
                let message = "no reader configures the network because no link has this id";
                findings.add(Code::UnknownLink, Readers::INSIDE, &place.below("link"), message);
            }
            _ => add_incomplete("link", place, findings),
        }
        if !has(network, "id") {
            let message = "glean fails and configures no network because the network has no id";
            findings.add(Code::NetworkWithoutId, Readers::GLEAN, place, message);
        }
        match text(network, "type") {
            None => add_incomplete("type", place, findings),
            Some("ipv4" | "ipv6" | "static" | "static6") => check_static(network, place, findings),
            Some(kind) if AUTOMATIC.contains(&kind) => {}
            Some(_) => {
                let message = "cloud-init does not know this type and gives the network no address";
                findings.add(Code::UnknownNetworkType, Readers::CLOUD_INIT, &place.below("type"), message);
            }
        }
    }
    check_duplicates(networks, Readers::GLEAN, "glean configures only the last of the networks with this id", findings);
}

/// The network types of `convert_net_json` in `cloudinit.sources.helpers.openstack` that need no address.
const AUTOMATIC: [&str; 5] = ["ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateful"];

fn add_incomplete(name: &str, place: &Place<'_>, findings: &mut Findings) {
    let message = format!("cloud-init fails and configures no network because the network has no {name}");
    findings.add(Code::IncompleteNetwork, Readers::CLOUD_INIT, &place.below(name), message);
}

fn check_static(network: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let Some(address) = text(network, "ip_address").filter(|address| !address.is_empty()) else {
        let message = "cloud-init and glean fail and configure no network because the static network has no ip_address";
        return findings.add(Code::NetworkWithoutAddress, Readers::CLOUD_INIT | Readers::GLEAN, place, message);
    };
    let (host, prefix) = match address.split_once('/') {
        Some((host, prefix)) => (host, Some(prefix)),
        None => (address, None),
    };
    let Ok(host) = host.parse::<IpAddr>() else {
        return add_invalid("ip_address", place, findings);
    };
    let netmask = text(network, "netmask").filter(|netmask| !netmask.is_empty());
    if netmask.is_none() {
        let (readers, message) = match prefix {
            Some(_) => (
                Readers::GLEAN,
                "glean fails and configures no network because it needs a netmask, not a prefix in ip_address",
            ),
            None => (
                Readers::INSIDE,
                "the static network has no netmask: cloud-init guesses one, glean and cloudbase-init fail",
            ),
        };
        findings.add(Code::NetworkWithoutNetmask, readers, place, message);
    }
    let mask = match netmask.or(prefix).map(|mask| prefix_length(mask, host)) {
        Some(None) => return add_invalid("netmask", place, findings),
        Some(mask) => mask,
        None => None,
    };
    for (route, index) in items(network, "routes").iter().zip(0usize..) {
        if let Some(route) = object(route) {
            let place = place.below("routes").below(index);
            check_route(route, mask.map(|mask| (host, mask)), &place, findings);
        }
    }
}

fn check_route(route: &Object<'_>, network: Option<(IpAddr, u32)>, place: &Place<'_>, findings: &mut Findings) {
    let destination = text(route, "network").and_then(|network| network.split('/').next());
    match destination.map(str::parse::<IpAddr>) {
        None | Some(Err(_)) => return add_invalid("network", place, findings),
        Some(Ok(destination)) => {
            if text(route, "netmask").is_some_and(|mask| prefix_length(mask, destination).is_none()) {
                return add_invalid("netmask", place, findings);
            }
        }
    }
    let Some(gateway) = text(route, "gateway") else {
        let message = "glean fails and configures no network because the route has no gateway";
        return findings.add(Code::RouteWithoutGateway, Readers::GLEAN, place, message);
    };
    if let Ok(gateway) = gateway.parse::<IpAddr>()
        && let Some((host, prefix)) = network
        && !is_reachable(host, prefix, gateway)
    {
        let message = "Linux refuses the route because the gateway is outside the network of the address";
        findings.add(
            Code::GatewayOutsideNetwork,
            Readers::CLOUD_INIT | Readers::GLEAN,
            &place.below("gateway"),
            message,
        );
    }
}

/// Returns the prefix length that `mask` specifies, as a netmask or as a number.
fn prefix_length(mask: &str, address: IpAddr) -> Option<u32> {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    if let Ok(prefix) = mask.parse::<u32>() {
        return (prefix <= bits).then_some(prefix);
    }
    match (mask.parse::<IpAddr>().ok()?, address) {
        (IpAddr::V4(mask), IpAddr::V4(_)) => {
            let mask = mask.to_bits();
            (mask.leading_ones() == mask.count_ones()).then_some(mask.leading_ones())
        }
        (IpAddr::V6(mask), IpAddr::V6(_)) => {
            let mask = mask.to_bits();
            (mask.leading_ones() == mask.count_ones()).then_some(mask.leading_ones())
        }
        _ => None,
    }
}

fn is_reachable(host: IpAddr, prefix: u32, gateway: IpAddr) -> bool {
    match (host, gateway) {
        (IpAddr::V4(host), IpAddr::V4(gateway)) => {
            let host_bits = u32::MAX.checked_shr(prefix).unwrap_or(0);
            (host.to_bits() ^ gateway.to_bits()) | host_bits == host_bits
        }
        (IpAddr::V6(host), IpAddr::V6(gateway)) => {
            let host_bits = u128::MAX.checked_shr(prefix).unwrap_or(0);
            gateway.is_unicast_link_local() || (host.to_bits() ^ gateway.to_bits()) | host_bits == host_bits
        }
        _ => true,
    }
}

fn add_invalid(name: &str, place: &Place<'_>, findings: &mut Findings) {
    let message = format!("cloud-init fails and configures no network because {name} is invalid");
    findings.add(Code::InvalidAddress, Readers::CLOUD_INIT, &place.below(name), message);
}

fn check_dns(
    data: &Object<'_>,
    services: &Items<'_, '_, '_>,
    networks: &Items<'_, '_, '_>,
    place: &Place<'_>,
    findings: &mut Findings,
) {
    for (service, place) in services {
        if is_dns(service) && !has(service, "address") {
            let message = "glean fails and configures no network because the DNS service has no address";
            findings.add(Code::DnsWithoutAddress, Readers::GLEAN, place, message);
        }
    }
    let top = addresses(data);
    let below: Vec<_> = networks.iter().map(|(network, place)| (addresses(network), place)).collect();
    for (addresses, place) in &below {
        if addresses.iter().any(|address| !top.contains(address)) {
            let message = "glean and cloud-init 22.4 ignore a name server here because the top-level services lack it";
            findings.add(Code::DnsInOnePlace, Readers::CLOUD_INIT | Readers::GLEAN, &place.below("services"), message);
        }
    }
    let mut below = below.iter().map(|(addresses, _)| addresses).filter(|addresses| !addresses.is_empty()).peekable();
    if below.peek().is_some() {
        let below: BTreeSet<_> = below.flatten().collect();
        if top.iter().any(|address| !below.contains(address)) {
            let message = "newer versions of cloud-init ignore a name server here because the services of the networks \
                           lack it";
            findings.add(Code::DnsInOnePlace, Readers::CLOUD_INIT, &place.below("services"), message);
        }
    }
}

fn addresses(data: &Object<'_>) -> BTreeSet<String> {
    let services = items(data, "services").iter().filter_map(object).filter(|service| is_dns(service));
    services.filter_map(|service| text(service, "address")).map(Into::into).collect()
}

fn is_dns(service: &Object<'_>) -> bool {
    text(service, "type") == Some("dns")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_netmask_is_ones_followed_by_zeros() {
        assert_eq!(prefix_length("255.255.255.0", ip("192.0.2.1")), Some(24));
        assert_eq!(prefix_length("0.0.0.0", ip("192.0.2.1")), Some(0));
        assert_eq!(prefix_length("24", ip("192.0.2.1")), Some(24));
        assert_eq!(prefix_length("ffff:ffff:ffff:ffff::", ip("2001:db8::1")), Some(64));
        for mask in ["255.0.255.0", "33", "ffff::", "x", ""] {
            assert_eq!(prefix_length(mask, ip("192.0.2.1")), None, "{mask}");
        }
    }

    #[test]
    fn a_gateway_is_reachable_within_the_network_or_on_the_link() {
        assert!(is_reachable(ip("192.0.2.10"), 24, ip("192.0.2.1")));
        assert!(!is_reachable(ip("192.0.2.10"), 24, ip("192.0.3.1")));
        assert!(!is_reachable(ip("192.0.2.10"), 32, ip("192.0.2.1")));
        assert!(is_reachable(ip("192.0.2.10"), 0, ip("10.0.0.1")));
        assert!(is_reachable(ip("2001:db8::10"), 64, ip("2001:db8::1")));
        assert!(is_reachable(ip("2001:db8::10"), 64, ip("fe80::1")));
        assert!(!is_reachable(ip("2001:db8::10"), 64, ip("2001:db8:1::1")));
    }
}
