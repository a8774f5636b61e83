//! Findings about networks: their link, type and address.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    vec::Vec,
};

use super::{
    Attached, Who,
    address::{Address, Netmask, Range},
    links::{Kind as LinkKind, Links},
    routes,
    value::{Items, Key, not_text, objects, truthy},
};
use crate::{
    check::{Code, Findings, Place, Readers, text},
    document::{Json, Object},
};

/// What readers make of a network's type.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Kind {
    /// It has an address, and all readers know it.
    Static,
    /// It has an address, but only cloud-init knows it.
    CloudInitStatic,
    /// It needs no address, or no reader knows it.
    Other,
}

impl Kind {
    fn new(network: &Object<'_>) -> Self {
        match text(network, "type") {
            Some("ipv4" | "ipv6") => Self::Static,
            Some("static" | "static6") => Self::CloudInitStatic,
            _ => Self::Other,
        }
    }

    /// Returns the readers that use the network's address.
    pub fn readers(self) -> Readers {
        match self {
            Self::Static => Readers::INSIDE,
            Self::CloudInitStatic => Readers::CLOUD_INIT,
            Self::Other => Readers::default(),
        }
    }
}

/// Checks the networks, and returns those on a link.
pub fn check<'j, 'a, 'p>(
    networks: &Items<'j, 'a, 'p>,
    links: &Links<'j, 'a, 'p>,
    findings: &mut Findings,
) -> Vec<Attached<'j, 'a, 'p>> {
    let mut attached = Vec::new();
    for (network, place) in networks {
        let kind = Kind::new(network);
        if is_attached(network, kind, links, place, findings) {
            check_type(network, place, findings);
            let mut who = Who::from(match kind {
                Kind::Static => Readers::INSIDE,
                _ => Readers::CLOUD_INIT,
            });
            // glean goes through the routes of a static network only, but for systemd-networkd.
            if kind != Kind::Static {
                who = Who::from(Readers::CLOUD_INIT | Readers::GLEAN).glean_in_places();
            }
            let routes = objects(network, "routes", place, who, findings).unwrap_or_default();
            attached.push(Attached { network, place: place.clone(), kind, routes });
        }
    }
    check_ids(&attached, links, findings);
    check_one_per_family(&attached, findings);
    check_ipv4_too(&attached, findings);
    let mut ranges = Ranges::default();
    for network in &attached {
        let range = match network.kind {
            Kind::Other => None,
            _ => check_address(network, findings),
        };
        ranges.add(network, range);
    }
    for network in &attached {
        routes::check(network, ranges.of(network), findings);
    }
    routes::check_defaults(&attached, findings);
    attached
}

/// Returns whether the network is on a link.
fn is_attached<'j, 'a>(
    network: &'j Object<'a>,
    kind: Kind,
    links: &Links<'j, 'a, '_>,
    place: &Place<'_>,
    findings: &mut Findings,
) -> bool {
    let place = place.below("link");
    let readers = match kind {
        Kind::Static => Readers::INSIDE,
        _ => Readers::CLOUD_INIT | Readers::GLEAN,
    };
    match network.get("link") {
        None => {
            let message = if kind == Kind::Static {
                "cloud-init and glean fail and configure no network, and cloudbase-init ignores this one, because the network has \
                 no link"
            } else {
                "cloud-init and glean fail and configure no network because the network has no link"
            };
            findings.add(Code::IncompleteNetwork, readers, &place, message);
        }
        Some(link) if links.find(link).is_some() => return true,
        Some(Json::Null) => {
            let message = "no reader configures the network because its link is null";
            findings.add(Code::NetworkWithoutLink, readers, &place, message);
        }
        Some(_) => {
            let message = "no reader configures the network because no link has this id";
            findings.add(Code::UnknownLink, readers, &place, message);
        }
    }
    false
}

fn check_type(network: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let place = place.below("type");
    let (readers, message) = match network.get("type") {
        Some(Json::Text(kind)) if kind.starts_with("ipv6_dhcp") && ALL_KNOW.contains(&&**kind) => (
            Readers::GLEAN,
            "glean ignores the network, or, with systemd-networkd, fails and configures none, because it does not know DHCPv6",
        ),
        Some(Json::Text(kind)) if ALL_KNOW.contains(&&**kind) => return,
        None | Some(Json::Null) => {
            return add_no_type("the network has no type", Code::IncompleteNetwork, &place, findings);
        }
        Some(Json::Text(kind)) if kind.is_empty() => {
            return add_no_type("the network's type is empty", Code::IncompleteNetwork, &place, findings);
        }
        Some(Json::Text(kind)) => match &**kind {
            "static" | "static6" => (
                Readers::GLEAN | Readers::CLOUDBASE_INIT,
                "glean and cloudbase-init ignore the network because only cloud-init knows this type",
            ),
            "dhcp" | "dhcp4" | "dhcp6" => {
                (Readers::GLEAN, "glean ignores the network because only cloud-init knows this type")
            }
            // Nobody expects an address.
            "manual" => return,
            _ => (
                Readers::INSIDE,
                "no reader gives the network an address, and cloud-init on Red Hat and SUSE fails and configures no network, \
                 because the type is unknown",
            ),
        },
        Some(other) => return add_no_type(&not_text("type", other), Code::InvalidNetworkData, &place, findings),
    };
    findings.add(Code::UnknownNetworkType, readers, &place, message);
}

