//! Findings about links: physical ones, bonds and VLANs.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Who,
    value::{Items, Key, digits, not_text, truthy},
};
use crate::{
    check::{Code, Findings, Place, Readers, items, text},
    document::{Json, Object},
};

const BOTH: Readers = Readers::CLOUD_INIT.with(Readers::GLEAN);

/// The links, by their order and by their id.
pub struct Links<'j, 'a, 'p> {
    pub list: Vec<Link<'j, 'a, 'p>>,
    by_id: BTreeMap<Key<'j>, usize>,
}

pub struct Link<'j, 'a, 'p> {
    pub object: &'j Object<'a>,
    pub place: Place<'p>,
    pub id: Option<Key<'j>>,
    pub kind: Kind,
    /// Whether a network is on it.
    pub is_used: bool,
}

#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Kind {
    Physical,
    Bond,
    Vlan,
}

impl<'j, 'a, 'p> Links<'j, 'a, 'p> {
    pub fn new(links: Items<'j, 'a, 'p>, networks: &Items<'j, 'a, 'p>) -> Self {
        let used: BTreeSet<_> =
            networks.iter().filter_map(|(network, _)| network.get("link").and_then(Key::new)).collect();
        let link = |(object, place): (&'j Object<'a>, Place<'p>)| {
            let id = object.get("id").and_then(Key::new);
            let kind = match text(object, "type") {
                Some("bond") => Kind::Bond,
                Some("vlan") => Kind::Vlan,
                _ => Kind::Physical,
            };
            Link { object, place, id, kind, is_used: id.is_some_and(|id| used.contains(&id)) }
        };
        let list: Vec<_> = links.into_iter().map(link).collect();
        let by_id = list.iter().zip(0..).filter_map(|(link, index)| Some((link.id?, index))).collect();
        Self { list, by_id }
    }

    /// Returns the link with this id; the last one if there are several, as readers do.
    pub fn find(&self, id: &'j Json<'a>) -> Option<&Link<'j, 'a, 'p>> {
        self.list.get(*self.by_id.get(&Key::new(id)?)?)
    }
}

pub fn check(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    for link in &links.list {
        check_members(link, findings);
    }
    check_physical(links, findings);
    check_bonds(links, findings);
    check_vlans(links, findings);
    check_repetitions(links, findings);
    check_mtu(links, findings);
}

/// Checks what cloud-init needs of each link.
fn check_members(link: &Link<'_, '_, '_>, findings: &mut Findings) {
    let required: &[(_, Readers)] = match link.kind {
        Kind::Physical => &[("id", BOTH), ("type", BOTH)],
        Kind::Bond => &[("id", BOTH), ("bond_links", BOTH)],
        Kind::Vlan => &[
            ("id", BOTH),
            ("vlan_link", BOTH),
            ("vlan_id", Readers::CLOUD_INIT),
            ("vlan_mac_address", Readers::CLOUD_INIT),
        ],
    };
    for &(name, readers) in required.iter().filter(|(name, _)| link.object.get(name).is_none()) {
        let message = Who::from(readers).fails(format_args!("the link has no {name}"));
        findings.add(Code::IncompleteLink, readers, &link.place.below(name), message);
    }
    if let (Some(id), None) = (link.object.get("id"), link.id) {
        let message = Who::from(BOTH).fails(not_text("id", id));
        findings.add(Code::InvalidNetworkData, BOTH, &link.place.below("id"), message);
    }
    // cloud-init names VLANs itself, and bonds without a name.
    if let Some(name) = link.object.get("name")
        && link.kind != Kind::Vlan
        && !(link.kind == Kind::Bond && *name == Json::Null)
        && !matches!(name, Json::Text(name) if is_interface_name(name))
    {
        let mut who = Who::from(Readers::CLOUD_INIT);
        if link.kind == Kind::Bond {
            who = who.new_cloud_init();
        }
        let message = who.fails("name is not the name of an interface");
        findings.add(Code::InvalidLinkName, who.readers, &link.place.below("name"), message);
    }
}

