//! Caps on the resources of a call.

use std::{
    fmt,
    time::{Duration, Instant},
};

use wasmtime::{ResourceLimiter, UpdateDeadline};

use super::{cancel::Cancel, stopped::is_of_the_system};

/// Caps on what one call may use. A call that exceeds one ends with an [`Error::Limit`](configdrive_contract::Error::Limit) that
/// names it.
///
/// The component also has limits of its own, which the embedder cannot change because the drive's readers set them: 64 MiB for an
/// image, 65,536 files and directories, 16 names in a path, 127 levels of JSON, 4300 digits in an integer. Exceeding one of these
/// is an [`Error::Refused`](configdrive_contract::Error::Refused).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Limits {
    /// Size of the document or image, in bytes.
    pub input: usize,
    /// Size of the answer in the host's memory, in bytes. A string counts each time that the answer contains it, even if the
    /// component stores it once: otherwise a list that repeats one name a million times could exhaust the host's memory.
    pub output: usize,
    /// Size of the component's memory, in bytes. Pages that it does not touch cost nothing.
    pub memory: usize,
    /// Running time. A call that exceeds it is stopped within a few hundredths of a second.
    pub time: Duration,
}

impl Default for Limits {
    /// Returns limits for the largest drive that Ironic's agent accepts, 64 MiB, and for the document that it is built from, which
    /// contains the files in base64:
    ///
    /// | limit | needed at most | by | default |
    /// | --- | --- | --- | --- |
    /// | `input` | 84 MiB | the document with one file of 63 MiB | 128 MiB |
    /// | `output` | 85 MiB | `extract` of 64 MiB, with 65,536 names that total 16 MiB | 128 MiB |
    /// | `memory` | 213 MiB | `extract` of that file's drive | 1 GiB |
    /// | `time` | 2 s | `pack` of that file, half of it incompressible | a minute |
    ///
    /// `cargo test --release --workspace --test sandbox -- --nocapture the_largest` measures these; the value for `output` is
    /// computed. Documents of 128 MiB that are designed to be expensive (lists of numbers, repeated names, a million files, bonds of
    /// bonds) take up to 3 s, or reach the memory limit sooner.
    fn default() -> Self {
        Self { input: 128 << 20, output: 128 << 20, memory: 1 << 30, time: Duration::from_secs(60) }
    }
}

/// The part of [`Limits`] that a store enforces.
pub struct Caps {
    memory: usize,
    /// The end of the call's time, or `None` if the clock cannot represent it.
    deadline: Option<Instant>,
    cancel: Cancel,
}

impl Caps {
    pub fn new(limits: &Limits, cancel: Cancel) -> Self {
        Self { memory: limits.memory, deadline: Instant::now().checked_add(limits.time), cancel }
    }

    /// Decides at a tick whether the call continues. This reads the clock instead of counting ticks, because ticks go unnoticed
    /// while a single instruction of the component fills a gibibyte.
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

/// Exceeding the memory cap is an error, which stops the component at once. A merely failed allocation would also stop it, but would
/// look like a bug in the component.
impl ResourceLimiter for Caps {
    fn memory_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        if desired > self.memory { Err(wasmtime::Error::new(Stop::Memory)) } else { Ok(true) }
    }

    /// A component whose memory cannot grow would trap, as if it had a bug.
    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(if is_of_the_system(&error) { error } else { wasmtime::Error::new(Stop::Memory) })
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }

    /// Allows one, since each memory may grow to the whole of `memory`.
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

/// The maximum number of core instances, and of tables, in a component. Ours has one of each.
pub const PARTS: usize = 4;

/// The maximum number of elements in a function table. Ours has a few dozen.
const TABLE_ELEMENTS: usize = 10_000;

/// Why the host stopped the component.
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
