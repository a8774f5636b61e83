//! What can be found: stable names, and what is the same for each of their findings.

use core::fmt;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Severity {
    /// The instance comes up without its configuration, or the deployment fails.
    Error,
    /// A reader ignores something, or reads it differently from the others.
    Warning,
}

/// Where a finding holds.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Scope {
    /// Wherever its reader is.
    Everywhere,
    /// On nodes whose network interface is `flat` or `neutron`: there Ironic opens the drive before a deployment.
    FlatOrNeutron,
    /// On disks with sectors of 4096 bytes (4Kn).
    FourKDisks,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $severity:ident, $scope:ident, $remedy:literal;)*) => {
        /// What a finding is. The names are stable: programs read them.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum Code {
            $($(#[$doc])* $variant,)*
        }

        impl Code {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The name, in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// How bad it is.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }

            /// Where it holds.
            pub fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope),* }
            }

            /// What to do about it.
            pub fn remedy(self) -> &'static str {
                match self { $(Self::$variant => $remedy),* }
            }
        }
    };
}

codes! {
    /// The volume's label is neither `config-2` nor `CONFIG-2`.
    WrongLabel = "wrong-label", Error, Everywhere, "label it config-2";
    /// The image is larger than Ironic's agent takes.
    ImageTooLarge = "image-too-large", Error, Everywhere, "leave something out";
    /// A FAT cannot be opened by Ironic's check.
    VfatUnderIronicsCheck = "vfat-under-ironics-check", Warning, FlatOrNeutron, "build an ISO for such nodes";
    /// The file system's sectors are smaller than the disk's.
    NotFor4knDisks = "not-for-4kn-disks", Warning, FourKDisks,
        "for such disks build it as vfat with a sector size of 4096";

    /// A folder that a reader takes has no `meta_data.json`.
    NoMetaData = "no-meta-data", Error, Everywhere, "put a meta_data.json into openstack/latest and each dated folder";
    /// `meta_data.json` is not a JSON object.
    InvalidMetaData = "invalid-meta-data", Error, Everywhere, "make it a JSON object";
    /// There is no `uuid`.
    NoUuid = "no-uuid", Error, Everywhere, "give the instance's uuid";
    /// `random_seed` is not base64.
    InvalidRandomSeed = "invalid-random-seed", Error, Everywhere, "make it base64, or leave it out";
    /// `files` or `network_config` name a file that is not on the drive.
    MissingContent = "missing-content", Error, Everywhere, "put the file there, or leave the entry out";
    /// `vendor_data.json` or `vendor_data2.json` is not what cloud-init takes.
    InvalidVendorData = "invalid-vendor-data", Error, Everywhere, "make it a JSON object, or leave it out";
    /// `ec2/latest/meta-data.json` is not a JSON object.
    InvalidEc2MetaData = "invalid-ec2-meta-data", Error, Everywhere, "make it a JSON object, or leave it out";
    /// The tenant's `dsmode` has cloud-init leave the drive alone.
    Dsmode = "dsmode", Warning, Everywhere, "leave the key dsmode out of the instance's metadata";
    /// `hostname` or `name` is missing.
    NoHostName = "no-host-name", Warning, Everywhere, "give both hostname and name";
    /// `name` is not the host name.
    HostNamesDiffer = "host-names-differ", Warning, Everywhere, "give both the same name where glean reads the drive";
    /// The folders hold different things.
    VersionsDisagree = "versions-disagree", Warning, Everywhere, "put the same file into all folders";

    /// `network_data.json` is not an object of lists of objects.
    InvalidNetworkData = "invalid-network-data", Error, Everywhere,
        "make it an object with the lists links, networks and services, or leave it out";
    /// A link lacks what readers cannot do without.
    IncompleteLink = "incomplete-link", Error, Everywhere, "give the member";
    /// A physical link has no MAC address.
    LinkWithoutMac = "link-without-mac", Error, Everywhere, "give its ethernet_mac_address";
    /// A link that is referred to is not there.
    UnknownLink = "unknown-link", Error, Everywhere, "name a link by its id";
    /// A network lacks what readers cannot do without.
    IncompleteNetwork = "incomplete-network", Error, Everywhere, "give the member";
    /// A static network has no address.
    NetworkWithoutAddress = "network-without-address", Error, Everywhere, "give its ip_address, or make it a DHCP network";
    /// What should be an address, a netmask or a route's destination is none.
    InvalidAddress = "invalid-address", Error, Everywhere, "correct it";
    /// There is no link, no network and no service.
    EmptyNetworkData = "empty-network-data", Warning, Everywhere,
        "describe the network, or leave network_data.json out for DHCP";
    /// A bond has no MAC address.
    BondWithoutMac = "bond-without-mac", Warning, Everywhere, "give its ethernet_mac_address";
    /// A bond's mode is none that Linux has.
    UnknownBondMode = "unknown-bond-mode", Warning, Everywhere, "take one of Linux's modes by its name";
    /// A network has no id.
    NetworkWithoutId = "network-without-id", Warning, Everywhere, "give it an id";
    /// A static network has no netmask.
    NetworkWithoutNetmask = "network-without-netmask", Warning, Everywhere, "give its netmask";
    /// A network's type is none that cloud-init knows.
    UnknownNetworkType = "unknown-network-type", Warning, Everywhere, "take one of Nova's types, such as ipv4 or ipv4_dhcp";
    /// A route has no gateway.
    RouteWithoutGateway = "route-without-gateway", Warning, Everywhere, "give its gateway, or leave the route out";
    /// A gateway cannot be reached from the network's address.
    GatewayOutsideNetwork = "gateway-outside-network", Warning, Everywhere, "correct the gateway, the address or the netmask";
    /// Two physical links have the same MAC address.
    DuplicateMac = "duplicate-mac", Warning, Everywhere, "give each link its own, or make it one link with two networks";
    /// Two links, or two networks, have the same id.
    DuplicateId = "duplicate-id", Warning, Everywhere, "give each its own";
    /// A name server stands in some of the places only.
    DnsInOnePlace = "dns-in-one-place", Warning, Everywhere,
        "name it in both the top-level services and the network's, as Nova does";
    /// A DNS service has no address.
    DnsWithoutAddress = "dns-without-address", Warning, Everywhere, "give its address, or leave the entry out";
    /// A link's mtu is null or missing.
    LinkWithoutMtu = "link-without-mtu", Warning, FlatOrNeutron,
        "give each link its mtu, a bond's members too, or set [conductor]disable_metadata_mtu_check in ironic.conf";

    /// No reader knows what the user data are.
    UserDataOfNoKnownKind = "user-data-of-no-known-kind", Warning, Everywhere,
        "begin it with #cloud-config, #! or another mark of its kind, without anything before";
    /// A script's first line ends in a carriage return.
    ScriptWithCarriageReturn = "script-with-carriage-return", Warning, Everywhere, "end its lines with LF alone";
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
