//! Signals that would end the command in the middle of an output.

use std::{
    fs::File,
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// From its making on, what would end the process is heard of here alone: whoever writes clears away what is not whole.
pub struct Signals(Arc<AtomicBool>);

impl Signals {
    pub fn hear() -> io::Result<Self> {
        let heard = Arc::<AtomicBool>::default();
        // WASI has no signals.
        #[cfg(unix)]
        {
            use signal_hook::{consts, flag::register};
            for signal in [consts::SIGHUP, consts::SIGINT, consts::SIGTERM] {
                register(signal, heard.clone())?;
            }
        }
        Ok(Self(heard))
    }

    /// Writes all of `bytes`, unless a signal comes.
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

/// Soon written, even to a slow disk.
const PIECE: usize = 1 << 20;
