//! JSON or YAML → typed document. All that tenants write is parsed here and nowhere else.

mod address;
mod amend;
mod devices;
mod error;
mod file;
mod instance;
mod instance_document;
mod json;
mod json_error;
mod members;
mod meta_data_document;
mod network_model;
mod overrides;
mod ports;
mod read;
mod scanner;
mod yaml;
mod yaml_error;

use alloc::{boxed::Box, vec::Vec};

pub use address::{Cidr, IpText, IpVersion, MacAddr};
pub use amend::{Changes, conceal};
pub use devices::{Bus, Device, DeviceKind};
pub use error::{DocumentError, Problem};
pub use file::File;
pub use instance::{BlockDeviceMapping, BlockDeviceRole, BlockDevices, DrivePolicy, Ec2Ids, Instance, KeyPair};
pub use instance_document::InstanceDocument;
pub use json::{Integer, Json, Object};
pub use json_error::JsonError;
pub use members::{Misspelling, misspellings};
pub use meta_data_document::{MetaDataDocument, UserData};
pub use network_model::{FixedIp, Ip, Network, Route, Subnet, Vif, attached};
pub use overrides::Overrides;
pub use ports::{Port, PortGroup};
pub use yaml_error::YamlError;

use read::{Members, Result};

/// Parses a document, or an option that contains one, in JSON or YAML.
///
/// A text that starts with a brace or a bracket is JSON. Any other mapping or list is YAML: in flow style, it starts with `---`.
pub fn parse(text: &str) -> Result<Json<'_>> {
    let start = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    if !start.is_empty()
        && !start.starts_with(['{', '['])
        && let Some(value) = yaml::parse(text)?
    {
        return Ok(value);
    }
    // A single value is not a document in either language.
    Ok(Json::parse(text)?)
}

/// A document of one of three kinds, each of which has a member that the others do not have.
#[derive(Debug)]
pub enum Document<'a> {
    /// An instance (`instance`), from which Nova's files are built.
    Instance(Box<InstanceDocument<'a>>),
    /// Metadata (`meta_data`), from which openstacksdk's files are built.
    MetaData(MetaDataDocument<'a>),
    /// Ready-made files (`files`), written unchanged.
    Files(Vec<File<'a>>),
}

impl<'a> Document<'a> {
    /// Reads the document. Values in `overrides` replace those of the document.
    pub fn parse(document: &'a Json<'a>, overrides: &'a Overrides<'a>) -> Result<Self> {
        let members = Members::of(document)?;
        Ok(match Kind::of(members)? {
            Kind::Instance => Self::Instance(InstanceDocument::parse(members, overrides)?.into()),
            Kind::MetaData => Self::MetaData(MetaDataDocument::parse(members, overrides)?),
            Kind::Files => Self::Files(members.list("files", File::parse_closed)?),
        })
    }
}

impl DrivePolicy {
    /// Reads the members that decide whether there is a drive. Documents with metadata or files always need one.
    pub fn of_document(document: &Json<'_>) -> Result<Self> {
        let members = Members::of(document)?;
        match Kind::of(members)? {
            Kind::Instance => members.required("instance", Self::parse),
            Kind::MetaData | Kind::Files => Ok(Self { config_drive: true, launched: false, mandatory: false }),
        }
    }
}

enum Kind {
    Instance,
    MetaData,
    Files,
}

impl Kind {
    fn of(members: Members<'_>) -> Result<Self> {
        match members::KINDS.map(|name| members.has(name)) {
            [true, false, false] => Ok(Self::Instance),
            [false, true, false] => members.closed(members::META_DATA_DOCUMENT).and(Ok(Self::MetaData)),
            [false, false, true] => members.closed(members::FILES_DOCUMENT).and(Ok(Self::Files)),
            [false, false, false] => Err(members.misspelt_kind().unwrap_or_else(|| {
                Problem::Conflict("expected one of the members instance, meta_data and files, found none").into()
            })),
            _ => {
                let problem = "expected one of the members instance, meta_data and files, found more than one";
                Err(Problem::Conflict(problem).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use alloc::{format, string::ToString};

    #[test]
    fn the_member_decides_the_kind_of_a_document() {
        let options = Options::default();
        let overrides = Overrides::parse(&options).unwrap();
        let kind = |text| match Document::parse(&Json::parse(text).unwrap(), &overrides) {
            Ok(Document::Instance(_)) => "instance".into(),
            Ok(Document::MetaData(_)) => "meta_data".into(),
            Ok(Document::Files(_)) => "files".into(),
            Err(error) => error.to_string(),
        };
        let none = "expected one of the members instance, meta_data and files, found none";
        let several = "expected one of the members instance, meta_data and files, found more than one";
        for (text, found) in [
            (
                r#"{"instance": {"uuid": "u", "hostname": "h", "ec2_ids": {"instance_id": "i"}}, "network_data": {}}"#,
                "instance",
            ),
            (r#"{"meta_data": {}}"#, "meta_data"),
            (r#"{"files": []}"#, "files"),
            (r#"{"files": [], "meta_data": null}"#, "files"),
            (r#"{"meta_data": {}, "userdata": "x"}"#, "unknown member \"userdata\"; did you mean user_data?"),
            (
                r#"{"meta_data": {}, "ports": null}"#,
                "unknown member \"ports\": expected only meta_data, user_data, \
                 user_data_base64, network_data, vendor_data and injected_files",
            ),
            (r#"{"files": [], "file": []}"#, "unknown member \"file\"; did you mean files?"),
            (
                r#"{"files": [{"path": "a", "content": ""}]}"#,
                "/files/0: unknown member \"content\"; did you mean contents?",
            ),
            (r#"{"metadata": {}}"#, "unknown member \"metadata\"; did you mean meta_data?"),
            ("{}", none),
            (r#"{"files": null}"#, none),
            (r#"{"files": [], "meta_data": {}}"#, several),
            (r#"{"instance": {}, "meta_data": {}}"#, several),
            (r#"{"instance": {}, "files": []}"#, several),
            (r#"{"instance": {}, "meta_data": {}, "files": []}"#, several),
        ] {
            assert_eq!(kind(text), found, "{text}");
        }
    }

    #[test]
    fn metadata_and_files_always_need_a_drive() {
        for name in ["meta_data", "files"] {
            let text = format!(r#"{{"{name}": {{}}}}"#);
            let policy = DrivePolicy::of_document(&Json::parse(&text).unwrap()).unwrap();
            assert!(policy.required(crate::Policy::default()), "{name}");
        }
    }
}
