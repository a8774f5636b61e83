//! The options that make a document or change one. Assembling is not parsing: what the files contain is opaque here.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use clap::Args;
use configdrive_contract::{ConfigDrive, Options};
use serde::Serialize;

use super::addresses::{Address, Dhcp, network_data};
use crate::{
    error::Error,
    input::{self, Input},
    source::{OptionSources, Source},
};

/// The heading of these options in the help.
pub(super) const HEADING: &str = "Document's options";

/// The options that make a document or, with `--input`, change one.
#[derive(Args, Clone, Default)]
#[command(next_help_heading = HEADING)]
#[group(id = DocumentFlags::GROUP, multiple = true)]
pub struct DocumentFlags {
    /// Host name of the instance
    #[arg(long, value_name = "NAME")]
    hostname: Option<String>,
    /// Id of the instance [default: the document's, or a random one]
    #[arg(long, value_name = "UUID", value_parser = uuid)]
    uuid: Option<String>,
    /// User data: a script, a cloud-config, or any other bytes
    #[arg(long, value_name = "FILE")]
    user_data: Option<PathBuf>,
    /// Public SSH key, or a file with one or more; may be repeated
    #[arg(long, value_name = "FILE|TEXT")]
    ssh_key: Vec<SshKey>,
    /// Metadata for the instance; may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    meta: Vec<Meta>,
    /// Static address of the interface with this MAC address, followed by any of ,gateway=ADDRESS ,dns=ADDRESS ,mtu=BYTES
    /// ,vlan=ID; may be repeated
    #[arg(long, value_name = "MAC=ADDRESS/PREFIX[,…]", conflicts_with = "network_data")]
    ip: Vec<Address>,
    /// Configure the interface with this MAC address by DHCP; takes ,mtu= and ,vlan= as --ip does; may be repeated
    #[arg(long, value_name = "MAC[,…]", conflicts_with = "network_data")]
    dhcp: Vec<Dhcp>,
    /// Network data: a file in the form of network_data.json
    #[arg(long, value_name = "FILE")]
    network_data: Option<PathBuf>,
    /// File to write into the instance; may be repeated
    #[arg(long, value_name = "PATH=FILE")]
    file: Vec<InjectedFile>,
    /// Password of the administrator: the first line of FILE
    #[arg(long, value_name = "FILE")]
    admin_pass_file: Option<PathBuf>,
}

impl DocumentFlags {
    /// The id of these options' group, for conflicts.
    pub const GROUP: &'static str = "document_flags";

    /// Returns whether there are any options.
    pub fn is_given(&self) -> bool {
        let Self { hostname, uuid, user_data, ssh_key, meta, ip, dhcp, network_data, file, admin_pass_file } = self;
        hostname.is_some()
            || uuid.is_some()
            || [user_data, network_data, admin_pass_file].into_iter().any(Option::is_some)
            || !(ssh_key.is_empty() && meta.is_empty() && ip.is_empty() && dhcp.is_empty() && file.is_empty())
    }

