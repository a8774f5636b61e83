//! Findings about name servers, and about other services.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::net::IpAddr;

use super::{
    Attached, Who,
    networks::Kind,
    value::{Items, Key, objects, truthy},
};
use crate::{
    check::{Code, Findings, Place, Readers, text},
    document::{Json, Object},
};

/// Checks the services: those at the top level, and those of networks and routes.
pub fn check(
    services: &Items<'_, '_, '_>,
    networks: &[Attached<'_, '_, '_>],
    place: &Place<'_>,
    findings: &mut Findings,
) {
    let mut places = Places::default();
    for (service, place) in services {
        check_top(service, place, findings);
        places.top.extend(name_servers(service));
        places.top_of_any_type.extend(addresses(service));
    }
    places.networks = networks.iter().map(|network| Servers::new(network, findings)).collect();
    places.check_other_services(services, findings);
    places.check(&place.below("services"), findings);
}

fn check_top(service: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    check_has_type(service, Readers::GLEAN.into(), place, findings);
    let is_dns = is_dns(service);
    let readers = if is_dns { Readers::CLOUD_INIT | Readers::GLEAN } else { Readers::CLOUD_INIT };
    let below = place.below("address");
    match service.get("address") {
        None => {
            if is_dns {
                let message = Who::from(Readers::GLEAN).fails("the DNS service has no address");
                findings.add(Code::DnsWithoutAddress, Readers::GLEAN, place, message);
            }
        }
        Some(Json::List(list)) if list.iter().all(|address| is_address(address)) => {
            if is_dns {
                let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
                let message = "cloudbase-init fails and configures no network, and glean writes no valid name server, because \
                               only cloud-init accepts a list of addresses";
                findings.add(Code::DnsAddressList, readers, &below, message);
            }
        }
        Some(address) if is_address(address) => {}
        Some(address) => {
            let readers = if is_dns && *address != Json::Null { Readers::INSIDE } else { readers };
            let why = if is_dns {
                "the name server's address is not an IP address"
            } else {
                "it takes the service for a name server, and its address is not an IP address"
            };
            let message = Who::from(readers).does(
                "configures no network, or no such name server,",
                "configure no network, or no such name server,",
                why,
            );
            findings.add(Code::InvalidDnsAddress, readers, &below, message);
        }
    }
}

fn check_has_type(service: &Object<'_>, who: Who, place: &Place<'_>, findings: &mut Findings) {
    if service.get("type").is_none() {
        findings.add(Code::ServiceWithoutType, who.readers, place, who.fails("the service has no type"));
    }
}

/// The name servers of a network, by where they are.
struct Servers<'j, 'p> {
    kind: Kind,
    /// The network's place.
    place: Place<'p>,
    link: Option<Key<'j>>,
    /// The family of the network's addresses, if it has any.
    family: Option<Family>,
    of_services: BTreeSet<&'j str>,
    of_routes: BTreeMap<&'j str, Place<'p>>,
    /// Those in the network's `dns_nameservers`, which is not in Nova's files.
    own: BTreeSet<&'j str>,
}

impl<'j, 'p> Servers<'j, 'p> {
    fn new(attached: &Attached<'j, '_, 'p>, findings: &mut Findings) -> Self {
        let Attached { network, place, kind, routes } = attached;
        let cloudbase_init = match kind {
            Kind::Static => Readers::CLOUDBASE_INIT,
            _ => Readers::default(),
        };
        let newer = Who::from(Readers::CLOUD_INIT).new_cloud_init();
        let with_glean = Who::from(Readers::CLOUD_INIT | Readers::GLEAN).new_cloud_init().glean_in_places();
        let all = with_glean.and(cloudbase_init);
        let mut of_services = BTreeSet::new();
        for (service, place) in objects(network, "services", place, all, findings).unwrap_or_default() {
            check_has_type(service, Who::from(Readers::GLEAN).glean_in_places(), &place, findings);
            check_below(service, with_glean, all, &place, findings);
            of_services.extend(name_servers(service));
        }
        let mut of_routes = BTreeMap::new();
        for (route, place) in routes {
            for (service, service_place) in objects(route, "services", place, newer, findings).unwrap_or_default() {
                check_below(service, newer, newer, &service_place, findings);
                of_routes.extend(name_servers(service).into_iter().map(|server| (server, place.below("services"))));
            }
        }
        let own = own_name_servers(network, place, findings);
        let family = match text(network, "type") {
            Some("ipv4" | "static" | "ipv4_dhcp" | "dhcp" | "dhcp4") => Some(Family::Ipv4),
            Some(kind) if kind.starts_with("ipv6") => Some(Family::Ipv6),
            Some("static6" | "dhcp6") => Some(Family::Ipv6),
            _ => None,
        };
        let link = network.get("link").and_then(Key::new);
        Self { kind: *kind, place: place.clone(), link, family, of_services, of_routes, own }
    }

    /// Returns whether the network's name servers may come with its addresses, as those of this family.
    fn is_automatic(&self, family: Family) -> bool {
        self.kind == Kind::Other && self.family == Some(family)
    }

    fn has_address(&self) -> bool {
        self.kind != Kind::Other
    }

    /// Returns the servers that newer versions of cloud-init find here.
    fn for_new_cloud_init(&self) -> impl Iterator<Item = &'j str> {
        let has_others = !self.of_services.is_empty() || !self.of_routes.is_empty();
        let own = self.own.iter().filter(move |_| !has_others);
        self.of_services.iter().chain(self.of_routes.keys()).chain(own).copied()
    }
}

