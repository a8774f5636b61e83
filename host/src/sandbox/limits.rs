//! Caps on what a call may use.

use std::{fmt, time::Duration};

use wasmtime::ResourceLimiter;

/// What one call may use.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Size of a document or an image, in bytes.
    pub input: usize,
    /// Memory of the component, in bytes. Pages that it does not touch cost nothing.
    pub memory: usize,
    /// Running time. A call that is over it is stopped some hundredths of a second later.
    pub time: Duration,
}

impl Default for Limits {
    /// Room for the largest drive that Ironic's agent takes, 64 MiB, and the document that it comes from, where its contents
    /// stand in base64: 128 MiB of input, 1 GiB of memory, a minute.
    fn default() -> Self {
        Self { input: 128 << 20, memory: 1 << 30, time: Duration::from_secs(60) }
    }
}

/// A store's part in [`Limits`].
pub struct Caps {
    memory: usize,
}

impl Caps {
    pub fn new(limits: &Limits) -> Self {
        Self { memory: limits.memory }
    }
}

/// Elements of the component's function tables; it has some dozens.
const TABLE_ELEMENTS: usize = 10_000;

impl ResourceLimiter for Caps {
    /// An error stops the component at once: an allocation that fails would stop it too, and look like a fault in it.
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory { Err(wasmtime::Error::new(MemoryCap)) } else { Ok(true) }
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// The component asked for more memory than it may have.
#[derive(Debug)]
pub struct MemoryCap;

impl fmt::Display for MemoryCap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory cap")
    }
}

impl std::error::Error for MemoryCap {}
