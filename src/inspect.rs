//! A look inside a drive of any maker.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use core::fmt::Write as _;

use hmac_sha256::Hash;

use crate::{
    decode::{DriveSource, decode},
    error::Error,
    image::read::{self, Content, FileSystem},
};

/// What is on a drive.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// What holds the files.
    pub file_system: FileSystem,
    /// The volume's name. Untrusted text.
    pub label: String,
    /// In bytes.
    pub image_size: u64,
    /// In the order of their paths.
    pub files: Vec<InspectedFile>,
}

/// A file of a drive, without its content.
#[derive(Clone, Debug)]
pub struct InspectedFile {
    /// As [`DriveFile`](read::DriveFile) has it: safe to join to a folder's, otherwise untrusted text.
    pub path: String,
    /// In bytes.
    pub size: u64,
    /// Of the content: 64 hexadecimal digits, in lower case.
    pub sha256: String,
}

/// The files of a drive that lie in one place.
#[derive(Clone, Debug)]
pub struct ExtractedFile {
    /// As [`DriveFile`](read::DriveFile) has them, at least one.
    pub paths: Vec<String>,
    /// What each of them holds.
    pub content: Vec<u8>,
}

/// Tells what is on a drive.
pub fn inspect(drive: DriveSource<'_>) -> Result<Inspection, Error> {
    let image = decode(drive)?;
    let drive = read::read(&image)?;
    let mut digests: BTreeMap<&Content<'_>, String> = BTreeMap::new();
    let mut files = Vec::with_capacity(drive.files.len());
    for file in &drive.files {
        // A place that files share is looked at once.
        let sha256 = digests.entry(&file.content).or_insert_with(|| sha256(&file.content)).clone();
        files.push(InspectedFile { path: file.path.clone(), size: file.content.size(), sha256 });
    }
    Ok(Inspection { file_system: drive.file_system, label: drive.label, image_size: drive.size, files })
}

/// The bytes of one file.
pub fn read_file(drive: DriveSource<'_>, path: &str) -> Result<Vec<u8>, Error> {
    let image = decode(drive)?;
    let drive = read::read(&image)?;
    let content = drive.file(path).ok_or_else(|| Error::NoSuchFile { path: path.to_owned() })?;
    Ok(content.bytes().into_owned())
}

/// The bytes of all files, those that lie in one place once.
pub fn extract(drive: DriveSource<'_>) -> Result<Vec<ExtractedFile>, Error> {
    let image = decode(drive)?;
    let mut paths: BTreeMap<Content<'_>, Vec<String>> = BTreeMap::new();
    for file in read::read(&image)?.files {
        paths.entry(file.content).or_default().push(file.path);
    }
    let extracted =
        paths.into_iter().map(|(content, paths)| ExtractedFile { paths, content: content.bytes().into_owned() });
    Ok(extracted.collect())
}

fn sha256(content: &Content<'_>) -> String {
    let mut digest = Hash::new();
    content.parts().for_each(|part| digest.update(part));
    digest.finalize().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
