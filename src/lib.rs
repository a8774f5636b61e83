//! OpenStack config drives, from an instance document to the base64 text that Ironic accepts.
//!
//! Building a drive: [`document`] (JSON or YAML → typed instance) → [`metadata`] (instance → files) → [`tree`] (the files) →
//! [`image`] (files → file system) → [`mod@encode`] (image → base64 of gzip). Reading one: [`mod@decode`] → [`image::read`] →
//! [`mod@inspect`] and [`mod@check`]. On wasm, `component` exports these functions as the interface in `wit/`.
//!
//! As a plain library, the crate runs in the caller's process without a sandbox, so use it only with documents that you trust:
//!
//! ```
//! use configdrive::{Options, Policy};
//!
//! # fn main() -> Result<(), configdrive::Error> {
//! let document = r#"{
//!     "instance": {"uuid": "…", "hostname": "web-01", "config_drive": true, "ec2_ids": {"instance_id": "i-0000002a"}},
//!     "network_data": {}
//! }"#;
//! if configdrive::required_by(document, Policy::default())? {
//!     let text = configdrive::pack(document, &Options::default())?;
//! #   assert!(text.starts_with("H4sI"));
//! }
//! # Ok(())
//! # }
//! ```
#![no_std]
#![cfg_attr(not(target_family = "wasm"), forbid(unsafe_code))]

extern crate alloc;
// Natively, std provides the allocator and the panic handler that the crate type cdylib requires.
#[cfg(not(target_family = "wasm"))]
extern crate std;

pub mod check;
pub mod decode;
pub mod document;
pub mod encode;
pub mod image;
pub mod inspect;
pub mod metadata;
pub mod tree;

mod base64;
#[cfg(target_family = "wasm")]
mod component;
mod error;
mod options;
mod yaml;

use alloc::{string::String, vec::Vec};

use document::{Changes, Document, DocumentError, DrivePolicy, Json, Overrides};
use encode::Encoder;
use image::{fat, iso9660};
use options::FileSystem;
use tree::Tree;

pub use check::{check_document, check_drive};
pub use decode::DriveSource;
pub use error::{Error, ErrorCode};
pub use inspect::{extract, inspect, read_file};
pub use options::{ImageFormat, OptionError, Options, Policy, VendordataProvider};

/// Returns whether the instance in `document` needs a config drive (`nova.virt.configdrive.required_by`).
pub fn required_by(document: &str, policy: Policy) -> Result<bool, Error> {
    let document = document::parse(document)?;
    Ok(DrivePolicy::of_document(&document)?.required(policy))
}

/// Returns `document` with `changes`, as indented JSON. If `conceal` is set, secrets are replaced by a note.
pub fn amend(document: &str, changes: &str, conceal: bool) -> Result<String, Error> {
    let changes = Json::parse(changes).map_err(|error| DocumentError::from(error).in_option("changes"))?;
    let changes = Changes::parse(&changes)?;
    let document = document::parse(document)?;
    let mut changed = changes.apply(&document)?;
    if conceal {
        document::conceal(&mut changed);
    }
    Ok(metadata::indented(&changed))
}

/// Returns the files of `document`'s drive.
pub fn files(document: &str, options: &Options) -> Result<Tree, Error> {
    let document = document::parse(document)?;
    let overrides = Overrides::parse(options)?;
    metadata::tree(&Document::parse(&document, &overrides)?, options)
}

/// Builds the image of `document`'s drive. If `document` is passed by value, its memory is freed before the image is written.
pub fn build_drive(document: impl AsRef<str>, options: &Options) -> Result<Vec<u8>, Error> {
    let file_system = options.file_system()?;
    let tree = files(document.as_ref(), options)?;
    drop(document);
    let date = options.source_date_epoch();
    Ok(match file_system {
        FileSystem::Iso9660 => iso9660::write(&tree, date)?,
        FileSystem::Fat(geometry) => fat::write(&tree, date, geometry)?,
    })
}

/// Encodes an image as the base64 text that Ironic accepts.
pub fn encode(image: &[u8]) -> Result<String, Error> {
    Ok(encode::encode(image)?)
}

/// Does the work of [`build_drive`] and [`encode()`] in one pass, without holding the whole image in memory.
pub fn pack(document: impl AsRef<str>, options: &Options) -> Result<String, Error> {
    let file_system = options.file_system()?;
    let tree = files(document.as_ref(), options)?;
    drop(document);
    let date = options.source_date_epoch();
    let mut encoder = Encoder::new();
    match file_system {
        FileSystem::Iso9660 => iso9660::Layout::new(&tree, date)?.write(&mut encoder),
        FileSystem::Fat(geometry) => fat::Layout::new(&tree, date, geometry)?.write(&mut encoder),
    }
    Ok(encoder.finish()?)
}
