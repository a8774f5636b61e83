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

use read::{Members, Result, both};

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
        let kind = Kind::of(members)?;
        let parsed = match kind {
            Kind::Instance => {
                InstanceDocument::parse(members, overrides).map(|document| Self::Instance(document.into()))
            }
            Kind::MetaData => MetaDataDocument::parse(members, overrides).map(Self::MetaData),
            Kind::Files => members.list("files", File::parse_closed).map(Self::Files),
        };
        both(kind.closed(members), parsed).map(|((), document)| document)
    }
}

impl DrivePolicy {
    /// Reads the members that decide whether there is a drive. Documents with metadata or files always need one.
    pub fn of_document(document: &Json<'_>) -> Result<Self> {
        let members = Members::of(document)?;
        let kind = Kind::of(members)?;
        kind.closed(members)?;
        match kind {
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
            [false, true, false] => Ok(Self::MetaData),
            [false, false, true] => Ok(Self::Files),
            [false, false, false] => Err(members.misspelt_kind().unwrap_or_else(|| {
                Problem::Conflict("expected one of the members instance, meta_data and files, found none").into()
            })),
            _ => {
                let problem = "expected one of the members instance, meta_data and files, found more than one";
                Err(Problem::Conflict(problem).into())
            }
        }
    }

    /// Refuses members that a document of this kind does not have.
    fn closed(&self, members: Members<'_>) -> Result<()> {
        match self {
            Self::Instance => Ok(()),
            Self::MetaData => members.closed(members::META_DATA_DOCUMENT),
            Self::Files => members.closed(members::FILES_DOCUMENT),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Options;
    use alloc::{
        format,
        string::{String, ToString},
    };

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

    fn errors(text: &str) -> Vec<String> {
        let options = Options::default();
        let overrides = Overrides::parse(&options).unwrap();
        let json = Json::parse(text).unwrap();
        let error = Document::parse(&json, &overrides).unwrap_err();
        core::iter::once(&error).chain(error.further()).map(ToString::to_string).collect()
    }

    #[test]
    fn an_error_has_every_mistake_with_its_place() {
        let text = r#"{
            "instance": {"uuid": 5, "config_drive": "maybe", "ec2_ids": {}, "metadata": {"a": 1, "b": "", "c": 2}},
            "network_info": [{"address": "x"}, {"network": {"subnets": [{"cidr": "10.0.0.0/8", "dns": [{}, 7]}]}}],
            "injected_files": [{"path": 1, "contents": "?"}]
        }"#;
        assert_eq!(
            errors(text),
            [
                "/network_info/0/address: invalid value: expected a MAC address such as 52:54:00:12:34:56",
                "/network_info/1/network/subnets/0/dns/0: invalid value: expected an address",
                "/network_info/1/network/subnets/0/dns/1: expected an object, found a number",
                "/instance/config_drive: invalid value: expected a boolean, or a string such as \"True\" or \"no\"",
                "/instance/uuid: expected a string, found a number",
                "/instance/hostname: missing required member",
                "/instance/metadata/a: expected a string, found a number",
                "/instance/metadata/c: expected a string, found a number",
                "/instance/ec2_ids/instance_id: missing required member",
                "/injected_files/0/path: expected a string, found a number",
                "/injected_files/0/contents: invalid base64 at character 1: expected RFC 4648's standard alphabet, padded, \
                 on one line",
            ]
        );
        assert_eq!(
            errors(r#"{"meta_data": [], "userdata": "", "x": 1}"#),
            ["unknown member \"userdata\"; did you mean user_data?", "/meta_data: expected an object, found an array",]
        );
        assert_eq!(errors("{\"instance\": 5}").len(), 2);
    }

    #[test]
    fn an_error_has_at_most_twenty_mistakes() {
        let text = format!(r#"{{"files": [{}{{}}]}}"#, "{},".repeat(1000));
        let errors = errors(&text);
        assert_eq!((errors.len(), errors[19].as_str()), (20, "/files/9/contents: missing required member"));
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
