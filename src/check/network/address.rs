//! Addresses and netmasks, as Python's `ipaddress` reads them.

use core::net::IpAddr;

use super::value::digits;
use crate::document::Json;

/// An address, with the prefix length after it if there is one.
#[derive(Clone, Copy)]
pub struct Address {
    pub host: IpAddr,
    pub prefix: Option<u32>,
}

impl Address {
    /// Reads `192.0.2.1`, `192.0.2.1/24` or `192.0.2.1/255.255.255.0`.
    pub fn parse(text: &str) -> Option<Self> {
        let (host, prefix) = match text.split_once('/') {
            Some((host, prefix)) => (host, Some(prefix)),
            None => (text, None),
        };
        let host = host.parse().ok()?;
        let prefix = match prefix {
            None => None,
            Some(prefix) => Some(Netmask::parse(&Json::Text(prefix.into()), host)?.prefix),
        };
        Some(Self { host, prefix })
    }
}

/// What a netmask specifies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Netmask {
    pub prefix: u32,
    /// Whether it is ones followed by zeros, in the notation of addresses: the only form that all readers understand.
    pub is_usual: bool,
}

impl Netmask {
    /// Reads a netmask, a prefix length, or an IPv4 host mask (such as `0.0.0.255`).
    pub fn parse(mask: &Json<'_>, host: IpAddr) -> Option<Self> {
        let bits = if host.is_ipv4() { 32 } else { 128 };
        if let Some(prefix) = digits(mask) {
            return (prefix <= bits).then_some(Self { prefix, is_usual: false });
        }
        let Json::Text(mask) = mask else { return None };
        match (mask.parse().ok()?, host) {
            (IpAddr::V4(mask), IpAddr::V4(_)) => {
                let mask = mask.to_bits();
                if mask.leading_ones() == mask.count_ones() {
                    return Some(Self { prefix: mask.leading_ones(), is_usual: true });
                }
                let is_host_mask = mask.trailing_ones() == mask.count_ones();
                is_host_mask.then_some(Self { prefix: mask.leading_zeros(), is_usual: false })
            }
            (IpAddr::V6(mask), IpAddr::V6(_)) => {
                let mask = mask.to_bits();
                let is_netmask = mask.leading_ones() == mask.count_ones();
                is_netmask.then_some(Self { prefix: mask.leading_ones(), is_usual: true })
            }
            _ => None,
        }
    }
}

/// Addresses on the same link.
#[derive(Clone, Copy)]
pub struct Range {
    pub host: IpAddr,
    pub prefix: u32,
}

impl Range {
    /// Returns whether Linux can use the gateway from here.
    pub fn reaches(self, gateway: IpAddr) -> bool {
        match (self.host, gateway) {
            (IpAddr::V4(host), IpAddr::V4(gateway)) => {
                let host_bits = u32::MAX.checked_shr(self.prefix).unwrap_or(0);
                (host.to_bits() ^ gateway.to_bits()) | host_bits == host_bits
            }
            (IpAddr::V6(host), IpAddr::V6(gateway)) => {
                let host_bits = u128::MAX.checked_shr(self.prefix).unwrap_or(0);
                gateway.is_unicast_link_local() || (host.to_bits() ^ gateway.to_bits()) | host_bits == host_bits
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn mask(mask: &str, host: &str) -> Option<(u32, bool)> {
        Netmask::parse(&Json::parse(mask).unwrap(), ip(host)).map(|mask| (mask.prefix, mask.is_usual))
    }

    #[test]
    fn a_netmask_is_ones_followed_by_zeros_or_the_reverse_or_a_number() {
        let v4 = |text| mask(text, "192.0.2.1");
        assert_eq!(v4(r#""255.255.255.0""#), Some((24, true)));
        assert_eq!(v4(r#""0.0.0.0""#), Some((0, true)));
        assert_eq!(v4(r#""255.255.255.255""#), Some((32, true)));
        assert_eq!(v4(r#""0.0.0.255""#), Some((24, false)));
        assert_eq!(v4(r#""24""#), Some((24, false)));
        assert_eq!(v4("24"), Some((24, false)));
        for text in [r#""255.0.255.0""#, "33", r#""+24""#, r#""ffff::""#, r#""x""#, r#""""#, "true", "[24]", "24.0"] {
            assert_eq!(v4(text), None, "{text}");
        }
        let v6 = |text| mask(text, "2001:db8::1");
        assert_eq!(v6(r#""ffff:ffff:ffff:ffff::""#), Some((64, true)));
        assert_eq!(v6("64"), Some((64, false)));
        for text in [r#""::ffff""#, r#""255.255.255.0""#, "129"] {
            assert_eq!(v6(text), None, "{text}");
        }
    }

    #[test]
    fn an_address_may_have_a_prefix() {
        let parse = |text| Address::parse(text).map(|address| address.prefix);
        assert_eq!(parse("192.0.2.1"), Some(None));
        assert_eq!(parse("192.0.2.1/24"), Some(Some(24)));
        assert_eq!(parse("192.0.2.1/255.255.255.0"), Some(Some(24)));
        assert_eq!(parse("2001:db8::1/64"), Some(Some(64)));
        for text in ["192.0.2.1/", "192.0.2.1/33", "192.0.02.1", "192.0.2", "x", "fe80::1%eth0"] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_gateway_is_reachable_within_the_network_or_on_the_link() {
        let reaches = |host, prefix, gateway| Range { host: ip(host), prefix }.reaches(ip(gateway));
        assert!(reaches("192.0.2.10", 24, "192.0.2.1"));
        assert!(!reaches("192.0.2.10", 24, "192.0.3.1"));
        assert!(!reaches("192.0.2.10", 32, "192.0.2.1"));
        assert!(reaches("192.0.2.10", 0, "10.0.0.1"));
        assert!(reaches("2001:db8::10", 64, "2001:db8::1"));
        assert!(reaches("2001:db8::10", 64, "fe80::1"));
        assert!(!reaches("2001:db8::10", 64, "2001:db8:1::1"));
        assert!(!reaches("2001:db8::10", 0, "192.0.2.1"));
    }
}