    /// Reads the files that the options name, none of which may be larger than `limit` bytes. Returns `None` if there are no options.
    pub fn read(&self, limit: usize) -> Result<Option<Changes>, Error> {
        if !self.is_given() {
            return Ok(None);
        }
        let mut changes = Changes { uuid: self.uuid.clone(), hostname: self.hostname.clone(), ..Changes::default() };
        let mut sources = OptionSources::default();
        for (name, option) in [
            ("uuid", "--uuid"),
            ("hostname", "--hostname"),
            ("public_keys", "--ssh-key"),
            ("metadata", "--meta"),
            ("injected_files", "--file"),
        ] {
            sources.insert(name, Source::Option(option.to_owned()));
        }
        if let Some(path) = &self.user_data {
            let source = option_file(path, "--user-data");
            let bytes = input::read_source(path, limit, &source)?;
            sources.insert("user_data", source.clone());
            if bytes.len() > USER_DATA_LIMIT {
                return Err(Error::UserDataTooLarge { source, size: bytes.len(), limit: USER_DATA_LIMIT });
            }
            changes.user_data = Some(STANDARD.encode(bytes));
        }
        for key in &self.ssh_key {
            key.read(limit, &mut changes.public_keys)?;
        }
        if !self.meta.is_empty() {
            changes.metadata =
                Some(self.meta.iter().map(|Meta(key, value)| (key.clone(), value.clone().into())).collect());
        }
        match &self.network_data {
            Some(path) => {
                let source = option_file(path, "--network-data");
                changes.network_data = Some(input::read_text_file(path, limit, &source)?);
                sources.insert("network_data", source);
            }
            None => changes.network_data = network_data(&self.ip, &self.dhcp)?,
        }
        for InjectedFile { path, file } in &self.file {
            let bytes = input::read_source(file, limit, &option_file(file, "--file"))?;
            changes.injected_files.push(File { path: path.clone(), contents: STANDARD.encode(bytes) });
        }
        if let Some(path) = &self.admin_pass_file {
            let source = option_file(path, "--admin-pass-file");
            let text = input::read_text_file(path, limit, &source)?;
            match text.lines().next() {
                None | Some("") => return Err(Error::Empty { source }),
                Some(password) => changes.admin_pass = Some(password.to_owned()),
            }
            sources.insert("admin_pass", source);
        }
        changes.sources = sources;
        Ok(Some(changes))
    }
}

/// Nova's limit on user data (`MAX_USERDATA_SIZE`, 65,535 characters of base64), as bytes before they are encoded.
const USER_DATA_LIMIT: usize = 65_535 / 4 * 3;

fn option_file(path: &Path, option: &str) -> Source {
    Source::OptionFile { path: path.to_owned(), option: option.to_owned() }
}

/// The changes to a document that options ask for, for the component's function `amend`.
#[derive(Default, Serialize)]
pub struct Changes {
    #[serde(skip_serializing_if = "Option::is_none")]
    uuid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hostname: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_data: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    public_keys: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vendor_data: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    injected_files: Vec<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    admin_pass: Option<String>,
    #[serde(skip)]
    sources: OptionSources,
}

#[derive(Serialize)]
struct File {
    path: String,
    contents: String,
}

impl Changes {
    /// Adds a UUID, if there is none yet. `make` returns it, given the changes as JSON.
    pub fn with_uuid(mut self, make: impl FnOnce(&str) -> Result<String, Error>) -> Result<Self, Error> {
        if self.uuid.is_none() {
            self.uuid = Some(make(&self.json()?)?);
        }
        Ok(self)
    }

    fn json(&self) -> Result<String, Error> {
        // Cannot fail: it has only strings.
        serde_json::to_string(self).map_err(|error| Error::Usage(error.to_string()))
    }

    /// Adds the drive's vendor data, which replaces the document's.
    pub(super) fn add_vendor_data(&mut self, options: &Options) {
        self.vendor_data.clone_from(&options.vendor_data);
    }

    /// Returns the changed document.
    pub fn apply(&self, component: &impl ConfigDrive, document: Input) -> Result<Input, Error> {
        let bytes = self.amend(component, &document, false)?.into();
        Ok(Input { source: document.source, bytes })
    }

    /// Returns the text of the changed document, if `conceal` is set with notes in place of secrets.
    pub(super) fn amend(&self, component: &impl ConfigDrive, document: &Input, conceal: bool) -> Result<String, Error> {
        let amended = component.amend(&document.bytes, &self.json()?, conceal);
        amended.map_err(|error| document.source.explain(error, &self.sources))
    }
}

/// Returns a random UUID (RFC 9562, version 4).
pub fn random_uuid() -> Result<String, Error> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Error::Random)?;
    Ok(format_uuid(bytes, 4))
}

/// Formats the UUID of this version that has the given bytes.
pub fn format_uuid(bytes: [u8; 16], version: u8) -> String {
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(3 << 62) | u128::from(version & 0xf) << 76 | 2 << 62;
    let digits = format!("{number:032x}");
    [0..8, 8..12, 12..16, 16..20, 20..32].map(|group| digits.get(group).unwrap_or_default()).join("-")
}

