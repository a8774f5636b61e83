//! Findings about name servers, and about services that are none.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};
use core::net::IpAddr;

use super::{
    Attached, Who,
    networks::Kind,
    value::{Items, objects, truthy},
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
    let mut top = BTreeSet::new();
    for (service, place) in services {
        check_top(service, place, findings);
        top.extend(name_servers(service));
    }
    let networks: Vec<_> = networks.iter().map(|network| Servers::new(network, findings)).collect();
    Places { top, networks }.check(&place.below("services"), findings);
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
            return;
        }
        Some(Json::List(list)) if list.iter().all(|address| is_address(address)) => {
            if is_dns {
                let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
                let message = "cloudbase-init fails and configures no network, and glean writes no valid name server, because \
                               only cloud-init accepts a list of addresses";
                return findings.add(Code::DnsAddressList, readers, &below, message);
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
            return findings.add(Code::InvalidDnsAddress, readers, &below, message);
        }
    }
    if !is_dns {
        let message = "cloud-init uses the address as a name server because it takes every service for one";
        findings.add(Code::ServiceNotDns, Readers::CLOUD_INIT, place, message);
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
    is_ipv6: bool,
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
        let is_ipv6 = text(network, "type") == Some("ipv6");
        Self { kind: *kind, place: place.clone(), is_ipv6, of_services, of_routes, own }
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

/// Where the name servers are.
struct Places<'j, 'p> {
    top: BTreeSet<&'j str>,
    networks: Vec<Servers<'j, 'p>>,
}

impl<'j> Places<'j, '_> {
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
        let reason = |without: &Without| {
            if without.glean || without.old_cloud_init {
                "the top-level services lack it"
            } else {
                "the networks have name servers of their own"
            }
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
        add(of_top, top_place, "the services of the networks lack it");
    }

    fn for_old_cloud_init(&self) -> BTreeSet<&'j str> {
        let own = self.networks.iter().flat_map(|network| &network.own);
        self.top.iter().chain(own).copied().collect()
    }

    fn for_new_cloud_init(&self) -> BTreeSet<&'j str> {
        let mut found: BTreeSet<_> = self.networks.iter().flat_map(Servers::for_new_cloud_init).collect();
        // Interfaces with name servers of their own do not get those of the top level.
        if self.networks.is_empty() || self.networks.iter().any(|network| network.for_new_cloud_init().next().is_none())
        {
            found.extend(&self.top);
        }
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
            let is_static = network.kind == Kind::Static;
            if network.of_services.is_empty() {
                // The name servers of other networks come with their addresses, so those at the top level may be theirs.
                ipv4 |= !is_static || !network.is_ipv6;
                ipv6 |= !is_static || network.is_ipv6;
            }
            found.extend(network.of_services.iter().copied());
        }
        let top = self.top.iter().copied();
        found.extend(top.filter(|server| if server.contains(':') { ipv6 } else { ipv4 }));
        Some(found)
    }
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
    let texts: Vec<&Json<'_>> = match service.get("address") {
        Some(Json::List(list)) => list.iter().collect(),
        Some(address) => [address].into(),
        None => Vec::new(),
    };
    let texts = texts.into_iter().filter(|address| is_dns(service) && is_address(address));
    texts.filter_map(|address| if let Json::Text(text) = address { Some(&**text) } else { None }).collect()
}

fn is_address(value: &Json<'_>) -> bool {
    matches!(value, Json::Text(text) if text.parse::<IpAddr>().is_ok())
}

fn is_dns(service: &Object<'_>) -> bool {
    text(service, "type") == Some("dns")
}
