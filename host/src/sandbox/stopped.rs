//! Why a call did not return, from what wasmtime says.

use std::sync::Arc;

use configdrive_contract::{Cause, Error, Limit};
use wasmtime::Trap;

use super::limits::{Limits, Stop};

/// The component, or what it needs, is not there.
pub fn not_started(error: wasmtime::Error) -> Error {
    Error::Start(cause(error))
}

/// The call did not return.
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
        // The type has no name outside wasmtime.
        None if error.to_string().contains(OUTPUT_CAP) => Error::Limit(Limit::Output { limit: limits.output }),
        None => Error::Trap(cause(error)),
    }
}

/// What wasmtime says when an answer takes more than `Store::set_hostcall_fuel` allows.
const OUTPUT_CAP: &str = "fuel allocated for hostcalls has been exhausted";

fn cause(error: wasmtime::Error) -> Cause {
    let error: Box<dyn std::error::Error + Send + Sync> = error.into();
    error.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stopped_a_call_is_told_apart() {
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
