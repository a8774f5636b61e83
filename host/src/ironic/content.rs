//! What an instance gets: a document, or a finished drive in any form that Ironic accepts.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use configdrive_contract::{self as contract, ConfigDrive, DriveSource, Options, Policy};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::ident::NodeIdent;
use super::node::Node;
use crate::transport::without_query;

/// What an instance gets.
#[derive(Clone)]
#[non_exhaustive]
pub enum Content {
    /// An instance document: JSON or YAML in UTF-8. Only the component parses it, and builds the drive.
    Document(Arc<[u8]>),
    /// A finished drive, whatever made it: an image, its gzip, or base64 of either. The component inspects it.
    Drive(Arc<[u8]>),
    /// The URL of a drive, from which Ironic's agent fetches it. Nothing can be inspected.
    Url(DriveUrl),
    /// The JSON object from which Ironic builds a drive. The component checks it.
    Metadata(Metadata),
}

impl Content {
    /// Checks the document or the drive as far as that is possible without the node. Findings, which depend on the node, are no errors
    /// here. [`deploy`](super::deploy()) does this as well; a caller who needs no Ironic to see an error calls it first.
    pub fn examine(
        &self,
        component: &impl ConfigDrive,
        policy: Policy,
        options: &Options,
    ) -> Result<(), contract::Error> {
        match self {
            Self::Document(document) => match component.required_by(document, policy)? {
                true => component.check_document(document, options).map(drop),
                false => Ok(()),
            },
            Self::Drive(bytes) => component.inspect(DriveSource::Bytes(bytes)).map(drop),
            // Ironic's builder knows none of the operator's options.
            Self::Metadata(metadata) => {
                component.check_document(&metadata.document(None), &Options::default()).map(drop)
            }
            Self::Url(_) => Ok(()),
        }
    }
}

impl From<Arc<[u8]>> for Content {
    fn from(document: Arc<[u8]>) -> Self {
        Self::Document(document)
    }
}

impl From<Vec<u8>> for Content {
    fn from(document: Vec<u8>) -> Self {
        Self::Document(document.into())
    }
}

impl From<&[u8]> for Content {
    fn from(document: &[u8]) -> Self {
        Self::Document(document.into())
    }
}

/// The HTTP or HTTPS URL of a drive. It may contain a secret, so `Debug` and `Display` show neither its query nor its user.
#[derive(Clone, PartialEq, Eq)]
pub struct DriveUrl(Url);

impl DriveUrl {
    /// Returns whether `text` is meant to be a URL.
    pub fn is_meant(text: &str) -> bool {
        let scheme = text.split_once("://").map(|(scheme, _)| scheme);
        scheme.is_some_and(|scheme| !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for DriveUrl {
    type Err = NotADriveUrl;

    fn from_str(text: &str) -> Result<Self, NotADriveUrl> {
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        url.map(Self).ok_or(NotADriveUrl)
    }
}

impl fmt::Display for DriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_query(self.as_str()))
    }
}

impl fmt::Debug for DriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DriveUrl({self})")
    }
}

/// The error for a URL from which Ironic's agent cannot fetch a drive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotADriveUrl;

impl fmt::Display for NotADriveUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected an http:// or https:// URL, from which Ironic's agent fetches the drive")
    }
}

impl std::error::Error for NotADriveUrl {}

/// The JSON object from which Ironic builds a drive: `meta_data`, `user_data`, `network_data` and `vendor_data`, all of them
/// optional. Their contents are not interpreted here: only the members' names, because a request with others is refused by Ironic
/// with a message that quotes the whole object.
#[derive(Clone)]
pub struct Metadata {
    /// The object as it is sent.
    text: Arc<str>,
    raw: Arc<RawMetadata>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct RawMetadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    meta_data: Option<BTreeMap<String, Box<RawValue>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_data: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_data: Option<Box<RawValue>>,
}

