//! The component runs in place in the executable or, if that is not possible, from a copy.
//!
//! This is a single test, since the executable has only one such place.

#![cfg(test)]
#![cfg(target_os = "linux")]

use std::{fs, num::NonZero};

use configdrive_host::{ConfigDrive, Limits, Options, Sandbox};

#[test]
fn no_memory_becomes_executable_for_the_first_sandbox_and_others_work_alongside_it() {
    let document = include_bytes!("../golden/full/document.json");
    let pack = |sandbox: &Sandbox| sandbox.pack(document, &Options::default()).unwrap();
    let at_first = executable_memory();

    let first = Sandbox::new(Limits::default()).unwrap();
    let text = pack(&first);
    assert_eq!(executable_memory(), at_first);

    let second = Sandbox::pooled(Limits::default(), NonZero::<u32>::MIN).unwrap();
    assert_eq!(pack(&second), text);
    assert_eq!(executable_memory().len(), at_first.len() + 1);

    drop(first);
    assert_eq!(pack(&second), text);
    let third = Sandbox::new(Limits::default()).unwrap();
    assert_eq!(pack(&third), text);
    drop((second, third));
    assert_eq!(executable_memory(), at_first);
}

/// Returns the executable mappings, each as the system reports it.
fn executable_memory() -> Vec<String> {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let is_executable = |line: &&str| line.split(' ').nth(1).expect("a field of permissions").contains('x');
    maps.lines().filter(is_executable).map(str::to_owned).collect()
}
