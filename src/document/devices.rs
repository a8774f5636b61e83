//! Devices with their tags (`nova.objects.virt_device_metadata`).

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{
    error::Problem,
    json::{Integer, Json},
    read::{Members, Result, all, boolean, integer, list, text},
};

/// A device that is described to the instance.
#[derive(Debug)]
pub struct Device<'a> {
    /// The kind of device and its properties.
    pub kind: DeviceKind<'a>,
    /// The bus to which it is attached.
    pub bus: Option<Bus<'a>>,
    /// The tags that the user assigned to it.
    pub tags: Option<Vec<&'a str>>,
}

/// The kind of a device, with its properties.
#[derive(Debug)]
pub enum DeviceKind<'a> {
    /// A network interface.
    Nic {
        /// The MAC address: six octets in lower case, separated by colons.
        mac: String,
        /// The VLAN id of a virtual function.
        vlan: Option<&'a Integer>,
        /// Whether the virtual function is trusted.
        vf_trusted: bool,
    },
    /// A disk.
    Disk {
        /// The disk's serial number.
        serial: Option<&'a str>,
        /// The disk's path in the instance.
        path: Option<&'a str>,
    },
    /// A file system share.
    Share {
        /// The share's id in Manila.
        share_id: Option<&'a str>,
        /// The tag with which the instance mounts it.
        tag: Option<&'a str>,
    },
}

/// A bus and the device's address on it.
#[derive(Debug)]
pub struct Bus<'a> {
    /// `pci`, `usb`, `scsi`, `ide` or `xen`.
    pub name: &'static str,
    /// The address, in lower case for PCI.
    pub address: Option<Cow<'a, str>>,
}

/// Reads the devices. Like Nova, leaves out those whose type or bus Nova does not know.
pub(super) fn devices<'a>(value: &'a Json<'a>) -> Result<Vec<Device<'a>>> {
    let devices = Members::of(value)?.list("devices", device)?;
    Ok(devices.into_iter().flatten().collect())
}

fn device<'a>(value: &'a Json<'a>) -> Result<Option<Device<'a>>> {
    let members = Members::of(value)?;
    let kind = match members.optional("type", text)?.unwrap_or_default() {
        "nic" => all!(DeviceKind::Nic {
            mac: members.required("mac", mac),
            vlan: members.optional("vlan", integer),
            vf_trusted: members.optional("vf_trusted", boolean).map(Option::unwrap_or_default),
        }),
        "disk" => {
            all!(DeviceKind::Disk { serial: members.optional("serial", text), path: members.optional("path", text) })
        }
        "share" => {
            all!(DeviceKind::Share { share_id: members.optional("share_id", text), tag: members.optional("tag", text) })
        }
        _ => return Ok(None),
    };
    let bus = members.optional("bus", bus);
    if let Ok(Some(None)) = bus {
        return kind.and(Ok(None));
    }
    all!(Device {
        kind: kind,
        bus: bus.map(Option::flatten),
        tags: members.optional("tags", |value| list(value, text)),
    })
    .map(Some)
}

/// Reads a bus, or returns `None` if Nova does not know it. The whole address must match the pattern in `nova.objects.fields`.
fn bus<'a>(value: &'a Json<'a>) -> Result<Option<Bus<'a>>> {
    let members = Members::of(value)?;
    let (name, is_valid, expected): (_, fn(&str) -> bool, _) = match members.optional("type", text)?.unwrap_or_default()
    {
        "pci" => ("pci", is_pci, "a PCI address such as 0000:00:1f.2"),
        "usb" => ("usb", |text| hex_parts(text, 2), "a USB address such as 1:2, in lower case"),
        "scsi" => ("scsi", |text| hex_parts(text, 4), "a SCSI address such as 0:0:1:0, in lower case"),
        "ide" => ("ide", |text| matches!(text, "0:0" | "0:1" | "1:0" | "1:1"), "an IDE address such as 0:1"),
        "xen" => ("xen", is_xen, "a Xen device number such as 51712"),
        _ => return Ok(None),
    };
    let address = members.optional("address", |value| {
        let address = text(value)?;
        let address = if name == "pci" { Cow::Owned(address.to_ascii_lowercase()) } else { Cow::Borrowed(address) };
        if is_valid(&address) { Ok(address) } else { Err(Problem::Invalid { expected }.into()) }
    })?;
    Ok(Some(Bus { name, address }))
}

