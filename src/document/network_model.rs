//! Nova's network model (`nova.network.model`), of which `network_info` consists.

use super::{
    address::{Cidr, IpText, IpVersion, MacAddr},
    error::{DocumentError, Problem},
    json::{Integer, Json},
    read::{Members, Result, all, boolean, integer, object, text},
};
use alloc::vec::Vec;

/// A virtual interface (`VIF`): on bare metal, a Neutron port.
#[derive(Debug)]
pub struct Vif<'a> {
    /// Neutron's port id.
    pub id: Option<&'a str>,
    /// The MAC address.
    pub address: Option<MacAddr<'a>>,
    /// The network to which the interface is attached.
    pub network: Option<Network<'a>>,
    /// The VIF type, such as `ovs`.
    pub vif_type: Option<&'a str>,
    /// The name of the device on the host.
    pub devname: Option<&'a str>,
}

/// A network (`Network`).
#[derive(Debug)]
pub struct Network<'a> {
    /// Neutron's network id.
    pub id: Option<&'a str>,
    /// The network's subnets.
    pub subnets: Vec<Subnet<'a>>,
    /// Whether the network is written into the interfaces file (a member of `meta`).
    pub injected: bool,
    /// The MTU in bytes (a member of `meta`).
    pub mtu: Option<&'a Integer>,
}

/// A subnet (`Subnet`).
#[derive(Debug)]
pub struct Subnet<'a> {
    /// The address range.
    pub cidr: Cidr,
    /// The name servers.
    pub dns: Vec<IpText<'a>>,
    /// The default gateway.
    pub gateway: Option<IpText<'a>>,
    /// The interface's addresses in the subnet.
    pub ips: Vec<FixedIp<'a>>,
    /// Routes other than the default route.
    pub routes: Vec<Route<'a>>,
    /// The DHCP server (a member of `meta`). If present, even if empty, the subnet has DHCP.
    pub dhcp_server: Option<&'a str>,
    /// Whether addresses are assigned by DHCP (a member of `meta`).
    pub enable_dhcp: bool,
    /// How Neutron assigns IPv6 addresses: `slaac`, `dhcpv6-stateless` or `dhcpv6-stateful` (a member of `meta`).
    pub ipv6_address_mode: Option<&'a str>,
}

/// An address (`IP`).
#[derive(Clone, Copy, Debug)]
pub struct Ip<'a> {
    /// The address, if it is known.
    pub address: Option<IpText<'a>>,
    /// The address's version; without an address, the version in the document.
    pub version: Option<IpVersion>,
}

/// An address of the interface (`FixedIP`).
#[derive(Debug)]
pub struct FixedIp<'a> {
    /// The address.
    pub ip: Ip<'a>,
    /// The floating addresses that map to it.
    pub floating_ips: Vec<Ip<'a>>,
}

/// A route (`Route`).
#[derive(Clone, Copy, Debug)]
pub struct Route<'a> {
    /// The destination.
    pub cidr: Cidr,
    /// The gateway's address, which may be null.
    pub gateway: Option<IpText<'a>>,
}

impl<'a> Vif<'a> {
    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            id: members.optional("id", text),
            address: members.optional("address", MacAddr::parse),
            network: members.optional("network", optional_model(Network::parse)).map(Option::flatten),
            vif_type: members.optional("type", text),
            devname: members.optional("devname", text).map(|found| found.filter(|name| !name.is_empty())),
        })
    }

    /// Returns all addresses of the interface, in the order of their subnets (`VIF.fixed_ips`).
    pub fn fixed_ips(&self) -> impl Iterator<Item = &FixedIp<'a>> {
        self.network.iter().flat_map(|network| &network.subnets).flat_map(|subnet| &subnet.ips)
    }
}

/// Returns the interfaces that Nova writes, with their numbers from 0: those in a network with a subnet.
pub fn attached<'v, 'a>(network_info: &'v [Vif<'a>]) -> impl Iterator<Item = (usize, &'v Vif<'a>, &'v Network<'a>)> {
    let networks = network_info.iter().filter_map(|vif| Some((vif, vif.network.as_ref()?)));
    let networks = networks.filter(|(_, network)| !network.subnets.is_empty());
    (0..).zip(networks).map(|(n, (vif, network))| (n, vif, network))
}

impl<'a> Network<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        let meta = Meta::of(members)?;
        all!(Self {
            id: members.optional("id", text),
            subnets: members.list("subnets", Subnet::parse),
            injected: meta.optional("injected", boolean).map(Option::unwrap_or_default),
            mtu: meta.optional("mtu", integer),
        })
    }

    /// Returns the first subnet of that version, which is the only one that Nova writes.
    pub fn first_subnet(&self, version: IpVersion) -> Option<&Subnet<'a>> {
        self.subnets.iter().find(|subnet| subnet.cidr.version() == version)
    }
}

