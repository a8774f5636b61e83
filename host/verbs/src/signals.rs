//! Signals that would end the command while it writes.

use std::{
    fs::File,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Catches the signals that would end the process, so that the writer can first remove an incomplete file.
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    pub fn catch() -> io::Result<Self> {
        let caught = Arc::<AtomicBool>::default();
        // WASI has no signals.
        #[cfg(unix)]
        {
            use signal_hook::{consts, flag::register};
            for signal in [consts::SIGHUP, consts::SIGINT, consts::SIGTERM] {
                register(signal, caught.clone())?;
            }
        }
        Ok(Self(caught))
    }

    /// Writes all of `bytes`, unless a signal arrives.
    pub fn write_all(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE) {
            self.check()?;
            file.write_all(piece)?;
        }
        self.check()
    }

    fn check(&self) -> io::Result<()> {
        if self.0.load(Ordering::Relaxed) { Err(io::ErrorKind::Interrupted.into()) } else { Ok(()) }
    }
}

/// Small enough to be written quickly, even to a slow disk.
const PIECE: usize = 1 << 20;
