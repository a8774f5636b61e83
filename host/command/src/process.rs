//! The process that the command is.

use std::sync::{Arc, atomic::AtomicBool};

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::{consts::SIGXFSZ, flag};

/// Before anything is read. A machine that refuses is no reason not to go on.
pub fn prepare() {
    // There are drives, passwords and tokens in the memory of a process that crashes.
    _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // The limit does not count where a program takes the dump; and others of the same user can look in without one.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    // Writing more than `ulimit -f` allows is an error, and not the end.
    _ = flag::register(SIGXFSZ, Arc::<AtomicBool>::default());
}
