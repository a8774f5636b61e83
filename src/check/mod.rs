//! Finds what will not work once a drive is deployed, and why.
//!
//! A well-formed drive can still be useless, because its readers are strict in different ways. Every finding describes behaviour
//! that was observed by running the reader; `docs/reference/findings.md` has an entry for each [`Code`] that says which reader does what.
//!
//! A drive may have hundreds of thousands of faults, so only the first 20 findings of each code are listed for the same readers. If
//! there are more, one further finding for those readers, whose place is the file, says how many.

mod code;
mod findings;
mod metadata;
mod network;
mod public_keys;
mod readers;
mod user_data;
mod volume;
mod yaml;

pub use code::{Code, Scope, Severity};
pub use readers::Readers;
pub use volume::Volume;

use alloc::{borrow::Cow, collections::BTreeMap, format, string::String, vec::Vec};
use core::{fmt, str};

use self::findings::Findings;
use crate::{
    decode::{DecodeError, DriveSource, decode},
    document::{self, Json, Misspelling, Object},
    error::Error,
    image::read,
    options::Options,
};

/// Finds what will not work on the drive built from `document`, worst first.
pub fn check_document(document: &str, options: &Options) -> Result<Vec<Finding>, Error> {
    let mut findings = Findings::default();
    check_image(&crate::build_drive(document, options)?, &mut findings)?;
    let document = document::parse(document)?;
    let of_document = |pointer| Place { path: "", pointer };
    for Misspelling { pointer, meant } in document::misspellings(&document) {
        let message =
            format!("the drive is built without this member because its name is unknown; did you mean {meant}?");
        findings.add(Code::MisspeltMember, Readers::INSIDE, &of_document(pointer), message);
    }
    if let Json::Object(members) = &document
        && let Some(Json::Object(instance)) = members.get("instance")
        && text(instance, "user_data").is_some_and(|text| text.len() > user_data::NOVAS_LIMIT)
    {
        findings.add(
            Code::UserDataTooLargeForNova,
            Readers::INSIDE,
            &of_document("/instance/user_data".into()),
            user_data::too_large_for_nova(),
        );
    }
    Ok(findings.finish())
}

/// Finds what will not work on a drive, worst first.
pub fn check_drive(drive: DriveSource<'_>) -> Result<Vec<Finding>, Error> {
    match decode(drive) {
        Ok(image) => {
            let mut findings = Findings::default();
            check_image(&image, &mut findings)?;
            Ok(findings.finish())
        }
        // We do not read such an image, and the agent does not accept it.
        Err(DecodeError::TooLarge) => Ok(volume::too_large()),
        Err(error) => Err(error.into()),
    }
}

fn check_image(image: &[u8], findings: &mut Findings) -> Result<(), Error> {
    let drive = read::read(image)?;
    let volume = Volume { file_system: drive.file_system, label: &drive.label, size: drive.size };
    let mut files: Files<'_> = drive.files.iter().map(|file| (file.path.clone(), Cow::Borrowed(&[][..]))).collect();
    let dated = Drive::dated(&files);
    // Only the files that are checked: reading a file in several extents copies it.
    for file in drive.files.iter().filter(|file| Drive::reads(dated, &file.path)) {
        files.insert(file.path.clone(), file.content.bytes());
    }
    check_files(&volume, &files, findings);
    Ok(())
}

/// The files of a drive by path, as the readers find them.
pub type Files<'a> = BTreeMap<String, Cow<'a, [u8]>>;

/// Something on a drive that will not work for one of its readers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// The kind of finding.
    pub code: Code,
    /// The readers that it concerns.
    pub readers: Readers,
    /// Where on the drive it is: a path, followed by `#` and a JSON pointer (RFC 6901) if it is about a member; empty for the
    /// drive as a whole. Without a path before the `#`, the place is in the document. Without a path, the pointer is one into the document.
    pub place: String,
    /// What a reader does, and why. Never contains the value of a member.
    pub message: String,
}

/// Returns the findings about a drive, worst first.
pub fn check(volume: &Volume<'_>, files: &Files<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    check_files(volume, files, &mut findings);
    findings.finish()
}

fn check_files(volume: &Volume<'_>, files: &Files<'_>, findings: &mut Findings) {
    volume::check(volume, findings);
    let drive = Drive { files, dated: Drive::dated(files) };
    metadata::check(&drive, findings);
    network::check(&drive, findings);
    user_data::check(&drive, findings);
}

/// A place on a drive.
#[derive(Clone)]
struct Place<'a> {
    path: &'a str,
    pointer: String,
}

impl<'a> Place<'a> {
    fn file(path: &'a str) -> Self {
        Self { path, pointer: String::new() }
    }

