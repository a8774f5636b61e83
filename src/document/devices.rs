//! Devices with their tags (`nova.objects.virt_device_metadata`).

use alloc::{borrow::Cow, string::String, vec::Vec};

use super::{
    error::Problem,
    json::{Integer, Json},
    read::{Members, Result, boolean, integer, list, text},
};

/// A device of which the instance is told.
#[derive(Debug)]
pub struct Device<'a> {
    /// What it is.
    pub kind: DeviceKind<'a>,
    /// Where it is plugged in.
    pub bus: Option<Bus<'a>>,
    /// The tags that the user gave it.
    pub tags: Option<Vec<&'a str>>,
}

/// What a device is.
#[derive(Debug)]
pub enum DeviceKind<'a> {
    /// A network interface.
    Nic {
        /// The MAC address, six octets in lower case between colons.
        mac: String,
        /// The VLAN of a virtual function.
        vlan: Option<&'a Integer>,
        /// Whether the virtual function is trusted.
        vf_trusted: bool,
    },
    /// A disk.
    Disk {
        /// Its serial number.
        serial: Option<&'a str>,
        /// Its path in the instance.
        path: Option<&'a str>,
    },
    /// A file system share.
    Share {
        /// Manila's id of it.
        share_id: Option<&'a str>,
        /// The tag by which it is mounted.
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

/// Reads the devices; those of a type or on a bus that Nova does not know are left out, as Nova leaves them out.
pub(super) fn devices<'a>(value: &'a Json<'a>) -> Result<Vec<Device<'a>>> {
    let devices = Members::of(value)?.list("devices", device)?;
    Ok(devices.into_iter().flatten().collect())
}

fn device<'a>(value: &'a Json<'a>) -> Result<Option<Device<'a>>> {
    let members = Members::of(value)?;
    let kind = match members.optional("type", text)?.unwrap_or_default() {
        "nic" => DeviceKind::Nic {
            mac: members.required("mac", mac)?,
            vlan: members.optional("vlan", integer)?,
            vf_trusted: members.optional("vf_trusted", boolean)?.unwrap_or_default(),
        },
        "disk" => DeviceKind::Disk { serial: members.optional("serial", text)?, path: members.optional("path", text)? },
        "share" => {
            DeviceKind::Share { share_id: members.optional("share_id", text)?, tag: members.optional("tag", text)? }
        }
        _ => return Ok(None),
    };
    let bus = match members.optional("bus", bus)? {
        Some(None) => return Ok(None),
        found => found.flatten(),
    };
    let tags = members.optional("tags", |value| list(value, text))?;
    Ok(Some(Device { kind, bus, tags }))
}

/// Reads a bus, if it is one that Nova knows, with the address patterns of `nova.objects.fields`, matched to their end.
fn bus<'a>(value: &'a Json<'a>) -> Result<Option<Bus<'a>>> {
    let members = Members::of(value)?;
    let (name, sound, wanted): (_, fn(&str) -> bool, _) = match members.optional("type", text)?.unwrap_or_default() {
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
        if sound(&address) { Ok(address) } else { Err(Problem::Invalid { wanted }.into()) }
    })?;
    Ok(Some(Bus { name, address }))
}

fn mac(value: &Json<'_>) -> Result<String> {
    let wanted = "a MAC address such as 52:54:00:12:34:56";
    let normalised = match value {
        Json::Text(text) => text.to_ascii_lowercase().replace('-', ":"),
        other => return Err(Problem::kind(other, wanted).into()),
    };
    let octets = normalised.split(':').filter(|octet| octet.len() == 2 && is_hex(octet)).count();
    if octets == 6 && normalised.len() == 17 { Ok(normalised) } else { Err(Problem::Invalid { wanted }.into()) }
}

/// `DDDD:BB:SS.F`: domain, bus, slot up to 1f, function up to 7.
fn is_pci(text: &str) -> bool {
    let parse = || {
        let (domain, rest) = text.split_once(':')?;
        let (bus, rest) = rest.split_once(':')?;
        let (slot, function) = rest.split_once('.')?;
        let sound = domain.len() == 4 && is_hex(domain) && bus.len() == 2 && is_hex(bus);
        let slot = slot.len() == 2 && is_hex(slot) && slot.starts_with(['0', '1']);
        Some(sound && slot && function.len() == 1 && function.bytes().all(|digit| (b'0'..=b'7').contains(&digit)))
    };
    parse().unwrap_or(false)
}

/// `00DD00`, or a number of two digits and more.
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

    fn is_taken(kind: &str, address: &str) -> bool {
        let text = format!(r#"{{"type": "{kind}", "address": "{address}"}}"#);
        bus(&Json::parse(&text).unwrap()).is_ok()
    }

    /// The patterns of `nova.objects.fields`.
    #[test]
    fn an_address_has_the_form_of_its_bus() {
        for (kind, addresses) in [
            ("pci", &["0000:00:1f.7", "12ab:CD:00.0"][..]),
            ("usb", &["1:2", "a0:f"]),
            ("scsi", &["0:0:1:0", "ff:0:a:1"]),
            ("ide", &["0:0", "0:1", "1:0", "1:1"]),
            ("xen", &["10", "51712", "000000", "001200"]),
        ] {
            for address in addresses {
                assert!(is_taken(kind, address), "{kind} {address}");
            }
        }
    }

    #[test]
    fn an_address_of_another_form_is_refused() {
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
                assert!(!is_taken(kind, address), "{kind} {address}");
            }
        }
    }

    #[test]
    fn a_mac_address_has_six_octets_and_is_in_lower_case_between_colons() {
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
