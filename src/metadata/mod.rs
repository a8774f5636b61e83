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

/// Why a file of the drive has no source.
#[derive(Debug)]
#[non_exhaustive]
pub enum MetadataError {
    /// The option `vendordata_providers` does not include `StaticJSON`.
    NoStaticJson,
}

impl fmt::Display for MetadataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoStaticJson => {
                f.write_str("option vendordata_providers: StaticJSON is missing; vendor_data.json has no other source")
            }
        }
    }
}

impl core::error::Error for MetadataError {}
