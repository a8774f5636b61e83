//! The component in its sandbox: a fresh store for every call, with caps on memory and time.
//!
//! Whatever a tenant wrote goes through here as opaque bytes. What comes back from the component is believed no further: its
//! texts are cut to length and stripped of control characters before a person or a log sees them.
//!
//! A program that has a wasmtime engine of its own can do without [`Sandbox`]. Caps and clock are then the program's business:
//!
//! ```
//! use configdrive_host::{
//!     sandbox::{Options, bindings::Configdrive, config, load},
//!     wasmtime::{self, Engine, Store, component::Linker},
//! };
//!
//! # fn main() -> wasmtime::Result<()> {
//! // What the build compiled fits these settings, beside which there may be others, such as a pooling allocator.
//! let engine = Engine::new(&config())?;
//! let component = load(&engine)?;
//! let linker = Linker::new(&engine);
//!
//! // For each call, since an instance remembers. Whoever increments the engine's epoch decides how long a tick is.
//! let mut store = Store::new(&engine, ());
//! store.set_epoch_deadline(100);
//! let drive = Configdrive::instantiate(&mut store, &component, &linker)?;
//! let document = r#"{"files": [{"path": "openstack/latest/meta_data.json", "contents": "e30="}]}"#;
//! let text = drive
//!     .ironic_configdrive_drive()
//!     .call_pack(&mut store, document, &Options::default())?
//!     .map_err(|error| wasmtime::Error::msg(error.message))?;
//! # assert!(text.starts_with("H4sI"));
//! # Ok(())
//! # }
//! ```
//!
//! For an engine with other settings, or another version of wasmtime, [`COMPONENT`] is the component itself.

mod cancel;
mod config;
mod embedded;
mod error;
mod limits;
mod pool;
mod ticker;
mod types;

pub use self::{
    bindings::exports::ironic::configdrive::drive::{
        DriveFile, DriveSource, ErrorCode, ExtractedFile, FileSystem, Finding, ImageFormat, Inspection, Options,
        Policy, Scope, Severity, VendordataProvider,
    },
    cancel::Cancel,
    config::config,
    error::{Error, Limit},
    limits::Limits,
};

use std::{num::NonZero, str, sync::Arc};

use wasmtime::{Engine, Store, component};

use self::{
    bindings::{ConfigdrivePre, exports::ironic::configdrive::drive},
    embedded::InPlace,
    limits::Caps,
    pool::Turns,
    ticker::Ticker,
};

/// The component as a file, for other hosts.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// The component, ready to be called from many threads at once.
///
/// One per process is enough, and clones are cheap: they are the same one. A call cannot see what another one left: each gets an
/// instance of its own. It takes up to half a mebibyte of its thread's stack.
///
/// On Linux the first one of a process runs the component where it lies in the executable. Each further one takes a copy, in
/// memory that becomes executable, which a hardened service may forbid.
#[derive(Clone)]
pub struct Sandbox {
    shared: Arc<Shared>,
    cancel: Cancel,
}

struct Shared {
    component: ConfigdrivePre<Caps>,
    limits: Limits,
    turns: Option<Turns>,
    ticker: Ticker,
}