/// Returns whether netplan accepts the name.
fn is_interface_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| !c.is_whitespace() && !c.is_control() && !"/%*?[]".contains(c))
}

fn check_physical(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut macs = BTreeMap::new();
    for link in links.list.iter().filter(|link| link.kind == Kind::Physical) {
        let place = link.place.below("ethernet_mac_address");
        match truthy(link.object, "ethernet_mac_address") {
            None if link.object.get("name").is_some() => {
                let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
                let message = Who::from(readers)
                    .fails("the link has no ethernet_mac_address; cloud-init finds the interface by its name");
                findings.add(Code::NameWithoutMac, readers, &link.place, message);
            }
            None => {
                let message = Who::from(Readers::INSIDE).fails("the link has no ethernet_mac_address");
                findings.add(Code::LinkWithoutMac, Readers::INSIDE, &link.place, message);
            }
            Some(Json::Text(mac)) if is_mac(mac) => {
                let earlier_is_used = macs.entry(mac.to_ascii_lowercase());
                let earlier_is_used = earlier_is_used.and_modify(|(seen, _)| *seen = true).or_insert((false, false));
                if earlier_is_used.0 {
                    let (readers, which) = if earlier_is_used.1 {
                        (Readers::INSIDE, "only the last of the links")
                    } else {
                        (Readers::GLEAN, "only one of the links")
                    };
                    let message = Who::from(readers).does(
                        &format!("configures {which}"),
                        &format!("configure {which}"),
                        "the links have the same MAC address",
                    );
                    findings.add(Code::DuplicateMac, readers, &place, message);
                }
                earlier_is_used.1 |= link.is_used;
            }
            Some(Json::Text(_)) => {
                let message = "cloud-init and cloudbase-init fail and configure no network, and glean uses DHCP instead, \
                               because they look for the interface with this text, and it is not a MAC address in the form \
                               xx:xx:xx:xx:xx:xx";
                findings.add(Code::InvalidMac, Readers::INSIDE, &place, message);
            }
            Some(other) => add_mac_of_wrong_kind(other, Readers::INSIDE, &place, findings),
        }
    }
}

fn add_mac_of_wrong_kind(mac: &Json<'_>, readers: Readers, place: &Place<'_>, findings: &mut Findings) {
    let message = Who::from(readers).fails(format_args!("this is {}, not a string", mac.kind()));
    findings.add(Code::InvalidMac, readers, place, message);
}

/// Checks the MAC address that an interface without hardware shall have.
fn check_virtual_mac(mac: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    match mac {
        Json::Text(mac) if is_mac(mac) => {}
        Json::Text(_) => {
            let message = "cloud-init configures no network where it uses netplan because netplan accepts MAC addresses only \
                           in the form xx:xx:xx:xx:xx:xx";
            findings.add(Code::InvalidMac, Readers::CLOUD_INIT, place, message);
        }
        other => add_mac_of_wrong_kind(other, BOTH, place, findings),
    }
}

/// Returns whether it is a MAC address as Linux writes them, in either case: of Ethernet, or of InfiniBand.
fn is_mac(text: &str) -> bool {
    let is_byte = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(text.len(), 17 | 59) && text.split(':').all(is_byte)
}

fn check_bonds(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut bond_of = BTreeMap::new();
    for (link, index) in links.list.iter().zip(0usize..).filter(|(link, _)| link.kind == Kind::Bond) {
        check_bond(link, findings);
        let place = link.place.below("bond_links");
        for (member, position) in items(link.object, "bond_links").iter().zip(0usize..) {
            let place = place.below(position);
            let Some(port) = links.find(member) else {
                add_unknown(BOTH, &place, findings);
                continue;
            };
            if port.kind != Kind::Physical {
                let message = Who::from(Readers::GLEAN).fails("the bond's port is not a physical link");
                findings.add(Code::BondOfVirtualLinks, Readers::GLEAN, &place, message);
            }
            if let Some(id) = port.id
                && *bond_of.entry(id).or_insert(index) != index
            {
                let message = Who::from(BOTH).does(
                    "gives the port to only one of the bonds",
                    "give the port to only one of the bonds",
                    "it is in two",
                );
                findings.add(Code::PortInTwoBonds, BOTH, &place, message);
            }
        }
    }
}

