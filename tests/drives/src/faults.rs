//! Drives with one fault each: what `check` should find, and how real readers react.

use configdrive::{
    check::{Code, Readers, Volume},
    image::read::{FatWidth, FileSystem, IsoNames},
};
use configdrive_support::Files;
use serde_json::{Value, json};

/// A drive that all readers accept, until a fault is put into it.
pub struct Drive {
    pub label: &'static str,
    pub file_system: FileSystem,
    pub size: u64,
    /// `meta_data.json` in both directories.
    pub meta_data: Value,
    /// `network_data.json` in both directories.
    pub network_data: Value,
    /// The other files; they override those above.
    pub files: Files,
    /// Paths to leave out.
    pub missing: Vec<&'static str>,
}

/// A FAT for any disk: the only file system with no finding, except on nodes where Ironic checks the drive.
const FAT: FileSystem = FileSystem::Fat { width: FatWidth::Fat16, sector_size: 4096 };

impl Drive {
    pub fn sound() -> Self {
        let link = |index: u8| {
            json!({"id": format!("tap{index}"), "type": "phy", "mtu": 1500,
                   "ethernet_mac_address": format!("52:54:00:00:00:0{index}")})
        };
        let static_network = |index: u8| {
            json!({"id": format!("network{index}"), "type": "ipv4", "link": format!("tap{index}"),
                   "ip_address": format!("192.0.{index}.10"), "netmask": "255.255.255.0",
                   "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": format!("192.0.{index}.1")}],
                   "services": [{"type": "dns", "address": "192.0.2.53"}]})
        };
        Self {
            label: "config-2",
            file_system: FAT,
            size: 1 << 20,
            meta_data: json!({"uuid": "5f2d6d1c-9d6e-4d0e-8f3b-0a1b2c3d4e5f", "hostname": "web-01.example.org", "name": "web-01",
                              "random_seed": "AAECAw==", "public_keys": {"k": "ssh-ed25519 AAAA k"}}),
            network_data: json!({"links": [link(1), link(2)], "networks": [static_network(1), static_network(2)],
                                 "services": [{"type": "dns", "address": "192.0.2.53"}]}),
            files: [
                both("user_data", "#cloud-config\nhostname: web-01\n"),
                both("vendor_data.json", r##"{"cloud-init": "#cloud-config\nlocale: C.UTF-8\n"}"##),
            ]
            .into_iter()
            .flatten()
            .collect(),
            missing: Vec::new(),
        }
    }

    pub fn volume(&self) -> Volume<'_> {
        Volume { file_system: self.file_system, label: self.label, size: self.size }
    }

    pub fn files(&self) -> Files {
        let mut files = both("meta_data.json", &self.meta_data.to_string());
        files.extend(both("network_data.json", &self.network_data.to_string()));
        files.extend(self.files.clone());
        files.retain(|path, _| !self.missing.contains(&path.as_str()));
        files
    }
}

/// Returns the same file for the two directories in which readers look.
pub fn both(name: &str, content: &str) -> Files {
    ["latest", "2018-08-27"].map(|version| (format!("openstack/{version}/{name}"), content.into())).into()
}

/// A fault, and what we claim about it.
pub struct Fault {
    /// A description that completes a test's name.
    pub name: &'static str,
    pub code: Code,
    pub introduce: fn(&mut Drive),
    pub claims: &'static [Claim],
}

/// What a real reader does with the faulty drive, but not with a sound one.
#[derive(Clone, Copy)]
pub enum Claim {
    /// It fails to read a part (see `read.py`), with an exception that starts like this.
    Fails(Reader, &'static str, &'static str),
    /// It reads this value: a JSON pointer into `read.py`'s answer, and the value as JSON.
    Reads(Reader, &'static str, &'static str),
}

impl Claim {
    pub fn reader(&self) -> Reader {
        match self {
            Self::Fails(reader, ..) | Self::Reads(reader, ..) => *reader,
        }
    }
}

/// Software that reads drives, on an instance or on the way to it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Reader {
    /// Debian 12's.
    CloudInit,
    /// The newest that Debian has packaged.
    CloudInitNewest,
    Glean,
    CloudbaseInit,
    Ironic,
}

