//! Findings about `meta_data.json` and the files alongside it, except for `network_data.json`.

use alloc::{format, string::String, vec};

use super::{Code, Drive, Findings, Place, Readers, is_true, json, object, public_keys, text, user_data};
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
        drive.each_of(name, |path, content| vendor_data(drive, &Place::file(path), content, findings));
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
    let readers = Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT;
    match members.get("uuid") {
        None => {
            let message = "cloud-init ignores the whole drive as broken, and cloudbase-init has no instance ID, because there is no uuid";
            findings.add(Code::NoUuid, readers, place, message);
        }
        Some(Json::Null) => {
            let message = "cloud-init takes each such instance for the same one, named None, and cloudbase-init has no instance ID, \
                           because uuid is null";
            findings.add(Code::NoUuid, readers, &place.below("uuid"), message);
        }
        // Both take the text of any other value.
        Some(value) if !is_true(value) || matches!(value, Json::Bool(true)) => {
            let message = "cloud-init and cloudbase-init take each such instance for the same one because uuid is a boolean, zero \
                           or empty";
            findings.add(Code::NoUuid, readers, &place.below("uuid"), message);
        }
        // The longest name of a file on Linux.
        Some(Json::Text(uuid)) if uuid.len() > 255 || uuid.contains('\0') => {
            let message = "cloud-init fails with an exception before it handles any user data because uuid cannot be the name of \
                           a directory: it has more than 255 bytes, or a null character";
            findings.add(Code::InvalidMember, Readers::CLOUD_INIT, &place.below("uuid"), message);
        }
        Some(_) => {}
    }
    host_name(members, place, findings);
    // Python's decoder skips characters outside the alphabet, but requires padding.
    if members.get("random_seed").is_some() && !text(members, "random_seed").is_some_and(python_decodes) {
        let message = "cloud-init ignores the whole drive as broken because the random seed is not base64";
        findings.add(Code::InvalidRandomSeed, Readers::CLOUD_INIT, &place.below("random_seed"), message);
    }
    files(drive, members, place, findings);
    match members.get("network_config") {
        Some(Json::Object(item)) if !item.is_empty() => {
            check_content_path(drive, item, &place.below("network_config"), findings);
        }
        Some(other) if is_true(other) => invalid_member(other, "an object", &place.below("network_config"), findings),
        _ => {}
    }
    match members.get("meta") {
        // Any other value makes cloud-init use its default.
        Some(Json::Object(meta)) if text(meta, "dsmode") == Some("disabled") => {
            let message = "cloud-init does not use the drive as its data source because the instance's metadata sets dsmode to \
                           disabled";
            findings.add(Code::Dsmode, Readers::CLOUD_INIT, &place.below("meta").below("dsmode"), message);
        }
        None | Some(Json::Object(_)) => {}
        // Null is not absence: cloud-init tests only whether the member is there.
        Some(other) => {
            let message = format!(
                "cloud-init fails with an exception and does not use the drive, and cloudbase-init sets no keys, because this is \
                 {}, not an object",
                other.kind()
            );
            let readers = Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT;
            findings.add(Code::InvalidMember, readers, &place.below("meta"), message);
        }
    }
    public_keys::check(members, place, findings);
}

/// Reports a member on which cloud-init fails with an exception, so that it does not use the drive.
fn invalid_member(found: &Json<'_>, expected: &str, place: &Place<'_>, findings: &mut Findings) {
    let message = format!(
        "cloud-init fails with an exception and does not use the drive because this is {}, not {expected}",
        found.kind()
    );
    findings.add(Code::InvalidMember, Readers::CLOUD_INIT, place, message);
}

/// Checks the injected files as cloud-init reads them: `"path" in item` accepts strings and lists too.
fn files(drive: &Drive<'_>, members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let place = place.below("files");
    let items = match members.get("files") {
        None | Some(Json::Text(_)) => return,
        Some(Json::List(items)) => items,
        Some(Json::Object(object)) if !object.iter().any(|(name, _)| name.contains("path")) => return,
        Some(other) => return invalid_member(other, "an array", &place, findings),
    };
    for (item, index) in items.iter().zip(0usize..) {
        let place = place.below(index);
        match item {
            Json::Object(item) => match item.get("path") {
                // cloud-init skips entries without a path.
                None => {}
                Some(Json::Text(_)) => check_content_path(drive, item, &place, findings),
                Some(other) => invalid_member(other, "a string", &place.below("path"), findings),
            },
            Json::Text(text) if !text.contains("path") => {}
            Json::List(items) if !items.contains(&Json::from("path")) => {}
            other => invalid_member(other, "an object", &place, findings),
        }
    }
}

