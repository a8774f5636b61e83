//! Findings about routes and gateways.

use alloc::{collections::BTreeMap, format, vec::Vec};
use core::net::IpAddr;

use super::{
    Attached, Who,
    address::{Address, Netmask, Range},
    networks::{ALL_KNOW, Kind, add_both, add_unusual},
    value::{Key, digits, truthy},
};
use crate::{
    check::{Code, Findings, Place, Readers, text},
    document::{Json, Object},
};

/// Checks a network's routes and its own gateway. `ranges` are the addresses on its link, if all are known.
pub fn check(network: &Attached<'_, '_, '_>, ranges: Option<&[Range]>, findings: &mut Findings) {
    // cloudbase-init uses the first default route, of either family.
    let mut routes = network.routes.iter();
    let default = routes.position(|(route, _)| destination(route).is_some_and(|(_, prefix)| prefix == 0));
    for ((route, place), index) in network.routes.iter().zip(0..) {
        check_route(network, route, default == Some(index), ranges, place, findings);
    }
    if network.kind != Kind::Other {
        check_own_gateway(network, ranges, findings);
    }
}

/// Returns the destination of a route without a gateway, whose addresses are on the link.
pub fn on_link(route: &Object<'_>) -> Option<Range> {
    let gateway: IpAddr = text(route, "gateway")?.parse().ok()?;
    let (host, prefix) = destination(route)?;
    gateway.is_unspecified().then_some(Range { host, prefix })
}

/// Returns a route's destination and prefix length if cloud-init does not have to guess.
fn destination(route: &Object<'_>) -> Option<(IpAddr, u32)> {
    let Address { host, prefix } = Address::parse(text(route, "network")?)?;
    let prefix = match prefix {
        Some(prefix) => prefix,
        None => Netmask::parse(truthy(route, "netmask")?, host)?.prefix,
    };
    Some((host, prefix))
}

fn check_route(
    network: &Attached<'_, '_, '_>,
    route: &Object<'_>,
    is_first_default: bool,
    ranges: Option<&[Range]>,
    place: &Place<'_>,
    findings: &mut Findings,
) {
    // cloud-init, and glean with systemd-networkd, read the routes of every network, cloudbase-init those of static ones.
    let readers = network.kind.readers() | readers_of_all(network);
    let is_static = network.kind == Kind::Static;
    let invalid = |name: &str, findings: &mut Findings| {
        let message = Who::from(readers).fails(format_args!("{name} is invalid"));
        findings.add(Code::InvalidAddress, readers, &place.below(name), message);
    };
    let to = match truthy(route, "network") {
        Some(Json::Text(to)) => to,
        _ => return invalid("network", findings),
    };
    let Some(Address { host, prefix }) = Address::parse(to) else {
        if **to == *"default" {
            let message = if is_static {
                "cloud-init 22.4, glean and cloudbase-init do not accept the word default; newer versions of cloud-init do"
            } else {
                "cloud-init 22.4, and glean with systemd-networkd, do not accept the word default; newer versions of cloud-init do"
            };
            return findings.add(Code::InvalidAddress, readers, &place.below("network"), message);
        }
        return invalid("network", findings);
    };
    match (prefix, truthy(route, "netmask")) {
        (Some(_), Some(_)) => {
            if is_static {
                add_both("network", place, findings);
            }
        }
        (Some(_), None) => {
            if readers.contains(Readers::GLEAN) {
                let message = glean(is_static).fails("it needs a netmask, not a prefix in network");
                findings.add(Code::RouteWithoutNetmask, Readers::GLEAN, place, message);
            }
        }
        (None, Some(mask)) => match Netmask::parse(mask, host) {
            None => return invalid("netmask", findings),
            Some(mask) if !mask.is_usual && readers.contains(Readers::GLEAN) => {
                add_unusual(&place.below("netmask"), findings)
            }
            Some(_) => {}
        },
        (None, None) => {
            let message = if is_static {
                "the route has no netmask: cloud-init guesses one, cloudbase-init takes the destination for a single address, \
                 and glean fails"
            } else {
                "the route has no netmask: cloud-init guesses one, and glean with systemd-networkd fails"
            };
            findings.add(Code::RouteWithoutNetmask, readers, place, message);
        }
    }
    if let Some(metric) = truthy(route, "metric")
        && digits(metric).is_none()
    {
        let message = Who::from(Readers::CLOUD_INIT).fails("metric is not a number");
        findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, &place.below("metric"), message);
    }
    // It reads netmasks as the type says.
    if readers.contains(Readers::GLEAN)
        && host.is_ipv6() != text(network.network, "type").is_some_and(|kind| kind.contains("v6"))
    {
        let message = Who::from(Readers::GLEAN).glean_in_places().fails("the route is not of the network's type");
        if is_first_default && is_static && is_gateway_of_another_family(network, route) {
            let message = format!("{message}; cloudbase-init uses the gateway for an address of the other family");
            findings.add(Code::OtherFamily, Readers::GLEAN | Readers::CLOUDBASE_INIT, &place.below("network"), message);
        } else {
            findings.add(Code::OtherFamily, Readers::GLEAN, &place.below("network"), message);
        }
    }
    check_gateway(network, route, host, ranges, place, findings);
}

