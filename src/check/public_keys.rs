//! Findings about the SSH keys in `meta_data.json`, which each reader takes from another member or in another shape.

use alloc::{format, string::String, vec::Vec};

use super::{Code, Findings, Place, Readers, text};
use crate::document::{Json, Object};

pub(super) fn check(members: &Object<'_>, place: &Place<'_>, findings: &mut Findings) {
    if let Some(value) = members.get("public_keys") {
        public_keys(value, &place.below("public_keys"), findings);
    }
    if let Some(value) = members.get("keys") {
        keys(value, &place.below("keys"), findings);
    }
}

/// glean calls `items` of the value and `rstrip` of each key; cloudbase-init calls `values`, if there is something, and `strip`;
/// cloud-init also accepts strings and lists (`sources.normalize_pubkey_data`).
fn public_keys(value: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    let (readers, expected) = match value {
        Json::Object(keys) => {
            for (name, key) in keys.iter() {
                public_key(key, &place.below(name), findings);
            }
            return;
        }
        Json::List(items) if items.is_empty() => (Readers::GLEAN, "an object"),
        Json::List(items) => {
            each_text(items, place, findings);
            let readers = Readers::GLEAN | Readers::CLOUDBASE_INIT;
            (if items.iter().all(is_text) { readers } else { Readers::INSIDE }, "an object of strings")
        }
        Json::Text(text) if text.is_empty() => (Readers::GLEAN, "an object"),
        Json::Text(_) => (Readers::GLEAN | Readers::CLOUDBASE_INIT, "an object of strings"),
        Json::Bool(true) => (Readers::INSIDE, "an object of strings"),
        Json::Integer(number) if number.to_i64() != Some(0) => (Readers::INSIDE, "an object of strings"),
        Json::Float(number) if *number != 0.0 => (Readers::INSIDE, "an object of strings"),
        Json::Null | Json::Bool(_) | Json::Integer(_) | Json::Float(_) => (Readers::GLEAN, "an object"),
    };
    add(readers, &format!("public_keys is {}, not {expected}", value.kind()), place, findings);
}

fn public_key(key: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    let readers = match key {
        Json::Text(text) => return one_key(text, place, findings),
        Json::List(items) => {
            each_text(items, place, findings);
            if items.iter().all(is_text) { Readers::GLEAN | Readers::CLOUDBASE_INIT } else { Readers::INSIDE }
        }
        _ => Readers::INSIDE,
    };
    add(readers, &format!("this key is {}, not a string", key.kind()), place, findings);
}

fn each_text(items: &[Json<'_>], place: &Place<'_>, findings: &mut Findings) {
    for (item, index) in items.iter().zip(0usize..) {
        if let Json::Text(text) = item {
            one_key(text, &place.below(index), findings);
        }
    }
}

fn is_text(value: &Json<'_>) -> bool {
    matches!(value, Json::Text(_))
}

/// cloud-init passes a string on as one line of `authorized_keys` (`ssh_util.AuthKeyLineParser`).
fn one_key(text: &str, place: &Place<'_>, findings: &mut Findings) {
    // Nova puts certificates for Windows into the same member.
    if text.trim_end_matches(['\r', '\n']).contains('\n') && !text.starts_with("-----BEGIN ") {
        let message = "cloud-init takes several lines for one key, so it applies options such as those that restrict root only to \
                       the first of them, and sets none if the first is a comment";
        findings.add(Code::SeveralKeysInOne, Readers::CLOUD_INIT, place, message);
    }
}

/// cloudbase-init reads `type` and `data` of each item, if there is something.
fn keys(value: &Json<'_>, place: &Place<'_>, findings: &mut Findings) {
    let mut add = |why: &str, place: &Place<'_>| add(Readers::CLOUDBASE_INIT, why, place, findings);
    match value {
        Json::List(items) => {
            for (item, index) in items.iter().zip(0usize..) {
                let place = place.below(index);
                let Json::Object(key) = item else {
                    add(&format!("this item of keys is {}, not an object", item.kind()), &place);
                    continue;
                };
                if key.get("type").is_none() {
                    add("this item of keys has no type", &place);
                } else if ["ssh", "x509"].into_iter().any(|kind| text(key, "type") == Some(kind))
                    && text(key, "data").is_none()
                {
                    add("this item of keys has no data, or data that is not a string", &place);
                }
            }
        }
        Json::Null | Json::Bool(false) => {}
        Json::Integer(number) if number.to_i64() == Some(0) => {}
        Json::Float(number) if *number == 0.0 => {}
        Json::Text(text) if text.is_empty() => {}
        Json::Object(object) if object.is_empty() => {}
        other => add(&format!("keys is {}, not an array of objects", other.kind()), place),
    }
}

fn add(readers: Readers, why: &str, place: &Place<'_>, findings: &mut Findings) {
    let names: Vec<_> = readers.names().collect();
    let (who, verb) = match names.as_slice() {
        [one] => (String::from(*one), "sets"),
        [first @ .., last] => (format!("{} and {last}", first.join(", ")), "set"),
        [] => return,
    };
    let more = if readers.contains(Readers::GLEAN) { ", and glean sets no host name either," } else { "" };
    let message = format!("{who} {verb} no keys{more} because {why}");
    findings.add(Code::InvalidPublicKeys, readers, place, message);
}
