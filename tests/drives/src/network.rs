//! Drives whose `network_data.json` has one fault each, and drives whose network only looks faulty.

use configdrive::check::Code;
use serde_json::{Value, json};

use crate::faults::{
    Claim::{self, Fails, Reads},
    Drive, Fault,
    Reader::{CloudInit, CloudInitNewest, CloudbaseInit, Glean, Ironic},
    bond, push, remove,
};

/// What each version of cloud-init does where it uses netplan.
const NETPLAN: [Claim; 2] =
    [Fails(CloudInit, "netplan", "GenerateError"), Fails(CloudInitNewest, "netplan", "GenerateError")];

pub const FAULTS: &[Fault] = &[
    // Members of the wrong kind.
    Fault {
        name: "services_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.network_data["services"] = Value::Null,
        claims: &[
            Fails(CloudInit, "network", "TypeError"),
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "network", "TypeError"),
        ],
    },
    Fault {
        name: "network_data_that_is_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.network_data = Value::Null,
        claims: &[
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "network", "AttributeError"),
            Reads(Ironic, "/rebuilt", "true"),
        ],
    },
    Fault {
        name: "links_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.network_data["links"] = Value::Null,
        claims: &[
            Fails(CloudInit, "network", "TypeError"),
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "network", "TypeError"),
            Reads(Ironic, "/rebuilt", "true"),
        ],
    },
    Fault {
        name: "a_link_whose_id_is_a_list",
        code: Code::InvalidNetworkData,
        introduce: |drive| {
            link(drive)["id"] = json!(["tap2"]);
            drive.network_data["networks"].as_array_mut().expect("a list").truncate(1);
        },
        claims: &[
            Fails(CloudInit, "network", "TypeError"),
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "configured", "TypeError"),
        ],
    },
    Fault {
        name: "bond_links_that_are_a_string",
        code: Code::InvalidNetworkData,
        introduce: |drive| add_bond(drive, "bond_links", json!("tap1")),
        claims: &[Reads(CloudInit, "/network/interfaces/0", "[]"), Fails(Glean, "network", "KeyError: 't'")],
    },
    Fault {
        name: "bond_links_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| add_bond(drive, "bond_links", Value::Null),
        claims: &[Fails(CloudInit, "network", "KeyError: None"), Fails(Glean, "network", "TypeError")],
    },
    Fault {
        name: "a_network_whose_type_is_a_number",
        code: Code::InvalidNetworkData,
        introduce: |drive| network(drive)["type"] = json!(4),
        claims: &[
            Fails(CloudInit, "network", "AttributeError"),
            Fails(Glean, "networkd", "KeyError"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
        ],
    },
    Fault {
        name: "routes_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| network(drive)["routes"] = Value::Null,
        claims: &[
            Fails(CloudInit, "network", "TypeError"),
            Fails(CloudInitNewest, "network", "TypeError"),
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "network", "TypeError"),
        ],
    },
    Fault {
        name: "routes_that_are_an_object",
        code: Code::InvalidNetworkData,
        introduce: |drive| network(drive)["routes"] = json!({"default": "192.0.2.1"}),
        claims: &[
            Fails(CloudInit, "network", "AttributeError"),
            Fails(Glean, "network", "TypeError"),
            Fails(CloudbaseInit, "network", "AttributeError"),
        ],
    },
    Fault {
        name: "a_route_that_is_null_with_dhcp",
        code: Code::InvalidNetworkData,
        introduce: |drive| {
            *network(drive) = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap2", "routes": [null]});
        },
        claims: &[Fails(CloudInit, "network", "AttributeError"), Fails(Glean, "networkd", "TypeError")],
    },
    Fault {
        name: "a_networks_services_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| network(drive)["services"] = Value::Null,
        claims: &[
            Fails(CloudInitNewest, "network", "TypeError"),
            Fails(Glean, "networkd", "TypeError"),
            Fails(CloudbaseInit, "network", "TypeError"),
        ],
    },
    Fault {
        name: "a_routes_services_that_are_null",
        code: Code::InvalidNetworkData,
        introduce: |drive| route(drive)["services"] = Value::Null,
        claims: &[Fails(CloudInitNewest, "network", "TypeError")],
    },
    Fault {
        name: "dns_nameservers_that_are_a_number",
        code: Code::InvalidNetworkData,
        introduce: |drive| network(drive)["dns_nameservers"] = json!(5),
        claims: &[Fails(CloudInit, "network", "AttributeError")],
    },
    Fault {
        name: "a_metric_that_is_a_word",
        code: Code::InvalidNetworkData,
        introduce: |drive| route(drive)["metric"] = json!("low"),
        claims: &[Fails(CloudInit, "network", "TypeError"), Fails(CloudInitNewest, "network", "TypeError")],
    },
    // Links.
    Fault {
        name: "a_bond_with_no_links",
        code: Code::IncompleteLink,
        introduce: |drive| {
            add_bond(drive, "bond_links", json!([]));
            drive.network_data["networks"][1]["link"] = json!("b");
        },
        claims: &[
            Reads(
                CloudInit,
                "/network/interfaces",
                r#"{"net0": ["192.0.1.10/24"], "net1": [], "bond0": ["192.0.2.10/24"]}"#,
            ),
            Reads(Glean, "/debian/interfaces/net1", "{}"),
        ],
    },
    Fault {
        name: "an_mtu_that_is_a_word",
        code: Code::InvalidMtu,
        introduce: |drive| link(drive)["mtu"] = json!("jumbo"),
        claims: &[NETPLAN[0], NETPLAN[1], Reads(CloudbaseInit, "/configured/interfaces/tap2/mtu", r#""jumbo""#)],
    },
    Fault {
        name: "an_mtu_too_small_for_linux",
        code: Code::InvalidMtu,
        introduce: |drive| link(drive)["mtu"] = json!(67),
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net1/mtu", r#""67""#),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/mtu", r#""67""#),
        ],
    },
    Fault {
        name: "an_mtu_of_zero",
        code: Code::InvalidMtu,
        introduce: |drive| link(drive)["mtu"] = json!(0),
        claims: &[Reads(CloudInit, "/sysconfig/interfaces/net1/mtu", r#""0""#)],
    },
    Fault {
        name: "a_negative_mtu",
        code: Code::InvalidMtu,
        introduce: |drive| link(drive)["mtu"] = json!(-1),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_mac_address_with_dashes",
        code: Code::InvalidMac,
        introduce: |drive| link(drive)["ethernet_mac_address"] = json!("52-54-00-00-00-02"),
        claims: &[
            Fails(CloudInit, "network", "ValueError: Unable to find a system nic"),
            Fails(CloudInitNewest, "network", "ValueError: Unable to find a system nic"),
            Reads(Glean, "/debian/interfaces/net1", r#"{"dhcp": ["dhcp4"]}"#),
            Fails(CloudbaseInit, "configured", "LookupError"),
        ],
    },
    Fault {
        name: "a_mac_address_that_is_a_number",
        code: Code::InvalidMac,
        introduce: |drive| link(drive)["ethernet_mac_address"] = json!(525400000002_u64),
        claims: &[
            Fails(CloudInit, "network", "AttributeError"),
            Fails(Glean, "network", "AttributeError"),
            Fails(CloudbaseInit, "configured", "AttributeError"),
        ],
    },
    Fault {
        name: "a_bonds_mac_address_with_dashes",
        code: Code::InvalidMac,
        introduce: |drive| add_bond(drive, "ethernet_mac_address", json!("52-54-00-00-00-0b")),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_vlans_mac_address_that_is_empty",
        code: Code::InvalidMac,
        introduce: |drive| add_vlan(drive, "vlan_mac_address", json!("")),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_link_whose_name_is_null",
        code: Code::InvalidLinkName,
        introduce: |drive| link(drive)["name"] = Value::Null,
        claims: &[Fails(CloudInit, "eni", "TypeError"), Fails(CloudInitNewest, "eni", "TypeError")],
    },
    Fault {
        name: "a_link_whose_name_has_a_space",
        code: Code::InvalidLinkName,
        introduce: |drive| link(drive)["name"] = json!("eth 1"),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_vlan_id_over_4094",
        code: Code::InvalidVlanId,
        introduce: |drive| {
            add_vlan(drive, "vlan_id", json!(5000));
            network(drive)["link"] = json!("v");
        },
        claims: &[
            NETPLAN[0],
            NETPLAN[1],
            Reads(Glean, "/redhat/interfaces/net0.5000/addresses", r#"["192.0.2.10/24"]"#),
            Reads(CloudbaseInit, "/configured/interfaces/v/vlan", r#""5000""#),
        ],
    },
    Fault {
        name: "a_vlan_id_that_is_a_word",
        code: Code::InvalidVlanId,
        introduce: |drive| add_vlan(drive, "vlan_id", json!("five")),
        claims: &[NETPLAN[0], NETPLAN[1], Fails(CloudInit, "sysconfig", "ValueError")],
    },
    Fault {
        name: "a_vlan_on_a_vlan",
        code: Code::VlanOnVlan,
        introduce: |drive| {
            add_vlan(drive, "vlan_id", json!(5));
            let mut inner = vlan();
            inner["id"] = json!("w");
            inner["vlan_link"] = json!("v");
            push(drive, inner);
            drive.network_data["networks"][1]["link"] = json!("w");
        },
        claims: &[NETPLAN[0], NETPLAN[1], Fails(Glean, "network", "KeyError: 'mac_address'")],
    },
    Fault {
        name: "a_bond_without_mode",
        code: Code::BondWithoutMode,
        introduce: |drive| {
            push(drive, bond());
            remove(&mut drive.network_data["links"][2], "bond_mode");
        },
        claims: &[Fails(Glean, "network", "KeyError"), Fails(CloudbaseInit, "network", "CloudbaseInitException")],
    },
    Fault {
        name: "a_bond_whose_mode_is_null",
        code: Code::BondWithoutMode,
        introduce: |drive| add_bond(drive, "bond_mode", Value::Null),
        claims: &[Fails(CloudbaseInit, "network", "CloudbaseInitException: Unsupported bond mode")],
    },
    Fault {
        name: "a_bond_with_an_empty_hash_policy",
        code: Code::UnknownBondHashPolicy,
        introduce: |drive| add_bond(drive, "bond_xmit_hash_policy", json!("")),
        claims: &[Fails(CloudbaseInit, "network", "CloudbaseInitException: Unsupported bond hash policy")],
    },
    Fault {
        name: "a_bond_with_another_hash_policy",
        code: Code::UnknownBondHashPolicy,
        introduce: |drive| add_bond(drive, "bond_xmit_hash_policy", json!("vlan+srcmac")),
        claims: &[Fails(CloudbaseInit, "network", "CloudbaseInitException: Unsupported bond hash policy")],
    },
    Fault {
        name: "a_bonds_lacp_rate_that_is_a_number",
        code: Code::InvalidBondOption,
        introduce: |drive| add_bond(drive, "bond_lacp_rate", json!(1)),
        claims: &[NETPLAN[1]],
    },
    Fault {
        name: "a_bonds_miimon_that_is_a_list",
        code: Code::InvalidBondOption,
        introduce: |drive| add_bond(drive, "bond_miimon", json!([100])),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_bonds_min_links_that_are_a_word",
        code: Code::InvalidBondOption,
        introduce: |drive| add_bond(drive, "bond_min_links", json!("one")),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_bonds_arp_targets",
        code: Code::InvalidBondOption,
        introduce: |drive| add_bond(drive, "bond_arp_ip_target", json!("192.0.2.1")),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_bonds_primary_that_is_empty",
        code: Code::InvalidBondOption,
        introduce: |drive| add_bond(drive, "bond_primary", json!("")),
        claims: &NETPLAN,
    },
    Fault {
        name: "a_bond_of_a_bond",
        code: Code::BondOfVirtualLinks,
        introduce: |drive| {
            push(drive, bond());
            push(drive, another_bond(json!(["b"])));
        },
        claims: &[Fails(Glean, "network", "KeyError: 'b'")],
    },
    Fault {
        name: "a_port_in_two_bonds",
        code: Code::PortInTwoBonds,
        introduce: |drive| {
            push(drive, bond());
            push(drive, another_bond(json!(["tap1"])));
        },
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net0/bonded_to", r#""bond1""#),
            Reads(CloudInitNewest, "/netplan/interfaces/net0/bonded_to", r#""bond1""#),
            Reads(Glean, "/redhat/interfaces/net0/bonded_to", r#""b2""#),
        ],
    },
    Fault {
        name: "dhcp_on_a_bonds_port",
        code: Code::NetworkOnBondPort,
        introduce: |drive| {
            push(drive, bond());
            drive.network_data["networks"][0] = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap1"});
        },
        claims: &[
            Reads(CloudInit, "/sysconfig_suse/interfaces/net0", r#"{"mtu": "1500"}"#),
            Reads(CloudInitNewest, "/sysconfig_suse/interfaces/net0", r#"{"mtu": "1500"}"#),
        ],
    },
    Fault {
        name: "bond_links_of_a_physical_link",
        code: Code::ForeignLinkMember,
        introduce: |drive| link(drive)["bond_links"] = json!(["tap1"]),
        claims: &[Fails(Glean, "redhat", "KeyError: 'raw_macs'"), Fails(Glean, "suse", "KeyError: 'raw_macs'")],
    },
    Fault {
        name: "a_bond_mode_of_a_physical_link",
        code: Code::ForeignLinkMember,
        introduce: |drive| link(drive)["bond_mode"] = json!("802.3ad"),
        claims: &[Fails(Glean, "debian", "KeyError: 'raw_macs'"), Fails(Glean, "networkd", "KeyError: 'raw_macs'")],
    },
    Fault {
        name: "a_vlan_id_of_a_physical_link",
        code: Code::ForeignLinkMember,
        introduce: |drive| link(drive)["vlan_id"] = json!(5),
        claims: &[Fails(Glean, "redhat_keyfiles", "KeyError: 'vlan_link'")],
    },
    Fault {
        name: "a_vlan_id_of_a_bond",
        code: Code::ForeignLinkMember,
        introduce: |drive| add_bond(drive, "vlan_id", json!(5)),
        claims: &[Fails(Glean, "redhat_keyfiles", "KeyError: 'vlan_link'")],
    },
    Fault {
        name: "a_vlan_whose_mac_is_null",
        code: Code::VlanWithoutMac,
        introduce: |drive| add_vlan(drive, "vlan_mac_address", Value::Null),
        claims: &[Fails(Glean, "network", "AttributeError")],
    },
    Fault {
        name: "the_same_vlan_twice",
        code: Code::DuplicateVlan,
        introduce: |drive| {
            add_vlan(drive, "vlan_id", json!(5));
            let mut again = vlan();
            again["id"] = json!("w");
            push(drive, again);
            drive.network_data["networks"][0]["link"] = json!("v");
            drive.network_data["networks"][1]["link"] = json!("w");
        },
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net0.5/addresses", r#"["192.0.2.10/24"]"#),
            Reads(CloudInitNewest, "/netplan/interfaces/net0.5/addresses", r#"["192.0.2.10/24"]"#),
            Reads(Glean, "/redhat/interfaces/net0.5/addresses", r#"["192.0.2.10/24"]"#),
        ],
    },
    Fault {
        name: "a_link_with_a_name_instead_of_a_mac_address",
        code: Code::NameWithoutMac,
        introduce: |drive| {
            remove(link(drive), "ethernet_mac_address");
            link(drive)["name"] = json!("eth1");
        },
        claims: &[
            Fails(Glean, "network", "KeyError: 'ethernet_mac_address'"),
            Fails(CloudbaseInit, "configured", "AttributeError"),
        ],
    },
    Fault {
        name: "two_links_with_the_same_name",
        code: Code::DuplicateId,
        introduce: |drive| {
            for index in 0..2 {
                drive.network_data["links"][index]["name"] = json!("eth0");
            }
        },
        claims: &[Reads(CloudInit, "/network/interfaces", r#"{"eth0": ["192.0.2.10/24"]}"#)],
    },
    // Networks.
    Fault {
        name: "only_services",
        code: Code::EmptyNetworkData,
        introduce: |drive| {
            drive.network_data["links"] = json!([]);
            drive.network_data["networks"] = json!([]);
        },
        claims: &[Reads(CloudInit, "/netplan/interfaces", "{}"), Reads(CloudInitNewest, "/netplan/interfaces", "{}")],
    },
    Fault {
        name: "links_without_networks",
        code: Code::LinksWithoutNetworks,
        introduce: |drive| drive.network_data["networks"] = json!([]),
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net0", r#"{"mtu": "1500"}"#),
            Reads(CloudInitNewest, "/netplan/interfaces/net0", r#"{"mtu": "1500"}"#),
            Reads(Glean, "/debian/interfaces/net0", "{}"),
        ],
    },
    Fault {
        name: "a_network_whose_link_is_null",
        code: Code::NetworkWithoutLink,
        introduce: |drive| network(drive)["link"] = Value::Null,
        claims: &[
            Reads(CloudInit, "/network/interfaces/net1", "[]"),
            Reads(Glean, "/network/interfaces/net1", r#"["manual"]"#),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
        ],
    },
    Fault {
        name: "a_network_whose_type_is_null",
        code: Code::IncompleteNetwork,
        introduce: |drive| network(drive)["type"] = Value::Null,
        claims: &[
            Fails(CloudInit, "network", "AttributeError"),
            Fails(CloudInitNewest, "network", "AttributeError"),
            Fails(Glean, "networkd", "KeyError"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
        ],
    },
    Fault {
        name: "a_network_of_a_type_that_only_cloud_init_knows",
        code: Code::UnknownNetworkType,
        introduce: |drive| network(drive)["type"] = json!("static"),
        claims: &[
            Fails(Glean, "networkd", "KeyError"),
            Reads(Glean, "/network/interfaces/net1", "null"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
        ],
    },
    Fault {
        name: "a_network_whose_id_is_a_number",
        code: Code::NetworkWithoutId,
        introduce: |drive| network(drive)["id"] = json!(2),
        claims: &[Fails(Glean, "network", "TypeError")],
    },
    Fault {
        name: "two_ipv4_networks_on_a_link",
        code: Code::SeveralIpv4Networks,
        introduce: |drive| {
            let third = json!({"id": "network3", "type": "ipv4", "link": "tap2", "ip_address": "192.0.3.10",
                               "netmask": "255.255.255.0", "routes": []});
            drive.network_data["networks"].as_array_mut().expect("a list").push(third);
        },
        claims: &[
            Reads(Glean, "/redhat/interfaces/net1/addresses", r#"["192.0.3.10/24"]"#),
            Reads(Glean, "/redhat_keyfiles/interfaces/net1/addresses", r#"["192.0.3.10/24"]"#),
            Reads(Glean, "/suse/interfaces/net1/addresses", r#"["192.0.3.10/24"]"#),
        ],
    },
    Fault {
        name: "an_ipv6_network_without_an_ipv4_network",
        code: Code::Ipv6WithoutIpv4,
        introduce: |drive| {
            add_ipv6(drive);
            drive.network_data["networks"][2]["services"] = network(drive)["services"].take();
            drive.network_data["networks"].as_array_mut().expect("a list").remove(1);
        },
        claims: &[
            Fails(Glean, "redhat", "AssertionError"),
            Fails(Glean, "redhat_keyfiles", "KeyError"),
            Fails(Glean, "suse", "AssertionError"),
        ],
    },
    Fault {
        name: "a_network_with_dhcpv6",
        code: Code::UnknownNetworkType,
        introduce: |drive| {
            *network(drive) = json!({"id": "network2", "type": "ipv6_dhcpv6-stateful", "link": "tap2"});
        },
        claims: &[Fails(Glean, "networkd", "KeyError: '[Network]'"), Reads(Glean, "/debian/interfaces/net1", "null")],
    },
    // Addresses and routes.
    Fault {
        name: "a_netmask_that_is_a_number",
        code: Code::UnusualNetmask,
        introduce: |drive| network(drive)["netmask"] = json!(24),
        claims: &[Fails(Glean, "redhat_keyfiles", "TypeError"), Fails(Glean, "networkd", "AttributeError")],
    },
    Fault {
        name: "a_host_mask",
        code: Code::UnusualNetmask,
        introduce: |drive| network(drive)["netmask"] = json!("0.0.0.255"),
        claims: &[Reads(Glean, "/networkd/interfaces/net1/addresses", r#"["192.0.2.10/8"]"#)],
    },
    Fault {
        name: "an_ipv6_netmask_that_is_a_prefix_length",
        code: Code::UnusualNetmask,
        introduce: |drive| {
            add_ipv6(drive);
            drive.network_data["networks"][2]["netmask"] = json!("64");
        },
        claims: &[Fails(Glean, "debian", "SyntaxError: Bad Netmask")],
    },
    Fault {
        name: "a_netmask_of_zeros",
        code: Code::InvalidAddress,
        introduce: |drive| network(drive)["netmask"] = json!("0.0.0.0"),
        claims: &[NETPLAN[0], NETPLAN[1], Fails(Glean, "redhat_keyfiles", "AttributeError")],
    },
    Fault {
        name: "an_address_with_prefix_and_netmask",
        code: Code::PrefixAndNetmask,
        introduce: |drive| network(drive)["ip_address"] = json!("192.0.2.10/24"),
        claims: &[Fails(Glean, "redhat_keyfiles", "ValueError"), Fails(CloudbaseInit, "network", "ValueError")],
    },
    Fault {
        name: "a_route_with_prefix_and_netmask",
        code: Code::PrefixAndNetmask,
        introduce: |drive| route(drive)["network"] = json!("0.0.0.0/0"),
        claims: &[Fails(Glean, "redhat_keyfiles", "ValueError"), Fails(CloudbaseInit, "network", "ValueError")],
    },
    Fault {
        name: "an_address_of_another_family",
        code: Code::OtherFamily,
        introduce: |drive| {
            network(drive)["type"] = json!("ipv6");
            network(drive)["routes"] = json!([]);
            add_dhcp(drive);
        },
        claims: &[Fails(Glean, "debian", "SyntaxError: Bad Netmask")],
    },
    Fault {
        name: "an_ipv4_route_with_slaac",
        code: Code::OtherFamily,
        introduce: |drive| {
            network(drive)["type"] = json!("ipv6_slaac");
            add_dhcp(drive);
        },
        claims: &[
            Fails(Glean, "redhat", "SyntaxError: Bad Netmask"),
            Fails(Glean, "networkd", "SyntaxError: Bad Netmask"),
        ],
    },
    Fault {
        name: "an_ipv4_default_route_in_an_ipv6_network",
        code: Code::OtherFamily,
        introduce: |drive| {
            let default = json!([{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}]);
            add_ipv6(drive);
            drive.network_data["networks"][2]["routes"] = default;
            network(drive)["routes"] = json!([]);
        },
        claims: &[
            Fails(Glean, "networkd", "SyntaxError"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", r#"["::/0 via 192.0.2.1"]"#),
        ],
    },
    Fault {
        name: "a_route_to_nowhere_with_dhcp",
        code: Code::InvalidAddress,
        introduce: |drive| {
            drive.network_data["networks"][1] =
                json!({"id": "n", "type": "ipv4_dhcp", "link": "tap2", "routes": [{"gateway": "192.0.2.1"}]});
        },
        claims: &[Fails(CloudInit, "network", "ValueError"), Fails(CloudInitNewest, "network", "ValueError")],
    },
    Fault {
        name: "a_route_to_the_word_default",
        code: Code::InvalidAddress,
        introduce: |drive| route(drive)["network"] = json!("default"),
        claims: &[
            Fails(CloudInit, "network", "ValueError"),
            Fails(Glean, "redhat_keyfiles", "ValueError"),
            Fails(CloudbaseInit, "network", "AddrFormatError"),
        ],
    },
    Fault {
        name: "a_route_without_netmask",
        code: Code::RouteWithoutNetmask,
        introduce: |drive| remove(route(drive), "netmask"),
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net1/routes", r#"["0.0.0.0/24 via 192.0.2.1"]"#),
            Fails(Glean, "network", "KeyError: 'netmask'"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", "[]"),
        ],
    },
    Fault {
        name: "a_route_with_an_empty_netmask",
        code: Code::RouteWithoutNetmask,
        introduce: |drive| {
            route(drive)["network"] = json!("0.0.0.0/0");
            route(drive)["netmask"] = json!("");
        },
        claims: &[Fails(Glean, "redhat_keyfiles", "ValueError"), Fails(Glean, "networkd", "ValueError")],
    },
    Fault {
        name: "an_empty_gateway",
        code: Code::RouteWithoutGateway,
        introduce: |drive| route(drive)["gateway"] = json!(""),
        claims: &[
            NETPLAN[0],
            NETPLAN[1],
            Fails(CloudInit, "sysconfig", "KeyError: 'gateway'"),
            Fails(CloudInit, "eni", "KeyError: 'gateway'"),
            Reads(Glean, "/debian/interfaces/net1/routes", "null"),
        ],
    },
    Fault {
        name: "no_gateway_with_dhcp",
        code: Code::RouteWithoutGateway,
        introduce: |drive| {
            drive.network_data["networks"][1] = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap2",
                                                       "routes": [{"network": "192.0.3.0", "netmask": "255.255.255.0"}]});
        },
        claims: &[
            Fails(CloudInit, "sysconfig", "KeyError: 'gateway'"),
            Fails(CloudInit, "eni", "KeyError: 'gateway'"),
            Reads(Glean, "/networkd/interfaces/net1/routes", r#"["192.0.3.0/24 on link"]"#),
        ],
    },
    Fault {
        name: "no_netmask_with_dhcp",
        code: Code::RouteWithoutNetmask,
        introduce: |drive| {
            drive.network_data["networks"][1] = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap2",
                                                       "routes": [{"network": "192.0.3.0", "gateway": "192.0.2.1"}]});
        },
        claims: &[
            Reads(CloudInit, "/eni/interfaces/net1/routes", r#"["192.0.3.0/24 via 192.0.2.1"]"#),
            Fails(Glean, "networkd", "KeyError: 'netmask'"),
        ],
    },
    Fault {
        name: "a_gateway_that_is_a_name_with_dhcp",
        code: Code::InvalidGateway,
        introduce: |drive| {
            drive.network_data["networks"][1] = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap2",
                       "routes": [{"network": "192.0.3.0", "netmask": "255.255.255.0", "gateway": "gateway"}]});
        },
        claims: &[
            Reads(CloudInit, "/eni/interfaces/net1/routes", r#"["192.0.3.0/24 via gateway"]"#),
            Reads(Glean, "/networkd/interfaces/net1/routes", r#"["192.0.3.0/24 via gateway"]"#),
        ],
    },
    Fault {
        name: "a_gateway_of_another_family",
        code: Code::InvalidGateway,
        introduce: |drive| route(drive)["gateway"] = json!("2001:db8::1"),
        claims: &[
            NETPLAN[0],
            NETPLAN[1],
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", r#"["0.0.0.0/0 via 2001:db8::1"]"#),
            Reads(Glean, "/debian/interfaces/net1/routes", r#"["::/0 via 2001:db8::1"]"#),
        ],
    },
    Fault {
        name: "a_gateway_that_is_a_name",
        code: Code::InvalidGateway,
        introduce: |drive| route(drive)["gateway"] = json!("gateway.example.org"),
        claims: &[
            NETPLAN[0],
            NETPLAN[1],
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", r#"["0.0.0.0/0 via gateway.example.org"]"#),
            Reads(Glean, "/debian/interfaces/net1/routes", r#"["0.0.0.0/0 via gateway.example.org"]"#),
        ],
    },
    Fault {
        name: "two_default_routes",
        code: Code::TwoDefaultRoutes,
        introduce: |drive| {
            let route = |gateway| json!({"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": gateway});
            network(drive)["routes"] = json!([route("192.0.2.2"), route("192.0.2.3")]);
        },
        claims: &[
            Fails(CloudInit, "sysconfig", "ValueError: Duplicate declaration of default route"),
            Fails(CloudInitNewest, "sysconfig", "ValueError: Duplicate declaration of default route"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", r#"["0.0.0.0/0 via 192.0.2.2"]"#),
            Reads(Glean, "/redhat/interfaces/net1/routes", r#"["0.0.0.0/0 via 192.0.2.3"]"#),
        ],
    },
    Fault {
        name: "a_networks_own_gateway",
        code: Code::NetworkGateway,
        introduce: |drive| {
            network(drive)["gateway"] = json!("192.0.2.1");
            network(drive)["routes"] = json!([]);
        },
        claims: &[
            Reads(Glean, "/debian/interfaces/net1/routes", "null"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/routes", "[]"),
        ],
    },
    // Services.
    Fault {
        name: "a_name_server_that_is_a_name",
        code: Code::InvalidDnsAddress,
        introduce: |drive| add_service(drive, json!({"type": "dns", "address": "dns.example.org"})),
        claims: &[NETPLAN[0], Reads(Glean, "/network/dns", r#"["192.0.2.53", "dns.example.org"]"#)],
    },
    Fault {
        name: "two_name_servers_in_a_string",
        code: Code::InvalidDnsAddress,
        introduce: |drive| add_service(drive, json!({"type": "dns", "address": "192.0.2.53,192.0.2.54"})),
        claims: &[NETPLAN[0], Reads(Glean, "/network/dns", r#"["192.0.2.53", "192.0.2.53,192.0.2.54"]"#)],
    },
    Fault {
        name: "a_networks_name_server_that_is_a_name",
        code: Code::InvalidDnsAddress,
        introduce: |drive| network(drive)["services"][0]["address"] = json!("dns.example.org"),
        claims: &[
            NETPLAN[1],
            Reads(Glean, "/networkd/interfaces/net1/dns", r#"["dns.example.org"]"#),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/dns", r#"["dns.example.org"]"#),
        ],
    },
    Fault {
        name: "a_networks_name_server_without_address",
        code: Code::InvalidDnsAddress,
        introduce: |drive| remove(&mut network(drive)["services"][0], "address"),
        claims: &[
            Fails(CloudInitNewest, "network", "KeyError: 'address'"),
            Fails(Glean, "networkd", "KeyError: 'address'"),
        ],
    },
    Fault {
        name: "a_list_of_name_servers",
        code: Code::DnsAddressList,
        introduce: |drive| drive.network_data["services"][0]["address"] = json!(["192.0.2.53"]),
        claims: &[
            Fails(CloudbaseInit, "configured", "TypeError"),
            Reads(Glean, "/network/dns", r#"["['192.0.2.53']"]"#),
        ],
    },
    Fault {
        name: "a_time_server",
        code: Code::ServiceNotDns,
        introduce: |drive| add_service(drive, json!({"type": "ntp", "address": "192.0.2.123"})),
        claims: &[
            Reads(CloudInit, "/network/dns", r#"["192.0.2.53", "192.0.2.123"]"#),
            Reads(CloudInitNewest, "/network/dns", r#"["192.0.2.53", "192.0.2.123"]"#),
        ],
    },
    Fault {
        name: "a_service_without_type",
        code: Code::ServiceWithoutType,
        introduce: |drive| add_service(drive, json!({})),
        claims: &[Fails(Glean, "network", "KeyError: 'type'")],
    },
    Fault {
        name: "a_name_server_in_dns_nameservers",
        code: Code::DnsInOnePlace,
        introduce: |drive| {
            drive.network_data["services"] = json!([]);
            for index in 0..2 {
                let network = &mut drive.network_data["networks"][index];
                network["services"] = json!([]);
                network["dns_nameservers"] = json!(["192.0.2.53"]);
            }
        },
        claims: &[Reads(Glean, "/network/dns", "[]"), Reads(CloudbaseInit, "/configured/interfaces/tap2/dns", "[]")],
    },
    Fault {
        name: "a_name_server_in_a_routes_services",
        code: Code::DnsInOnePlace,
        introduce: |drive| {
            drive.network_data["services"] = json!([]);
            for index in 0..2 {
                let network = &mut drive.network_data["networks"][index];
                network["routes"][0]["services"] = network["services"].take();
                network["services"] = json!([]);
            }
        },
        claims: &[
            Reads(CloudInit, "/netplan/interfaces/net1/dns", "null"),
            Reads(Glean, "/network/dns", "[]"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/dns", "[]"),
        ],
    },
    Fault {
        name: "an_ipv6_name_server_only_in_an_ipv4_networks_services",
        code: Code::DnsInOnePlace,
        introduce: |drive| {
            add_ipv6(drive);
            let both = json!([{"type": "dns", "address": "192.0.2.54"}, {"type": "dns", "address": "2001:db8::53"}]);
            drive.network_data["services"] = both.clone();
            drive.network_data["networks"][0]["services"] = both.clone();
            drive.network_data["networks"][2]["services"] = json!([{"type": "dns", "address": "192.0.2.54"}]);
            network(drive)["services"] = both;
        },
        claims: &[Reads(CloudInitNewest, "/eni/interfaces/net1/dns", r#"["192.0.2.54"]"#)],
    },
    Fault {
        name: "a_name_server_that_only_a_link_with_dhcp_lacks",
        code: Code::DnsInOnePlace,
        introduce: |drive| {
            add_service(drive, json!({"type": "dns", "address": "2001:db8::53"}));
            drive.network_data["networks"][0] = json!({"id": "n", "type": "ipv4_dhcp", "link": "tap1"});
        },
        claims: &[
            Reads(CloudInitNewest, "/netplan/interfaces/net0/dns", "null"),
            Reads(CloudbaseInit, "/configured/interfaces/tap1/dns", "[]"),
        ],
    },
];

/// Something that looks like a fault, but all readers accept it.
pub struct Harmless {
    /// A description that completes a test's name.
    pub name: &'static str,
    pub introduce: fn(&mut Drive),
}

pub const HARMLESS: &[Harmless] = &[
    Harmless { name: "a_link_whose_type_is_null", introduce: |drive| link(drive)["type"] = Value::Null },
    Harmless { name: "a_link_of_an_unknown_type", introduce: |drive| link(drive)["type"] = json!("warp") },
    Harmless {
        name: "a_mac_address_in_capitals",
        introduce: |drive| {
            link(drive)["ethernet_mac_address"] = json!("52:54:00:00:00:AB");
        },
    },
    Harmless { name: "an_mtu_that_is_a_string", introduce: |drive| link(drive)["mtu"] = json!("1500") },
    Harmless { name: "a_vlan", introduce: |drive| add_vlan(drive, "vlan_id", json!(4094)) },
    Harmless { name: "a_vlan_id_that_is_a_string", introduce: |drive| add_vlan(drive, "vlan_id", json!("5")) },
    Harmless {
        name: "the_same_vlan_id_on_two_links",
        introduce: |drive| {
            add_vlan(drive, "vlan_id", json!(5));
            let mut other = vlan();
            other["id"] = json!("w");
            other["vlan_link"] = json!("tap2");
            push(drive, other);
        },
    },
    Harmless {
        name: "a_bond_without_hash_policy",
        introduce: |drive| {
            add_bond(drive, "bond_xmit_hash_policy", Value::Null);
        },
    },
    Harmless {
        name: "a_bond_with_usual_options",
        introduce: |drive| {
            let mut bond = bond();
            for (name, value) in [("lacp_rate", json!("fast")), ("miimon", json!("100")), ("min_links", json!("1"))] {
                bond[format!("bond_{name}")] = value;
            }
            push(drive, bond);
        },
    },
    Harmless { name: "routes_that_are_an_empty_object", introduce: |drive| network(drive)["routes"] = json!({}) },
    Harmless {
        name: "a_link_without_network",
        introduce: |drive| {
            drive.network_data["networks"].as_array_mut().expect("a list").truncate(1);
        },
    },
    Harmless {
        name: "a_route_on_the_link",
        introduce: |drive| {
            let on_link = json!({"network": "198.51.100.0", "netmask": "255.255.255.0", "gateway": "0.0.0.0"});
            network(drive)["routes"].as_array_mut().expect("a list").push(on_link);
        },
    },
    Harmless {
        name: "a_gateway_behind_a_route_on_the_link",
        introduce: |drive| {
            network(drive)["routes"] = json!([
                {"network": "203.0.113.1", "netmask": "255.255.255.255", "gateway": "0.0.0.0"},
                {"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "203.0.113.1"},
            ]);
        },
    },
    Harmless { name: "an_ipv6_network_on_the_same_link", introduce: add_ipv6 },
    Harmless {
        name: "name_servers_only_at_the_top_level",
        introduce: |drive| {
            for index in 0..2 {
                remove(&mut drive.network_data["networks"][index], "services");
            }
        },
    },
    Harmless { name: "a_time_server_without_address", introduce: |drive| add_service(drive, json!({"type": "ntp"})) },
    Harmless {
        name: "a_time_server_that_is_a_name_server_too",
        introduce: |drive| add_service(drive, json!({"type": "ntp", "address": "192.0.2.53"})),
    },
    Harmless {
        name: "a_link_that_appears_twice",
        introduce: |drive| {
            let again = link(drive).clone();
            push(drive, again);
        },
    },
    Harmless {
        name: "a_vlan_that_appears_twice",
        introduce: |drive| {
            push(drive, vlan());
            push(drive, vlan());
        },
    },
    Harmless {
        name: "a_network_that_appears_twice",
        introduce: |drive| {
            network(drive)["routes"] = json!([]);
            let again = network(drive).clone();
            drive.network_data["networks"].as_array_mut().expect("a list").push(again);
        },
    },
    Harmless {
        name: "ids_that_are_numbers",
        introduce: |drive| {
            link(drive)["id"] = json!(2);
            network(drive)["link"] = json!(2);
        },
    },
];

fn link(drive: &mut Drive) -> &mut Value {
    &mut drive.network_data["links"][1]
}

fn network(drive: &mut Drive) -> &mut Value {
    &mut drive.network_data["networks"][1]
}

fn route(drive: &mut Drive) -> &mut Value {
    &mut drive.network_data["networks"][1]["routes"][0]
}

fn add_service(drive: &mut Drive, service: Value) {
    drive.network_data["services"].as_array_mut().expect("a list").push(service);
}

/// Adds a bond with another value.
fn add_bond(drive: &mut Drive, member: &str, value: Value) {
    let mut bond = bond();
    bond[member] = value;
    push(drive, bond);
}

fn another_bond(links: Value) -> Value {
    let mut bond = bond();
    bond["id"] = json!("b2");
    bond["ethernet_mac_address"] = json!("52:54:00:00:00:0d");
    bond["bond_links"] = links;
    bond
}

/// Adds a VLAN with another value.
fn add_vlan(drive: &mut Drive, member: &str, value: Value) {
    let mut vlan = vlan();
    vlan[member] = value;
    push(drive, vlan);
}

fn vlan() -> Value {
    json!({"id": "v", "type": "vlan", "mtu": 1500, "vlan_id": 5, "vlan_link": "tap1",
           "vlan_mac_address": "52:54:00:00:00:0c"})
}

/// Adds an IPv4 network on the second link.
fn add_dhcp(drive: &mut Drive) {
    let network = json!({"id": "network0", "type": "ipv4_dhcp", "link": "tap2"});
    drive.network_data["networks"].as_array_mut().expect("a list").push(network);
}

/// Adds an IPv6 network on the second link.
fn add_ipv6(drive: &mut Drive) {
    let network = json!({"id": "network3", "type": "ipv6", "link": "tap2", "ip_address": "2001:db8::10",
                         "netmask": "ffff:ffff:ffff:ffff::",
                         "routes": [{"network": "::", "netmask": "::", "gateway": "2001:db8::1"}]});
    drive.network_data["networks"].as_array_mut().expect("a list").push(network);
}