impl<'a> Subnet<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        let meta = Meta::of(members)?;
        let cidr = members.required("cidr", Cidr::parse).and_then(|cidr| {
            members.optional("version", matching(cidr.version()))?;
            Ok(cidr)
        });
        let gateway = members.optional("gateway", optional_model(Ip::parse));
        all!(Self {
            cidr: cidr,
            dns: members.list("dns", Ip::parse_address),
            gateway: gateway.map(|found| found.flatten().and_then(|ip| ip.address)),
            ips: members.list("ips", FixedIp::parse),
            routes: members.list("routes", Route::parse),
            dhcp_server: meta.optional("dhcp_server", text),
            enable_dhcp: meta.optional("enable_dhcp", boolean).map(Option::unwrap_or_default),
            ipv6_address_mode: meta.optional("ipv6_address_mode", text),
        })
    }
}

impl<'a> Ip<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        if object(value)?.is_empty() {
            return Err(Problem::Invalid { expected: "an address" }.into());
        }
        let address = members.optional("address", IpText::parse)?;
        let version = match address {
            Some(address) => {
                members.optional("version", matching(address.version()))?;
                Some(address.version())
            }
            None => members.optional("version", IpVersion::parse)?,
        };
        Ok(Self { address, version })
    }

    /// Reads a name server's address, which is required because Nova's template uses it.
    fn parse_address(value: &'a Json<'a>) -> Result<IpText<'a>> {
        Self::parse(value)?.address.ok_or_else(|| DocumentError::from(Problem::Missing).below("address"))
    }
}

impl<'a> FixedIp<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        all!(Self { ip: Ip::parse(value), floating_ips: Members::of(value)?.list("floating_ips", Ip::parse) })
    }
}

impl<'a> Route<'a> {
    fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            cidr: members.required("cidr", Cidr::parse),
            gateway: members.required("gateway", Ip::parse).map(|ip| ip.address),
        })
    }
}

/// The extra members of a model: those of `meta`, overridden by members alongside it that the model does not know
/// (`Model._set_meta`). Only names that no model knows are read from here.
#[derive(Clone, Copy)]
struct Meta<'a> {
    unknown: Members<'a>,
    meta: Option<Members<'a>>,
}

impl<'a> Meta<'a> {
    fn of(model: Members<'a>) -> Result<Self> {
        Ok(Self { unknown: model, meta: model.optional("meta", Members::of)? })
    }

    fn optional<T>(self, name: &str, read: impl FnOnce(&'a Json<'a>) -> Result<T>) -> Result<Option<T>> {
        match self.meta {
            // A member alongside meta takes precedence even if it is null.
            Some(meta) if !self.unknown.contains(name) => {
                meta.optional(name, read).map_err(|error| error.below("meta"))
            }
            _ => self.unknown.optional(name, read),
        }
    }
}

/// Reads a model that may be absent. `{}` counts as absent, because it is false in Python.
fn optional_model<'a, T>(parse: impl Fn(&'a Json<'a>) -> Result<T>) -> impl Fn(&'a Json<'a>) -> Result<Option<T>> {
    move |value| if object(value)?.is_empty() { Ok(None) } else { parse(value).map(Some) }
}

/// Checks that a version matches the address next to it.
fn matching<'a>(version: IpVersion) -> impl Fn(&'a Json<'a>) -> Result<()> {
    move |value| {
        if IpVersion::parse(value)? == version {
            return Ok(());
        }
        Err(Problem::Conflict("does not match the version of the address next to it; correct it or leave it out")
            .into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{
        format,
        string::{String, ToString},
    };

    fn vif(subnet: &str) -> core::result::Result<(), String> {
        let text = format!(r#"{{"network": {{"subnets": [{subnet}]}}}}"#);
        let json = Json::parse(&text).unwrap();
        Vif::parse(&json).map(|_| ()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_subnet_on_which_nova_fails_is_refused_with_its_place() {
        for (subnet, place) in [
            (r#"{"cidr": null}"#, "/network/subnets/0/cidr: missing"),
            (r#"{"cidr": "10.0.0.0/8", "version": 6}"#, "/network/subnets/0/version: does not match"),
            (r#"{"cidr": "10.0.0.0/8", "dns": [{"address": null}]}"#, "/network/subnets/0/dns/0/address: missing"),
            (r#"{"cidr": "10.0.0.0/8", "ips": [{}]}"#, "/network/subnets/0/ips/0: invalid value"),
            (
                r#"{"cidr": "10.0.0.0/8", "meta": {"enable_dhcp": "x"}}"#,
                "/network/subnets/0/meta/enable_dhcp: expected a boolean",
            ),
            (
                r#"{"cidr": "10.0.0.0/8", "routes": [{"cidr": "0.0.0.0/0"}]}"#,
                "/network/subnets/0/routes/0/gateway: missing",
            ),
        ] {
            let error = vif(subnet).unwrap_err();
            assert!(error.starts_with(place), "{subnet}: {error}");
        }
        for subnet in [r#"{"cidr": "10.0.0.0/8", "gateway": {}}"#, r#"{"cidr": "::/0", "ips": [{"address": null}]}"#] {
            vif(subnet).unwrap();
        }
    }

    #[test]
    fn a_member_alongside_meta_takes_precedence_even_if_it_is_null() {
        let text = r#"{"network": {"mtu": null, "injected": true, "meta": {"mtu": 9000, "injected": false}}}"#;
        let json = Json::parse(text).unwrap();
        let network = Vif::parse(&json).unwrap().network.unwrap();
        assert_eq!((network.mtu, network.injected), (None, true));
    }
}
