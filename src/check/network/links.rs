//! Findings about links of each kind, and about physical ones.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    vec::Vec,
};

use super::{
    Who, bonds,
    value::{Items, Key, digits, not_text, truthy},
    vlans,
};
use crate::{
    check::{Code, Findings, Place, Readers, text},
    document::{Json, Object},
};

pub const BOTH: Readers = Readers::CLOUD_INIT.with(Readers::GLEAN);

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
    bonds::check(links, findings);
    vlans::check(links, findings);
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
            ("vlan_id", Readers::CLOUD_INIT.with(Readers::CLOUDBASE_INIT)),
            ("vlan_mac_address", Readers::CLOUD_INIT),
        ],
    };
    for &(name, readers) in required.iter().filter(|(name, _)| link.object.get(name).is_none()) {
        let message = Who::from(readers).fails(format_args!("the link has no {name}"));
        findings.add(Code::IncompleteLink, readers, &link.place.below(name), message);
    }
    if let (Some(id), None) = (link.object.get("id"), link.id) {
        let message = Who::from(Readers::INSIDE).fails(not_text("id", id));
        findings.add(Code::InvalidNetworkData, Readers::INSIDE, &link.place.below("id"), message);
    }
    let foreign: &[&str] = match link.kind {
        Kind::Physical => &["bond_links", "bond_mode", "vlan_id"],
        Kind::Bond => &["vlan_id"],
        Kind::Vlan => &[],
    };
    for name in foreign.iter().filter(|name| link.object.get(name).is_some()) {
        let of = if name.starts_with("bond") { "bond" } else { "VLAN" };
        let message = format!(
            "glean on some distributions takes the link for a {of} because of this member, fails and configures no network"
        );
        findings.add(Code::ForeignLinkMember, Readers::GLEAN, &link.place.below(name), message);
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
                let (earlier, earlier_is_used) = macs.entry(mac.to_ascii_lowercase()).or_insert((link.object, false));
                if *earlier != link.object {
                    let (readers, which) = if *earlier_is_used {
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
                *earlier = link.object;
                *earlier_is_used |= link.is_used;
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

/// Checks the MAC address for a bond or a VLAN.
pub fn check_virtual_mac(mac: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
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

pub fn add_unknown(readers: Readers, place: &Place<'_>, findings: &mut Findings) {
    let message = Who::from(readers).fails("no link has this id");
    findings.add(Code::UnknownLink, readers, place, message);
}

fn check_repetitions(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut ids = BTreeMap::new();
    let mut names = BTreeMap::new();
    for link in &links.list {
        let earlier = link.id.and_then(|id| ids.insert(id, link.object));
        // Of a bond that appears twice, cloud-init makes two bonds.
        let is_same = |earlier: &Object<'_>| link.kind != Kind::Bond && *earlier == *link.object;
        if earlier.is_some_and(|earlier| !is_same(earlier)) {
            let message = "all readers confuse links with the same id";
            findings.add(Code::DuplicateId, Readers::INSIDE, &link.place.below("id"), message);
        }
        if link.kind == Kind::Physical
            && let Some(name) = text(link.object, "name")
        {
            let (earlier_is_used, earlier) = names.entry(name).or_insert((false, link.object));
            if *earlier_is_used && *earlier != link.object {
                let message = "cloud-init configures only the last of the links with this name";
                findings.add(Code::DuplicateId, Readers::CLOUD_INIT, &link.place.below("name"), message);
            }
            *earlier_is_used |= link.is_used;
            *earlier = link.object;
        }
    }
}

fn check_mtu(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut without = Vec::new();
    for link in &links.list {
        match link.object.get("mtu") {
            None | Some(Json::Null) => without.push(&link.place),
            Some(mtu) if digits(mtu) == Some(0) => {
                let message = "cloud-init sets the mtu to 0 where it does not use netplan, because 0 does not stand for the default";
                findings.add(Code::InvalidMtu, Readers::CLOUD_INIT, &link.place.below("mtu"), message);
            }
            Some(mtu) if is_mtu(mtu) => {}
            Some(_) => {
                let message = "cloud-init configures no network where it uses netplan, and other renderers and cloudbase-init \
                               pass it on, because mtu is not a number of bytes, or too small for Linux";
                let readers = Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT;
                findings.add(Code::InvalidMtu, readers, &link.place.below("mtu"), message);
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

/// Returns whether netplan and Linux accept it.
fn is_mtu(mtu: &Json<'_>) -> bool {
    let bytes = match mtu {
        Json::Text(text) if text.is_empty() => return true,
        Json::Text(text) => digits(&Json::Text(text.strip_prefix('+').unwrap_or(text).into())),
        mtu => digits(mtu),
    };
    bytes.is_some_and(|bytes| bytes >= MIN_MTU)
}

/// `ETH_MIN_MTU` of Linux.
const MIN_MTU: u32 = 68;

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
        for text in ["1500", "68", r#""1500""#, r#""+1500""#, r#""""#] {
            assert!(is_mtu(text), "{text}");
        }
        for text in ["-1", "0", "67", "1500.5", "5000000000", r#""jumbo""#, r#""1500 ""#, "true", "[]", "{}"] {
            assert!(!is_mtu(text), "{text}");
        }
    }
}
