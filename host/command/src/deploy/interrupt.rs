//! The signals that interrupt the command.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A listener for Ctrl-C (SIGINT), for SIGTERM, which service managers send, and for SIGHUP, which a closed terminal or connection
/// sends.
pub struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Interrupt {
    /// Starts to listen. From now on, these signals no longer end the process.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next signal.
    pub async fn heard(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
