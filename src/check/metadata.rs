//! Findings about `meta_data.json` and the files alongside it, except for `network_data.json`.

use alloc::{format, vec::Vec};

use super::{Code, Drive, Findings, Place, Readers, items, json, object, text};
use crate::document::{Json, Object};

pub(super) fn check(drive: &Drive<'_>, findings: &mut Findings) {
    for version in drive.versions() {
        let path = Drive::path(version, META_DATA);
        if drive.file(&path).is_none() {
            let (readers, message) = match version {
                Drive::LATEST => (
                    Readers::GLEAN | Readers::CLOUDBASE_INIT,
                    "glean and cloudbase-init need this file and find no drive without it",
                ),
                _ => (
                    Readers::CLOUD_INIT,
                    "cloud-init reads this directory, the newest dated one that it knows, and finds no drive without \
                     this file",
                ),
            };
            findings.add(Code::NoMetaData, readers, &Place::file(&path), message);
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
            let message = format!("every reader ignores the drive because the file is {}, not an object", other.kind());
            return findings.add(Code::InvalidMetaData, Readers::INSIDE, place, message);
        }
        Err(why) => {
            let message = format!("every reader ignores the drive because the file {why}");
            return findings.add(Code::InvalidMetaData, Readers::INSIDE, place, message);
        }
    };
    if members.get("uuid").is_none() {
        let message = "cloud-init ignores the whole drive as broken because there is no uuid";
        findings.add(Code::NoUuid, Readers::CLOUD_INIT, place, message);
    }
    host_name(members, place, findings);
    // Python's decoder skips characters outside the alphabet, but requires padding.
    if members.get("random_seed").is_some() && !text(members, "random_seed").is_some_and(python_decodes) {
        let message = "cloud-init ignores the whole drive as broken because the random seed is not base64";
        findings.add(Code::InvalidRandomSeed, Readers::CLOUD_INIT, &place.below("random_seed"), message);
    }
    for (item, index) in items(members, "files").iter().zip(0usize..) {
        // cloud-init skips entries without a path.
        if let Some(item) = object(item).filter(|item| item.get("path").is_some()) {
            check_content_path(drive, item, &place.below("files").below(index), findings);
        }
    }
    if let Some(Json::Object(item)) = members.get("network_config")
        && !item.is_empty()
    {
        check_content_path(drive, item, &place.below("network_config"), findings);
    }
    if let Some(Json::Object(meta)) = members.get("meta")
        && text(meta, "dsmode").is_some_and(|mode| ["disabled", "pass"].contains(&mode))
    {
        let message =
            "cloud-init does not use the drive as its data source because the instance's metadata sets dsmode";
        findings.add(Code::Dsmode, Readers::CLOUD_INIT, &place.below("meta").below("dsmode"), message);
    }
}

fn host_name(members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    match (text(members, "hostname"), text(members, "name")) {
        (Some(host_name), Some(name)) => {
            // As glean does.
            let name = name.replace('_', "-");
            let label = host_name.split('.').next().unwrap_or_default();
            if name != host_name && name != label {
                let message = "glean sets the host name from name, cloud-init and cloudbase-init set it from hostname, and \
                               the two differ";
                findings.add(Code::HostNamesDiffer, Readers::GLEAN, &place.below("name"), message);
            }
        }
        (None, _) => {
            let message = "cloud-init and cloudbase-init set no host name because there is no hostname";
            findings.add(Code::NoHostName, Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT, place, message);
        }
        (Some(_), None) => {
            let message = "glean sets no host name because there is no name";
            findings.add(Code::NoHostName, Readers::GLEAN, place, message);
        }
    }
}

