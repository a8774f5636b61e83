//! Calls that fail leak nothing. This test is alone in its process, because it counts the process's memory and files.

#![cfg(test)]
#![cfg(target_os = "linux")]

use std::{fs, num::NonZero, time::Duration};

use configdrive_host::{ConfigDrive, DriveSource, Limits, Sandbox, wasmtime::component::Component};
use configdrive_test_components::{self as components, Deed, address_of_strings, answer};

#[test]
fn a_thousand_failed_calls_leak_nothing() {
    let sandboxes = [components::PUPPET, components::GROWS_AT_ITS_START, components::TRAPS_AT_ITS_START]
        .into_iter()
        .flat_map(|guest| [sandbox(guest, None), sandbox(guest, NonZero::new(2))])
        .collect::<Vec<_>>();
    let arguments = arguments();
    let mut calls = (0..).map(|call| {
        let sandbox = &sandboxes[call % sandboxes.len()];
        // A different argument each time it is this sandbox's turn.
        let argument = &arguments[(call / sandboxes.len()) % arguments.len()];
        sandbox.check_drive(DriveSource::Bytes(argument)).unwrap_err();
    });
    calls.by_ref().take(200).for_each(drop);
    let before = Resources::now();
    calls.take(1000).for_each(drop);
    let after = Resources::now();
    println!("{before:?}, then {after:?}");
    assert_eq!((after.files, after.threads), (before.files, before.threads));
    // If each call leaked one page, that would be 4 MiB.
    assert!(after.resident < before.resident + (2 << 20), "{before:?}, then {after:?}");
}

/// Returns arguments that each make the puppet's call fail.
fn arguments() -> Vec<Vec<u8>> {
    let large = answer(&[0, address_of_strings(3), 1 << 20], &vec![0; 40 << 20]);
    let malformed = answer(&[0, u32::MAX, 1], b"");
    let deeds = Deed::bad().flat_map(|deed| [deed.argument(), deed.on_allocation()]);
    deeds.chain([malformed, large]).collect()
}

/// The resources that the process holds.
#[derive(Debug)]
struct Resources {
    /// Resident memory in bytes.
    resident: usize,
    files: usize,
    threads: usize,
}

impl Resources {
    fn now() -> Self {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = pages.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            resident: pages * 4096,
            files: fs::read_dir("/proc/self/fd").unwrap().count(),
            threads: fs::read_dir("/proc/self/task").unwrap().count(),
        }
    }
}

fn sandbox(guest: &'static [u8], calls: Option<NonZero<u32>>) -> Sandbox {
    let mut limits = Limits::default();
    limits.time = Duration::from_millis(10);
    limits.memory = 64 << 20;
    limits.output = 1 << 20;
    Sandbox::with_component(limits, calls, |engine| {
        #[expect(unsafe_code, reason = "the compiler cannot check code that is loaded at run time")]
        // SAFETY: a build script compiled it with this version of wasmtime.
        unsafe {
            Component::deserialize(engine, guest)
        }
    })
    .unwrap()
}
