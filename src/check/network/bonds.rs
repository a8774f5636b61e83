//! Findings about bonds.

use alloc::collections::{BTreeMap, BTreeSet};

use super::{
    Attached, Who,
    links::{BOTH, Kind, Link, Links, add_unknown, check_virtual_mac},
    value::{Key, digits, truthy},
};
use crate::{
    check::{Code, Findings, Readers, is_true, items, text},
    document::Json,
};

pub fn check(links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let mut bond_of = BTreeMap::new();
    for (link, index) in links.list.iter().zip(0usize..).filter(|(link, _)| link.kind == Kind::Bond) {
        check_bond(link, findings);
        check_options(link, findings);
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
        Some(Json::List(list)) if list.is_empty() => {
            let message = "cloud-init builds a bond without ports, and glean no bond, because bond_links is empty";
            findings.add(Code::IncompleteLink, BOTH, &place, message);
        }
        Some(Json::List(_)) => {}
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

/// Checks the networks whose link is a bond's port.
pub fn check_networks(networks: &[Attached<'_, '_, '_>], links: &Links<'_, '_, '_>, findings: &mut Findings) {
    let bonds = links.list.iter().filter(|link| link.kind == Kind::Bond);
    let ports: BTreeSet<_> = bonds.flat_map(|bond| items(bond.object, "bond_links")).filter_map(Key::new).collect();
    let on_port = |network: &&Attached<'_, '_, '_>| {
        network.network.get("link").and_then(Key::new).is_some_and(|link| ports.contains(&link))
    };
    for Attached { network, place, .. } in networks.iter().filter(on_port) {
        if matches!(text(network, "type"), Some("ipv4_dhcp" | "dhcp" | "dhcp4")) {
            let message = "cloud-init on SUSE does not use DHCP on the link because it is a port of a bond";
            findings.add(Code::NetworkOnBondPort, Readers::CLOUD_INIT, &place.below("link"), message);
        }
    }
}

/// Checks the options that cloud-init hands to netplan, besides those above. It leaves out what is null.
fn check_options(link: &Link<'_, '_, '_>, findings: &mut Findings) {
    let options = link.object.iter().filter(|(name, value)| PASSED_ON.contains(name) && **value != Json::Null);
    for (name, value) in options {
        let mut who = Who::from(Readers::CLOUD_INIT);
        let why = match (name, value) {
            ("bond_arp_ip_target", _) => "netplan does not know it under the name that cloud-init gives it",
            (_, Json::List(_) | Json::Object(_)) => "it is neither a string nor a number",
            ("bond_lacp_rate", Json::Text(rate)) if ["fast", "slow"].contains(&&**rate) => continue,
            ("bond_lacp_rate", _) => {
                who = who.new_cloud_init();
                "it is neither fast nor slow"
            }
            ("bond_min_links" | "bond_num_grat_arp", value) if is_true(value) && digits(value).is_none() => {
                "it is not a number"
            }
            ("bond_min_links" | "bond_num_grat_arp", Json::Bool(_) | Json::Float(_)) => "it is not a number",
            ("bond_primary", Json::Text(port)) if !port.is_empty() => continue,
            ("bond_primary", _) => "it is not the name of an interface",
            _ => continue,
        };
        let message =
            who.does("configures no network where it uses netplan", "configure no network where they use netplan", why);
        findings.add(Code::InvalidBondOption, Readers::CLOUD_INIT, &link.place.below(name), message);
    }
}

/// The options of a bond in `NET_CONFIG_TO_V2` of `cloudinit.net.network_state`, without the mode.
const PASSED_ON: [&str; 14] = [
    "bond_ad_select",
    "bond_arp_interval",
    "bond_arp_ip_target",
    "bond_arp_validate",
    "bond_downdelay",
    "bond_fail_over_mac",
    "bond_lacp_rate",
    "bond_miimon",
    "bond_min_links",
    "bond_num_grat_arp",
    "bond_primary",
    "bond_primary_reselect",
    "bond_updelay",
    "bond_xmit_hash_policy",
];

/// The kernel's bond modes, which are also cloudbase-init's `AVAILABLE_BOND_TYPES`.
const BOND_MODES: [&str; 7] =
    ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];

/// cloudbase-init's `AVAILABLE_BOND_LB_ALGORITHMS`.
const HASH_POLICIES: [&str; 5] = ["layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4"];
