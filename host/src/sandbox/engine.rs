//! The component for programs that use their own wasmtime engine instead of [`Sandbox`](crate::Sandbox). Such a program sets its
//! own caps and runs its own clock.
//!
//! ```
//! use configdrive_host::{
//!     engine::{Configdrive, config, load, lower_options, lower_providers},
//!     Options,
//!     wasmtime::{self, Engine, Store, component::Linker},
//! };
//!
//! # fn main() -> wasmtime::Result<()> {
//! // The compiled component requires these settings; you can add others, such as a pooling allocator.
//! let engine = Engine::new(&config())?;
//! let component = load(&engine)?;
//! let linker = Linker::new(&engine);
//!
//! // Use a fresh store for each call, since an instance keeps its memory. Your program increments the engine's epoch, and so decides
//! // how long a tick is.
//! let mut store = Store::new(&engine, ());
//! store.set_epoch_deadline(100);
//! let drive = Configdrive::instantiate(&mut store, &component, &linker)?;
//! let document = r#"{"files": [{"path": "openstack/latest/meta_data.json", "contents": "e30="}]}"#;
//! let options = Options::default();
//! let providers = lower_providers(&options);
//! let text = drive
//!     .ironic_configdrive_drive()
//!     .call_pack(&mut store, document, lower_options(&options, providers.as_deref()))?
//!     .map_err(|error| wasmtime::Error::msg(error.message))?;
//! # assert!(text.starts_with("H4sI"));
//! # Ok(())
//! # }
//! ```
//!
//! For an engine with other settings, or another version of wasmtime, compile [`COMPONENT`](crate::COMPONENT) instead.

use configdrive_contract::Error;
use wasmtime::{Engine, component};

pub use super::{
    bindings::{
        Configdrive, ConfigdrivePre, exports::ironic::configdrive::drive, lower_drive, lower_options, lower_policy,
        lower_providers,
    },
    config::config,
};
use super::{embedded, stopped::not_started};

/// Loads the compiled component for an engine created with the settings of [`config`](config()).
///
/// # Errors
/// [`Error::Start`] if the engine has other settings, or if the component was not compiled for this processor.
pub fn load(engine: &Engine) -> Result<component::Component, Error> {
    embedded::copy(engine).map_err(not_started)
}
