//! The component, imported. Its caps on memory and time are those of the engine that runs it.

#[path = "../../../src/sandbox/error.rs"]
mod error;
#[path = "../../../src/sandbox/types.rs"]
mod types;

pub use self::{
    drive::{
        DriveFile, DriveSource, ErrorCode, FileSystem, Finding, ImageFormat, Inspection, Options, Policy, Scope,
        Severity, VendordataProvider,
    },
    error::{Error, Limit},
};

use std::str;

use self::bindings::ironic::configdrive::drive;

/// The library's sandbox, as far as adapters call it.
pub struct Sandbox {
    limits: Limits,
}

impl Sandbox {
    /// # Errors
    /// None: the component is there, or the adapter is not.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Ok(Self { limits })
    }

    /// Tells whether the instance of `document` needs a config drive.
    pub fn required_by(&self, document: &[u8], policy: Policy) -> Result<bool, Error> {
        drive::required_by(self.document(document)?, policy).map_err(Error::guest)
    }

    /// Builds the drive of `document`: the whole image.
    pub fn build_drive(&self, document: &[u8], options: &Options) -> Result<Vec<u8>, Error> {
        drive::build_drive(self.document(document)?, options).map_err(Error::guest)
    }

    /// Turns an image into the text that Ironic takes.
    pub fn encode(&self, image: &[u8]) -> Result<String, Error> {
        self.check_size(image.len())?;
        drive::encode(image).map_err(Error::guest)
    }

    /// [`build_drive`](Self::build_drive) and [`encode`](Self::encode) in one go.
    pub fn pack(&self, document: &[u8], options: &Options) -> Result<String, Error> {
        drive::pack(self.document(document)?, options).map_err(Error::guest)
    }

    /// Tells what is on a drive.
    pub fn inspect(&self, drive: &DriveSource) -> Result<Inspection, Error> {
        self.check_drive_size(drive)?;
        drive::inspect(drive).map_err(Error::guest)
    }

    /// The content of a drive's file.
    pub fn read_file(&self, drive: &DriveSource, path: &str) -> Result<Vec<u8>, Error> {
        self.check_drive_size(drive)?;
        drive::read_file(drive, path).map_err(Error::guest)
    }

    /// Finds what makes the drive of `document` useless although it is valid, worst first.
    pub fn check_document(&self, document: &[u8], options: &Options) -> Result<Vec<Finding>, Error> {
        drive::check_document(self.document(document)?, options).map_err(Error::guest)
    }

    /// The same for a drive.
    pub fn check_drive(&self, drive: &DriveSource) -> Result<Vec<Finding>, Error> {
        self.check_drive_size(drive)?;
        drive::check_drive(drive).map_err(Error::guest)
    }

    fn document<'d>(&self, document: &'d [u8]) -> Result<&'d str, Error> {
        self.check_size(document.len())?;
        str::from_utf8(document).map_err(|error| Error::NotUtf8 { offset: error.valid_up_to() })
    }

    fn check_drive_size(&self, drive: &DriveSource) -> Result<(), Error> {
        self.check_size(match drive {
            DriveSource::Bytes(bytes) => bytes.len(),
            DriveSource::Text(text) => text.len(),
        })
    }

    fn check_size(&self, size: usize) -> Result<(), Error> {
        let limit = self.limits.input;
        if size > limit { Err(Error::Limit(Limit::Input { limit })) } else { Ok(()) }
    }
}

/// What one call may use.
pub struct Limits {
    /// Size of a document or an image, in bytes.
    pub input: usize,
}

impl Default for Limits {
    /// As in the host.
    fn default() -> Self {
        Self { input: 128 << 20 }
    }
}

mod bindings {
    #![allow(missing_docs, reason = "wit/ has them")]
    #![allow(unsafe_code, reason = "the canonical ABI speaks in pointers; wit-bindgen's macro does it")]

    wit_bindgen::generate!({
        inline: "package ironic:adapters; world adapter { import ironic:configdrive/drive@0.1.0; }",
        path: "../../../wit",
        world: "ironic:adapters/adapter",
        generate_all,
    });
}
