//! The interface's functions.

use crate::{DriveSource, Error, ExtractedFile, Finding, Inspection, Options, Policy};

/// Builds and reads config drives: the functions of the interface `ironic:configdrive/drive`.
///
/// Every `document` is JSON or YAML in UTF-8, as [`DOCUMENT_SCHEMA`](crate::DOCUMENT_SCHEMA) describes it. Results depend only on the
/// arguments. An implementation can be called from any thread.
pub trait ConfigDrive: Send + Sync + 'static {
    /// Returns whether the instance of `document` needs a config drive, as Nova's `nova.virt.configdrive.required_by` decides.
    fn required_by(&self, document: &[u8], policy: Policy) -> Result<bool, Error>;

    /// Returns `document` with `changes` in place of its own data, as indented JSON. `changes` is a JSON object; `wit/configdrive.wit`
    /// lists its members. If `conceal` is set, secrets are replaced by a note, and the result is for people.
    fn amend(&self, document: &[u8], changes: &str, conceal: bool) -> Result<String, Error>;

    /// Builds the drive of `document`: the whole image, at most 64 MiB.
    fn build_drive(&self, document: &[u8], options: &Options) -> Result<Vec<u8>, Error>;

    /// Encodes an image of at most 64 MiB as the text that Ironic accepts: gzip, then base64.
    fn encode(&self, image: &[u8]) -> Result<String, Error>;

    /// Builds and encodes the drive of `document`: [`build_drive`](Self::build_drive) and [`encode`](Self::encode) in one call, which
    /// does not return the image in between.
    fn pack(&self, document: &[u8], options: &Options) -> Result<String, Error>;

    /// Lists what is on a drive, whatever made it.
    fn inspect(&self, drive: DriveSource<'_>) -> Result<Inspection, Error>;

    /// Reads one file of a drive. `path` must be one that [`inspect`](Self::inspect) lists.
    fn read_file(&self, drive: DriveSource<'_>, path: &str) -> Result<Vec<u8>, Error>;

    /// Reads all files of a drive. Files that share their place in the image are returned once, with all their paths.
    fn extract(&self, drive: DriveSource<'_>) -> Result<Vec<ExtractedFile>, Error>;

    /// Finds what the readers of `document`'s drive would ignore, read differently or fail on; worst first. These are all findings:
    /// [`Recipients::select`](crate::Recipients::select) selects those that concern a reader or a node.
    fn check_document(&self, document: &[u8], options: &Options) -> Result<Vec<Finding>, Error>;

    /// Finds the same in a finished drive, whatever made it.
    fn check_drive(&self, drive: DriveSource<'_>) -> Result<Vec<Finding>, Error>;
}
