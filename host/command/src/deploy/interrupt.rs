//! The signals that interrupt the command.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A listener for Ctrl-C (SIGINT) and for SIGTERM, which service managers send.
pub struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
}

impl Interrupt {
    /// Starts to listen. From now on, these signals no longer end the process.
    pub fn new() -> io::Result<Self> {
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Waits for the next signal.
    pub async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
