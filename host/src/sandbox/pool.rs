//! Memory that calls use again, one behind the other.

use std::{
    num::NonZero,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::limits::Limits;

/// How wasmtime is to set aside memory for so many calls at once.
pub fn strategy(limits: &Limits, calls: NonZero<u32>) -> InstanceAllocationStrategy {
    let calls = calls.get();
    let parts = calls.saturating_mul(PARTS);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_memories(calls)
        .total_core_instances(parts)
        .total_tables(parts)
        // The caps stop a call before it hits this one, which has no name for its caller.
        .max_memory_size(limits.memory.max(LEAST_MEMORY))
        .linear_memory_keep_resident(KEPT)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

/// Core instances and tables of a component, at most; ours has one each.
const PARTS: u32 = 4;

/// More than the component begins with, in bytes.
const LEAST_MEMORY: usize = 16 << 20;

/// So much of a memory is overwritten with zeros after a call and stays with the process, in bytes: what a usual drive takes.
/// The rest goes back to the system. Where Linux can tell which pages were written to (since 6.7), only these are overwritten.
const KEPT: usize = 4 << 20;

/// Room for so many calls at once; more wait for their turn.
pub struct Turns {
    free: Mutex<u32>,
    returned: Condvar,
}

impl Turns {
    pub fn new(calls: NonZero<u32>) -> Self {
        Self { free: Mutex::new(calls.get()), returned: Condvar::new() }
    }

    pub fn wait(&self) -> Turn<'_> {
        let mut free = self.returned.wait_while(self.lock(), |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        drop(free);
        Turn(self)
    }

    /// A count is never half written.
    fn lock(&self) -> MutexGuard<'_, u32> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Held as long as the call has its memory.
pub struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.lock() += 1;
        self.0.returned.notify_one();
    }
}