fn check_bond(link: &Link<'_, '_, '_>, findings: &mut Findings) {
    let place = link.place.below("bond_links");
    match link.object.get("bond_links") {
        None => {}
        Some(Json::List(list)) => {
            if list.is_empty() {
                let message = "cloud-init builds a bond without ports, and glean no bond, because bond_links is empty";
                findings.add(Code::IncompleteLink, BOTH, &place, message);
            }
        }
        Some(Json::Text(text)) if !text.is_empty() => {
            let message = "cloud-init takes each letter for a port, and glean fails and configures no network, because \
                           bond_links is a string, not a list";
            findings.add(Code::InvalidNetworkData, BOTH, &place, message);
        }
        Some(other) => {
            // glean goes through the object's names.
            let readers = if matches!(other, Json::Object(_)) { Readers::CLOUD_INIT } else { BOTH };
            let message = Who::from(readers).fails(format_args!("bond_links is {}, not a list", other.kind()));
            findings.add(Code::InvalidNetworkData, readers, &place, message);
        }
    }
    match link.object.get("ethernet_mac_address") {
        // Both do without.
        Some(Json::Text(mac)) if mac.is_empty() => {}
        Some(mac) if truthy(link.object, "ethernet_mac_address").is_some() => {
            check_virtual_mac(mac, &link.place.below("ethernet_mac_address"), findings);
        }
        _ => {
            let message = Who::from(Readers::GLEAN).fails("the bond has no ethernet_mac_address");
            findings.add(Code::BondWithoutMac, Readers::GLEAN, &link.place, message);
        }
    }
    let place = link.place.below("bond_mode");
    match link.object.get("bond_mode") {
        Some(Json::Text(mode)) if BOND_MODES.contains(&&**mode) => {}
        None => {
            let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
            let message = Who::from(readers).fails("the bond has no bond_mode");
            findings.add(Code::BondWithoutMode, readers, &place, message);
        }
        Some(Json::Null) => {
            let message = Who::from(Readers::CLOUDBASE_INIT).fails("bond_mode is null");
            findings.add(Code::BondWithoutMode, Readers::CLOUDBASE_INIT, &place, message);
        }
        Some(_) => {
            let message = "cloudbase-init, and cloud-init where it uses netplan, configure no network because bond_mode is not \
                           one of Linux's modes";
            findings.add(Code::UnknownBondMode, Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT, &place, message);
        }
    }
    match link.object.get("bond_xmit_hash_policy") {
        None | Some(Json::Null) => {}
        Some(Json::Text(policy)) if HASH_POLICIES.contains(&&**policy) => {}
        Some(_) => {
            let message = Who::from(Readers::CLOUDBASE_INIT).fails("it does not know this hash policy");
            let place = link.place.below("bond_xmit_hash_policy");
            findings.add(Code::UnknownBondHashPolicy, Readers::CLOUDBASE_INIT, &place, message);
        }
    }
}

/// The kernel's bond modes, which are also cloudbase-init's `AVAILABLE_BOND_TYPES`.
const BOND_MODES: [&str; 7] =
    ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

/// cloudbase-init's `AVAILABLE_BOND_LB_ALGORITHMS`.
const HASH_POLICIES: [&str; 5] = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"];

