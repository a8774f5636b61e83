//! `--ip` and `--dhcp`: the common cases of a network, as network_data.json.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::Serialize;

use crate::error::Error;

/// `MAC=ADDRESS/PREFIX[,gateway=…][,dns=…][,mtu=…][,vlan=…]`.
#[derive(Clone, Debug)]
pub struct Address {
    link: Link,
    address: IpAddr,
    prefix: u8,
    gateway: Option<IpAddr>,
    dns: Vec<IpAddr>,
}

/// `MAC[,mtu=…][,vlan=…]`.
#[derive(Clone, Debug)]
pub struct Dhcp {
    link: Link,
}

/// The interface that an address belongs to.
#[derive(Clone, Debug)]
struct Link {
    mac: Mac,
    mtu: Option<u16>,
    vlan: Option<u16>,
}

/// A MAC address of six octets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Mac([u8; 6]);

impl FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (mac, rest) =
            text.split_once('=').ok_or("expected MAC=ADDRESS/PREFIX, such as 52:54:00:12:34:01=192.0.2.10/24")?;
        let mut items = rest.split(',');
        let network = items.next().unwrap_or_default();
        let (address, prefix) = network.split_once('/').ok_or_else(|| {
            format!(
                "expected an address with the length of its network's prefix, such as 192.0.2.10/24, found '{network}'"
            )
        })?;
        let address = ip(address)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = number(prefix, 0, longest, "the length of a prefix")?;
        let (mut gateway, mut dns) = (None, Vec::new());
        let link = Link::parse(mac, items, |name, value| {
            match name {
                "gateway" if gateway.is_some() => return Err("gateway appears twice; remove one".into()),
                "gateway" => gateway = Some(ip(value)?),
                "dns" => dns.push(ip(value)?),
                _ => return Ok(false),
            }
            Ok(true)
        })?;
        match gateway {
            Some(gateway) if gateway.is_ipv4() != address.is_ipv4() => {
                Err("the gateway and the address are of different IP versions; use one --ip for each".into())
            }
            _ => Ok(Self { link, address, prefix: prefix as u8, gateway, dns }),
        }
    }
}

impl FromStr for Dhcp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut items = text.split(',');
        let mac = items.next().unwrap_or_default();
        Ok(Self { link: Link::parse(mac, items, |_, _| Ok(false))? })
    }
}

impl Link {
    /// Reads the options after the first comma. `other` reads those that are not a link's, and returns whether it knows the name.
    fn parse<'a>(
        mac: &str,
        options: impl Iterator<Item = &'a str>,
        mut other: impl FnMut(&str, &str) -> Result<bool, String>,
    ) -> Result<Self, String> {
        let mut link = Self { mac: mac.parse()?, mtu: None, vlan: None };
        for option in options {
            let (name, value) = option.split_once('=').unwrap_or((option, ""));
            let (place, from, to, what) = match name {
                "mtu" => (&mut link.mtu, 68, u16::MAX, "an MTU in bytes"),
                "vlan" => (&mut link.vlan, 1, 4094, "a VLAN id"),
                _ if other(name, value)? => continue,
                _ => return Err(format!("unknown option '{name}': expected gateway, dns, mtu or vlan")),
            };
            if place.replace(number(value, from, to, what)?).is_some() {
                return Err(format!("{name} appears twice; remove one"));
            }
        }
        Ok(link)
    }
}

impl FromStr for Mac {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let separator = if text.contains('-') { '-' } else { ':' };
        let octet = |octet: &str| match octet.len() {
            2 if octet.bytes().all(|byte| byte.is_ascii_hexdigit()) => u8::from_str_radix(octet, 16).ok(),
            _ => None,
        };
        let octets: Option<Vec<u8>> = text.split(separator).map(octet).collect();
        octets
            .and_then(|octets| octets.try_into().ok())
            .map(Self)
            .ok_or_else(|| format!("expected a MAC address, such as 52:54:00:12:34:01, found '{text}'"))
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.map(|octet| format!("{octet:02x}")).join(":"))
    }
}

fn ip(text: &str) -> Result<IpAddr, String> {
    text.parse().map_err(|_| format!("expected an IPv4 or IPv6 address, found '{text}'"))
}

fn number(text: &str, from: u16, to: u16, what: &str) -> Result<u16, String> {
    let number = text.parse().ok().filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("expected {what} from {from} to {to}, found '{text}'"))
}

/// Returns the network data as JSON, or `None` without addresses.
pub fn network_data(addresses: &[Address], dhcp: &[Dhcp]) -> Result<Option<String>, Error> {
    if addresses.is_empty() && dhcp.is_empty() {
        return Ok(None);
    }
    let mut data = NetworkData::default();
    let links = addresses.iter().map(|address| &address.link).chain(dhcp.iter().map(|dhcp| &dhcp.link));
    let links: Vec<String> = links.map(|link| data.link(link)).collect::<Result<_, _>>()?;
    for (address, link) in addresses.iter().zip(&links) {
        let networks = data.networks.len();
        data.networks.push(Network::of_address(networks, address, link));
        let dns = address.dns.iter().map(|server| Service { kind: "dns", address: server.to_string() });
        let new: Vec<_> = dns.filter(|service| !data.services.contains(service)).collect();
        data.services.extend(new);
    }
    for link in links.iter().skip(addresses.len()) {
        let networks = data.networks.len();
        data.networks.push(Network::of_dhcp(networks, link));
    }
    serde_json::to_string(&data).map(Some).map_err(|error| Error::Usage(error.to_string()))
}

