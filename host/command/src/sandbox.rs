//! The component in its sandbox, as the verbs' engine.

use std::time::Duration;

use clap::Args;
use configdrive_host::{Error, Limits, Sandbox};
use configdrive_verbs::Engine;

/// Options with the sandbox's limits.
#[derive(Args)]
#[command(next_help_heading = "Limits")]
pub struct SandboxOptions {
    /// Largest memory of the component, in MiB [default: 1024]
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    memory_limit: Option<u32>,
    /// Largest size of the component's result, in MiB [default: 128]
    #[arg(long, value_name = "MIB", value_parser = mebibytes)]
    output_limit: Option<u32>,
    /// Longest time that the component may run, in seconds [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    time_limit: Option<u32>,
}

fn mebibytes(number: &str) -> Result<u32, &'static str> {
    number.parse().ok().filter(|number| (1..=4096).contains(number)).ok_or("expected a whole number from 1 to 4096")
}

/// Reads a positive number of seconds.
pub fn seconds(number: &str) -> Result<u32, &'static str> {
    number.parse().ok().filter(|number| *number > 0).ok_or("expected a whole number of at least 1")
}

impl SandboxOptions {
    fn limits(&self) -> Limits {
        let mut limits = Limits::default();
        let bytes = |mib: u32| usize::try_from(u64::from(mib) << 20).unwrap_or(usize::MAX);
        if let Some(mib) = self.memory_limit {
            limits.memory = bytes(mib);
        }
        if let Some(mib) = self.output_limit {
            limits.output = bytes(mib);
        }
        if let Some(seconds) = self.time_limit {
            limits.time = Duration::from_secs(seconds.into());
        }
        limits
    }
}

impl Engine for SandboxOptions {
    type Component = Sandbox;

    fn input_limit(&self) -> usize {
        self.limits().input
    }

    fn start(&self) -> Result<Sandbox, Error> {
        Sandbox::new(self.limits())
    }
}
