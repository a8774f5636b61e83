//! Lists and extracts the files of a drive, whatever tool made it.

use alloc::{borrow::ToOwned, collections::BTreeMap, string::String, vec::Vec};
use core::fmt::Write as _;

use hmac_sha256::Hash;

use crate::{
    decode::{DriveSource, decode},
    error::Error,
    image::read::{self, Content, FileSystem},
};

/// A drive's file system, label, size and files.
#[derive(Clone, Debug)]
pub struct Inspection {
    /// The file system whose names are listed.
    pub file_system: FileSystem,
    /// The volume's label. Untrusted text.
    pub label: String,
    /// Image size in bytes.
    pub image_size: u64,
    /// The files, sorted by path.
    pub files: Vec<InspectedFile>,
}

/// A file of a drive, without its content.
#[derive(Clone, Debug)]
pub struct InspectedFile {
    /// The path, as in [`DriveFile`](read::DriveFile): safe to join to a directory's path, otherwise untrusted text.
    pub path: String,
    /// File size in bytes.
    pub size: u64,
    /// SHA-256 of the content: 64 hexadecimal digits, in lower case.
    pub sha256: String,
}

/// Files of a drive that share the same bytes in the image.
#[derive(Clone, Debug)]
pub struct ExtractedFile {
    /// The files' paths, as in [`DriveFile`](read::DriveFile); at least one.
    pub paths: Vec<String>,
    /// The content of each of the files.
    pub content: Vec<u8>,
}

/// Returns the file system, the label, the size and the files of a drive.
pub fn inspect(drive: DriveSource<'_>) -> Result<Inspection, Error> {
    let image = decode(drive)?;
    let drive = read::read(&image)?;
    let mut digests: BTreeMap<&Content<'_>, String> = BTreeMap::new();
    let mut files = Vec::with_capacity(drive.files.len());
    for file in &drive.files {
        // Content that files share is hashed once.
        let sha256 = digests.entry(&file.content).or_insert_with(|| sha256(&file.content)).clone();
        files.push(InspectedFile { path: file.path.clone(), size: file.content.size(), sha256 });
    }
    Ok(Inspection { file_system: drive.file_system, label: drive.label, image_size: drive.size, files })
}

/// Returns the content of the file at `path`.
pub fn read_file(drive: DriveSource<'_>, path: &str) -> Result<Vec<u8>, Error> {
    let image = decode(drive)?;
    let drive = read::read(&image)?;
    let content = drive.file(path).ok_or_else(|| Error::NoSuchFile { path: path.to_owned() })?;
    Ok(content.bytes().into_owned())
}

/// Returns the content of all files. Files that share the same bytes in the image are returned together.
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
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
