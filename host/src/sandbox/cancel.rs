//! Cancelling calls from another thread.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A handle that cancels running and future calls from another thread. Clones share their state.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Creates a handle that has cancelled nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Permanently cancels all calls of the sandboxes that use this handle. Running calls end within a few hundredths of a second.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
