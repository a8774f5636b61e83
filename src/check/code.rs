//! The kinds of findings: stable codes, each with its severity, scope and remedy.

use core::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The instance comes up without its configuration, or the deployment fails.
    Error,
    /// A reader ignores something, or reads it differently from the others.
    Warning,
}

/// Where a finding applies.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// Wherever the reader runs.
    Everywhere,
    /// On nodes whose network interface is `flat` or `neutron`, where Ironic opens the drive before a deployment.
    FlatOrNeutron,
    /// On disks with sectors of 4096 bytes (4Kn).
    FourKDisks,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident, $scope:ident, $remedy:literal;)*) => {
        /// The kind of a finding. The codes are stable: programs read them.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// Returns the code in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Returns how bad a finding of this kind is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// Returns where a finding of this kind applies.
            pub fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope),* }
            }

            /// Returns what to do about it, as an imperative.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy),* }
            }
        }
    };
}

codes! {
    /// The volume's label is neither `config-2` nor `CONFIG-2`.
    WrongLabel = "wrong-label", Error, Everywhere, "label it config-2";
    /// The image is larger than Ironic's agent accepts.
    ImageTooLarge = "image-too-large", Error, Everywhere, "make the drive smaller";
    /// The file system is FAT, which Ironic cannot open.
    VfatUnderIronicsCheck = "vfat-under-ironics-check", Warning, FlatOrNeutron, "build an ISO for such nodes";
    /// The file system's sectors are smaller than those of a 4Kn disk.
    NotFor4knDisks = "not-for-4kn-disks", Warning, FourKDisks,
        "for such disks, build it as vfat with a sector size of 4096";

    /// A directory that a reader uses has no `meta_data.json`.
    NoMetaData = "no-meta-data", Error, Everywhere, "put a meta_data.json into openstack/latest and each dated directory";
    /// `meta_data.json` is not a JSON object.
    InvalidMetaData = "invalid-meta-data", Error, Everywhere, "make it a JSON object";
    /// There is no `uuid`.
    NoUuid = "no-uuid", Error, Everywhere, "add the instance's uuid";
    /// `random_seed` is not base64.
    InvalidRandomSeed = "invalid-random-seed", Error, Everywhere, "encode it as base64, or leave it out";
    /// `files` or `network_config` refers to a file that is not on the drive.
    MissingContent = "missing-content", Error, Everywhere, "put the file there, or leave out the entry";
    /// A member of `meta_data.json` is of a kind on which cloud-init fails.
    InvalidMember = "invalid-member", Error, Everywhere, "correct the member, or leave it out: null is not the same as absent";
    /// `vendor_data.json` or `vendor_data2.json` is not what cloud-init accepts.
    InvalidVendorData = "invalid-vendor-data", Error, Everywhere, "make it a JSON object, or leave it out";
    /// `ec2/latest/meta-data.json` is not a JSON object.
    InvalidEc2MetaData = "invalid-ec2-meta-data", Error, Everywhere, "make it a JSON object, or leave it out";
    /// `public_keys` or `keys` has a shape that a reader does not accept.
    InvalidPublicKeys = "invalid-public-keys", Warning, Everywhere,
        "make public_keys an object whose values are strings, and keys an array of objects with name, type and data, as Nova does";
    /// A string has several public keys.
    SeveralKeysInOne = "several-keys-in-one", Warning, Everywhere, "give each key a member of its own";
    /// cloud-init does not use vendor data that is meant for it.
    UnusedVendorData = "unused-vendor-data", Warning, Everywhere,
        "put the text for cloud-init into the member cloud-init at the top level";
    /// The tenant's `dsmode` makes cloud-init ignore the drive.
    Dsmode = "dsmode", Warning, Everywhere, "remove the key dsmode from the instance's metadata";
    /// `hostname` or `name` is missing.
    NoHostName = "no-host-name", Warning, Everywhere, "add both hostname and name";
    /// Linux refuses the host name.
    InvalidHostName = "invalid-host-name", Warning, Everywhere,
        "use at most 64 letters, digits, hyphens and dots, including the domain";
    /// `name` differs from `hostname`.
    HostNamesDiffer = "host-names-differ", Warning, Everywhere, "set both to the same name if glean reads the drive";
    /// `latest` and the dated directory have different contents.
    VersionsDisagree = "versions-disagree", Warning, Everywhere, "put the same file into every version's directory";

    /// `network_data.json` is not an object of lists of objects.
    InvalidNetworkData = "invalid-network-data", Error, Everywhere,
        "make it an object with the lists links, networks and services, or leave it out";
    /// A link lacks a member that readers need.
    IncompleteLink = "incomplete-link", Error, Everywhere, "add the missing member";
    /// A link's `mtu` is not a number of bytes.
    InvalidMtu = "invalid-mtu", Error, Everywhere, "make it a number, or leave it out";
    /// A MAC address is not in the form that Linux uses.
    InvalidMac = "invalid-mac", Error, Everywhere, "write it in the form 52:54:00:12:34:56";
    /// A link's `name` cannot be the name of an interface.
    InvalidLinkName = "invalid-link-name", Error, Everywhere, "correct the name, or leave it out";
    /// A `vlan_id` is not a number from 0 to 4094.
    InvalidVlanId = "invalid-vlan-id", Error, Everywhere, "use a number from 1 to 4094";
    /// A VLAN's link is a VLAN.
    VlanOnVlan = "vlan-on-vlan", Error, Everywhere, "put the VLAN on a physical link or on a bond";
    /// A bond's mode is not one of Linux's.
    UnknownBondMode = "unknown-bond-mode", Error, Everywhere, "use the name of a Linux bond mode, such as 802.3ad";
    /// netplan does not accept an option of a bond.
    InvalidBondOption = "invalid-bond-option", Error, Everywhere, "correct the option, or leave it out";
    /// A physical link has no MAC address.
    LinkWithoutMac = "link-without-mac", Error, Everywhere, "add its ethernet_mac_address";
    /// A reference points to a link that does not exist.
    UnknownLink = "unknown-link", Error, Everywhere, "use the id of a link, or add a link with this id";
    /// A network lacks a member that readers need.
    IncompleteNetwork = "incomplete-network", Error, Everywhere, "add the missing member";
    /// A static network has no address.
    NetworkWithoutAddress = "network-without-address", Error, Everywhere, "add its ip_address, or make it a DHCP network";
    /// An address, a netmask or a route's destination is invalid.
    InvalidAddress = "invalid-address", Error, Everywhere, "correct it";
    /// A route has no gateway.
    RouteWithoutGateway = "route-without-gateway", Error, Everywhere, "add its gateway, or leave out the route";
    /// A gateway is not an address, or not of the route's family.
    InvalidGateway = "invalid-gateway", Error, Everywhere, "correct it";
    /// A name server's address is not one.
    InvalidDnsAddress = "invalid-dns-address", Error, Everywhere, "write one IP address, or leave out the entry";
    /// There are no links and no networks.
    EmptyNetworkData = "empty-network-data", Warning, Everywhere,
        "describe the network, or leave out network_data.json to use DHCP";
    /// A bond has no MAC address.
    BondWithoutMac = "bond-without-mac", Warning, Everywhere, "add its ethernet_mac_address";
    /// A bond has no mode.
    BondWithoutMode = "bond-without-mode", Warning, Everywhere, "add its bond_mode";
    /// cloudbase-init does not know a bond's hash policy.
    UnknownBondHashPolicy = "unknown-bond-hash-policy", Warning, Everywhere,
        "use layer2, layer2+3, layer3+4, encap2+3 or encap3+4, or leave it out";
    /// A bond's port is a bond or a VLAN.
    BondOfVirtualLinks = "bond-of-virtual-links", Warning, Everywhere, "build the bond of physical links";
    /// A link is a port of two bonds.
    PortInTwoBonds = "port-in-two-bonds", Warning, Everywhere, "leave it in one of them";
    /// A link has a member of another type of link.
    ForeignLinkMember = "foreign-link-member", Warning, Everywhere, "leave out the member, or correct the link's type";
    /// A network's link is a port of a bond.
    NetworkOnBondPort = "network-on-bond-port", Warning, Everywhere, "put the network on the bond";
    /// A VLAN's `vlan_mac_address` is null.
    VlanWithoutMac = "vlan-without-mac", Warning, Everywhere, "add its vlan_mac_address";
    /// Two links are the same VLAN of the same link.
    DuplicateVlan = "duplicate-vlan", Warning, Everywhere, "use one link with two networks";
    /// A physical link has a name instead of a MAC address.
    NameWithoutMac = "name-without-mac", Warning, Everywhere, "add its ethernet_mac_address";
    /// A network has no id.
    NetworkWithoutId = "network-without-id", Warning, Everywhere, "add an id";
    /// A static network has no netmask.
    NetworkWithoutNetmask = "network-without-netmask", Warning, Everywhere, "add its netmask";
    /// cloud-init does not know a network's type.
    UnknownNetworkType = "unknown-network-type", Warning, Everywhere, "use one of Nova's types, such as ipv4 or ipv4_dhcp";
    /// A static network's netmask is a number or a host mask.
    UnusualNetmask = "unusual-netmask", Warning, Everywhere, "write it in the form of an address, such as 255.255.255.0";
    /// There are a prefix length and a netmask.
    PrefixAndNetmask = "prefix-and-netmask", Warning, Everywhere, "leave out the prefix";
    /// An address or a route is IPv4 in an IPv6 network, or the reverse.
    OtherFamily = "other-family", Warning, Everywhere, "correct the network's type, or use two networks";
    /// A network's link is null.
    NetworkWithoutLink = "network-without-link", Warning, Everywhere, "use the id of a link, or leave out the network";
    /// There are links, but no networks.
    LinksWithoutNetworks = "links-without-networks", Warning, Everywhere,
        "add a network for each link that needs an address, or leave out network_data.json to use DHCP";
    /// A link has two IPv4 networks.
    SeveralIpv4Networks = "several-ipv4-networks", Warning, Everywhere, "use one IPv4 network for each link if glean reads the drive";
    /// A link has an IPv6 network, but no IPv4 network.
    Ipv6WithoutIpv4 = "ipv6-without-ipv4", Warning, Everywhere, "add an IPv4 network on the link if glean reads the drive";
    /// A route has no netmask.
    RouteWithoutNetmask = "route-without-netmask", Warning, Everywhere, "add its netmask";
    /// A link has two default routes.
    TwoDefaultRoutes = "two-default-routes", Warning, Everywhere, "leave out one of them";
    /// A network has a gateway of its own, which only cloud-init reads.
    NetworkGateway = "network-gateway", Warning, Everywhere, "add a default route to its routes instead";
    /// A gateway cannot be reached from the network's address.
    GatewayOutsideNetwork = "gateway-outside-network", Warning, Everywhere, "correct the gateway, the address or the netmask";
    /// Two physical links have the same MAC address.
    DuplicateMac = "duplicate-mac", Warning, Everywhere, "give each link its own MAC address, or use one link with two networks";
    /// Two links, or two networks, have the same id.
    DuplicateId = "duplicate-id", Warning, Everywhere, "give each its own id";
    /// A name server is in only one of the two places where readers look.
    DnsInOnePlace = "dns-in-one-place", Warning, Everywhere,
        "put it into both the top-level services and the network's, as Nova does";
    /// A DNS service has no address.
    DnsWithoutAddress = "dns-without-address", Warning, Everywhere, "add its address, or leave out the entry";
    /// A DNS service has a list of addresses.
    DnsAddressList = "dns-address-list", Warning, Everywhere, "write a service for each address";
    /// A service is not DNS, but cloud-init takes it for a name server.
    ServiceNotDns = "service-not-dns", Warning, Everywhere, "leave it out";
    /// A service has no type.
    ServiceWithoutType = "service-without-type", Warning, Everywhere, "add its type";
    /// A link's `mtu` is missing or null.
    LinkWithoutMtu = "link-without-mtu", Warning, FlatOrNeutron,
        "set the mtu of each link, including a bond's members, or set [conductor]disable_metadata_mtu_check in ironic.conf";

    /// No reader recognises the format of the user data.
    UserDataOfNoKnownKind = "user-data-of-no-known-kind", Warning, Everywhere,
        "start it with #cloud-config, #! or another marker of its format, with nothing before it";
    /// A script has carriage returns without line feeds.
    ScriptWithCarriageReturn = "script-with-carriage-return", Warning, Everywhere, "end its lines with LF only";
    /// A script does not start with `#!`.
    ScriptWithoutShebang = "script-without-shebang", Warning, Everywhere, "start it with #! and an interpreter, with nothing before it";
    /// A cloud-config is not a YAML mapping, or an archive of them is not a YAML list.
    InvalidCloudConfig = "invalid-cloud-config", Warning, Everywhere,
        "correct the YAML; `cloud-init schema --config-file` checks it";
    /// A MIME multipart message has no parts.
    MimeWithoutParts = "mime-without-parts", Warning, Everywhere,
        "declare the boundary in the header Content-Type, and put -- and the boundary before each part";
    /// User data, or a part of it, is not UTF-8.
    UserDataNotUtf8 = "user-data-not-utf-8", Warning, Everywhere, "save it as UTF-8; encode it as base64 in a MIME message";
    /// The gzip of user data cannot be unpacked.
    DamagedGzip = "damaged-gzip", Warning, Everywhere, "compress it again, or leave it uncompressed";
    /// A Jinja template is of no known kind.
    TemplateOfNoKnownKind = "template-of-no-known-kind", Warning, Everywhere,
        "start with the line `## template: jinja`, followed by #cloud-config or a script";
    /// The user data is a configuration of Butane.
    ButaneConfiguration = "butane-configuration", Warning, Everywhere, "translate it with butane, and pass the result";
    /// The user data is a machine configuration of Talos Linux.
    TalosConfiguration = "talos-configuration", Warning, Everywhere, "ignore this finding if the image is Talos Linux";
    /// The template of user data does not parse.
    InvalidTemplate = "invalid-template", Warning, Everywhere, "close each {{, {% and {# of the template";
    /// The user data exceeds what Nova accepts.
    UserDataTooLargeForNova = "user-data-too-large-for-nova", Warning, Everywhere,
        "compress it, or let it fetch the rest";
    /// A member of a document looks like a misspelt one.
    MisspeltMember = "misspelt-member", Warning, Everywhere, "correct the name, or remove the member";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}