fn check_vlans(links: &Links<'_, '_, '_>, findings: &mut Findings) {
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
            check_vlan_id(id, &link.place.below("vlan_id"), findings);
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

fn check_vlan_id(id: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    // 0 stands for no VLAN, but no reader objects.
    if !matches!(digits(id), Some(0..=4094)) {
        let message =
            "cloud-init configures no network where it uses netplan because this is not a VLAN ID (1 to 4094)";
        findings.add(Code::InvalidVlanId, Readers::CLOUD_INIT, place, message);
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

type Seen<'m, 'j> = alloc::collections::btree_map::Entry<'m, (Key<'j>, &'j str), bool>;

/// Checks whether a VLAN was seen earlier. The entry says whether there was a network on it.
fn check_same_vlan(link: &Link<'_, '_, '_>, seen: Seen<'_, '_>, findings: &mut Findings) {
    match seen {
        Seen::Vacant(entry) => drop(entry.insert(link.is_used)),
        Seen::Occupied(mut entry) => {
            if *entry.get() {
                let readers = if link.is_used { BOTH } else { Readers::CLOUD_INIT };
                let message = Who::from(readers).does(
                    "configures only the last of the links",
                    "configure only the last of the links",
                    "they are the same VLAN of the same link",
                );
                findings.add(Code::DuplicateVlan, readers, &link.place.below("vlan_id"), message);
            }
            *entry.get_mut() |= link.is_used;
        }
    }
}

fn add_unknown(readers: Readers, place: &Place<'_>, findings: &mut Findings) {
    let message = Who::from(readers).fails("no link has this id");
    findings.add(Code::UnknownLink, readers, place, message);
}

fn check_repetitions(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut ids = BTreeSet::new();
    let mut names = BTreeMap::new();
    for link in &links.list {
        if let Some(id) = link.id
            && !ids.insert(id)
        {
            let message = "all readers confuse links with the same id";
            findings.add(Code::DuplicateId, Readers::INSIDE, &link.place.below("id"), message);
        }
        if link.kind == Kind::Physical
            && let Some(name) = text(link.object, "name")
        {
            let earlier_is_used = names.entry(name).or_insert(false);
            if *earlier_is_used {
                let message = "cloud-init configures only the last of the links with this name";
                findings.add(Code::DuplicateId, Readers::CLOUD_INIT, &link.place.below("name"), message);
            }
            *earlier_is_used |= link.is_used;
        }
    }
}

fn check_mtu(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut without = Vec::new();
    for link in &links.list {
        match link.object.get("mtu") {
            None | Some(Json::Null) => without.push(&link.place),
            Some(mtu) if is_mtu(mtu) => {}
            Some(_) => {
                let message =
                    "cloud-init configures no network where it uses netplan because mtu is not a number of bytes";
                findings.add(Code::InvalidMtu, Readers::CLOUD_INIT, &link.place.below("mtu"), message);
            }
        }
    }
    let [first, others @ ..] = &*without else { return };
    let affected: String = match others.len() {
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

/// Returns whether netplan accepts it.
fn is_mtu(mtu: &Json<'_>) -> bool {
    match mtu {
        Json::Text(text) => {
            text.is_empty() || digits(&Json::Text(text.strip_prefix('+').unwrap_or(text).into())).is_some()
        }
        mtu => digits(mtu).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mac_address_has_six_or_twenty_bytes_with_colons() {
        assert!(is_mac("52:54:00:aB:CD:01"));
        assert!(is_mac("80:00:00:48:fe:80:00:00:00:00:00:00:f4:52:14:03:00:7b:cb:a1"));
        for text in
            ["", "52-54-00-ab-cd-01", "525400abcd01", "52:54:0:ab:cd:001", " 52:54:00:ab:cd:0", "52:54:00:ab:cd:0g"]
        {
            assert!(!is_mac(text), "{text}");
        }
    }

    #[test]
    fn an_mtu_is_a_whole_number() {
        let is_mtu = |text| is_mtu(&Json::parse(text).unwrap());
        for text in ["1500", "0", r#""1500""#, r#""+1500""#, r#""""#] {
            assert!(is_mtu(text), "{text}");
        }
        for text in ["-1", "1500.5", "5000000000", r#""jumbo""#, r#""1500 ""#, "true", "[]", "{}"] {
            assert!(!is_mtu(text), "{text}");
        }
    }
}
