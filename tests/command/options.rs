//! The options of the interface, as flags.

use std::process::Command;

use configdrive_support::{interface, trials, trials::Trial};

pub fn trials() -> Vec<Trial> {
    trials![every_option_of_the_interface_is_a_flag]
}

/// Options that are not flags, and why.
const EXCEPTIONS: [(&str, &str); 1] = [("default-random-seed", "the command draws it from the operating system")];

fn every_option_of_the_interface_is_a_flag() {
    for verb in ["build", "pack", "check", "deploy"] {
        let help = Command::new(env!("CARGO_BIN_EXE_configdrive")).args([verb, "--help"]).output().unwrap();
        let help = String::from_utf8(help.stdout).unwrap();
        let is_flag = |name: &str| help.split_whitespace().any(|word| word.strip_prefix("--") == Some(name));
        for name in interface::options() {
            let exception = EXCEPTIONS.iter().find(|(exception, _)| *exception == name);
            assert_eq!(is_flag(&name), exception.is_none(), "{verb}: --{name} {exception:?}");
        }
    }
}
