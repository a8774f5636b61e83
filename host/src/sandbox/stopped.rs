//! Why a call did not return, derived from wasmtime's error.

use std::sync::Arc;

use configdrive_contract::{Cause, Error, Limit};
use wasmtime::Trap;

use super::limits::{Limits, Stop};

/// Makes the error for a component that could not be loaded or instantiated.
pub fn not_started(error: wasmtime::Error) -> Error {
    Error::Start(cause(error))
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
        None if error.root_cause().is::<std::io::Error>() => Error::Start(cause(error)),
        // The error's type is private to wasmtime.
        None if error.to_string().contains(OUTPUT_CAP) => Error::Limit(Limit::Output { limit: limits.output }),
        None => Error::Trap(cause(error)),
    }
}

/// Part of wasmtime's message for an answer that exceeds `Store::set_hostcall_fuel`.
const OUTPUT_CAP: &str = "fuel allocated for hostcalls has been exhausted";

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
}
