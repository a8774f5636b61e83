//! Why a call did not return, derived from wasmtime's error.

use std::{fmt, sync::Arc};

use configdrive_contract::{Cause, Error, Limit};
use wasmtime::Trap;

use super::limits::{Limits, Stop};

/// Makes the error for a component that could not be loaded or instantiated.
pub fn not_started(error: wasmtime::Error) -> Error {
    Error::Start(match refused_bytes(&error) {
        Some(bytes) => Arc::new(AddressSpaceRefused { bytes }),
        None => cause(error),
    })
}

/// Makes the error for a call that did not return.
pub fn stopped(error: wasmtime::Error, limits: &Limits) -> Error {
    match error.downcast_ref::<Stop>() {
        Some(Stop::Memory) => return Error::Limit(Limit::Memory { limit: limits.memory }),
        Some(Stop::Time) => return Error::Limit(Limit::Time { limit: limits.time }),
        Some(Stop::Cancelled) => return Error::Cancelled,
        None => {}
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => Error::Limit(Limit::Stack),
        Some(trap) => Error::Trap(Arc::new(*trap)),
        None if is_of_the_system(&error) => not_started(error),
        // The error's type is private to wasmtime.
        None if error.to_string().contains(OUTPUT_CAP) => Error::Limit(Limit::Output { limit: limits.output }),
        None => Error::Trap(cause(error)),
    }
}

/// Part of wasmtime's message for an answer that exceeds `Store::set_hostcall_fuel`.
const OUTPUT_CAP: &str = "fuel allocated for hostcalls has been exhausted";

/// Returns whether the system refused something, such as memory. Some of wasmtime's errors have the type of another crate, but the
/// text of [`std::io::Error`].
pub fn is_of_the_system(error: &wasmtime::Error) -> bool {
    let cause = error.root_cause();
    cause.is::<std::io::Error>() || cause.to_string().contains("(os error ")
}

/// Returns the number of bytes of address space that the system refused, if that is what failed. Each memory of a component reserves
/// more than 4 GiB, of which it uses only what it needs.
fn refused_bytes(error: &wasmtime::Error) -> Option<u64> {
    // The error's type is private to wasmtime.
    error.chain().find_map(|cause| {
        let digits = cause.to_string().strip_prefix("mmap failed to reserve 0x")?.strip_suffix(" bytes")?.to_owned();
        u64::from_str_radix(&digits, 16).ok()
    })
}

/// The system has a limit on address space, such as `ulimit -v`.
#[derive(Debug)]
struct AddressSpaceRefused {
    bytes: u64,
}

impl fmt::Display for AddressSpaceRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bytes } = self;
        write!(f, "the machine refused {bytes} bytes of address space; raise its limit for this process (ulimit -v)")
    }
}

impl std::error::Error for AddressSpaceRefused {}

fn cause(error: wasmtime::Error) -> Cause {
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reasons_that_stop_a_call_are_distinguished() {
        let limits = Limits::default();
        let limit = |error: wasmtime::Error| match stopped(error, &limits) {
            Error::Limit(limit) => limit,
            error => panic!("{error:?}"),
        };
        assert_eq!(limit(wasmtime::Error::new(Stop::Memory)), Limit::Memory { limit: limits.memory });
        assert_eq!(limit(wasmtime::Error::new(Stop::Time)), Limit::Time { limit: limits.time });
        assert_eq!(limit(Trap::StackOverflow.into()), Limit::Stack);
        assert!(matches!(stopped(wasmtime::Error::new(Stop::Cancelled), &limits), Error::Cancelled));
        assert!(matches!(stopped(Trap::UnreachableCodeReached.into(), &limits), Error::Trap(_)));
    }

    #[test]
    fn what_the_system_refuses_is_not_a_bug_of_the_component() {
        let no_memory = || wasmtime::Error::new(std::io::Error::from_raw_os_error(12));
        let message = |error| match stopped(error, &Limits::default()) {
            error @ Error::Start(_) => configdrive_contract::chain(&error),
            error => panic!("{error:?}"),
        };
        assert_eq!(
            message(no_memory().context("mmap failed to reserve 0x104000000 bytes").context("a pool")),
            "cannot start the sandbox on this machine: the machine refused 4362076160 bytes of address space; raise its limit \
             for this process (ulimit -v)"
        );
        assert_eq!(
            message(no_memory()),
            "cannot start the sandbox on this machine: Cannot allocate memory (os error 12)"
        );
    }
}