/// Checks a service of a network or of a route. `no_address` are the readers that need an address, and `all` those that read it.
fn check_below(service: &Object<'_>, no_address: Who, all: Who, place: &Place<'_>, findings: &mut Findings) {
    if !is_dns(service) {
        return;
    }
    match service.get("address") {
        None => {
            let message = no_address.fails("the DNS service has no address");
            findings.add(Code::InvalidDnsAddress, no_address.readers, place, message);
        }
        Some(address) if is_address(address) => {}
        Some(address) => {
            // cloudbase-init leaves null out.
            let who = if *address == Json::Null { no_address } else { all };
            let message = who.does(
                "configures no network, or no such name server,",
                "configure no network, or no such name server,",
                "the name server's address is not an IP address",
            );
            findings.add(Code::InvalidDnsAddress, who.readers, &place.below("address"), message);
        }
    }
}

/// Returns the addresses in a network's `dns_nameservers`.
fn own_name_servers<'j>(network: &'j Object<'_>, place: &Place<'_>, findings: &mut Findings) -> BTreeSet<&'j str> {
    let place = place.below("dns_nameservers");
    let found: Vec<&str> = match truthy(network, "dns_nameservers") {
        None => return BTreeSet::new(),
        Some(Json::Text(text)) => text.split_whitespace().collect(),
        Some(Json::List(list)) => {
            list.iter().map(|item| if let Json::Text(text) = item { &**text } else { "" }).collect()
        }
        Some(other) => {
            let message = Who::from(Readers::CLOUD_INIT)
                .old_cloud_init()
                .fails(format_args!("dns_nameservers is {}, not a list", other.kind()));
            findings.add(Code::InvalidNetworkData, Readers::CLOUD_INIT, &place, message);
            return BTreeSet::new();
        }
    };
    if found.iter().any(|address| address.parse::<IpAddr>().is_err()) {
        let message = "cloud-init configures no network where it uses netplan because an item of dns_nameservers is not an \
                       address";
        findings.add(Code::InvalidDnsAddress, Readers::CLOUD_INIT, &place, message);
    }
    found.into_iter().filter(|address| address.parse::<IpAddr>().is_ok()).collect()
}

/// A family of addresses.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Family {
    Ipv4,
    Ipv6,
}

impl Family {
    fn of(server: &str) -> Self {
        if server.contains(':') { Self::Ipv6 } else { Self::Ipv4 }
    }
}

/// Where the name servers are.
#[derive(Default)]
struct Places<'j, 'p> {
    top: BTreeSet<&'j str>,
    /// The addresses of all services at the top level, which cloud-init takes for name servers.
    top_of_any_type: BTreeSet<&'j str>,
    networks: Vec<Servers<'j, 'p>>,
}