/// Returns whether the network's address and the route's gateway are one IPv4 and the other IPv6.
fn is_gateway_of_another_family(network: &Attached<'_, '_, '_>, route: &Object<'_>) -> bool {
    let host = text(network.network, "ip_address").and_then(Address::parse).map(|address| address.host);
    host.zip(route.get("gateway").and_then(address)).is_some_and(|(host, gateway)| host.is_ipv4() != gateway.is_ipv4())
}

/// Returns the readers that read a network's routes even if its addresses are automatic.
fn readers_of_all(network: &Attached<'_, '_, '_>) -> Readers {
    match text(network.network, "type") {
        Some(kind) if ALL_KNOW.contains(&kind) => Readers::CLOUD_INIT | Readers::GLEAN,
        _ => Readers::CLOUD_INIT,
    }
}

fn check_gateway(
    network: &Attached<'_, '_, '_>,
    route: &Object<'_>,
    to: IpAddr,
    ranges: Option<&[Range]>,
    place: &Place<'_>,
    findings: &mut Findings,
) {
    let kind = network.kind;
    let readers = readers_of_all(network);
    let Some(gateway) = truthy(route, "gateway") else {
        let message = match kind {
            Kind::Static => {
                "cloud-init fails with most renderers and configures no network because the route has no gateway; glean fails, \
                 or writes a route without one"
            }
            Kind::CloudInitStatic => {
                "cloud-init fails with most renderers and configures no network because the route has no gateway"
            }
            Kind::Other => {
                "cloud-init on Red Hat and with ifupdown fails and configures no network because the route has no gateway; glean \
                 with systemd-networkd writes a route without one"
            }
        };
        return findings.add(Code::RouteWithoutGateway, readers, place, message);
    };
    let place = place.below("gateway");
    // cloudbase-init uses only default routes.
    let is_default = kind == Kind::Static && destination(route).is_some_and(|(_, prefix)| prefix == 0);
    let all = if is_default { readers | Readers::CLOUDBASE_INIT } else { readers };
    let Some(gateway) = address(gateway) else {
        let message = Who::from(all).does(
            "configures no network, or no such route,",
            "configure no network, or no such route,",
            "gateway is not an address",
        );
        return findings.add(Code::InvalidGateway, all, &place, message);
    };
    if gateway.is_ipv4() != to.is_ipv4() {
        let message = Who::from(all).does(
            "configures no network, or no such route,",
            "configure no network, or no such route,",
            "the gateway is IPv4 and the route IPv6, or the reverse",
        );
        return findings.add(Code::InvalidGateway, all, &place, message);
    }
    if !is_reachable(gateway, ranges) {
        let message = "Linux refuses the route because the gateway is outside the network of the address";
        findings.add(Code::GatewayOutsideNetwork, readers, &place, message);
    }
}

