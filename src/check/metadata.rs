//! `meta_data.json` and the files beside it, but for the network's.

use alloc::{format, vec::Vec};

use super::{Code, Drive, Findings, Place, items, json, object, text};
use crate::document::{Json, Object};

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    for version in drive.versions() {
        let path = Drive::path(version, META_DATA);
        if drive.file(&path).is_none() {
            let message = match version {
                Drive::LATEST => "glean and cloudbase-init read it there, and find no drive without it",
                _ => "cloud-init takes this folder, the newest dated one that it knows, and no drive without the file",
            };
            findings.add(Code::NoMetaData, &Place::file(&path), message);
        }
    }
    drive.each_of(META_DATA, |path, content| meta_data(drive, &Place::file(path), content, findings));
    for name in ["vendor_data.json", "vendor_data2.json"] {
        drive.each_of(name, |path, content| vendor_data(&Place::file(path), content, findings));
    }
    ec2_meta_data(drive, findings);
    versions(drive, findings);
}

const META_DATA: &str = "meta_data.json";

fn meta_data(drive: &Drive<'_>, place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let value = json(content);
    let members = match &value {
        Ok(Json::Object(members)) => members,
        Ok(other) => {
            let message = format!("is {}; no reader takes the drive", other.kind());
            return findings.add(Code::InvalidMetaData, place, message);
        }
        Err(why) => return findings.add(Code::InvalidMetaData, place, format!("{why}; no reader takes the drive")),
    };
    if members.get("uuid").is_none() {
        findings.add(Code::NoUuid, place, "there is no uuid: cloud-init takes the drive as broken and ignores it");
    }
    host_name(members, place, findings);
    // Python's decoder skips what is outside the alphabet; padding it wants.
    if members.get("random_seed").is_some() && !text(members, "random_seed").is_some_and(python_decodes) {
        let message = "the random seed is not base64: cloud-init takes the drive as broken and ignores it";
        findings.add(Code::InvalidRandomSeed, &place.below("random_seed"), message);
    }
    for (item, index) in items(members, "files").iter().zip(0usize..) {
        // Without a path cloud-init passes it over.
        if let Some(item) = object(item).filter(|item| item.get("path").is_some()) {
            content_path(drive, item, &place.below("files").below(index), findings);
        }
    }
    if let Some(Json::Object(item)) = members.get("network_config")
        && !item.is_empty()
    {
        content_path(drive, item, &place.below("network_config"), findings);
    }
    if let Some(Json::Object(meta)) = members.get("meta")
        && text(meta, "dsmode").is_some_and(|mode| ["disabled", "pass"].contains(&mode))
    {
        let message =
            "the instance's metadata have a dsmode with which cloud-init does not use the drive as its data source";
        findings.add(Code::Dsmode, &place.below("meta").below("dsmode"), message);
    }
}

fn host_name(members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    match (text(members, "hostname"), text(members, "name")) {
        (Some(host_name), Some(name)) => {
            // As glean does it.
            let name = name.replace('_', "-");
            let label = host_name.split('.').next().unwrap_or_default();
            if name != host_name && name != label {
                let message = "name is not the host name in hostname: glean takes name, cloud-init and cloudbase-init take \
                               hostname";
                findings.add(Code::HostNamesDiffer, &place.below("name"), message);
            }
        }
        (None, _) => {
            let message = "there is no hostname: cloud-init and cloudbase-init do not set one";
            findings.add(Code::NoHostName, place, message);
        }
        (Some(_), None) => {
            findings.add(
                Code::NoHostName,
                place,
                "there is no name, which glean takes for the host name: it sets none",
            );
        }
    }
}

/// As `binascii.a2b_base64` decides without `strict_mode`.
fn python_decodes(text: &str) -> bool {
    let mut symbols = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b'=' => padding = padding.saturating_add(1),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                // Complete padding ends the text.
                if symbols % 4 >= 2 && symbols % 4 + padding >= 4 {
                    break;
                }
                padding = 0;
                symbols = symbols.saturating_add(1);
            }
            _ => {}
        }
    }
    text.is_ascii()
        && match symbols % 4 {
            0 => true,
            1 => false,
            rest => rest + padding >= 4,
        }
}