impl Metadata {
    /// Reads the object.
    pub fn new(json: &[u8]) -> Result<Self, NotMetadata> {
        let refused = |error: serde_json::Error| NotMetadata {
            line: error.line(),
            column: error.column(),
            is_json: error.is_data(),
        };
        let text: &RawValue = serde_json::from_slice(json).map_err(refused)?;
        let raw = serde_json::from_str(text.get()).map_err(refused)?;
        Ok(Self { text: text.get().into(), raw: Arc::new(raw) })
    }

    /// Returns the object as it is sent: one JSON value, which cannot add anything else to the request.
    pub(super) fn json(&self) -> &str {
        &self.text
    }

    pub(super) fn has_vendor_data(&self) -> bool {
        self.raw.vendor_data.is_some()
    }

    /// Returns the document of the drive that Ironic will build for `node`: the conductor fills in the node's UUID and name.
    pub(super) fn document(&self, node: Option<&Node>) -> Vec<u8> {
        let json = |text: &str| serde_json::value::to_raw_value(text).ok();
        let names = [
            ("uuid", node.map(|node| node.uuid.as_str())),
            ("name", node.and_then(|node| node.name.as_ref()).map(NodeIdent::as_str)),
        ];
        let mut meta_data = self.raw.meta_data.clone().unwrap_or_default();
        for (name, value) in names {
            if let (false, Some(value)) = (meta_data.contains_key(name), value.and_then(json)) {
                meta_data.insert(name.to_owned(), value);
            }
        }
        let RawMetadata { user_data, network_data, vendor_data, .. } = &*self.raw;
        let document = RawMetadata {
            meta_data: Some(meta_data),
            user_data: user_data.clone(),
            network_data: network_data.clone(),
            vendor_data: vendor_data.clone(),
        };
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

/// The error for something else than the JSON object from which Ironic builds a drive. It quotes nothing of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotMetadata {
    line: usize,
    column: usize,
    is_json: bool,
}

impl fmt::Display for NotMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, is_json } = self;
        write!(f, "line {line}, column {column}: ")?;
        f.write_str(match is_json {
            true => {
                "expected an object with only the members that Ironic accepts: meta_data, user_data, network_data and \
                 vendor_data"
            }
            false => "invalid JSON",
        })
    }
}

impl std::error::Error for NotMetadata {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_its_secrets() {
        let url: DriveUrl = "https://ops:pw@files/a/drive?sig=token#x".parse().unwrap();
        assert_eq!(url.to_string(), "https://…@files/a/drive?…");
        assert_eq!(format!("{url:?}"), "DriveUrl(https://…@files/a/drive?…)");
        for text in ["file:///etc/drive", "ftp://files/drive", "http://", "drive.iso"] {
            assert_eq!(text.parse::<DriveUrl>(), Err(NotADriveUrl), "{text}");
        }
        assert!(DriveUrl::is_meant("file:///x") && !DriveUrl::is_meant("a/b://c") && !DriveUrl::is_meant("drive.iso"));
    }

    #[test]
    fn only_the_members_that_ironic_accepts_make_an_object_for_it() {
        let json = r#"{"meta_data": {"b": 1.0e2, "a": "\u00e4"}, "user_data": [1,  2]}"#;
        let metadata = Metadata::new(format!(" {json}\n").as_bytes()).unwrap();
        assert_eq!(metadata.json(), json);
        let document = metadata.document(None);
        assert_eq!(str::from_utf8(&document).unwrap(), r#"{"meta_data":{"a":"\u00e4","b":1.0e2},"user_data":[1,  2]}"#);
        for (text, error) in [
            (r#"{"instance": {"admin_pass": "x"}}"#, "line 1, column 11: expected an object with only"),
            (r#"{"meta_data": {}} , "target": "deleted""#, "line 1, column 19: invalid JSON"),
            (r#"{"meta_data": {}, "meta_data": {}}"#, "line 1, column 29: expected an object"),
            (r#"{"meta_data": "x"}"#, "line 1, column 17: expected an object"),
            ("[]", "line 1, column "),
        ] {
            let found = Metadata::new(text.as_bytes()).err().unwrap().to_string();
            assert!(found.starts_with(error), "{found}");
        }
    }
}
