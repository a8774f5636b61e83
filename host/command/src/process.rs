//! Hardens the process.

use std::sync::{Arc, atomic::AtomicBool};

use rustix::process::{Resource, Rlimit, setrlimit};
use signal_hook::{consts::SIGXFSZ, flag};

/// Hardens the process before it reads anything. If the machine refuses a step, the command works without it.
pub fn prepare() {
    // The memory of a crashed process contains drives, passwords and tokens.
    _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // The limit is ignored if core dumps are piped to a program, and other processes of the user could read the memory.
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
    // Writing more than `ulimit -f` allows becomes an error instead of killing the process.
    _ = flag::register(SIGXFSZ, Arc::<AtomicBool>::default());
}