fn host_name(members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    // cloud-init takes `local-hostname`, as Metal3 writes it, unless there is a `hostname`, even if that is null.
    let member = if members.get("hostname").is_some() { "hostname" } else { "local-hostname" };
    let host_name = match members.get(member) {
        Some(Json::Text(text)) if !text.is_empty() => Some(&**text),
        Some(other) if is_true(other) => {
            let place = place.below(member);
            let message = format!(
                "cloud-init fails with an exception and does not use the drive, and cloudbase-init sets no host name, because this \
                 is {}, not a string",
                other.kind()
            );
            let readers =
                if member == "hostname" { Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT } else { Readers::CLOUD_INIT };
            findings.add(Code::InvalidMember, readers, &place, message);
            None
        }
        found => {
            let why = if found.is_some() { "hostname is empty or null" } else { "there is no hostname" };
            let (readers, who) = if members.get("name").is_some() {
                (Readers::CLOUD_INIT | Readers::CLOUDBASE_INIT, "cloud-init and cloudbase-init set no host name")
            } else {
                (Readers::INSIDE, "no reader sets a host name")
            };
            findings.add(Code::NoHostName, readers, place, format!("{who} because {why}"));
            None
        }
    };
    let name = match members.get("name") {
        Some(Json::Text(text)) if !text.is_empty() => Some(text.replace('_', "-")),
        // Then the finding above is about glean as well.
        None if host_name.is_none() => None,
        found => {
            let (place, why) = match found {
                None => (place.clone(), "there is no name".into()),
                Some(Json::Text(_)) => (place.below("name"), "name is empty".into()),
                Some(other) => (place.below("name"), format!("name is {}, not a string", other.kind())),
            };
            findings.add(Code::NoHostName, Readers::GLEAN, &place, format!("glean sets no host name because {why}"));
            None
        }
    };
    let same = match (host_name, &name) {
        // They do not differ if only one of them has a domain.
        (Some(host_name), Some(name)) => [host_name, label(host_name)].contains(&&**name) || label(name) == host_name,
        _ => false,
    };
    if let Some(host_name) = host_name.filter(|host_name| !is_ipv4(host_name))
        && let Some(why) = refused(host_name)
    {
        let mut readers = Readers::CLOUD_INIT;
        let mut who = "cloud-init sets";
        if same && name.as_deref().is_some_and(|name| refused(name).is_some()) {
            readers = readers | Readers::GLEAN;
            who = "cloud-init and glean set";
        }
        if label(host_name).is_empty() {
            // cloudbase-init sets the first label.
            readers = readers | Readers::CLOUDBASE_INIT;
        }
        let message = format!("Linux refuses the host name that {who} because {why}");
        findings.add(Code::InvalidHostName, readers, &place.below(member), message);
        if same {
            return;
        }
    }
    let Some(name) = name else { return };
    if let Some(why) = refused(&name) {
        let message = format!("Linux refuses the host name that glean sets from name because {why}");
        findings.add(Code::InvalidHostName, Readers::GLEAN, &place.below("name"), message);
    } else if host_name.is_some() && !same {
        let message = format!(
            "glean sets the host name from name, cloud-init and cloudbase-init set it from {member}, and the two differ"
        );
        findings.add(Code::HostNamesDiffer, Readers::GLEAN, &place.below("name"), message);
    }
}

fn label(host_name: &str) -> &str {
    host_name.split('.').next().unwrap_or_default()
}

/// Returns whether cloud-init takes a host name for an address, of which it makes a name such as ip-192-0-2-1.
fn is_ipv4(host_name: &str) -> bool {
    host_name.parse::<core::net::Ipv4Addr>().is_ok()
}

