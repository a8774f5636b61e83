//! Files in a document.

use super::{
    json::Json,
    members,
    read::{Members, Result, all, base64, both, text},
};
use crate::tree::Content;

/// A file with its path.
#[derive(Debug)]
pub struct File<'a> {
    /// The path as in the document. For an injected file it is a path in the instance, which the drive only passes to
    /// cloud-init; for one of the member `files` it is a path on the drive.
    pub path: &'a str,
    /// The decoded content.
    pub contents: Content,
}

impl<'a> File<'a> {
    /// Parses a file that has no other members.
    pub(super) fn parse_closed(value: &'a Json<'a>) -> Result<Self> {
        both(Members::of(value)?.closed(members::FILE), Self::parse(value)).map(|((), file)| file)
    }

    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        all!(Self {
            path: members.required("path", text),
            contents: members.required("contents", base64).map(Content::from),
        })
    }
}