/// The file that an entry of `files`, or `network_config`, names.
fn content_path(drive: &Drive<'_>, item: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let names: Vec<_> =
        text(item, "content_path").unwrap_or_default().split('/').filter(|name| !name.is_empty()).collect();
    if drive.file(&format!("openstack/{}", names.join("/"))).is_none() {
        let message =
            "its content_path is no file below openstack/: cloud-init takes the drive as broken and ignores it";
        findings.add(Code::MissingContent, place, message);
    }
}

/// cloud-init takes an object, a list or text (`root_types` in `read_v2`).
fn vendor_data(place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let why = match json(content) {
        Ok(Json::Object(_) | Json::List(_) | Json::Text(_)) => return,
        Ok(other) => format!("is {}", other.kind()),
        Err(why) => why,
    };
    let message = format!("{why}: cloud-init takes the whole drive as broken and ignores it");
    findings.add(Code::InvalidVendorData, place, message);
}

fn ec2_meta_data(drive: &Drive<'_>, findings: &mut Findings) {
    let why = match drive.file(Drive::EC2).map(json) {
        None | Some(Ok(Json::Object(_))) => return,
        Some(Ok(other)) => format!("is {}", other.kind()),
        Some(Err(why)) => why,
    };
    let message = format!("{why}: cloud-init takes the whole drive as broken and ignores it");
    findings.add(Code::InvalidEc2MetaData, &Place::file(Drive::EC2), message);
}

/// What cloud-init reads in a dated folder against what all others read in `latest`.
fn versions(drive: &Drive<'_>, findings: &mut Findings) {
    let Some(dated) = drive.dated else { return };
    for name in Drive::NAMES {
        let path = Drive::path(dated, name);
        let both = [drive.file(&path), drive.file(&Drive::path(Drive::LATEST, name))];
        let place = Place::file(&path);
        match both {
            [Some(theirs), Some(ours)] if theirs == ours => {}
            [Some(theirs), Some(ours)] => match name {
                META_DATA => meta_data_differ(&place, theirs, ours, findings),
                _ => findings.add(Code::VersionsDisagree, &place, format!("it is not the one of latest/; {WHO}")),
            },
            [None, Some(_)] if name != META_DATA => {
                findings.add(Code::VersionsDisagree, &place, format!("it is in latest/ and not here; {WHO}"));
            }
            [Some(_), None] if name != META_DATA => {
                findings.add(Code::VersionsDisagree, &place, format!("it is here and not in latest/; {WHO}"));
            }
            _ => {}
        }
    }
}

const WHO: &str = "cloud-init reads this folder, glean and cloudbase-init read latest/";

/// Nova gives newer versions more members: what stands in both must be the same.
fn meta_data_differ(place: &Place<'_>, theirs: &[u8], ours: &[u8], findings: &mut Findings) {
    let (Ok(Json::Object(theirs)), Ok(Json::Object(ours))) = (json(theirs), json(ours)) else { return };
    for name in ["uuid", "hostname", "name", "public_keys", "keys", "files", "meta", "admin_pass"] {
        // Nova draws a new random seed for each version; readers take any.
        if theirs.get(name) != ours.get(name) {
            let message = format!("it is not the one of latest/; {WHO}");
            findings.add(Code::VersionsDisagree, &place.below(name), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `binascii.a2b_base64` of Python 3.11 took the first ones and raised `binascii.Error` or `ValueError` for the others.
    #[test]
    fn a_seed_decodes_where_python_decodes_it() {
        for text in [
            "",
            "=",
            "AAAA",
            "AA==",
            "AAA=",
            "AA===",
            "AAA==",
            "AA\n==",
            "AA!=!=",
            "-_AA==",
            "A===AAA",
            "AA=A=A",
            "AA==A",
            "AAA=AA",
            "AAAAAA==A",
            "AAAA====AA==",
        ] {
            assert!(python_decodes(text), "{text}");
        }
        for text in [
            "A",
            "AA",
            "AAA",
            "AAAAA",
            "A===",
            "AA=",
            "AA=A",
            "=AA=",
            "-_A=",
            "AAAAA===",
            "AAAA====A",
            "AAAA==AA",
            "AAAA\u{e9}",
            "AA\u{e9}==",
        ] {
            assert!(!python_decodes(text), "{text}");
        }
    }
}
