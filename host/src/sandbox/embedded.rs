//! The compiled component, embedded in this executable by the build script.
#![expect(unsafe_code, reason = "the compiler cannot check code that is already compiled")]

use std::{
    ptr::NonNull,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use wasmtime::{Config, CustomCodeMemory, Engine, Result, component::Component};

/// Placed in the executable's code segment on Linux, where it can run.
#[cfg_attr(target_os = "linux", unsafe(link_section = ".text.configdrive"))]
static COMPILED: Aligned<[u8; SIZE]> = Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm")));

const SIZE: usize = include_bytes!(concat!(env!("OUT_DIR"), "/component.cwasm")).len();

/// Aligned to a page, as the compiled code requires.
#[repr(align(4096))]
struct Aligned<T>(T);

/// Loads a copy of the component into memory that becomes executable.
pub fn copy(engine: &Engine) -> Result<Component> {
    // SAFETY: `deserialize` requires bytes that wasmtime itself compiled. Our build script made these with the same version
    // of wasmtime, and they are part of the executable.
    unsafe { Component::deserialize(engine, COMPILED.0.as_slice()) }
}

/// The right to run the component in place, without a copy. This saves a command a fifth of its time, and makes no memory executable.
pub struct InPlace(());

impl InPlace {
    /// Returns the right once per process, on Linux only: wasmtime identifies code by its address, so only one engine can use it.
    pub fn take() -> Option<Self> {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        (cfg!(target_os = "linux") && !TAKEN.swap(true, Ordering::Relaxed)).then_some(Self(()))
    }

    /// Loads the component for an engine whose settings went through [`prepare`](Self::prepare).
    pub fn load(self, engine: &Engine) -> Result<Component> {
        // SAFETY: as in `copy`; and the executable's own code lives as long as the process and never changes.
        unsafe { Component::deserialize_raw(engine, NonNull::from(&COMPILED.0)) }
    }

    /// Makes the engine leave the memory protection of its code alone.
    pub fn prepare(&self, config: &mut Config) {
        config.with_custom_code_memory(Some(Arc::new(Executable)));
    }
}

/// Code that the system made executable when it loaded the program.
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
