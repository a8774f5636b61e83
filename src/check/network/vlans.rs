//! Findings about VLANs.

use alloc::collections::{BTreeMap, btree_map::Entry};

use super::{
    Who,
    links::{BOTH, Kind, Link, Links, add_unknown, check_virtual_mac},
    value::{Key, digits},
};
use crate::{
    check::{Code, Findings, Place, Readers},
    document::{Json, Object},
};

pub fn check(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut seen = BTreeMap::new();
    for link in links.list.iter().filter(|link| link.kind == Kind::Vlan) {
        // glean reads only VLANs with a network.
        let readers = if link.is_used { BOTH } else { Readers::CLOUD_INIT };
        let below = link.object.get("vlan_link");
        let place = link.place.below("vlan_link");
        match below.map(|below| links.find(below)) {
            Some(None) => add_unknown(readers, &place, findings),
            Some(Some(Link { kind: Kind::Vlan, .. })) => {
                let message = if link.is_used {
                    "cloud-init, where it uses netplan, and glean configure no network because this is a VLAN on a VLAN"
                } else {
                    "cloud-init configures no network where it uses netplan because this is a VLAN on a VLAN"
                };
                findings.add(Code::VlanOnVlan, readers, &place, message);
            }
            _ => {}
        }
        let id = link.object.get("vlan_id");
        if let Some(id) = id {
            check_vlan_id(id, readers | Readers::CLOUDBASE_INIT, &link.place.below("vlan_id"), findings);
        }
        let place = link.place.below("vlan_mac_address");
        match link.object.get("vlan_mac_address") {
            None => {}
            Some(Json::Null) => {
                let message = Who::from(Readers::GLEAN).fails("vlan_mac_address is null");
                findings.add(Code::VlanWithoutMac, Readers::GLEAN, &place, message);
            }
            Some(mac) => check_virtual_mac(mac, &place, findings),
        }
        if let (Some(below), Some(id)) = (below.and_then(Key::new), id.and_then(vlan_name)) {
            check_same_vlan(link, seen.entry((below, id)), findings);
        }
    }
}

fn check_vlan_id(id: &Json<'_>, readers: Readers, place: &Place<'_>, findings: &mut Findings) {
    // 0 stands for no VLAN, but no reader objects.
    if !matches!(digits(id), Some(0..=4094)) {
        let message = "cloud-init configures no network where it uses netplan, and all others pass it on, because this is not a \
                       VLAN ID (1 to 4094)";
        findings.add(Code::InvalidVlanId, readers, place, message);
    }
}

/// Returns the id as it appears in the interface's name.
fn vlan_name<'j>(id: &'j Json<'_>) -> Option<&'j str> {
    match id {
        Json::Integer(id) => Some(id.as_str()),
        Json::Text(id) => Some(id),
        _ => None,
    }
}

type Seen<'m, 'j, 'a> = Entry<'m, (Key<'j>, &'j str), (bool, &'j Object<'a>)>;

/// Checks whether a VLAN was seen earlier. The entry says whether there was a network on it, and has the link.
fn check_same_vlan<'j, 'a>(link: &Link<'j, 'a, '_>, seen: Seen<'_, 'j, 'a>, findings: &mut Findings) {
    match seen {
        Seen::Vacant(entry) => drop(entry.insert((link.is_used, link.object))),
        Seen::Occupied(mut entry) => {
            let (earlier_is_used, earlier) = entry.get_mut();
            if *earlier_is_used && *earlier != link.object {
                let readers = if link.is_used { BOTH } else { Readers::CLOUD_INIT };
                let message = Who::from(readers).does(
                    "configures only the last of the links",
                    "configure only the last of the links",
                    "they are the same VLAN of the same link",
                );
                findings.add(Code::DuplicateVlan, readers, &link.place.below("vlan_id"), message);
            }
            *earlier_is_used |= link.is_used;
            *earlier = link.object;
        }
    }
}
