//! The component in its sandbox: a fresh store for every call, with caps on memory and time.
//!
//! Tenant data passes through here as opaque bytes. The component's answers are not trusted either: its strings are truncated and
//! stripped of control characters before they reach a person or a log.

mod cancel;
mod config;
mod embedded;
#[cfg(feature = "wasmtime")]
pub mod engine;
mod limits;
mod pool;
mod stopped;
mod ticker;

pub use self::{cancel::Cancel, limits::Limits};

use std::{num::NonZero, sync::Arc};

use configdrive_contract::{
    ConfigDrive, DriveSource, Error, ExtractedFile, Finding, Inspection, Limit, Options, Policy, document_text,
};
use wasmtime::{Engine, Store, component};

use self::{
    bindings::{
        ConfigdrivePre, exports::ironic::configdrive::drive, lower_drive, lower_options, lower_policy, lower_providers,
    },
    config::config,
    embedded::InPlace,
    limits::Caps,
    pool::Turns,
    stopped::{not_started, stopped},
    ticker::Ticker,
};

/// The component as a WebAssembly file, for other hosts.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/component.wasm"));

/// The component, ready to be called from many threads at once.
///
/// One per process is enough. Clones are cheap and share everything. Each call gets an instance of its own, so it cannot see what
/// another call left behind. A call uses up to half a mebibyte of its thread's stack.
///
/// On Linux the first sandbox of a process runs the component in place, inside the executable. Each further one copies it into
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
    /// [`Error::Start`] if the component was not compiled for this processor.
    pub fn new(limits: Limits) -> Result<Self, Error> {
        Self::embedded(limits, None)
    }

    /// Loads the component for a process that builds many drives. Memory for `calls` concurrent calls is reserved and reused, and
    /// cleared between calls, which is faster than asking the system for it each time. Further calls wait.
    ///
    /// Each of the `calls` reserves several GiB of address space, and keeps up to 4 MiB of memory between calls.
    ///
    /// # Errors
    /// The same as for [`new`](Self::new), and [`Error::Start`] if there is too little address space.
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

    /// Loads another component with the same interface, such as a newer build from a file. It is trusted as little as the
    /// embedded one. `load` compiles or loads it for the given engine; `calls` is the same as for [`pooled`](Self::pooled).
    ///
    /// # Errors
    /// [`Error::Start`] if `load` fails, or if the component has imports or lacks one of the functions.
    #[cfg(feature = "wasmtime")]
    pub fn with_component(
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
        let engine = Engine::new(&config).map_err(not_started)?;
        let component = load(&engine).map_err(not_started)?;
        // The component imports nothing, so there is nothing to link.
        let component = component::Linker::new(&engine)
            .instantiate_pre(&component)
            .and_then(ConfigdrivePre::new)
            .map_err(not_started)?;
        let ticker = Ticker::start(engine).map_err(|error| Error::Start(Arc::new(error)))?;
        let shared = Shared { component, limits, turns: calls.map(Turns::new), ticker };
        Ok(Self { shared: Arc::new(shared), cancel: Cancel::new() })
    }

    /// Returns the same sandbox, whose calls end with [`Error::Cancelled`] once [`cancel`](Cancel::cancel) is called.
    #[must_use]
    pub fn with_cancel(&self, cancel: &Cancel) -> Self {
        Self { shared: Arc::clone(&self.shared), cancel: cancel.clone() }
    }

    /// Makes one call in a fresh store.
    fn call<T>(
        &self,
        size: usize,
        call: impl FnOnce(&drive::Guest, &mut Store<Caps>) -> wasmtime::Result<Result<T, drive::Error>>,
    ) -> Result<T, Error> {
        let Shared { component, limits, turns, ticker } = &*self.shared;
        if size > limits.input {
            return Err(Error::Limit(Limit::Input { limit: limits.input }));
        }
        // Declared before the store, so that it is dropped after it.
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
            .map_err(|error| stopped(error, limits))?
            .map_err(Error::from)
    }
}

/// Every call is subject to [`Limits`].
impl ConfigDrive for Sandbox {
    fn required_by(&self, document: &[u8], policy: Policy) -> Result<bool, Error> {
        let document = document_text(document)?;
        self.call(document.len(), |drive, store| drive.call_required_by(store, document, lower_policy(policy)))
    }

    fn amend(&self, document: &[u8], changes: &str, conceal: bool) -> Result<String, Error> {
        let document = document_text(document)?;
        let size = document.len().saturating_add(changes.len());
        self.call(size, |drive, store| drive.call_amend(store, document, changes, conceal))
    }

    fn build_drive(&self, document: &[u8], options: &Options) -> Result<Vec<u8>, Error> {
        let (document, providers) = (document_text(document)?, lower_providers(options));
        let options = lower_options(options, providers.as_deref());
        self.call(document.len(), |drive, store| drive.call_build_drive(store, document, options))
    }

    fn encode(&self, image: &[u8]) -> Result<String, Error> {
        self.call(image.len(), |drive, store| drive.call_encode(store, image))
    }

    fn pack(&self, document: &[u8], options: &Options) -> Result<String, Error> {
        let (document, providers) = (document_text(document)?, lower_providers(options));
        let options = lower_options(options, providers.as_deref());
        self.call(document.len(), |drive, store| drive.call_pack(store, document, options))
    }

    fn inspect(&self, drive: DriveSource<'_>) -> Result<Inspection, Error> {
        let inspection = self.call(drive.size(), |guest, store| guest.call_inspect(store, lower_drive(drive)))?;
        Ok(inspection.into())
    }

    fn read_file(&self, drive: DriveSource<'_>, path: &str) -> Result<Vec<u8>, Error> {
        self.call(drive.size(), |guest, store| guest.call_read_file(store, lower_drive(drive), path))
    }

    fn extract(&self, drive: DriveSource<'_>) -> Result<Vec<ExtractedFile>, Error> {
        let files = self.call(drive.size(), |guest, store| guest.call_extract(store, lower_drive(drive)))?;
        Ok(files.into_iter().map(ExtractedFile::from).collect())
    }

    fn check_document(&self, document: &[u8], options: &Options) -> Result<Vec<Finding>, Error> {
        let (document, providers) = (document_text(document)?, lower_providers(options));
        let options = lower_options(options, providers.as_deref());
        let findings = self.call(document.len(), |drive, store| drive.call_check_document(store, document, options))?;
        Ok(findings.into_iter().map(Finding::from).collect())
    }

    fn check_drive(&self, drive: DriveSource<'_>) -> Result<Vec<Finding>, Error> {
        let findings = self.call(drive.size(), |guest, store| guest.call_check_drive(store, lower_drive(drive)))?;
        Ok(findings.into_iter().map(Finding::from).collect())
    }
}

/// The bindings that wasmtime generates from `wit/`, and conversions between them and the contract's types.
mod bindings {
    #![allow(missing_docs, reason = "the bindings are documented in wit/")]
    #![allow(unsafe_code, reason = "the traits of the canonical ABI are unsafe to implement; wasmtime's macro does it")]

    wasmtime::component::bindgen!({
        path: "wit",
        world: "configdrive",
        ownership: Borrowing { duplicate_if_necessary: false },
    });

    configdrive_contract::conversions!(exports::ironic::configdrive::drive);
}
