//! The command's own files, as far as they read.

#![allow(dead_code, reason = "the verbs are not here")]

#[path = "../../host/src/commands/directory.rs"]
mod directory;
#[path = "../../host/src/commands/exit.rs"]
pub mod exit;
#[path = "../../host/src/commands/fleet_file.rs"]
pub mod fleet_file;
#[path = "../../host/src/commands/input.rs"]
mod input;
#[path = "../../host/src/commands/nova_conf.rs"]
pub mod nova_conf;
#[path = "../../host/src/commands/options.rs"]
pub mod options;
#[path = "../../host/src/commands/output.rs"]
mod output;
#[path = "../../host/src/commands/run.rs"]
mod run;

mod progress {
    #[derive(Debug)]
    pub enum Phase {
        Before,
        Sending,
        Doubt,
        Begun,
    }
}

mod signals {
    use std::{fs::File, io};

    pub struct Signals;

    impl Signals {
        pub fn hear() -> io::Result<Self> {
            Ok(Self)
        }

        pub fn write_all(&self, _: &mut File, _: &[u8]) -> io::Result<()> {
            Ok(())
        }
    }
}
