//! The interface of the config drive component, `ironic:configdrive/drive`, as Rust types and one trait.
//!
//! [`ConfigDrive`] has the interface's functions. Code that is generic over it works with the component in a sandbox
//! (`configdrive_host::Sandbox`), with a component linked into the same composition, and with a stub in a test:
//!
//! ```
//! use configdrive_contract::{ConfigDrive, Error, Options, Policy};
//!
//! /// Returns the drive as base64 text for Ironic, if the instance needs one.
//! fn drive_of(component: &impl ConfigDrive, document: &[u8]) -> Result<Option<String>, Error> {
//!     if component.required_by(document, Policy::default())? {
//!         return component.pack(document, &Options::default()).map(Some);
//!     }
//!     Ok(None)
//! }
//! ```
//!
//! The types have the names and fields of `wit/configdrive.wit`. [`conversions!`] converts them to and from the types that
//! `wasmtime::component::bindgen!` and `wit_bindgen::generate!` generate from that file.
#![forbid(unsafe_code)]

pub mod untrusted;

mod config_drive;
mod conversions;
mod drive;
mod error;
mod finding;
mod options;
mod recipients;

pub use self::{
    config_drive::ConfigDrive,
    drive::{DriveFile, DriveSource, ExtractedFile, FileSystem, Inspection},
    error::{Cause, Error, ErrorCode, FurtherError, Limit, chain, document_text},
    finding::{Finding, Scope, Severity},
    options::{ImageFormat, Options, Policy, UnknownProvider, VendordataProvider},
    recipients::{Recipient, Recipients, Selection, UnknownRecipient},
};

/// The JSON Schema (draft 2020-12) of documents.
pub const DOCUMENT_SCHEMA: &str = include_str!("../document.schema.json");