    fn below(&self, step: impl fmt::Display) -> Self {
        Self { path: self.path, pointer: format!("{}/{step}", self.pointer) }
    }

    /// Returns the file's name, without its directory.
    fn name(&self) -> &'a str {
        self.path.rsplit('/').next().unwrap_or_default()
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path)?;
        if self.pointer.is_empty() { Ok(()) } else { write!(f, "#{}", self.pointer) }
    }
}

/// The files, and the two directories that are read: cloud-init reads the newest dated one that it knows, if there is one; all
/// other readers read `latest`.
struct Drive<'a> {
    files: &'a Files<'a>,
    dated: Option<&'static str>,
}

impl<'a> Drive<'a> {
    const LATEST: &'static str = "latest";

    /// `OS_VERSIONS` of `cloudinit.sources.helpers.openstack`, newest first. cloud-init does not look for Nova's newer versions.
    const VERSIONS: [&'static str; 8] = [
        "2018-08-27",
        "2017-02-22",
        "2016-10-06",
        "2016-06-30",
        "2015-10-15",
        "2013-10-17",
        "2013-04-04",
        "2012-08-10",
    ];

    /// The files in a version's directory.
    const NAMES: [&'static str; 5] =
        ["meta_data.json", "network_data.json", "user_data", "vendor_data.json", "vendor_data2.json"];

    const EC2: &'static str = "ec2/latest/meta-data.json";

    fn reads(dated: Option<&str>, path: &str) -> bool {
        let mut names = path.split('/');
        match [names.next(), names.next(), names.next(), names.next()] {
            [Some("openstack"), Some(version), Some(name), None] => {
                (version == Self::LATEST || Some(version) == dated) && Self::NAMES.contains(&name)
            }
            _ => path == Self::EC2,
        }
    }

    fn dated(files: &Files<'_>) -> Option<&'static str> {
        Self::VERSIONS.into_iter().find(|version| {
            let directory = format!("openstack/{version}/");
            files.range(directory.clone()..).next().is_some_and(|(path, _)| path.starts_with(&directory))
        })
    }

    /// Returns the directories that are read, `latest` first.
    fn versions(&self) -> impl Iterator<Item = &'static str> {
        [Some(Self::LATEST), self.dated].into_iter().flatten()
    }

    fn path(version: &str, name: &str) -> String {
        format!("openstack/{version}/{name}")
    }

    fn file(&self, path: &str) -> Option<&'a [u8]> {
        self.files.get(path).map(|content| &**content)
    }

    /// Reads `name` in both directories; in the second one only if its bytes differ.
    fn each_of(&self, name: &str, mut read: impl FnMut(&str, &'a [u8])) {
        let mut first = None;
        for version in self.versions() {
            let path = Self::path(version, name);
            if let Some(content) = self.file(&path)
                && first != Some(content)
            {
                first = Some(content);
                read(&path, content);
            }
        }
    }
}

/// Parses a file as JSON. The error completes the sentence "the file …".
fn json(content: &[u8]) -> Result<Json<'_>, String> {
    let text = str::from_utf8(content)
        .map_err(|error| format!("is not UTF-8 (invalid byte at offset {})", error.valid_up_to()))?;
    // The message contains line and column, but no text of the file.
    Json::parse(text).map_err(|error| error.predicate())
}

fn object<'a, 'j>(value: &'j Json<'a>) -> Option<&'j Object<'a>> {
    match value {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

/// Returns a member that is a string; any other value counts as absent.
fn text<'j>(object: &'j Object<'_>, name: &str) -> Option<&'j str> {
    match object.get(name) {
        Some(Json::Text(text)) => Some(text),
        _ => None,
    }
}

/// Returns the items of a member that is a list; any other value counts as an empty list.
fn items<'a, 'j>(object: &'j Object<'a>, name: &str) -> &'j [Json<'a>] {
    match object.get(name) {
        Some(Json::List(items)) => items,
        _ => &[],
    }
}

/// Returns whether Python takes the value for true.
fn is_true(value: &Json<'_>) -> bool {
    match value {
        Json::Null => false,
        Json::Bool(value) => *value,
        Json::Integer(value) => value.to_i64() != Some(0),
        Json::Float(value) => *value != 0.0,
        Json::Text(text) => !text.is_empty(),
        Json::List(list) => !list.is_empty(),
        Json::Object(object) => !object.is_empty(),
    }
}

impl fmt::Display for Finding {
    /// Writes one line without the severity: `code: place: message; remedy`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.code)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        write!(f, "{}; {}", self.message, self.code.remedy())
    }
}
