//! The component for programs that have a wasmtime engine of their own, and do without [`Sandbox`](crate::Sandbox). Caps and clock are then
//! the program's business.
//!
//! ```
//! use configdrive_host::{
//!     engine::{Configdrive, config, load, lower_options, lower_providers},
//!     Options,
//!     wasmtime::{self, Engine, Store, component::Linker},
//! };
//!
//! # fn main() -> wasmtime::Result<()> {
//! // The compiled component needs these settings; others can be added, such as a pooling allocator.
//! let engine = Engine::new(&config())?;
//! let component = load(&engine)?;
//! let linker = Linker::new(&engine);
//!
//! // A fresh store for each call, since an instance remembers. The program increments the engine's epoch, and so decides how long a
//! // tick is.
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
//! For an engine with other settings, or another version of wasmtime, [`COMPONENT`](crate::COMPONENT) is the component itself.

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

/// Loads the compiled component for an engine that was made with the settings of [`config`](config()).
///
/// # Errors
/// [`Error::Start`] for an engine with other settings, and on a processor that the component was not compiled for.
pub fn load(engine: &Engine) -> Result<component::Component, Error> {
    embedded::copy(engine).map_err(not_started)
}
