//! Files in a document.

use super::{
    json::Json,
    read::{Members, Result, base64, text},
};
use crate::tree::Content;

/// A path and what is to stand there.
#[derive(Debug)]
pub struct File<'a> {
    /// As the document has it. Of an injected file it is a path in the instance, and data for cloud-init; of a ready file it
    /// is a path on the drive.
    pub path: &'a str,
    /// What it holds.
    pub contents: Content,
}

impl<'a> File<'a> {
    pub(super) fn parse(value: &'a Json<'a>) -> Result<Self> {
        let members = Members::of(value)?;
        Ok(Self { path: members.required("path", text)?, contents: members.required("contents", base64)?.into() })
    }
}