fn add_no_type(why: &str, code: Code, place: &Place<'_>, findings: &mut Findings) {
    let message = format!(
        "cloud-init fails and configures no network, and glean and cloudbase-init ignore this one, because {why}"
    );
    findings.add(code, Readers::INSIDE, place, message);
}

/// The types that Nova writes: those of `convert_net_json` in `cloudinit.sources.helpers.openstack` but `static` and `static6`.
pub const ALL_KNOW: [&str; 7] =
    ["ipv4", "ipv6", "ipv4_dhcp", "ipv6_dhcp", "ipv6_slaac", "ipv6_dhcpv6-stateless", "ipv6_dhcpv6-stateful"];

/// Checks the ids, which glean uses as the keys of a dictionary, and sorts.
fn check_ids(networks: &[Attached<'_, '_, '_>], links: &Links<'_, '_, '_>, findings: &mut Findings) {
    // glean also configures links without networks, as interfaces without an address, under their own ids.
    let unused = links.list.iter().filter(|link| !link.is_used && link.kind != LinkKind::Vlan);
    let mut first = unused.filter_map(|link| link.id).next();
    let mut seen = BTreeMap::new();
    for Attached { network, place, .. } in networks {
        let id = network.get("id");
        let why = match id.map(Key::new) {
            None => "the network has no id",
            Some(None) => "the network's id is neither a string nor a number",
            Some(Some(id)) => {
                if let Some(earlier) = seen.insert(id, *network) {
                    if earlier == *network {
                        continue;
                    }
                    let message = "glean configures only the last of the networks with this id";
                    findings.add(Code::DuplicateId, Readers::GLEAN, &place.below("id"), message);
                    continue;
                }
                match first {
                    Some(other) if !other.sorts_with(id) => "it cannot sort this id and the others",
                    _ => {
                        first = Some(id);
                        continue;
                    }
                }
            }
        };
        let message = Who::from(Readers::GLEAN).fails(why);
        findings.add(Code::NetworkWithoutId, Readers::GLEAN, place, message);
    }
}

/// Checks that each link has at most one IPv4 network, since glean overwrites the others.
fn check_one_per_family(networks: &[Attached<'_, '_, '_>], findings: &mut Findings) {
    let mut links = BTreeMap::new();
    for Attached { network, place, .. } in networks {
        if matches!(text(network, "type"), Some("ipv4" | "ipv4_dhcp"))
            && let Some(earlier) = links.insert(network.get("link").and_then(Key::new), *network)
            && earlier != *network
        {
            let message = "glean on Red Hat and SUSE configures only the last of a link's IPv4 networks because each has the \
                           same file";
            findings.add(Code::SeveralIpv4Networks, Readers::GLEAN, place, message);
        }
    }
}

/// Checks that each link with an IPv6 network has an IPv4 network, to whose file glean adds.
fn check_ipv4_too(networks: &[Attached<'_, '_, '_>], findings: &mut Findings) {
    let is_of =
        |network: &Object<'_>, kinds: [&str; 2]| text(network, "type").is_some_and(|kind| kinds.contains(&kind));
    let with_ipv4 = networks.iter().filter(|attached| is_of(attached.network, ["ipv4", "ipv4_dhcp"]));
    let with_ipv4: BTreeSet<_> = with_ipv4.map(Ranges::key).collect();
    for attached in networks {
        if is_of(attached.network, ["ipv6", "ipv6_slaac"]) && !with_ipv4.contains(&Ranges::key(attached)) {
            let message = "glean on Red Hat and SUSE fails and configures no network because the link has an IPv6 network and no \
                           IPv4 network";
            findings.add(Code::Ipv6WithoutIpv4, Readers::GLEAN, &attached.place, message);
        }
    }
}

/// The addresses on each link.
#[derive(Default)]
struct Ranges<'j> {
    of_link: BTreeMap<Option<Key<'j>>, Option<Vec<Range>>>,
}

impl<'j> Ranges<'j> {
    /// Without a limit, a malicious document could take hours.
    const MAX: usize = 64;

    /// Adds a network's range; `None` if it is not known.
    fn add(&mut self, network: &Attached<'j, '_, '_>, range: Option<Range>) {
        let ranges = self.of_link.entry(Self::key(network)).or_insert(Some(Vec::new()));
        let Some(list) = ranges else { return };
        let Some(range) = range else { return *ranges = None };
        list.push(range);
        list.extend(network.routes.iter().filter_map(|(route, _)| routes::on_link(route)).take(Self::MAX));
        // Too many to search: as if they were not known.
        if list.len() > Self::MAX {
            *ranges = None;
        }
    }

    /// Returns the addresses on the network's link if all are known.
    fn of(&self, network: &Attached<'j, '_, '_>) -> Option<&[Range]> {
        self.of_link.get(&Self::key(network))?.as_deref()
    }

    fn key(network: &Attached<'j, '_, '_>) -> Option<Key<'j>> {
        network.network.get("link").and_then(Key::new)
    }
}

/// Checks the address of a static network, and returns it with its prefix length.
fn check_address(network: &Attached<'_, '_, '_>, findings: &mut Findings) -> Option<Range> {
    let Attached { network, place, kind, .. } = network;
    let readers = kind.readers();
    let invalid = |name: &str, findings: &mut Findings| {
        let message = Who::from(readers).fails(format_args!("{name} is invalid"));
        findings.add(Code::InvalidAddress, readers, &place.below(name), message);
    };
    let Some(address) = truthy(network, "ip_address") else {
        let message = Who::from(readers).fails("the static network has no ip_address");
        findings.add(Code::NetworkWithoutAddress, readers, place, message);
        return None;
    };
    let Json::Text(address) = address else {
        invalid("ip_address", findings);
        return None;
    };
    let Some(Address { host, prefix }) = Address::parse(address) else {
        invalid("ip_address", findings);
        return None;
    };
    let is_all_static = *kind == Kind::Static;
    let prefix = match (prefix, truthy(network, "netmask")) {
        (Some(prefix), Some(_)) => {
            if is_all_static {
                add_both("ip_address", place, findings);
            }
            prefix
        }
        (Some(prefix), None) => {
            if is_all_static {
                let message = Who::from(Readers::GLEAN).fails("it needs a netmask, not a prefix in ip_address");
                findings.add(Code::NetworkWithoutNetmask, Readers::GLEAN, place, message);
            }
            prefix
        }
        (None, Some(mask)) => {
            let Some(mask) = Netmask::parse(mask, host) else {
                invalid("netmask", findings);
                return None;
            };
            if is_all_static && !mask.is_usual {
                add_unusual(&place.below("netmask"), findings);
            }
            mask.prefix
        }
        (None, None) => {
            let message = if is_all_static {
                "the static network has no netmask: cloud-init guesses one, glean and cloudbase-init fail"
            } else {
                "the static network has no netmask: cloud-init guesses one"
            };
            findings.add(Code::NetworkWithoutNetmask, readers, place, message);
            return None;
        }
    };
    if prefix == 0 {
        let readers = if is_all_static { Readers::CLOUD_INIT | Readers::GLEAN } else { Readers::CLOUD_INIT };
        let message = "cloud-init configures no network where it uses netplan because the netmask of the address is 0";
        findings.add(Code::InvalidAddress, readers, &place.below("netmask"), message);
    }
    if is_all_static && host.is_ipv6() != (text(network, "type") == Some("ipv6")) {
        let message = Who::from(Readers::GLEAN).fails("the address is not of the network's type");
        findings.add(Code::OtherFamily, Readers::GLEAN, &place.below("ip_address"), message);
    }
    Some(Range { host, prefix })
}

/// Adds the finding about a prefix and a netmask.
pub fn add_both(name: &str, place: &Place<'_>, findings: &mut Findings) {
    let message = format!(
        "cloudbase-init, and glean on EL 10, fail and configure no network because there are a prefix in {name} and a netmask"
    );
    findings.add(Code::PrefixAndNetmask, Readers::GLEAN | Readers::CLOUDBASE_INIT, &place.below(name), message);
}

/// Adds the finding about a netmask that glean does not understand everywhere.
pub fn add_unusual(place: &Place<'_>, findings: &mut Findings) {
    let message = "glean fails, or reads another netmask, because this is not a netmask in the form of an address (such as \
                   255.255.255.0)";
    findings.add(Code::UnusualNetmask, Readers::GLEAN, place, message);
}