/// Returns why the kernel, or Debian's `hostname`, refuses a host name.
fn refused(host_name: &str) -> Option<&'static str> {
    /// `__NEW_UTS_LEN`.
    const MAX: usize = 64;
    let is_label = |label: &str| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(u8::is_ascii_alphanumeric) && bytes.last().is_some_and(u8::is_ascii_alphanumeric)
    };
    if host_name.len() > MAX {
        // Distributions such as RHEL set the name with its domain, others only the first label.
        Some("it has more than 64 characters, including its domain")
    } else if !host_name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)) {
        Some("it has characters other than letters, digits, hyphens and dots")
    } else if !host_name.split('.').all(is_label) {
        Some("one of its labels is empty, or starts or ends with a hyphen")
    } else {
        None
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
    let path = text(item, "content_path").unwrap_or_default();
    if resolved(drive, path).and_then(|path| drive.file(&path)).is_none() {
        let message =
            "cloud-init ignores the whole drive as broken because content_path is not a file below openstack/";
        findings.add(Code::MissingContent, Readers::CLOUD_INIT, place, message);
    }
}

/// Resolves a path below `openstack/` as Linux does, where `..` leaves only a directory that exists. Returns nothing if it leaves the
/// drive.
fn resolved(drive: &Drive<'_>, path: &str) -> Option<String> {
    let mut names = vec!["openstack"];
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                let directory = format!("{}/", names.join("/"));
                let mut below = drive.files.range(directory.clone()..);
                if !below.next().is_some_and(|(path, _)| path.starts_with(&directory)) {
                    return None;
                }
                names.pop()?;
            }
            name => names.push(name),
        }
    }
    Some(names.join("/"))
}

/// cloud-init accepts an object, a list or a string (`root_types` in `read_v2`), and uses the member `cloud-init` of an object
/// (`sources.convert_vendordata`).
fn vendor_data(drive: &Drive<'_>, place: &Place<'_>, content: &[u8], findings: &mut Findings) {
    let value = json(content);
    let why = match &value {
        Ok(Json::Object(members)) => {
            let place = place.below("cloud-init");
            return match members.get("cloud-init") {
                None => nested_vendor_data(drive, members, &place, findings),
                Some(value @ Json::Object(_)) if is_true(value) => {
                    let message = "cloud-init logs a warning and ignores the vendor data because cloud-init is an object, not a \
                                   string or an array";
                    findings.add(Code::UnusedVendorData, Readers::CLOUD_INIT, &place, message);
                }
                Some(value) => vendor_data_items(value, &place, findings),
            };
        }
        Ok(value @ (Json::List(_) | Json::Text(_))) => return vendor_data_items(value, place, findings),
        Ok(other) => format!("is {}, but must be an object, a list or a string", other.kind()),
        Err(why) => why.clone(),
    };
    let message = format!("cloud-init ignores the whole drive as broken because the file {why}");
    findings.add(Code::InvalidVendorData, Readers::CLOUD_INIT, place, message);
}

fn vendor_data_items(value: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    match value {
        Json::Text(text) => user_data::vendor_data(text, place, findings),
        Json::List(items) => {
            for (item, index) in items.iter().zip(0usize..) {
                match item {
                    Json::Text(text) => user_data::vendor_data(text, &place.below(index), findings),
                    other if is_true(other) => {
                        let message = format!(
                            "cloud-init cannot use the vendor data because this item is {}, not a string",
                            other.kind()
                        );
                        findings.add(Code::UnusedVendorData, Readers::CLOUD_INIT, &place.below(index), message);
                    }
                    _ => {}
                }
            }
        }
        other if is_true(other) => {
            let message = format!(
                "cloud-init logs a warning and ignores the vendor data because cloud-init is {}, not a string or an array",
                other.kind()
            );
            findings.add(Code::UnusedVendorData, Readers::CLOUD_INIT, place, message);
        }
        _ => {}
    }
}

/// Reports a member `cloud-init` one level too deep, unless it only repeats what `vendor_data.json` has: Nova writes that as
/// `static` into `vendor_data2.json`.
fn nested_vendor_data(drive: &Drive<'_>, members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    let nested = |name: &str| members.get(name).and_then(object).and_then(|object| object.get("cloud-init"));
    let Some((name, value)) =
        members.iter().find_map(|(name, _)| Some((name, nested(name).filter(|value| is_true(value))?)))
    else {
        return;
    };
    let directory = place.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let first = drive.file(&format!("{directory}/vendor_data.json")).map(json);
    if let Some(Ok(Json::Object(first))) = first
        && first.get("cloud-init") == Some(value)
    {
        return;
    }
    let place = Place::file(place.path).below(name).below("cloud-init");
    let message =
        "cloud-init uses nothing of the vendor data because it looks for the member cloud-init only at the top level";
    findings.add(Code::UnusedVendorData, Readers::CLOUD_INIT, &place, message);
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