/// Reads a UUID.
fn uuid(text: &str) -> Result<String, &'static str> {
    let is_valid = |(index, byte): (usize, u8)| {
        if matches!(index, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
    };
    if text.len() == 36 && text.bytes().enumerate().all(is_valid) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("expected a UUID, such as 1be26c0b-03f2-4d2e-ae87-c02d7f33c123")
    }
}

/// A public key on the command line, or the file that has it.
#[derive(Clone, Debug)]
enum SshKey {
    Text(String),
    File(PathBuf),
}

impl FromStr for SshKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.trim() {
            "" => Err("expected a public key or a file with one"),
            key if is_private(key) => Err("this is a private key; give the public key, whose file ends in .pub"),
            key if KEY_TYPES.iter().any(|kind| key.starts_with(kind)) && key.contains(' ') => {
                Ok(Self::Text(key.to_owned()))
            }
            _ => Ok(Self::File(text.into())),
        }
    }
}

/// What the types of public keys start with.
const KEY_TYPES: [&str; 4] = ["ssh-", "ecdsa-", "sk-ssh-", "sk-ecdsa-"];

fn is_private(text: &str) -> bool {
    text.contains("PRIVATE KEY-----")
}

impl SshKey {
    fn read(&self, limit: usize, keys: &mut Vec<String>) -> Result<(), Error> {
        let path = match self {
            Self::Text(key) => {
                keys.push(key.clone());
                return Ok(());
            }
            Self::File(path) => path,
        };
        let source = option_file(path, "--ssh-key");
        let text = input::read_text_file(path, limit, &source)?;
        if is_private(&text) {
            let message = "is a private key; give the public key, whose file ends in .pub".to_owned();
            return Err(Error::Config { source, message });
        }
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let before = keys.len();
        keys.extend(lines.map(str::to_owned));
        if keys.len() == before { Err(Error::Empty { source }) } else { Ok(()) }
    }
}

/// An item of the metadata.
#[derive(Clone, Debug)]
struct Meta(String, String);

impl FromStr for Meta {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.split_once('=') {
            Some((key, value)) if !key.is_empty() => Ok(Self(key.to_owned(), value.to_owned())),
            _ => Err("expected KEY=VALUE, such as role=web"),
        }
    }
}

/// A file to write into the instance.
#[derive(Clone, Debug)]
struct InjectedFile {
    /// Its path in the instance.
    path: String,
    file: PathBuf,
}

impl FromStr for InjectedFile {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text.split_once('=') {
            Some((path, file)) if path.starts_with('/') && !file.is_empty() => {
                Ok(Self { path: path.to_owned(), file: file.into() })
            }
            _ => Err("expected PATH=FILE with an absolute path in the instance, such as /etc/motd=motd.txt"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_uuid_is_one_of_version_4() {
        let random = random_uuid().unwrap();
        assert_eq!(uuid(&random), Ok(random.clone()));
        assert_eq!(random.get(14..15), Some("4"));
        assert!(random.get(19..20).is_some_and(|variant| "89ab".contains(variant)), "{random}");
        assert_ne!(random, random_uuid().unwrap());
    }

    #[test]
    fn a_key_is_a_text_or_a_file() {
        for text in ["ssh-ed25519 AAAA me", " ecdsa-sha2-nistp256 AAAA", "sk-ssh-ed25519@openssh.com AAAA"] {
            assert!(matches!(text.parse(), Ok(SshKey::Text(key)) if key == text.trim()), "{text}");
        }
        for text in ["id_ed25519.pub", "ssh-key.pub", "/home/me/my keys"] {
            assert!(matches!(text.parse(), Ok(SshKey::File(path)) if path == Path::new(text)), "{text}");
        }
        for text in ["", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA"] {
            assert!(text.parse::<SshKey>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_has_an_absolute_path_in_the_instance() {
        let file: InjectedFile = "/etc/a=b=c".parse().unwrap();
        assert_eq!((file.path.as_str(), file.file.as_path()), ("/etc/a", Path::new("b=c")));
        for text in ["motd", "etc/motd=motd", "/etc/motd=", "=motd"] {
            assert!(text.parse::<InjectedFile>().is_err(), "{text}");
        }
    }
}