impl<'j> Places<'j, '_> {
    /// Checks the services at the top level that are not for DNS. It does not matter if their addresses are name servers all the same.
    fn check_other_services(&self, services: &Items<'_, '_, '_>, findings: &mut Findings) {
        let of_networks = self.networks.iter().flat_map(|network| {
            network.of_services.iter().chain(network.of_routes.keys()).chain(&network.own).copied()
        });
        let known: BTreeSet<_> = self.top.iter().copied().chain(of_networks).collect();
        for (service, place) in services.iter().filter(|(service, _)| !is_dns(service)) {
            if addresses(service).into_iter().any(|address| !known.contains(address)) {
                let message = "cloud-init uses the address as a name server because it takes every service for one";
                findings.add(Code::ServiceNotDns, Readers::CLOUD_INIT, place, message);
            }
        }
    }

    /// Checks that each reader finds each name server somewhere.
    fn check(&self, top_place: &Place<'_>, findings: &mut Findings) {
        let old = self.for_old_cloud_init();
        let new = self.for_new_cloud_init();
        let cloudbase_init = self.for_cloudbase_init();
        let without = |servers: &mut dyn Iterator<Item = &'j str>| {
            let mut without = Without::default();
            for server in servers {
                without.glean |= !self.top.contains(server);
                without.old_cloud_init |= !old.contains(server);
                without.new_cloud_init |= !new.contains(server);
                without.cloudbase_init |= cloudbase_init.as_ref().is_some_and(|found| !found.contains(server));
            }
            without
        };
        let mut add = |without: Without, place: &Place<'_>, why: &str| {
            if let Some(who) = without.who() {
                let message = who.does("ignores a name server here", "ignore a name server here", why);
                findings.add(Code::DnsInOnePlace, who.readers, place, message);
            }
        };
        let of_networks = "the services of the networks of its family lack it";
        let reason = |without: &Without| {
            if without.glean || without.old_cloud_init { "the top-level services lack it" } else { of_networks }
        };
        for network in &self.networks {
            let of_services = without(&mut network.of_services.iter().copied());
            add(of_services, &network.place.below("services"), reason(&of_services));
            for (server, place) in &network.of_routes {
                let of_route = without(&mut [*server].into_iter());
                add(of_route, place, "it is in a route's services");
            }
            let own = without(&mut network.own.iter().copied());
            add(own, &network.place.below("dns_nameservers"), "it is in dns_nameservers, which is not in Nova's files");
        }
        let of_top = without(&mut self.top.iter().copied());
        add(of_top, top_place, of_networks);
    }

    fn for_old_cloud_init(&self) -> BTreeSet<&'j str> {
        let own = self.networks.iter().flat_map(|network| &network.own);
        self.top_of_any_type.iter().chain(own).copied().collect()
    }

    /// Returns what newer versions of cloud-init find with every renderer.
    fn for_new_cloud_init(&self) -> BTreeSet<&'j str> {
        let is_static =
            |family| self.networks.iter().any(|network| network.has_address() && network.family == Some(family));
        if !is_static(Family::Ipv4) && !is_static(Family::Ipv6) {
            // Name servers come with the addresses, if there are any.
            let of_networks = self.networks.iter().flat_map(Servers::for_new_cloud_init);
            return of_networks.chain(self.top_of_any_type.iter().copied()).collect();
        }
        let mut links: BTreeMap<_, OfLink<'j>> = BTreeMap::new();
        for network in &self.networks {
            let link = links.entry(network.link).or_default();
            let servers: Vec<_> = network.for_new_cloud_init().collect();
            if link.first.is_empty() {
                link.first.clone_from(&servers);
            }
            link.all.extend(servers);
            link.has_address |= network.has_address();
        }
        // NetworkManager and netplan: interfaces with name servers of their own do not get those of the top level.
        let mut found: BTreeSet<&'j str> = links.values().flat_map(|link| link.all.iter().copied()).collect();
        if links.values().any(|link| link.has_address && link.all.is_empty()) {
            found.extend(&self.top_of_any_type);
        }
        // ifupdown: an interface's name servers are those of its network of the same family, or else of its first network.
        let mut of_ifupdown = BTreeSet::new();
        for network in &self.networks {
            let own: Vec<_> = network.for_new_cloud_init().collect();
            let first = links.get(&network.link).filter(|_| own.is_empty()).map(|link| &*link.first);
            let servers = own.iter().chain(first.unwrap_or_default());
            of_ifupdown.extend(servers.copied().filter(|server| network.family == Some(Family::of(server))));
        }
        let ipv4 = self.top_of_any_type.iter().copied().filter(|server| Family::of(server) == Family::Ipv4);
        of_ifupdown.extend(ipv4);
        found.retain(|server| of_ifupdown.contains(server) || !is_static(Family::of(server)));
        let may_be_automatic = |family| {
            let mut networks = self.networks.iter();
            networks.any(|network| network.is_automatic(family) && network.for_new_cloud_init().next().is_none())
        };
        let [ipv4, ipv6] = [Family::Ipv4, Family::Ipv6].map(may_be_automatic);
        let top = self.top_of_any_type.iter().copied();
        found.extend(top.filter(|server| if Family::of(server) == Family::Ipv6 { ipv6 } else { ipv4 }));
        found
    }

    /// Returns what cloudbase-init finds, or `None` if it configures no network.
    fn for_cloudbase_init(&self) -> Option<BTreeSet<&'j str>> {
        if !self.networks.iter().any(|network| network.kind == Kind::Static) {
            return None;
        }
        let mut found = BTreeSet::new();
        let [mut ipv4, mut ipv6] = [false; 2];
        for network in &self.networks {
            // Automatic networks get name servers with their addresses, perhaps the same as in their services or at the top level.
            let is_automatic = network.kind == Kind::Other;
            if is_automatic || network.of_services.is_empty() && network.kind == Kind::Static {
                ipv4 |= network.family == Some(Family::Ipv4);
                ipv6 |= network.family == Some(Family::Ipv6);
            }
            if is_automatic || network.kind == Kind::Static {
                found.extend(network.of_services.iter().copied());
            }
        }
        let top = self.top.iter().copied();
        found.extend(top.filter(|server| if Family::of(server) == Family::Ipv6 { ipv6 } else { ipv4 }));
        Some(found)
    }
}