/// network_data.json.
#[derive(Default, Serialize)]
struct NetworkData {
    links: Vec<LinkData>,
    networks: Vec<Network>,
    services: Vec<Service>,
}

#[derive(Serialize)]
struct LinkData {
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ethernet_mac_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan_mac_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan_link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vlan_id: Option<u16>,
    mtu: u16,
    /// Whether an option set the MTU.
    #[serde(skip)]
    has_mtu: bool,
}

#[derive(Serialize)]
struct Network {
    id: String,
    link: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    netmask: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Route>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    services: Vec<Service>,
}

#[derive(Serialize)]
struct Route {
    network: String,
    netmask: String,
    gateway: String,
}

#[derive(Clone, Eq, PartialEq, Serialize)]
struct Service {
    #[serde(rename = "type")]
    kind: &'static str,
    address: String,
}

impl NetworkData {
    /// Returns the id of the link, which is added if it is new.
    fn link(&mut self, link: &Link) -> Result<String, Error> {
        let mac = link.mac.to_string();
        let parent = self.links.iter().position(|known| known.ethernet_mac_address.as_ref() == Some(&mac));
        let parent = match parent.and_then(|parent| self.links.get(parent)) {
            Some(parent) => parent.id.clone(),
            None => {
                let interfaces = self.links.iter().filter(|known| known.ethernet_mac_address.is_some()).count();
                let id = format!("eth{interfaces}");
                self.links.push(LinkData {
                    id: id.clone(),
                    kind: "phy",
                    ethernet_mac_address: Some(mac.clone()),
                    vlan_mac_address: None,
                    vlan_link: None,
                    vlan_id: None,
                    mtu: DEFAULT_MTU,
                    has_mtu: false,
                });
                id
            }
        };
        let id = match link.vlan {
            None => parent.clone(),
            Some(vlan) => format!("{parent}.{vlan}"),
        };
        if let (Some(vlan), false) = (link.vlan, self.links.iter().any(|known| known.id == id)) {
            self.links.push(LinkData {
                id: id.clone(),
                kind: "vlan",
                ethernet_mac_address: None,
                vlan_mac_address: Some(mac.clone()),
                vlan_link: Some(parent.clone()),
                vlan_id: Some(vlan),
                mtu: DEFAULT_MTU,
                has_mtu: false,
            });
        }
        let Some(mtu) = link.mtu else { return Ok(id) };
        for known in &mut self.links {
            if known.id == id {
                if known.has_mtu && known.mtu != mtu {
                    let message = format!("--ip and --dhcp: {mac} has two MTUs, {} and {mtu}; give one", known.mtu);
                    return Err(Error::Usage(message));
                }
                (known.mtu, known.has_mtu) = (mtu, true);
            } else if known.id == parent && !known.has_mtu {
                // A VLAN's packets also pass the interface below it.
                known.mtu = known.mtu.max(mtu);
            }
        }
        Ok(id)
    }
}

/// What Ethernet interfaces have without any configuration. Some readers need it to be explicit.
const DEFAULT_MTU: u16 = 1500;

