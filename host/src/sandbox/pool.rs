//! Memory that successive calls reuse.

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

/// Returns the strategy by which wasmtime reserves memory for `calls` concurrent calls.
pub fn strategy(limits: &Limits, calls: NonZero<u32>) -> InstanceAllocationStrategy {
    let calls = calls.get();
    let parts = calls.saturating_mul(PARTS as u32);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_memories(calls)
        .total_core_instances(parts)
        .total_tables(parts)
        // Our own cap stops a call before it reaches this one, whose error the caller could not identify.
        .max_memory_size(limits.memory.max(LEAST_MEMORY))
        .linear_memory_keep_resident(KEPT)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}

/// The smallest pooled memory in bytes: more than the component starts with.
const LEAST_MEMORY: usize = 16 << 20;

/// How much of a memory the process keeps after a call, overwritten with zeros, in bytes: as much as a typical drive uses. The rest
/// is returned to the system. If Linux can report which pages were written (since 6.7), only those are overwritten.
const KEPT: usize = 4 << 20;

/// Places for concurrent calls. Further calls wait for their turn.
pub struct Turns {
    free: Mutex<u32>,
    returned: Condvar,
}

impl Turns {
    pub fn new(calls: NonZero<u32>) -> Self {
        Self { free: Mutex::new(calls.get()), returned: Condvar::new() }
    }

    /// Waits for a turn. Returns `None` if the call is cancelled first.
    pub fn wait(&self, cancel: &Cancel) -> Option<Turn<'_>> {
        let mut free = self.lock();
        while *free == 0 {
            if cancel.is_cancelled() {
                return None;
            }
            // `Cancel` does not know the waiting calls, so they poll it.
            (free, _) = self.returned.wait_timeout(free, TICK).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        drop(free);
        Some(Turn(self))
    }

    /// Ignores poisoning: a count is never half written.
    fn lock(&self) -> MutexGuard<'_, u32> {
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call's turn, held while the call uses its memory.
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
                panic!("on purpose");
            });
            call.join().map_err(drop)
        });
        assert_eq!(broken, Err(()));
        assert!(turns.wait(&Cancel::new()).is_some());
    }

    #[test]
    fn a_call_that_waits_for_its_turn_can_be_cancelled() {
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
