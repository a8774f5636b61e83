//! The end of a call, from another thread.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// Ends calls from another thread: those that run and those that are yet to begin. Clones are one and the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Nothing is cancelled yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Ends all calls of the sandboxes that were given this, for good. Those that run end some hundredths of a second later.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