impl Network {
    fn of_address(index: usize, address: &Address, link: &str) -> Self {
        let (kind, netmask, any) = match address.address {
            IpAddr::V4(_) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(address.prefix)).unwrap_or(0);
                ("ipv4", Ipv4Addr::from(mask).to_string(), Ipv4Addr::UNSPECIFIED.to_string())
            }
            IpAddr::V6(_) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(address.prefix)).unwrap_or(0);
                ("ipv6", Ipv6Addr::from(mask).to_string(), Ipv6Addr::UNSPECIFIED.to_string())
            }
        };
        let route =
            |gateway: IpAddr| Route { network: any.clone(), netmask: any.clone(), gateway: gateway.to_string() };
        let service = |server: &IpAddr| Service { kind: "dns", address: server.to_string() };
        Self {
            id: format!("network{index}"),
            link: link.to_owned(),
            kind,
            ip_address: Some(address.address.to_string()),
            netmask: Some(netmask),
            routes: address.gateway.map(route).into_iter().collect(),
            services: address.dns.iter().map(service).collect(),
        }
    }

    fn of_dhcp(index: usize, link: &str) -> Self {
        Self {
            id: format!("network{index}"),
            link: link.to_owned(),
            kind: "ipv4_dhcp",
            ip_address: None,
            netmask: None,
            routes: Vec::new(),
            services: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn made(addresses: &[&str], dhcp: &[&str]) -> Value {
        let addresses: Vec<Address> = addresses.iter().map(|text| text.parse().unwrap()).collect();
        let dhcp: Vec<Dhcp> = dhcp.iter().map(|text| text.parse().unwrap()).collect();
        serde_json::from_str(&network_data(&addresses, &dhcp).unwrap().unwrap()).unwrap()
    }

    #[test]
    fn addresses_of_one_interface_share_its_link() {
        let data = made(
            &[
                "52-54-00-12-34-AB=192.0.2.10/24,gateway=192.0.2.1,dns=192.0.2.2,dns=192.0.2.3",
                "52:54:00:12:34:ab=2001:db8::10/64,gateway=fe80::1,dns=192.0.2.2",
                "52:54:00:12:34:ab=198.51.100.1/31,vlan=7,mtu=9000",
            ],
            &["52:54:00:12:34:02"],
        );
        let dns = |address| json!({"type": "dns", "address": address});
        assert_eq!(
            data,
            json!({
                "links": [
                    {"id": "eth0", "type": "phy", "ethernet_mac_address": "52:54:00:12:34:ab", "mtu": 9000},
                    {"id": "eth0.7", "type": "vlan", "vlan_mac_address": "52:54:00:12:34:ab", "vlan_link": "eth0", "vlan_id": 7, "mtu": 9000},
                    {"id": "eth1", "type": "phy", "ethernet_mac_address": "52:54:00:12:34:02", "mtu": 1500},
                ],
                "networks": [
                    {"id": "network0", "link": "eth0", "type": "ipv4", "ip_address": "192.0.2.10", "netmask": "255.255.255.0",
                     "routes": [{"network": "0.0.0.0", "netmask": "0.0.0.0", "gateway": "192.0.2.1"}],
                     "services": [dns("192.0.2.2"), dns("192.0.2.3")]},
                    {"id": "network1", "link": "eth0", "type": "ipv6", "ip_address": "2001:db8::10", "netmask": "ffff:ffff:ffff:ffff::",
                     "routes": [{"network": "::", "netmask": "::", "gateway": "fe80::1"}], "services": [dns("192.0.2.2")]},
                    {"id": "network2", "link": "eth0.7", "type": "ipv4", "ip_address": "198.51.100.1", "netmask": "255.255.255.254"},
                    {"id": "network3", "link": "eth1", "type": "ipv4_dhcp"},
                ],
                "services": [dns("192.0.2.2"), dns("192.0.2.3")],
            })
        );
    }

    #[test]
    fn a_prefix_may_be_empty_or_whole() {
        for (address, netmask) in [
            ("10.0.0.1/0", "0.0.0.0"),
            ("10.0.0.1/32", "255.255.255.255"),
            ("::1/0", "::"),
            ("::1/128", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ] {
            let data = made(&[&format!("52:54:00:12:34:01={address}")], &[]);
            assert_eq!(data["networks"][0]["netmask"], netmask);
        }
    }

    #[test]
    fn an_invalid_address_says_what_is_expected() {
        for (text, message) in [
            ("52:54:00:12:34:01", "expected MAC=ADDRESS/PREFIX"),
            ("52:54:00:12:34=10.0.0.1/8", "expected a MAC address, such as 52:54:00:12:34:01, found '52:54:00:12:34'"),
            ("52:54:00:12:34:+1=10.0.0.1/8", "expected a MAC address"),
            ("52:54:00:12:34:01=10.0.0.1", "expected an address with the length of its network's prefix"),
            ("52:54:00:12:34:01=10.0.0.1/33", "expected the length of a prefix from 0 to 32, found '33'"),
            ("52:54:00:12:34:01=::1/129", "expected the length of a prefix from 0 to 128, found '129'"),
            ("52:54:00:12:34:01=10.0.0.256/8", "expected an IPv4 or IPv6 address, found '10.0.0.256'"),
            (
                "52:54:00:12:34:01=10.0.0.1/8,gateway=fe80::1",
                "the gateway and the address are of different IP versions",
            ),
            ("52:54:00:12:34:01=10.0.0.1/8,vlan=4095", "expected a VLAN id from 1 to 4094, found '4095'"),
            ("52:54:00:12:34:01=10.0.0.1/8,mtu=1,mtu=2", "expected an MTU in bytes from 68 to 65535, found '1'"),
            ("52:54:00:12:34:01=10.0.0.1/8,mtu=1500,mtu=1500", "mtu appears twice"),
            ("52:54:00:12:34:01=10.0.0.1/8,gw=10.0.0.2", "unknown option 'gw': expected gateway, dns, mtu or vlan"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.starts_with(message), "{text}: {error}");
        }
        assert!("52:54:00:12:34:01,dns=10.0.0.1".parse::<Dhcp>().is_err());
    }

    #[test]
    fn an_interface_has_one_mtu() {
        let addresses = ["52:54:00:12:34:01=10.0.0.1/8,mtu=1500", "52:54:00:12:34:01=::1/64,mtu=9000"];
        let addresses = addresses.map(|text| text.parse().unwrap());
        assert!(network_data(&addresses, &[]).is_err());
    }
}
