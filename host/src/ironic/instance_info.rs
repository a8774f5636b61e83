//! A node's `instance_info`: the image and everything else that Ironic must know about an instance.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::transport::without_query;

/// The members to set in a node's `instance_info`, by Ironic's names, such as `image_source`. Values may be secrets, so `Debug`
/// shows them only as [`shown`](Self::shown) does.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct InstanceInfo(BTreeMap<String, Value>);

impl InstanceInfo {
    /// Sets a member.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Adds to the object in a member, such as `capabilities`.
    pub fn insert_into(&mut self, name: &str, key: &str, value: impl Into<Value>) {
        let members = self.0.entry(name.to_owned()).or_insert_with(|| Map::new().into());
        if !members.is_object() {
            *members = Map::new().into();
        }
        if let Value::Object(members) = members {
            members.insert(key.to_owned(), value.into());
        }
    }

    /// Returns whether there is nothing to set.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the members, with neither the values of secrets nor the queries of URLs.
    pub fn shown(&self) -> BTreeMap<&str, Value> {
        self.0.iter().map(|(name, value)| (name.as_str(), shown(name, value))).collect()
    }

    /// Returns the JSON Patch operations (RFC 6902) that set the members. A new image replaces everything that `known` has of
    /// another one, since Ironic prefers some of these members to others: with a new `image_checksum`, it would still use an old
    /// `image_os_hash_value`.
    pub(super) fn patch(&self, known: &Names) -> Vec<Value> {
        let brings_image = IMAGE_SOURCES.iter().any(|name| self.0.contains_key(*name));
        let stale =
            IMAGE.iter().filter(|name| brings_image && !self.0.contains_key(**name) && known.0.contains(**name));
        let removals = stale.map(|name| json!({"op": "remove", "path": pointer(name)}));
        let additions = self.0.iter().map(|(name, value)| json!({"op": "add", "path": pointer(name), "value": value}));
        removals.chain(additions).collect()
    }
}

/// The members that choose an image.
const IMAGE_SOURCES: &[&str] = &["image_source", "boot_iso"];

/// The members that describe one image, as operators and Ironic set them.
const IMAGE: &[&str] = &[
    "boot_iso",
    "image_checksum",
    "image_container_format",
    "image_disk_format",
    "image_os_hash_algo",
    "image_os_hash_value",
    "image_properties",
    "image_rootfs_uuid",
    "image_source",
    "image_tags",
    "image_type",
    "image_url",
    "kernel",
    "ramdisk",
];

impl fmt::Debug for InstanceInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InstanceInfo({})", json!(self.shown()))
    }
}

fn shown(name: &str, value: &Value) -> Value {
    let name = name.to_ascii_lowercase();
    match value {
        _ if ["pass", "secret", "token"].iter().any(|word| name.contains(word)) => "***".into(),
        Value::String(text) => without_query(text).into(),
        Value::Array(values) => values.iter().map(|value| shown("", value)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (name.clone(), shown(name, value))).collect::<Map<_, _>>().into()
        }
        value => value.clone(),
    }
}

/// Returns the JSON pointer (RFC 6901) of a member.
fn pointer(name: &str) -> String {
    format!("/instance_info/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The names of the members that a node's `instance_info` has. Their values are not kept: they may be secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<BTreeMap<String, serde::de::IgnoredAny>>")]
pub(super) struct Names(BTreeSet<String>);

impl From<Option<BTreeMap<String, serde::de::IgnoredAny>>> for Names {
    fn from(members: Option<BTreeMap<String, serde::de::IgnoredAny>>) -> Self {
        Self(members.unwrap_or_default().into_keys().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[&str]) -> Names {
        Names(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn a_new_image_replaces_everything_about_the_old_one_and_nothing_else() {
        let mut info = InstanceInfo::default();
        info.insert("image_source", "http://images/a.raw");
        info.insert("image_checksum", "http://images/SUMS");
        let node = known(&["image_source", "image_os_hash_value", "image_url", "traits", "configdrive"]);
        assert_eq!(
            json!(info.patch(&node)),
            json!([
                {"op": "remove", "path": "/instance_info/image_os_hash_value"},
                {"op": "remove", "path": "/instance_info/image_url"},
                {"op": "add", "path": "/instance_info/image_checksum", "value": "http://images/SUMS"},
                {"op": "add", "path": "/instance_info/image_source", "value": "http://images/a.raw"},
            ])
        );
        let mut info = InstanceInfo::default();
        info.insert("a/b~c", 7);
        info.insert_into("capabilities", "boot_mode", "uefi");
        assert_eq!(
            json!(info.patch(&node)),
            json!([
                {"op": "add", "path": "/instance_info/a~1b~0c", "value": 7},
                {"op": "add", "path": "/instance_info/capabilities", "value": {"boot_mode": "uefi"}},
            ])
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut info = InstanceInfo::default();
        info.insert("image_source", "https://u:p@images/a.raw?sig=s3");
        info.insert("image_pull_secret", "s3");
        info.insert("x", json!({"password": "s3", "n": 1, "urls": ["http://x/?s3"]}));
        let shown = format!("{info:?}");
        assert!(!shown.contains("s3") && !shown.contains("u:p"), "{shown}");
        assert!(shown.contains("https://…@images/a.raw?…"), "{shown}");
    }
}