impl Sandbox {
    /// Loads the component.
    ///
    /// # Errors
    /// [`Error::Start`] on a processor that the component was not compiled for.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::embedded(limits, None)
    }

    /// Loads the component for a process that makes many drives: memory for `calls` of them at once is set aside and used
    /// again, cleared between two calls, which is quicker than to ask the system for it each time. Further calls wait.
    ///
    /// Each of `calls` takes some GiB of address space, and keeps up to 4 MiB of memory between calls.
    ///
    /// # Errors
    /// As [`new`](Self::new); and where there is not so much address space.
    pub fn pooled(limits: Limits, calls: NonZero<u32>) -> Result<Self, Error> {
        Self::embedded(limits, Some(calls))
    }

    fn embedded(limits: Limits, calls: Option<NonZero<u32>>) -> Result<Self, Error> {
        let mut config = config();
        match InPlace::take() {
            Some(in_place) => {
                in_place.prepare(&mut config);
                Self::start(config, limits, calls, |engine| in_place.load(engine))
            }
            None => Self::start(config, limits, calls, embedded::copy),
        }
    }

    /// The same for another component with this interface, such as a newer build of it that comes as a file. It is trusted no
    /// further than ours. `load` makes it for the engine that it is given; `calls` is as for [`pooled`](Self::pooled).
    ///
    /// # Errors
    /// [`Error::Start`] if `load` fails, or what it gives imports something or lacks one of the functions.
    pub fn of(
        limits: Limits,
        calls: Option<NonZero<u32>>,
        load: impl FnOnce(&Engine) -> wasmtime::Result<component::Component>,
    ) -> Result<Self, Error> {
        Self::start(config(), limits, calls, load)
    }

    fn start(
        mut config: wasmtime::Config,
        limits: Limits,
        calls: Option<NonZero<u32>>,
        load: impl FnOnce(&Engine) -> wasmtime::Result<component::Component>,
    ) -> Result<Self, Error> {
        if let Some(calls) = calls {
            config.allocation_strategy(pool::strategy(&limits, calls));
        }
        let engine = Engine::new(&config).map_err(Error::start)?;
        let component = load(&engine).map_err(Error::start)?;
        // The component imports nothing, so there is nothing to link.
        let component = component::Linker::new(&engine)
            .instantiate_pre(&component)
            .and_then(ConfigdrivePre::new)
            .map_err(Error::start)?;
        let ticker = Ticker::start(engine).map_err(|error| Error::Start(error.to_string()))?;
        let shared = Shared { component, limits, turns: calls.map(Turns::new), ticker };
        Ok(Self { shared: Arc::new(shared), cancel: Cancel::new() })
    }

    /// The same sandbox, whose calls end with [`Error::Cancelled`] once `cancel` says so.
    #[must_use]
    pub fn with_cancel(&self, cancel: &Cancel) -> Self {
        Self { shared: Arc::clone(&self.shared), cancel: cancel.clone() }
    }

    /// Tells whether the instance of `document` needs a config drive, as Nova's `nova.virt.configdrive.required_by` decides.
    pub fn required_by(&self, document: &[u8], policy: Policy) -> Result<bool, Error> {
        let document = text(document)?;
        self.call(document.len(), |drive, store| drive.call_required_by(store, document, policy))
    }

    /// Builds the drive of `document`: the whole image, at most 64 MiB.
    pub fn build_drive(&self, document: &[u8], options: &Options) -> Result<Vec<u8>, Error> {
        let document = text(document)?;
        self.call(document.len(), |drive, store| drive.call_build_drive(store, document, options))
    }

    /// Turns an image of at most 64 MiB into the text that Ironic takes: gzip, then base64.
    pub fn encode(&self, image: &[u8]) -> Result<String, Error> {
        self.call(image.len(), |drive, store| drive.call_encode(store, image))
    }

    /// [`build_drive`](Self::build_drive) and [`encode`](Self::encode) in one go, without the image leaving the sandbox.
    pub fn pack(&self, document: &[u8], options: &Options) -> Result<String, Error> {
        let document = text(document)?;
        self.call(document.len(), |drive, store| drive.call_pack(store, document, options))
    }

    /// Tells what is on a drive, whoever made it.
    pub fn inspect(&self, drive: &DriveSource) -> Result<Inspection, Error> {
        self.call(size(drive), |component, store| component.call_inspect(store, drive))
    }

    /// The content of a drive's file. `path` is as [`inspect`](Self::inspect) gives it.
    pub fn read_file(&self, drive: &DriveSource, path: &str) -> Result<Vec<u8>, Error> {
        self.call(size(drive), |component, store| component.call_read_file(store, drive, path))
    }

    /// The contents of all files of a drive. Those that lie in one place come once.
    pub fn extract(&self, drive: &DriveSource) -> Result<Vec<ExtractedFile>, Error> {
        self.call(size(drive), |component, store| component.call_extract(store, drive))
    }

    /// Finds what makes the drive of `document` useless although it is valid, worst first.
    pub fn check_document(&self, document: &[u8], options: &Options) -> Result<Vec<Finding>, Error> {
        let document = text(document)?;
        self.call(document.len(), |drive, store| drive.call_check_document(store, document, options))
    }

    /// The same for a drive, whoever made it.
    pub fn check_drive(&self, drive: &DriveSource) -> Result<Vec<Finding>, Error> {
        self.call(size(drive), |component, store| component.call_check_drive(store, drive))
    }

    /// One call in a store of its own.
    fn call<T>(
        &self,
        size: usize,
        call: impl FnOnce(&drive::Guest, &mut Store<Caps>) -> wasmtime::Result<Result<T, drive::Error>>,
    ) -> Result<T, Error> {
        let Shared { component, limits, turns, ticker } = &*self.shared;
        if size > limits.input {
            return Err(Error::Limit(Limit::Input { limit: limits.input }));
        }
        // Before the store, so that it goes after it.
        let _turn = turns.as_ref().map(|turns| turns.wait(&self.cancel));
        if self.cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let mut store = Store::new(component.engine(), Caps::new(limits, self.cancel.clone()));
        store.limiter(|caps| caps);
        store.set_hostcall_fuel(limits.output);
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(|store| store.data().tick());
        let _ticking = ticker.tick();
        component
            .instantiate(&mut store)
            .and_then(|instance| call(instance.ironic_configdrive_drive(), &mut store))
            .map_err(|error| Error::stopped(&error, limits))?
            .map_err(Error::guest)
    }
}

/// The compiled component, for an engine that was made with the settings of [`config`](config()).
///
/// # Errors
/// [`Error::Start`] for an engine with other settings, and on a processor that the component was not compiled for.
pub fn load(engine: &Engine) -> Result<component::Component, Error> {
    embedded::copy(engine).map_err(Error::start)
}

/// The component takes documents as strings, which are UTF-8 by type.
fn text(document: &[u8]) -> Result<&str, Error> {
    str::from_utf8(document).map_err(|error| Error::NotUtf8 { offset: error.valid_up_to() })
}

fn size(drive: &DriveSource) -> usize {
    match drive {
        DriveSource::Bytes(bytes) => bytes.len(),
        DriveSource::Text(text) => text.len(),
    }
}

/// What wasmtime makes of `wit/`.
pub mod bindings {
    #![allow(missing_docs, reason = "the bindings have the docs of wit/")]
    #![allow(unsafe_code, reason = "the traits of the canonical ABI are unsafe to implement; wasmtime's macro does it")]

    wasmtime::component::bindgen!({ path: "../wit", world: "configdrive" });
}
