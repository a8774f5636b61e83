//! Addresses. Parsing only checks them: they are kept as the document spells them, because Nova passes them on unchanged.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    error::Problem,
    json::Json,
    read::{Result, text},
};

/// An IP version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IpVersion {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl IpVersion {
    /// Returns the version of `address`.
    pub fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }

    pub(super) fn parse(value: &Json<'_>) -> Result<Self> {
        match value {
            Json::Integer(version) if version.as_str() == "4" => Ok(Self::V4),
            Json::Integer(version) if version.as_str() == "6" => Ok(Self::V6),
            Json::Integer(_) => Err(Problem::Invalid { expected: "4 or 6" }.into()),
            other => Err(Problem::kind(other, "4 or 6").into()),
        }
    }
}

/// An IP address and its spelling in the document.
#[derive(Clone, Copy, Debug)]
pub struct IpText<'a> {
    text: &'a str,
    address: IpAddr,
}

impl<'a> IpText<'a> {
    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let text = text(value)?;
        match text.parse() {
            Ok(address) => Ok(Self { text, address }),
            Err(_) => Err(Problem::Invalid { expected: "an IPv4 or IPv6 address" }.into()),
        }
    }

    /// Returns the address as the document spells it.
    pub fn as_str(self) -> &'a str {
        self.text
    }

    /// Returns the address's IP version.
    pub fn version(self) -> IpVersion {
        IpVersion::of(self.address)
    }
}

/// A network: an address, perhaps with host bits, and a prefix length (RFC 4632, 3.1; RFC 4291, 2.3).
#[derive(Clone, Copy, Debug)]
pub struct Cidr {
    address: IpAddr,
    prefix: u32,
}

impl Cidr {
    pub(super) fn parse(value: &Json<'_>) -> Result<Self> {
        let parse = |text: &str| {
            let (address, prefix) = text.split_once('/')?;
            let address: IpAddr = address.parse().ok()?;
            let digits = prefix.bytes().all(|byte| byte.is_ascii_digit());
            let prefix: u32 = digits.then(|| prefix.parse().ok()).flatten()?;
            let bits = if address.is_ipv4() { 32 } else { 128 };
            (prefix <= bits).then_some(Self { address, prefix })
        };
        parse(text(value)?)
            .ok_or_else(|| Problem::Invalid { expected: "a network such as 192.0.2.0/24 or 2001:db8::/64" }.into())
    }

    /// Returns the network's IP version.
    pub fn version(self) -> IpVersion {
        IpVersion::of(self.address)
    }

    /// Returns the prefix length in bits.
    pub fn prefix(self) -> u32 {
        self.prefix
    }

    /// Returns the netmask.
    pub fn netmask(self) -> IpAddr {
        match self.address {
            IpAddr::V4(_) => Ipv4Addr::from_bits(self.mask_v4()).into(),
            IpAddr::V6(_) => Ipv6Addr::from_bits(self.mask_v6()).into(),
        }
    }

    /// Returns the network's own address, in which the host bits are zero.
    pub fn network(self) -> IpAddr {
        match self.address {
            IpAddr::V4(address) => Ipv4Addr::from_bits(address.to_bits() & self.mask_v4()).into(),
            IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & self.mask_v6()).into(),
        }
    }

    /// Returns the broadcast address. IPv4 networks of one or two addresses (RFC 3021, 2.1) and IPv6 networks do not have one.
    pub fn broadcast(self) -> Option<Ipv4Addr> {
        match self.address {
            IpAddr::V4(address) if self.prefix <= 30 => Some(Ipv4Addr::from_bits(address.to_bits() | !self.mask_v4())),
            _ => None,
        }
    }

    fn mask_v4(self) -> u32 {
        u32::MAX.checked_shr(self.prefix).map_or(u32::MAX, |host| !host)
    }

    fn mask_v6(self) -> u128 {
        u128::MAX.checked_shr(self.prefix).map_or(u128::MAX, |host| !host)
    }
}

/// A MAC address: 6 octets, or InfiniBand's 20 (RFC 4391, 9.1.1), in hexadecimal, separated by colons or hyphens.
#[derive(Clone, Copy, Debug)]
pub struct MacAddr<'a>(&'a str);

impl<'a> MacAddr<'a> {
    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let text = text(value)?;
        let octets = |separator| {
            let mut count = 0usize;
            let valid = text
                .split(separator)
                .inspect(|_| count = count.saturating_add(1))
                .all(|octet| octet.len() == 2 && octet.bytes().all(|byte| byte.is_ascii_hexdigit()));
            if valid { count } else { 0 }
        };
        match octets(':').max(octets('-')) {
            6 | 20 => Ok(Self(text)),
            _ => Err(Problem::Invalid { expected: "a MAC address such as 52:54:00:12:34:56" }.into()),
        }
    }

    /// Returns the address as the document spells it.
    pub fn as_str(self) -> &'a str {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn cidr(text: &str) -> Cidr {
        Cidr::parse(&text.into()).unwrap()
    }

    #[test]
    fn the_host_bits_of_a_network_are_masked() {
        assert_eq!(cidr("192.0.2.77/26").network().to_string(), "192.0.2.64");
        assert_eq!(cidr("2001:db8:1:2:3::/33").network().to_string(), "2001:db8::");
        assert_eq!(cidr("10.9.8.7/0").network().to_string(), "0.0.0.0");
        assert_eq!(cidr("::1/128").netmask().to_string(), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
        assert_eq!(cidr("::1/0").netmask().to_string(), "::");
    }

    #[test]
    fn a_network_of_two_addresses_has_no_broadcast() {
        assert_eq!(cidr("192.0.2.0/30").broadcast().unwrap().to_string(), "192.0.2.3");
        assert_eq!(cidr("192.0.2.1/30").broadcast().unwrap().to_string(), "192.0.2.3");
        assert!(cidr("192.0.2.0/31").broadcast().is_none());
        assert!(cidr("2001:db8::/64").broadcast().is_none());
    }

    #[test]
    fn invalid_networks_are_refused() {
        for text in [
            "10.0.0/24",
            "10.0.0.0",
            "10.0.0.0/33",
            "10.0.0.0/255.0.0.0",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "::/129",
            "/8",
            "",
        ] {
            assert!(Cidr::parse(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn mac_addresses_have_six_or_twenty_octets() {
        let infiniband = ["80"; 20].join(":");
        for text in ["52:54:00:AB:cd:01", "52-54-00-ab-cd-01", &infiniband] {
            assert!(MacAddr::parse(&text.into()).is_ok(), "{text}");
        }
        for text in ["52:54:00:00:00", "52:54:00:00:00:0", "52:54:00:00:00:0g", "52:54-00:00:00:01", "525400000001", ""]
        {
            assert!(MacAddr::parse(&text.into()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_version_is_the_number_4_or_6() {
        for (text, version) in [("4", Some(IpVersion::V4)), ("6", Some(IpVersion::V6)), ("5", None), ("\"4\"", None)] {
            assert_eq!(IpVersion::parse(&Json::parse(text).unwrap()).ok(), version, "{text}");
        }
    }
}
