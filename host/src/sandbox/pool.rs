//! Memory that calls use again, one behind the other.

use std::{
    num::NonZero,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::{
    cancel::Cancel,
    limits::{Limits, PARTS},
    ticker::TICK,
};

/// How wasmtime is to set aside memory for so many calls at once.
pub fn strategy(limits: &Limits, calls: NonZero<u32>) -> InstanceAllocationStrategy {
    let calls = calls.get();
    let parts = calls.saturating_mul(PARTS as u32);
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

    /// None if the call was cancelled before its turn came.
    pub fn wait(&self, cancel: &Cancel) -> Option<Turn<'_>> {
        let mut free = self.lock();
        while *free == 0 {
            if cancel.is_cancelled() {
                return None;
            }
            // Who cancels does not know who waits, so we look.
            (free, _) = self.returned.wait_timeout(free, TICK).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        Some(Turn(self))
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

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_turn_comes_back_from_a_thread_that_panics() {
        let turns = Turns::new(NonZero::<u32>::MIN);
        let broken = thread::scope(|scope| {
            let call = scope.spawn(|| {
                let _turn = turns.wait(&Cancel::new());
                panic!("as a caller may");
            });
            call.join().map_err(drop)
        });
        assert_eq!(broken, Err(()));
        assert!(turns.wait(&Cancel::new()).is_some());
    }

    #[test]
    fn who_waits_for_a_turn_can_be_cancelled() {
        let turns = Turns::new(NonZero::<u32>::MIN);
        let cancel = Cancel::new();
        let _turn = turns.wait(&cancel);
        thread::scope(|scope| {
            let waiting = scope.spawn(|| turns.wait(&cancel).is_none());
            cancel.cancel();
            assert_eq!(waiting.join().ok(), Some(true));
        });
    }
}
