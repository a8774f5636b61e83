//! The component as the build script compiled it: a part of this executable.
#![expect(unsafe_code, reason = "no compiler can check compiled code")]

use std::{
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmtime::{Config, CustomCodeMemory, Engine, Result, component::Component};

/// Among the executable's own code, where the system may run it.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".text.configdrive"))]
static COMPILED: Aligned<[u8; SIZE]> = Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm")));

const SIZE: usize = include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm")).len();

/// To a page, as compiled code expects it.
#[repr(align(4096))]
struct Aligned<T>(T);

/// A copy of the component, in memory that becomes executable.
pub fn copy(engine: &Engine) -> Result<Component> {
    // SAFETY: `deserialize` asks for bytes that wasmtime itself compiled. Our build script made these with the same version
    // of wasmtime, and they are part of the executable.
    unsafe { Component::deserialize(engine, COMPILED.0.as_slice()) }
}

/// The component where it lies. That saves a command a fifth of its time, and no memory becomes executable.
pub struct InPlace(());

impl InPlace {
    /// wasmtime knows code by its address, so that one engine in a process can have this; and outside Linux, none.
    pub fn take() -> Option<Self> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        (cfg!(target_os = "linux") && !TAKEN.swap(true, Ordering::Relaxed)).then_some(Self(()))
    }

    /// Loads the component for an engine whose settings went through [`prepare`](Self::prepare).
    pub fn load(self, engine: &Engine) -> Result<Component> {
        // SAFETY: as in `copy`; and the executable's own code is there as long as the process, and never changes.
        unsafe { Component::deserialize_raw(engine, NonNull::from(&COMPILED.0)) }
    }

    /// The engine leaves its code as it is.
    pub fn prepare(&self, config: &mut Config) {
        config.with_custom_code_memory(Some(Arc::new(Executable)));
    }
}

/// Code that the system made executable when it started the process.
struct Executable;

impl CustomCodeMemory for Executable {
    fn required_alignment(&self) -> usize {
        1
    }

    fn publish_executable(&self, _: *const u8, _: usize) -> Result<()> {
        Ok(())
    }

    fn unpublish_executable(&self, _: *const u8, _: usize) -> Result<()> {
        Ok(())
    }
}
