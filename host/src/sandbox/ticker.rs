//! The clock by which calls run out of time.

use std::{
    io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::{self, JoinHandle},
    time::Duration,
};

use wasmtime::Engine;

/// How long a call may go on after its time is over.
pub const TICK: Duration = Duration::from_millis(10);

/// A thread that increments the engine's epoch while a call runs, and sleeps while none does.
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

    /// The clock ticks until the guard is dropped.
    pub fn tick(&self) -> Ticking<'_> {
        let mut state = lock(&self.state.0);
        state.calls += 1;
        // Only the first one wakes the clock: waking it in its sleep would put off the tick that a running call waits for.
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
            // It cannot panic, and if it did nothing would be left to do.
            let _ = thread.join();
        }
    }
}

/// A call that runs.
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

/// No code panics while it holds the lock, and a count is never half written.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