impl Reader {
    /// Returns what `check` calls it.
    pub fn of_findings(self) -> Readers {
        match self {
            Self::CloudInit | Self::CloudInitNewest => Readers::CLOUD_INIT,
            Self::Glean => Readers::GLEAN,
            Self::CloudbaseInit => Readers::CLOUDBASE_INIT,
            Self::Ironic => Readers::IRONIC,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::CloudInit => "cloud_init",
            Self::CloudInitNewest => "cloud_init_newest",
            Self::Glean => "glean",
            Self::CloudbaseInit => "cloudbase_init",
            Self::Ironic => "ironic",
        }
    }
}

use Claim::{Fails, Reads};
use Reader::{CloudInit, CloudInitNewest, CloudbaseInit, Glean, Ironic};

const BROKEN: Claim = Fails(CloudInit, "drive", "BrokenMetadata");

/// Returns all faults: those below, those of the metadata and the user data, and those of the network.
pub fn all() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter().chain(crate::metadata::FAULTS).chain(crate::network::FAULTS)
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "a_label_in_mixed_case",
        code: Code::WrongLabel,
        introduce: |drive| drive.label = "Config-2",
        claims: &[Reads(CloudInit, "/found_by_label", "false")],
    },
    Fault {
        name: "another_label",
        code: Code::WrongLabel,
        introduce: |drive| drive.label = "cidata",
        claims: &[Reads(CloudInit, "/found_by_label", "false")],
    },
    Fault {
        name: "an_image_over_the_agents_limit",
        code: Code::ImageTooLarge,
        introduce: |drive| drive.size = (64 << 20) + 1,
        claims: &[],
    },
    Fault {
        name: "an_iso_on_a_disk_with_large_sectors",
        code: Code::NotFor4knDisks,
        introduce: |drive| drive.file_system = FileSystem::Iso9660 { names: IsoNames::RockRidge, block_size: 2048 },
        claims: &[],
    },
    Fault {
        name: "a_fat_with_small_sectors",
        code: Code::NotFor4knDisks,
        introduce: |drive| drive.file_system = FileSystem::Fat { width: FatWidth::Fat16, sector_size: 512 },
        claims: &[],
    },
    Fault {
        name: "no_meta_data_in_latest",
        code: Code::NoMetaData,
        introduce: |drive| drive.missing.push("openstack/latest/meta_data.json"),
        claims: &[Fails(CloudbaseInit, "host_name", "NotExistingMetadataException")],
    },
    Fault {
        name: "no_meta_data_where_cloud_init_looks",
        code: Code::NoMetaData,
        introduce: |drive| drive.missing.push("openstack/2018-08-27/meta_data.json"),
        claims: &[Fails(CloudInit, "drive", "NonReadable")],
    },
    Fault {
        name: "meta_data_that_is_a_list",
        code: Code::InvalidMetaData,
        introduce: |drive| drive.meta_data = json!([1]),
        claims: &[BROKEN, Fails(CloudbaseInit, "host_name", "AttributeError"), Reads(Glean, "/keys", "[]")],
    },
    Fault {
        name: "meta_data_that_is_not_json",
        code: Code::InvalidMetaData,
        introduce: |drive| drive.files.extend(both("meta_data.json", "{")),
        claims: &[
            BROKEN,
            Fails(CloudbaseInit, "host_name", "JSONDecodeError"),
            Fails(Glean, "drive", "JSONDecodeError"),
        ],
    },
    Fault {
        name: "no_uuid",
        code: Code::NoUuid,
        introduce: |drive| remove(&mut drive.meta_data, "uuid"),
        claims: &[BROKEN, Reads(CloudbaseInit, "/instance_id", "null")],
    },
    Fault {
        name: "a_truncated_random_seed",
        code: Code::InvalidRandomSeed,
        introduce: |drive| drive.meta_data["random_seed"] = json!("AAECA"),
        claims: &[BROKEN],
    },
    Fault {
        name: "a_random_seed_without_padding",
        code: Code::InvalidRandomSeed,
        introduce: |drive| drive.meta_data["random_seed"] = json!("AAECAw"),
        claims: &[BROKEN],
    },
    Fault {
        name: "a_random_seed_that_is_a_number",
        code: Code::InvalidRandomSeed,
        introduce: |drive| drive.meta_data["random_seed"] = json!(5),
        claims: &[BROKEN],
    },
    Fault {
        name: "a_missing_file",
        code: Code::MissingContent,
        introduce: |drive| drive.meta_data["files"] = json!([{"path": "/etc/motd", "content_path": "/content/0000"}]),
        claims: &[BROKEN],
    },
    Fault {
        name: "a_network_template_without_a_path",
        code: Code::MissingContent,
        introduce: |drive| drive.meta_data["network_config"] = json!({"name": "network_config"}),
        claims: &[BROKEN],
    },
    Fault {
        name: "vendor_data_that_is_null",
        code: Code::InvalidVendorData,
        introduce: |drive| drive.files.extend(both("vendor_data.json", "null")),
        claims: &[BROKEN],
    },
    Fault {
        name: "ec2_meta_data_that_is_not_json",
        code: Code::InvalidEc2MetaData,
        introduce: |drive| drop(drive.files.insert("ec2/latest/meta-data.json".into(), "instance-id: i-1".into())),
        claims: &[BROKEN],
    },
    Fault {
        name: "a_dsmode_set_by_the_tenant",
        code: Code::Dsmode,
        introduce: |drive| drive.meta_data["meta"] = json!({"dsmode": "disabled"}),
        claims: &[Reads(CloudInit, "/used", "false")],
    },
    Fault {
        name: "no_hostname",
        code: Code::NoHostName,
        introduce: |drive| remove(&mut drive.meta_data, "hostname"),
        claims: &[Reads(CloudInit, "/host_name", "null"), Reads(CloudbaseInit, "/host_name", "null")],
    },
    Fault {
        name: "no_name",
        code: Code::NoHostName,
        introduce: |drive| remove(&mut drive.meta_data, "name"),
        claims: &[Reads(Glean, "/host_name", "null")],
    },
    Fault {
        name: "a_name_that_is_a_display_name",
        code: Code::HostNamesDiffer,
        introduce: |drive| drive.meta_data["name"] = json!("my-server"),
        claims: &[Reads(Glean, "/host_name", r#""my-server""#)],
    },
    Fault {
        name: "different_meta_data_in_latest",
        code: Code::VersionsDisagree,
        introduce: |drive| {
            let mut latest = drive.meta_data.clone();
            latest["uuid"] = json!("00000000-0000-4000-8000-000000000000");
            drive.files.insert("openstack/latest/meta_data.json".into(), latest.to_string().into());
        },
        claims: &[Reads(CloudbaseInit, "/instance_id", r#""00000000-0000-4000-8000-000000000000""#)],
    },
    Fault {
        name: "user_data_only_in_latest",
        code: Code::VersionsDisagree,
        introduce: |drive| drive.missing.push("openstack/2018-08-27/user_data"),
        claims: &[Reads(CloudInit, "/user_data", r#""""#)],
    },
    Fault {
        name: "network_data_that_is_not_json",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.files.extend(both("network_data.json", "{")),
        claims: &[
            BROKEN,
            Fails(Glean, "network", "JSONDecodeError"),
            Fails(CloudbaseInit, "network", "JSONDecodeError"),
            Reads(Ironic, "/rebuilt", "true"),
        ],
    },
    Fault {
        name: "network_data_that_is_not_utf_8",
        code: Code::InvalidNetworkData,
        introduce: |drive| {
            for version in ["latest", "2018-08-27"] {
                drive.files.insert(format!("openstack/{version}/network_data.json"), b"{\"\xff\": 1}".to_vec());
            }
        },
        claims: &[
            BROKEN,
            Fails(Glean, "network", "UnicodeDecodeError"),
            Fails(CloudbaseInit, "network", "AttributeError"),
            Fails(Ironic, "drive", "UnicodeDecodeError"),
        ],
    },
    Fault {
        name: "network_data_that_is_a_list",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.network_data = json!([]),
        claims: &[
            Fails(CloudInit, "network", "AttributeError"),
            Fails(CloudbaseInit, "network", "AttributeError"),
            Reads(Ironic, "/rebuilt", "true"),
        ],
    },
    Fault {
        name: "links_that_are_strings",
        code: Code::InvalidNetworkData,
        introduce: |drive| drive.network_data["links"] = json!(["tap1"]),
        claims: &[
            Fails(CloudbaseInit, "network", "AttributeError"),
            Reads(Ironic, "/rebuilt", "true"),
            Fails(CloudInit, "network", "AttributeError"),
            Fails(Glean, "network", "TypeError"),
        ],
    },
    Fault {
        name: "empty_network_data",
        code: Code::EmptyNetworkData,
        introduce: |drive| drive.network_data = json!({}),
        claims: &[Reads(CloudInit, "/network/interfaces", "{}"), Reads(Ironic, "/rebuilt", "true")],
    },
    Fault {
        name: "a_link_without_mtu",
        code: Code::LinkWithoutMtu,
        introduce: |drive| remove(&mut drive.network_data["links"][1], "mtu"),
        claims: &[Reads(Ironic, "/rebuilt", "true")],
    },
    Fault {
        name: "a_link_whose_mtu_is_null",
        code: Code::LinkWithoutMtu,
        introduce: |drive| drive.network_data["links"][0]["mtu"] = Value::Null,
        claims: &[Reads(Ironic, "/rebuilt", "true")],
    },
    Fault {
        name: "a_link_without_id",
        code: Code::IncompleteLink,
        introduce: |drive| {
            remove(&mut drive.network_data["links"][1], "id");
            drive.network_data["networks"].as_array_mut().expect("a list").truncate(1);
        },
        claims: &[Fails(CloudInit, "network", "KeyError: 'id'"), Fails(Glean, "network", "KeyError: 'id'")],
    },
    Fault {
        name: "a_link_without_type",
        code: Code::IncompleteLink,
        introduce: |drive| remove(&mut drive.network_data["links"][1], "type"),
        claims: &[Fails(CloudInit, "network", "KeyError: 'type'"), Fails(Glean, "network", "KeyError: 'type'")],
    },
    Fault {
        name: "a_vlan_without_mac",
        code: Code::IncompleteLink,
        introduce: |drive| {
            push(drive, json!({"id": "v", "type": "vlan", "mtu": 1500, "vlan_id": 5, "vlan_link": "tap1"}))
        },
        claims: &[Fails(CloudInit, "network", "KeyError: 'vlan_mac_address'")],
    },
    Fault {
        name: "a_bond_without_links",
        code: Code::IncompleteLink,
        introduce: |drive| {
            push(drive, bond());
            remove(&mut drive.network_data["links"][2], "bond_links");
        },
        claims: &[
            Fails(CloudInit, "network", "KeyError: 'bond_links'"),
            Fails(Glean, "network", "KeyError: 'bond_links'"),
        ],
    },
    Fault {
        name: "a_link_without_mac",
        code: Code::LinkWithoutMac,
        introduce: |drive| remove(&mut drive.network_data["links"][1], "ethernet_mac_address"),
        claims: &[
            Fails(CloudInit, "network", "ValueError: No mac_address or name entry"),
            Fails(Glean, "network", "KeyError: 'ethernet_mac_address'"),
            Fails(CloudbaseInit, "configured", "AttributeError"),
        ],
    },
    Fault {
        name: "a_bond_of_a_missing_link",
        code: Code::UnknownLink,
        introduce: |drive| {
            push(drive, bond());
            drive.network_data["links"][2]["bond_links"] = json!(["nowhere"]);
        },
        claims: &[Fails(CloudInit, "network", "KeyError: 'nowhere'"), Fails(Glean, "network", "KeyError: 'nowhere'")],
    },
    Fault {
        name: "a_network_on_a_missing_link",
        code: Code::UnknownLink,
        introduce: |drive| drive.network_data["networks"][1]["link"] = json!("nowhere"),
        claims: &[
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
            Reads(CloudInit, "/network/interfaces/net1", "[]"),
            Reads(Glean, "/network/interfaces/net1", r#"["manual"]"#),
        ],
    },
    Fault {
        name: "a_bond_without_mac",
        code: Code::BondWithoutMac,
        introduce: |drive| {
            push(drive, bond());
            remove(&mut drive.network_data["links"][2], "ethernet_mac_address");
        },
        claims: &[Fails(Glean, "network", "KeyError: 'ethernet_mac_address'")],
    },
    Fault {
        name: "a_bond_whose_mode_is_a_number",
        code: Code::UnknownBondMode,
        introduce: |drive| {
            push(drive, bond());
            drive.network_data["links"][2]["bond_mode"] = json!("4");
        },
        claims: &[
            Fails(CloudbaseInit, "network", "CloudbaseInitException: Unsupported bond mode"),
            Fails(CloudInit, "netplan", "GenerateError"),
            Fails(CloudInitNewest, "netplan", "GenerateError"),
        ],
    },
    Fault {
        name: "two_links_with_the_same_mac",
        code: Code::DuplicateMac,
        introduce: |drive| {
            drive.network_data["links"][1]["ethernet_mac_address"] =
                drive.network_data["links"][0]["ethernet_mac_address"].clone();
        },
        claims: &[
            Reads(CloudbaseInit, "/configured/macs", r#"{"tap2": "52:54:00:00:00:01"}"#),
            Reads(CloudInit, "/network/interfaces", r#"{"net0": ["192.0.2.10/24"]}"#),
            Reads(Glean, "/redhat/interfaces/net0/addresses", r#"["192.0.2.10/24"]"#),
        ],
    },
    Fault {
        name: "two_links_with_the_same_id",
        code: Code::DuplicateId,
        introduce: |drive| {
            drive.network_data["links"][1]["id"] = json!("tap1");
            // Not a second IPv4 network on a link, which is another fault.
            drive.network_data["networks"][1] = json!({"id": "network2", "type": "ipv6_slaac", "link": "tap1"});
        },
        claims: &[
            Fails(Glean, "redhat", "SyntaxError"),
            Reads(Glean, "/network/interfaces/net0", r#"["dhcp"]"#),
            Reads(CloudbaseInit, "/configured/macs", r#"{"tap1": "52:54:00:00:00:02"}"#),
            Reads(
                CloudInit,
                "/network/interfaces",
                r#"{"net0": ["192.0.1.10/24", "ipv6_slaac"], "net1": ["192.0.1.10/24", "ipv6_slaac"]}"#,
            ),
        ],
    },
    Fault {
        name: "two_networks_with_the_same_id",
        code: Code::DuplicateId,
        introduce: |drive| drive.network_data["networks"][1]["id"] = json!("network1"),
        claims: &[Reads(Glean, "/network/interfaces/net0", r#"["dhcp"]"#)],
    },
    Fault {
        name: "a_network_without_link",
        code: Code::IncompleteNetwork,
        introduce: |drive| remove(&mut drive.network_data["networks"][1], "link"),
        claims: &[
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
            Fails(CloudInit, "network", "KeyError: 'link'"),
            Fails(Glean, "network", "KeyError: 'link'"),
        ],
    },
    Fault {
        name: "a_network_without_type",
        code: Code::IncompleteNetwork,
        introduce: |drive| remove(&mut drive.network_data["networks"][1], "type"),
        claims: &[
            Fails(Glean, "networkd", "KeyError"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
            Fails(CloudInit, "network", "KeyError: 'type'"),
        ],
    },
    Fault {
        name: "a_network_without_id",
        code: Code::NetworkWithoutId,
        introduce: |drive| remove(&mut drive.network_data["networks"][1], "id"),
        claims: &[Fails(Glean, "network", "KeyError: 'id'")],
    },
    Fault {
        name: "a_network_of_an_unknown_type",
        code: Code::UnknownNetworkType,
        introduce: |drive| drive.network_data["networks"][1]["type"] = json!("ipv4_static"),
        claims: &[
            Fails(CloudInit, "sysconfig", "ValueError: Unknown subnet type"),
            Fails(Glean, "networkd", "KeyError"),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/addresses", "[]"),
            Reads(CloudInit, "/network/interfaces/net1", r#"["ipv4_static"]"#),
        ],
    },
    Fault {
        name: "a_static_network_without_address",
        code: Code::NetworkWithoutAddress,
        introduce: |drive| remove(&mut drive.network_data["networks"][1], "ip_address"),
        claims: &[
            Fails(CloudInit, "network", "ValueError: No config network address keys"),
            Fails(Glean, "network", "KeyError: 'ip_address'"),
            Fails(CloudbaseInit, "network", "AddrFormatError"),
        ],
    },
    Fault {
        name: "an_invalid_address",
        code: Code::InvalidAddress,
        introduce: |drive| drive.network_data["networks"][1]["ip_address"] = json!("192.0.2.256"),
        claims: &[
            Fails(Glean, "redhat_keyfiles", "ValueError"),
            Fails(CloudInit, "network", "ValueError"),
            Fails(CloudbaseInit, "network", "AddrFormatError"),
        ],
    },
    Fault {
        name: "a_netmask_with_holes",
        code: Code::InvalidAddress,
        introduce: |drive| drive.network_data["networks"][1]["netmask"] = json!("255.0.255.0"),
        claims: &[
            Fails(Glean, "redhat_keyfiles", "ValueError"),
            Fails(CloudInit, "network", "ValueError"),
            Fails(CloudbaseInit, "network", "AddrFormatError"),
        ],
    },
    Fault {
        name: "a_route_to_an_invalid_address",
        code: Code::InvalidAddress,
        introduce: |drive| drive.network_data["networks"][1]["routes"][0]["network"] = json!("192.0.2.256"),
        claims: &[
            Fails(Glean, "redhat_keyfiles", "ValueError"),
            Fails(CloudInit, "network", "ValueError"),
            Fails(CloudbaseInit, "network", "AddrFormatError"),
        ],
    },
    Fault {
        name: "an_ipv6_network_without_netmask",
        code: Code::NetworkWithoutNetmask,
        introduce: |drive| {
            drive.network_data["networks"][1] = json!({"id": "network2", "type": "ipv6", "link": "tap2", "ip_address": "2001:db8::10", "routes": [],
                       "services": [{"type": "dns", "address": "192.0.2.53"}]});
            let ipv4 = json!({"id": "network3", "type": "ipv4_dhcp", "link": "tap2"});
            drive.network_data["networks"].as_array_mut().expect("a list").push(ipv4);
        },
        claims: &[
            Reads(CloudInit, "/network/interfaces/net1", r#"["2001:db8::10/64", "dhcp4"]"#),
            Fails(Glean, "network", "KeyError: 'netmask'"),
            Fails(CloudbaseInit, "configured", "ValueError"),
        ],
    },
    Fault {
        name: "a_static_network_without_netmask",
        code: Code::NetworkWithoutNetmask,
        introduce: |drive| remove(&mut drive.network_data["networks"][1], "netmask"),
        claims: &[Fails(CloudbaseInit, "configured", "ValueError"), Fails(Glean, "network", "KeyError: 'netmask'")],
    },
    Fault {
        name: "a_route_without_gateway",
        code: Code::RouteWithoutGateway,
        introduce: |drive| remove(&mut drive.network_data["networks"][1]["routes"][0], "gateway"),
        claims: &[
            Fails(CloudInit, "netplan", "GenerateError"),
            Fails(CloudInit, "sysconfig", "KeyError: 'gateway'"),
            Fails(CloudInit, "eni", "KeyError: 'gateway'"),
            Fails(CloudInitNewest, "netplan", "GenerateError"),
            Fails(Glean, "network", "KeyError: 'gateway'"),
        ],
    },
    Fault {
        name: "a_gateway_in_another_network",
        code: Code::GatewayOutsideNetwork,
        introduce: |drive| drive.network_data["networks"][1]["routes"][0]["gateway"] = json!("203.0.113.1"),
        claims: &[],
    },
    Fault {
        name: "a_name_server_only_in_a_network",
        code: Code::DnsInOnePlace,
        introduce: |drive| drive.network_data["services"] = json!([]),
        claims: &[Reads(CloudInit, "/network/dns", "[]"), Reads(Glean, "/network/dns", "[]")],
    },
    Fault {
        name: "a_name_server_only_at_the_top_level",
        code: Code::DnsInOnePlace,
        introduce: |drive| {
            let other = json!({"type": "dns", "address": "192.0.2.54"});
            drive.network_data["services"].as_array_mut().expect("a list").push(other.clone());
            for index in 0..2 {
                drive.network_data["networks"][index]["services"] = json!([other]);
            }
        },
        claims: &[
            Reads(CloudInitNewest, "/netplan/interfaces/net1/dns", r#"["192.0.2.54"]"#),
            Reads(CloudbaseInit, "/configured/interfaces/tap2/dns", r#"["192.0.2.54"]"#),
        ],
    },
    Fault {
        name: "a_name_server_without_address",
        code: Code::DnsWithoutAddress,
        introduce: |drive| drive.network_data["services"].as_array_mut().expect("a list").push(json!({"type": "dns"})),
        claims: &[Fails(Glean, "network", "KeyError: 'address'")],
    },
    Fault {
        name: "user_data_without_a_marker",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| drive.files.extend(both("user_data", "hostname: x\n")),
        claims: &[Reads(CloudInit, "/user_data_kinds", r#"["text/x-not-multipart"]"#)],
    },
    Fault {
        name: "user_data_after_a_byte_order_mark",
        code: Code::UserDataOfNoKnownKind,
        introduce: |drive| drive.files.extend(both("user_data", "\u{feff}#cloud-config\n{}\n")),
        claims: &[Reads(CloudInit, "/user_data_kinds", r#"["text/x-not-multipart"]"#)],
    },
];

pub fn remove(object: &mut Value, name: &str) {
    object.as_object_mut().expect("an object").remove(name).expect("a member");
}

pub fn push(drive: &mut Drive, link: Value) {
    drive.network_data["links"].as_array_mut().expect("a list").push(link);
}

pub fn bond() -> Value {
    json!({"id": "b", "type": "bond", "mtu": 1500, "ethernet_mac_address": "52:54:00:00:00:0b", "bond_mode": "active-backup",
           "bond_links": ["tap1"]})
}