/// glean, which reads the routes of a network with automatic addresses only with systemd-networkd.
fn glean(is_static: bool) -> Who {
    let who = Who::from(Readers::GLEAN);
    if is_static { who } else { who.glean_in_places() }
}

fn address(value: &Json<'_>) -> Option<IpAddr> {
    match value {
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// Returns whether Linux can use the gateway, as far as that is known. The unspecified address stands for a route without a gateway.
fn is_reachable(gateway: IpAddr, ranges: Option<&[Range]>) -> bool {
    gateway.is_unspecified() || ranges.is_none_or(|ranges| ranges.iter().any(|range| range.reaches(gateway)))
}

/// Checks the network's own `gateway`, which is not in Nova's files, but cloud-init reads it.
fn check_own_gateway(network: &Attached<'_, '_, '_>, ranges: Option<&[Range]>, findings: &mut Findings) {
    let place = network.place.below("gateway");
    let Some(own) = truthy(network.network, "gateway") else { return };
    let Some(own) = address(own) else {
        let message = "cloud-init configures no network where it uses netplan because gateway is not an address";
        return findings.add(Code::InvalidGateway, Readers::CLOUD_INIT, &place, message);
    };
    let mut routes = network.routes.iter();
    let is_default = |route: &Object<'_>| {
        destination(route).is_some_and(|(_, prefix)| prefix == 0) && route.get("gateway").and_then(address) == Some(own)
    };
    if network.kind == Kind::Static && !routes.any(|(route, _)| is_default(route)) {
        let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
        let message = Who::from(readers).does(
            "configures no default route",
            "configure no default route",
            "only cloud-init reads a network's own gateway",
        );
        findings.add(Code::NetworkGateway, readers, &place, message);
    }
    if !is_reachable(own, ranges) {
        let message = "Linux refuses the route of cloud-init 22.4 because the gateway is outside the network of the address; \
                       newer versions declare it reachable";
        findings.add(Code::GatewayOutsideNetwork, Readers::CLOUD_INIT, &place, message);
    }
}

/// Checks that no link has two default routes of a family.
pub fn check_defaults(networks: &[Attached<'_, '_, '_>], findings: &mut Findings) {
    let mut seen = BTreeMap::new();
    for (network, index) in networks.iter().zip(0usize..).filter(|(network, _)| network.kind == Kind::Static) {
        let link = network.network.get("link").and_then(Key::new);
        let family = text(network.network, "type");
        let defaults: Vec<_> = network.routes.iter().filter(|(route, _)| is_default(route)).collect();
        for (route, place) in defaults {
            let gateway = route.get("gateway");
            let &mut (first, first_gateway) =
                seen.entry((link, family)).or_insert((place.pointer.as_str(), (index, gateway)));
            if first == place.pointer {
                continue;
            }
            let of_same_network = first_gateway.0 == index;
            let (readers, message) = if of_same_network && first_gateway.1 != gateway {
                (
                    Readers::INSIDE,
                    "cloud-init on Red Hat fails and configures no network, cloudbase-init uses only the first, and glean on Red \
                     Hat only the last, because the link has two default routes",
                )
            } else {
                (
                    Readers::CLOUD_INIT,
                    "cloud-init on Red Hat fails and configures no network because the link has two default routes",
                )
            };
            findings.add(Code::TwoDefaultRoutes, readers, place, message);
        }
    }
}

fn is_default(route: &Object<'_>) -> bool {
    destination(route).is_some_and(|(host, prefix)| prefix == 0 && host.is_unspecified())
        && truthy(route, "gateway").is_some()
}