/// Returns whether Python's `binascii.a2b_base64` decodes `text` without `strict_mode`.
fn python_decodes(text: &str) -> bool {
    let mut symbols = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b'=' => padding = padding.saturating_add(1),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                // Python stops as soon as the padding is complete.
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

/// Checks that the drive has the file to which `item`, an entry of `files` or `network_config`, refers.
fn check_content_path(drive: &Drive<'_>, item: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let names: Vec<_> =
        text(item, "content_path").unwrap_or_default().split('/').filter(|name| !name.is_empty()).collect();
    if drive.file(&format!("openstack/{}", names.join("/"))).is_none() {
        let message =
            "cloud-init ignores the whole drive as broken because content_path is not a file below openstack/";
        findings.add(Code::MissingContent, Readers::CLOUD_INIT, place, message);
    }
}

/// cloud-init accepts an object, a list or a string (`root_types` in `read_v2`).
fn vendor_data(place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let why = match json(content) {
        Ok(Json::Object(_) | Json::List(_) | Json::Text(_)) => return,
        Ok(other) => format!("is {}, but must be an object, a list or a string", other.kind()),
        Err(why) => why,
    };
    let message = format!("cloud-init ignores the whole drive as broken because the file {why}");
    findings.add(Code::InvalidVendorData, Readers::CLOUD_INIT, place, message);
}

fn ec2_meta_data(drive: &Drive<'_>, findings: &mut Findings) {
    let why = match drive.file(Drive::EC2).map(json) {
        None | Some(Ok(Json::Object(_))) => return,
        Some(Ok(other)) => format!("is {}, not an object", other.kind()),
        Some(Err(why)) => why,
    };
    let message = format!("cloud-init ignores the whole drive as broken because the file {why}");
    findings.add(Code::InvalidEc2MetaData, Readers::CLOUD_INIT, &Place::file(Drive::EC2), message);
}

/// Compares what cloud-init reads in a dated directory with what the other readers find in `latest`.
fn versions(drive: &Drive<'_>, findings: &mut Findings) {
    let Some(dated) = drive.dated else { return };
    for name in Drive::NAMES {
        let path = Drive::path(dated, name);
        let both = [drive.file(&path), drive.file(&Drive::path(Drive::LATEST, name))];
        let place = Place::file(&path);
        match both {
            [Some(dated), Some(latest)] if dated == latest => {}
            [Some(dated), Some(latest)] => match name {
                META_DATA => compare_meta_data(&place, dated, latest, findings),
                _ => findings.add(
                    Code::VersionsDisagree,
                    Readers::INSIDE,
                    &place,
                    format!("{READERS}, where the file differs"),
                ),
            },
            [None, Some(_)] if name != META_DATA => {
                findings.add(
                    Code::VersionsDisagree,
                    Readers::INSIDE,
                    &place,
                    format!("{READERS}, and only latest/ has the file"),
                );
            }
            [Some(_), None] if name != META_DATA => {
                findings.add(
                    Code::VersionsDisagree,
                    Readers::INSIDE,
                    &place,
                    format!("{READERS}, which lacks the file"),
                );
            }
            _ => {}
        }
    }
}

const READERS: &str = "cloud-init reads this directory, glean and cloudbase-init read latest/";

/// Compares only the members that readers use, because Nova puts more members into newer versions.
fn compare_meta_data(place: &Place<'_>, dated: &[u8], latest: &[u8], findings: &mut Findings) {
    let (Ok(Json::Object(dated)), Ok(Json::Object(latest))) = (json(dated), json(latest)) else { return };
    for name in ["uuid", "hostname", "name", "public_keys", "keys", "files", "meta", "admin_pass"] {
        // `random_seed` is not among them: Nova draws a new one for each version, and readers accept any.
        if dated.get(name) != latest.get(name) {
            let message = format!("{READERS}, where this member differs");
            findings.add(Code::VersionsDisagree, Readers::INSIDE, &place.below(name), message);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `binascii.a2b_base64` of Python 3.11 decoded the first list and raised `binascii.Error` or `ValueError` for the second.
    #[test]
    fn a_seed_decodes_if_python_decodes_it() {
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
