//! Caps on what a call may use.

use std::{
    fmt,
    time::{Duration, Instant},
};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::cancel::Cancel;

/// What one call may use. A call that would use more ends with an [`Error::Limit`](configdrive_contract::Error::Limit) that says what it was.
///
/// The component has limits of its own, which no embedder can change, since they are those of a drive's readers; they end
/// with an [`Error::Refused`](configdrive_contract::Error::Refused): 64 MiB for an image, 65,536 files and folders, 16 names in a path, 127 levels of JSON, 4300
/// digits of an integer.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Size of a document or an image, in bytes.
    pub input: usize,
    /// Size of the answer in the host's memory, in bytes. Texts count each time that the answer has them, though the component
    /// may hold them once: a list of a million names that are one and the same would otherwise take the host's memory.
    pub output: usize,
    /// Memory of the component, in bytes. Pages that it does not touch cost nothing.
    pub memory: usize,
    /// Running time. A call that is over it is stopped some hundredths of a second later.
    pub time: Duration,
}

impl Default for Limits {
    /// Room for the largest drive that Ironic's agent takes, 64 MiB, and the document that it comes from, where its contents
    /// stand in base64:
    ///
    /// | | needed at most | by | default |
    /// | --- | --- | --- | --- |
    /// | `input` | 84 MiB | the document of a file of 63 MiB | 128 MiB |
    /// | `output` | 85 MiB | `extract` of 64 MiB, with 65,536 names of 16 MiB together | 128 MiB |
    /// | `memory` | 213 MiB | `extract` of that file's drive | 1 GiB |
    /// | `time` | 2 s | `pack` of that file, half of which does not compress | a minute |
    ///
    /// `cargo test --release --workspace --test sandbox -- --nocapture the_largest` shows sizes and work; that of `output` is a sum. Documents
    /// of 128 MiB that were made to be expensive (lists of numbers, repeated names, a million files, bonds of bonds) take up to
    /// 3 s, or all memory sooner.
    fn default() -> Self {
        Self { input: 128 << 20, output: 128 << 20, memory: 1 << 30, time: Duration::from_secs(60) }
    }
}

/// A store's part in [`Limits`].
pub struct Caps {
    memory: usize,
    /// None where no clock goes so far.
    deadline: Option<Instant>,
    cancel: Cancel,
}

impl Caps {
    pub fn new(limits: &Limits, cancel: Cancel) -> Self {
        Self { memory: limits.memory, deadline: Instant::now().checked_add(limits.time), cancel }
    }

    /// What the clock's next tick does to the call. A clock that is read, not ticks that are counted: none passes in the eyes
    /// of a component that fills a gibibyte with one instruction.
    pub fn tick(&self) -> wasmtime::Result<UpdateDeadline> {
        if self.cancel.is_cancelled() {
            Err(wasmtime::Error::new(Stop::Cancelled))
        } else if self.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            Err(wasmtime::Error::new(Stop::Time))
        } else {
            Ok(UpdateDeadline::Continue(1))
        }
    }
}

/// An error stops the component at once: an allocation that fails would stop it too, and look like a fault in it.
impl ResourceLimiter for Caps {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory { Err(wasmtime::Error::new(Stop::Memory)) } else { Ok(true) }
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    /// Else each one would have the whole of `memory`.
    fn memories(&self) -> usize {
        1
    }

    fn instances(&self) -> usize {
        PARTS
    }

    fn tables(&self) -> usize {
        PARTS
    }
}

/// Core instances and tables of a component, at most; ours has one each.
pub const PARTS: usize = 4;

/// Elements of the component's function tables; it has some dozens.
const TABLE_ELEMENTS: usize = 10_000;

/// Why we stopped the component.
#[derive(Clone, Copy, Debug)]
pub enum Stop {
    Memory,
    Time,
    Cancelled,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

impl std::error::Error for Stop {}
