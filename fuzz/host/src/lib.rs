//! What the library `configdrive_host` is to the fuzz targets: its own files, but for the way to a real cloud and the sandbox,
//! of which wasmtime is a part.

#[path = "../../../host/src/ironic/mod.rs"]
pub mod ironic;
pub mod sandbox;
#[path = "../../../host/src/untrusted.rs"]
pub mod untrusted;

#[path = "../../../host/src/cloud/error.rs"]
mod cloud_error;

pub mod cloud {
    pub use super::cloud_error::Error;
}
