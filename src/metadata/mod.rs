//! Document → the files of its drive.

mod devices;
mod ec2;
mod interfaces;
mod json_text;
mod network_data;
mod nova;
mod openstack;
mod sdk;
mod shared;
mod vendor_data;
mod version;

use core::fmt;

use crate::{
    Error, Options,
    document::{Document, Integer, Json},
    tree::{Content, Tree},
};

/// Builds the files of the document's drive.
pub fn tree(document: &Document<'_>, options: &Options) -> Result<Tree, Error> {
    match document {
        Document::Instance(document) => nova::tree(document, options),
        Document::MetaData(document) => sdk::tree(document),
        Document::Files(files) => {
            let mut tree = Tree::default();
            for (file, index) in files.iter().zip(0..) {
                tree.insert(file.path, file.contents.clone()).map_err(|error| Error::ready_file(index, error))?;
            }
            Ok(tree)
        }
    }
}

pub(crate) use json_text::indented;

fn json<'a>(value: impl Into<Json<'a>>) -> Content {
    Content::from(json_text::dumps(&value.into()).into_bytes())
}

/// Returns the string, or null if there is none.
fn or_null<'a>(text: Option<&'a str>) -> Json<'a> {
    text.map_or(Json::Null, Json::from)
}

/// Returns the number, or 0 if there is none, which is Nova's default for numbers.
fn or_zero(number: Option<&Integer>) -> Json<'static> {
    Json::Integer(number.cloned().unwrap_or(Integer::from(0)))
}

/// Why the options do not say what the drive's files are.
#[derive(Debug)]
#[non_exhaustive]
pub enum MetadataError {
    /// The option `vendordata_providers` does not include `StaticJSON`.
    NoStaticJson,
    /// The option `newest_version` is not an OpenStack metadata version.
    NewestVersion,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStaticJson => {
                f.write_str("option vendordata_providers: StaticJSON is missing; vendor_data.json has no other source")
            }
            Self::NewestVersion => f.write_str(
                "option newest_version: expected a version of OpenStack metadata from 2012-08-10 to 2025-04-04, such as 2020-10-14",
            ),
        }
    }
}

impl core::error::Error for MetadataError {}
