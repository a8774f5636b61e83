//! OpenStack config drives from a sandboxed WebAssembly component, and their deployment by Ironic.
//!
//! [`Sandbox`] calls the component of the package `configdrive`, each time in a fresh store with caps on memory and time.
//! [`ironic`] deploys a node with a drive: it reaches Ironic's API through [`cloud`], and follows the node until it is active.
//!
//! ```
//! use configdrive_host::{ConfigDrive, Limits, Options, Policy, Sandbox};
//!
//! # fn main() -> Result<(), configdrive_host::Error> {
//! let sandbox = Sandbox::new(Limits::default())?;
//! let document = br#"{
//!     "instance": {"uuid": "1", "hostname": "web-01", "config_drive": true, "ec2_ids": {"instance_id": "i-0000002a"}},
//!     "network_data": {}
//! }"#;
//! if sandbox.required_by(document, Policy::default())? {
//!     let text = sandbox.pack(document, &Options::default())?;
//! #   assert!(text.starts_with("H4sI"));
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Features
//!
//! | feature | what it adds | default |
//! | --- | --- | --- |
//! | `sandbox` | [`Sandbox`]: the component under wasmtime | yes |
//! | `ironic` | [`cloud`] and [`ironic`], for any implementation of [`ConfigDrive`] | yes |
//! | `wasmtime` | `engine` and `Sandbox::with_component`, which use wasmtime's types | no |

#[cfg(feature = "ironic")]
pub mod cloud;
#[cfg(feature = "ironic")]
pub mod ironic;
#[cfg(feature = "ironic")]
pub mod transport;

#[cfg(feature = "sandbox")]
mod sandbox;

#[cfg(feature = "wasmtime")]
pub use self::sandbox::engine;
#[cfg(feature = "sandbox")]
pub use self::sandbox::{COMPONENT, Cancel, Limits, Sandbox};
pub use configdrive_contract::{
    Cause, ConfigDrive, DOCUMENT_SCHEMA, DriveFile, DriveSource, Error, ErrorCode, ExtractedFile, FileSystem, Finding,
    FurtherError, ImageFormat, Inspection, Limit, Options, Policy, Recipient, Recipients, Scope, Selection, Severity,
    UnknownProvider, UnknownRecipient, VendordataProvider, chain, untrusted,
};
/// The wasmtime runtime, in the version that the compiled component requires.
#[cfg(feature = "wasmtime")]
pub use wasmtime;

/// The Rust snippets of the project's documentation, as tests.
#[cfg(doctest)]
mod documentation {
    #[doc = include_str!("../../README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/embedding.md")]
    struct Embedding;
}

#[cfg(all(test, feature = "ironic", feature = "sandbox"))]
mod tests {
    use std::sync::Arc;

    use crate::{Sandbox, cloud::Cloud, ironic};

    /// Compiles only if a deployment can be spawned on a multi-threaded runtime.
    fn _can_be_spawned(ironic: &ironic::Ironic<Cloud>, sandbox: &Arc<Sandbox>, job: ironic::Job) -> impl Send {
        ironic::deploy(ironic, sandbox, job, |_| ())
    }
}
