//! The clock that stops calls when their time is up.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use wasmtime::Engine;

/// The time between two ticks, and so how long a call may overrun.
pub const TICK: Duration = Duration::from_millis(10);

/// A thread that increments the engine's epoch while any call runs, and sleeps otherwise.
pub struct Ticker {
    state: Arc<(Mutex<State>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct State {
    calls: usize,
    stop: bool,
}

impl Ticker {
    pub fn start(engine: Engine) -> io::Result<Self> {
        let state = Arc::<(Mutex<State>, Condvar)>::default();
        let thread = thread::Builder::new().name("configdrive-epoch".into()).spawn({
            let state = Arc::clone(&state);
            move || run(&engine, &state)
        })?;
        Ok(Self { state, thread: Some(thread) })
    }

    /// Keeps the clock ticking until the guard is dropped.
    pub fn tick(&self) -> Ticking<'_> {
        let mut state = lock(&self.state.0);
        state.calls += 1;
        // Only the first call wakes the clock: waking it between ticks would delay the tick for calls that are already running.
        if state.calls == 1 {
            self.state.1.notify_one();
        }
        drop(state);
        Ticking(self)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        lock(&self.state.0).stop = true;
        self.state.1.notify_one();
        if let Some(thread) = self.thread.take() {
            // The thread cannot panic, and even if it did, there would be nothing to do about it.
            let _ = thread.join();
        }
    }
}

/// A guard that keeps the clock ticking while a call runs.
pub struct Ticking<'a>(&'a Ticker);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        lock(&self.0.state.0).calls -= 1;
    }
}

fn run(engine: &Engine, (state, changed): &(Mutex<State>, Condvar)) {
    let mut state = lock(state);
    while !state.stop {
        if state.calls == 0 {
            state = changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        } else {
            let (next, waited) = changed.wait_timeout(state, TICK).unwrap_or_else(PoisonError::into_inner);
            state = next;
            if waited.timed_out() {
                engine.increment_epoch();
            }
        }
    }
}

/// Ignores poisoning: no code panics while it holds the lock, and a count is never half written.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
