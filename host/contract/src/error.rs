//! Why the sandbox has no answer.

use std::fmt;

use super::drive::{self, ErrorCode};
#[cfg(not(target_family = "wasm"))]
use super::limits::{Limits, Stop};
use crate::untrusted::one_line;

/// Why the sandbox has no answer. Its `Display` is one line.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// The component could not be loaded, or this machine does not give a call what it needs.
    Start(String),
    /// The document is not UTF-8.
    NotUtf8 {
        /// The first byte that does not belong, counted from 0.
        offset: usize,
    },
    /// The component says no. Its texts may quote what tenants wrote, with control characters escaped and cut to length.
    Guest {
        /// What kind of thing went wrong.
        code: ErrorCode,
        /// The place, what was found there and what is wanted.
        message: String,
        /// The place in the document as a JSON pointer (RFC 6901).
        pointer: Option<String>,
    },
    /// The call was stopped at one of its caps.
    Limit(Limit),
    /// The call was cancelled, before it began or in the middle.
    Cancelled,
    /// The component failed. No input should make it: this is a fault in it.
    Trap(String),
}

/// A cap that a call hit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Limit {
    /// [`Limits::input`](super::Limits::input), in bytes.
    Input {
        /// The cap.
        limit: usize,
    },
    /// [`Limits::output`](super::Limits::output), in bytes.
    Output {
        /// The cap.
        limit: usize,
    },
    /// [`Limits::memory`](super::Limits::memory), in bytes.
    Memory {
        /// The cap.
        limit: usize,
    },
    /// [`Limits::time`](super::Limits::time).
    Time {
        /// The cap.
        limit: std::time::Duration,
    },
    /// The stack's size, which is fixed.
    Stack,
}

/// wasmtime's errors.
#[cfg(not(target_family = "wasm"))]
impl Error {
    pub(super) fn start(error: wasmtime::Error) -> Self {
        Self::Start(one_line(&format!("{error:#}"), MESSAGE_CHARS))
    }

    /// The call did not return.
    pub(super) fn stopped(error: &wasmtime::Error, limits: &Limits) -> Self {
        use wasmtime::Trap;

        match error.downcast_ref::<Stop>() {
            Some(Stop::Memory) => return Self::Limit(Limit::Memory { limit: limits.memory }),
            Some(Stop::Time) => return Self::Limit(Limit::Time { limit: limits.time }),
            Some(Stop::Cancelled) => return Self::Cancelled,
            None => {}
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::StackOverflow) => Self::Limit(Limit::Stack),
            Some(trap) => Self::Trap(trap.to_string()),
            None if error.root_cause().is::<std::io::Error>() => {
                Self::Start(one_line(&format!("{error:#}"), MESSAGE_CHARS))
            }
            // The type has no name outside wasmtime.
            None if error.to_string().contains(OUTPUT_CAP) => Self::Limit(Limit::Output { limit: limits.output }),
            None => Self::Trap(one_line(&format!("{error:#}"), MESSAGE_CHARS)),
        }
    }
}

/// How wasmtime says that an answer takes more than `Store::set_hostcall_fuel` allows.
#[cfg(not(target_family = "wasm"))]
const OUTPUT_CAP: &str = "fuel allocated for hostcalls has been exhausted";

impl Error {
    pub(super) fn guest(error: drive::Error) -> Self {
        let drive::Error { code, message, pointer } = error;
        Self::Guest {
            code,
            message: one_line(&message, MESSAGE_CHARS),
            pointer: pointer.map(|pointer| one_line(&pointer, POINTER_CHARS)),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start(why) => write!(f, "the sandbox does not start on this machine: {why}"),
            Self::NotUtf8 { offset } => {
                write!(f, "the document is not UTF-8: byte {offset} does not belong; JSON is UTF-8 text")
            }
            Self::Guest { message, .. } => f.write_str(message),
            Self::Limit(limit) => limit.fmt(f),
            Self::Cancelled => f.write_str("the call was cancelled"),
            Self::Trap(trap) => {
                write!(f, "the component failed on this input, which is a fault in it, please report it: {trap}")
            }
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input { limit } => {
                write!(
                    f,
                    "the input is larger than {limit} bytes: a drive holds 64 MiB at most, so leave something out"
                )
            }
            Self::Output { limit } => write!(
                f,
                "the answer takes more than {limit} bytes, which is the limit: raise it, or leave something out of the drive"
            ),
            Self::Memory { limit } => write!(
                f,
                "more than {} MiB of memory are needed, which is the limit: raise it, or leave something out of the drive",
                limit >> 20
            ),
            Self::Time { limit } => write!(
                f,
                "not done after {} seconds, which is the limit: raise it, or leave something out of the drive",
                limit.as_secs_f64()
            ),
            Self::Stack => f.write_str("the document is nested too deeply: flatten it"),
        }
    }
}

/// An error is to be read in a terminal at a glance.
const MESSAGE_CHARS: usize = 380;

/// Programs may want all of a pointer; a tenant decides how long it is.
const POINTER_CHARS: usize = 1000;

#[cfg(test)]
mod tests {
    use wasmtime::Trap;

    use super::*;

    #[test]
    fn what_stopped_a_call_is_told_apart() {
        let limits = Limits::default();
        let stopped = |error: wasmtime::Error| Error::stopped(&error, &limits);
        let stop = |stop| stopped(wasmtime::Error::new(stop));
        assert_eq!(stop(Stop::Memory), Error::Limit(Limit::Memory { limit: limits.memory }));
        assert_eq!(stop(Stop::Time), Error::Limit(Limit::Time { limit: limits.time }));
        assert_eq!(stop(Stop::Cancelled), Error::Cancelled);
        assert_eq!(stopped(Trap::StackOverflow.into()), Error::Limit(Limit::Stack));
        assert!(matches!(stopped(Trap::UnreachableCodeReached.into()), Error::Trap(_)));
    }
}
