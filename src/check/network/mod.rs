//! Findings about `network_data.json`: what its readers make of the network.

mod address;
mod bonds;
mod dns;
mod links;
mod networks;
mod routes;
mod value;
mod vlans;
mod who;

use alloc::{format, vec::Vec};

use self::{
    links::Links,
    value::{Items, objects},
    who::{IRONIC, Who},
};
use super::{Code, Drive, Findings, Place, Readers, json};
use crate::document::{Json, Object};

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    drive.each_of("network_data.json", |path, content| network_data(&Place::file(path), content, findings));
}

fn network_data(place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let value = json(content);
    let data = match &value {
        Ok(Json::Object(data)) => data,
        Ok(other) => {
            let readers = match other {
                // To cloud-init, this is as good as no file.
                Json::Null => Readers::GLEAN | Readers::CLOUDBASE_INIT,
                // glean searches them for names, finds none, and uses DHCP.
                Json::Text(_) | Json::List(_) => Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT,
                _ => Readers::INSIDE,
            };
            let who = Who::from(readers).and_ironic();
            let message = who.fails(format_args!("the file is {}, not an object", other.kind()));
            return findings.add(Code::InvalidNetworkData, who.readers, place, message);
        }
        Err(why) => {
            let message = format!(
                "cloud-init ignores the whole drive as broken, and glean and cloudbase-init configure no network, because the \
                 file {why}{IRONIC}"
            );
            return findings.add(Code::InvalidNetworkData, Readers::INSIDE | Readers::IRONIC, place, message);
        }
    };
    let inside = Who::from(Readers::INSIDE);
    let [Some(links), Some(networks), Some(services)] =
        [("links", inside.and_ironic()), ("networks", inside), ("services", inside)]
            .map(|(name, who)| objects(data, name, place, who, findings))
    else {
        return;
    };
    if !check_presence(data, [&links, &networks, &services], place, findings) {
        return;
    }
    let links = Links::new(links, &networks);
    links::check(&links, findings);
    let attached = networks::check(&networks, &links, findings);
    bonds::check_networks(&attached, &links, findings);
    dns::check(&services, &attached, place, findings);
}

/// Checks that something is to be configured. Returns whether there are interfaces or networks.
fn check_presence(
    data: &Object<'_>,
    [links, networks, services]: [&Items<'_, '_, '_>; 3],
    place: &Place<'_>,
    findings: &mut Findings,
) -> bool {
    if links.is_empty() && networks.is_empty() {
        let (readers, message) = if services.is_empty() {
            (
                Readers::CLOUD_INIT | Readers::IRONIC,
                "cloud-init configures no interface, not even with DHCP, because there are no links, networks or services; if \
                 the node's network interface is flat or neutron, Ironic also rebuilds the drive with its own \
                 network_data.json in openstack/latest",
            )
        } else {
            (
                Readers::CLOUD_INIT,
                "cloud-init configures no interface, not even with DHCP, because there are no links and networks",
            )
        };
        findings.add(Code::EmptyNetworkData, readers, place, message);
        return false;
    }
    if networks.is_empty() {
        // Without the member, glean uses DHCP.
        let readers = match data.get("networks") {
            Some(_) => Readers::CLOUD_INIT | Readers::GLEAN,
            None => Readers::CLOUD_INIT,
        };
        let who = Who::from(readers);
        let message = who.does(
            "configures no address, not even with DHCP,",
            "configure no address, not even with DHCP,",
            "there are links but no networks",
        );
        findings.add(Code::LinksWithoutNetworks, readers, &place.below("links"), message);
    }
    true
}

/// A network with the link that it is on.
struct Attached<'j, 'a, 'p> {
    network: &'j Object<'a>,
    place: Place<'p>,
    kind: networks::Kind,
    /// The routes that are objects, with their places.
    routes: Vec<(&'j Object<'a>, Place<'p>)>,
}
