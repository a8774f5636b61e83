//! A finished drive, in place of a document.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use clap::Args;
use configdrive_host::ironic::{Content, DriveUrl, Metadata};
use configdrive_verbs::{
    Error as VerbError, Source,
    document::DocumentFlags,
    input::{self, Expected},
};

use super::error::Error;

/// The drive.
#[derive(Args)]
pub struct DriveInput {
    /// Send this drive instead of one built from a document
    ///
    /// DRIVE is a file with an ISO 9660 or FAT image, its gzip, or base64 of either; a directory whose files make the drive; the
    /// URL of a gzipped image in base64, which Ironic's agent fetches; or the JSON object from which Ironic builds a drive
    /// (meta_data, user_data, network_data, vendor_data), or a file with it. `-` is standard input. What need not be fetched is
    /// checked first.
    #[arg(long, visible_alias = "config-drive", value_name = "DRIVE",
        conflicts_with_all = ["input", "directory", "print_document", DocumentFlags::GROUP])]
    drive: Option<OsString>,
}

impl DriveInput {
    /// Reads the drive, if there is one.
    pub fn read(&self, limit: usize) -> Result<Option<(Content, Source)>, Error> {
        self.drive.as_deref().map(|drive| read(drive, limit)).transpose()
    }
}

/// Reads a drive that is named as on the command line.
pub fn read(drive: &OsStr, limit: usize) -> Result<(Content, Source), Error> {
    let option = || Source::Option("--drive".into());
    match drive.to_str() {
        Some(url) if DriveUrl::is_meant(url) => {
            let url = url.parse().map_err(|error| VerbError::Usage(format!("--drive: {error}")))?;
            return Ok((Content::Url(url), option()));
        }
        Some(json) if is_json(json.as_bytes()) => return Ok((metadata(json.as_bytes(), &option())?, option())),
        _ => {}
    }
    let path = Path::new(drive);
    if path.is_dir() {
        let files = input::read_directory(path, limit)?;
        return Ok((Content::from(files.bytes), files.source));
    }
    let file = input::read(path, limit, Expected::Drive)?;
    let content =
        if is_json(&file.bytes) { metadata(&file.bytes, &file.source)? } else { Content::Drive(file.bytes.into()) };
    Ok((content, file.source))
}

/// Reads the JSON object from which Ironic builds a drive.
pub fn metadata(json: &[u8], source: &Source) -> Result<Content, Error> {
    let metadata = Metadata::new(json).map_err(|error| VerbError::Config {
        source: source.clone(),
        message: format!("{error}; for a document, use -i"),
    });
    Ok(Content::Metadata(metadata?))
}

/// No image, gzip or base64 starts with a brace.
fn is_json(bytes: &[u8]) -> bool {
    bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}