fn mac(value: &Json<'_>) -> Result<String> {
    let expected = "a MAC address such as 52:54:00:12:34:56";
    let normalised = match value {
        Json::Text(text) => text.to_ascii_lowercase().replace('-', ":"),
        other => return Err(Problem::kind(other, expected).into()),
    };
    let octets = normalised.split(':').filter(|octet| octet.len() == 2 && is_hex(octet)).count();
    if octets == 6 && normalised.len() == 17 { Ok(normalised) } else { Err(Problem::Invalid { expected }.into()) }
}

/// `DDDD:BB:SS.F`: domain, bus, slot up to 1f, function up to 7.
fn is_pci(text: &str) -> bool {
    let parse = || {
        let (domain, rest) = text.split_once(':')?;
        let (bus, rest) = rest.split_once(':')?;
        let (slot, function) = rest.split_once('.')?;
        let domain_and_bus = domain.len() == 4 && is_hex(domain) && bus.len() == 2 && is_hex(bus);
        let slot = slot.len() == 2 && is_hex(slot) && slot.starts_with(['0', '1']);
        let function = function.len() == 1 && function.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        Some(domain_and_bus && slot && function)
    };
    parse().unwrap_or(false)
}

/// `00DD00`, or a number of two or more digits.
fn is_xen(text: &str) -> bool {
    let digits = text.len() >= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && (!text.starts_with('0') || text.len() == 6 && text.starts_with("00") && text.ends_with("00"))
}

fn hex_parts(text: &str, count: usize) -> bool {
    text.split(':').count() == count && text.split(':').all(|part| !part.is_empty() && is_hex(part))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn is_accepted(kind: &str, address: &str) -> bool {
        let text = format!(r#"{{"type": "{kind}", "address": "{address}"}}"#);
        bus(&Json::parse(&text).unwrap()).is_ok()
    }

    /// The patterns of `nova.objects.fields`.
    #[test]
    fn addresses_in_the_form_of_their_bus_are_accepted() {
        for (kind, addresses) in [
            ("pci", &["0000:00:1f.7", "12ab:CD:00.0"][..]),
            ("usb", &["1:2", "a0:f"]),
            ("scsi", &["0:0:1:0", "ff:0:a:1"]),
            ("ide", &["0:0", "0:1", "1:0", "1:1"]),
            ("xen", &["10", "51712", "000000", "001200"]),
        ] {
            for address in addresses {
                assert!(is_accepted(kind, address), "{kind} {address}");
            }
        }
    }

    #[test]
    fn addresses_in_another_form_are_refused() {
        for (kind, addresses) in [
            (
                "pci",
                &[
                    "",
                    "0000",
                    "0000:00",
                    "0000:00:1f",
                    "000:00:1f.2",
                    "000g:00:1f.2",
                    "0000:0:1f.2",
                    "0000:0g:1f.2",
                    "0000:00:1.2",
                    "0000:00:1g.2",
                    "0000:00:2f.2",
                    "0000:00:1f.",
                    "0000:00:1f.8",
                    "0000:00:1f.12",
                ][..],
            ),
            ("usb", &["", "1", "1:", ":2", "1:2:3", "1:g", "A:1"]),
            ("scsi", &["0:0:1", "0:0:1:0:0", "0:0:1:", "0:0:1:x"]),
            ("ide", &["", "0", "0:2", "2:0", "0:1x"]),
            ("xen", &["", "5", "05", "5a", "x", "0100", "00000", "0000000", "000001", "010000", "00a200"]),
        ] {
            for address in addresses {
                assert!(!is_accepted(kind, address), "{kind} {address}");
            }
        }
    }

    #[test]
    fn a_mac_address_has_six_octets_and_is_normalised_to_lower_case_and_colons() {
        assert_eq!(mac(&"52-54-00-AB-cd-01".into()).unwrap(), "52:54:00:ab:cd:01");
        for text in [
            "",
            "52:54:00:00:00",
            "52:54:00:00:00:0",
            "52:54:00:00:00:0g",
            "52:54:00:00:00:001",
            "52:54:00:00:00:01:0",
            "52:54:00:00:00:01:02",
        ] {
            assert!(mac(&text.into()).is_err(), "{text}");
        }
    }
}