/// The name servers that newer versions of cloud-init find in the networks on a link.
#[derive(Default)]
struct OfLink<'j> {
    /// Those of the first network that has any.
    first: Vec<&'j str>,
    all: BTreeSet<&'j str>,
    has_address: bool,
}

/// Who ignores a name server.
#[derive(Clone, Copy, Default)]
struct Without {
    glean: bool,
    old_cloud_init: bool,
    new_cloud_init: bool,
    cloudbase_init: bool,
}

impl Without {
    fn who(self) -> Option<Who> {
        let of = |is: bool, reader| if is { reader } else { Readers::default() };
        let readers = of(self.old_cloud_init || self.new_cloud_init, Readers::CLOUD_INIT)
            | of(self.glean, Readers::GLEAN)
            | of(self.cloudbase_init, Readers::CLOUDBASE_INIT);
        let who = Who::from(readers);
        let who = match (self.old_cloud_init, self.new_cloud_init) {
            (true, false) => who.old_cloud_init(),
            (false, true) => who.new_cloud_init(),
            _ => who,
        };
        (readers != Readers::default()).then_some(who)
    }
}

/// Returns the addresses of a DNS service.
fn name_servers<'j>(service: &'j Object<'_>) -> Vec<&'j str> {
    if is_dns(service) { addresses(service) } else { Vec::new() }
}

/// Returns the addresses of a service.
fn addresses<'j>(service: &'j Object<'_>) -> Vec<&'j str> {
    let texts: Vec<&Json<'_>> = match service.get("address") {
        Some(Json::List(list)) => list.iter().collect(),
        Some(address) => [address].into(),
        None => Vec::new(),
    };
    let texts = texts.into_iter().filter(|address| is_address(address));
    texts.filter_map(|address| if let Json::Text(text) = address { Some(&**text) } else { None }).collect()
}

fn is_address(value: &Json<'_>) -> bool {
    matches!(value, Json::Text(text) if text.parse::<IpAddr>().is_ok())
}

fn is_dns(service: &Object<'_>) -> bool {
    text(service, "type") == Some("dns")
}
