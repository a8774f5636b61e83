//! Malicious components in the sandbox.

use std::{num::NonZero, time::Duration};

use configdrive_host::{
    ConfigDrive, DriveSource, Error, Limit, Limits, Options, Policy, Sandbox, chain, wasmtime::component::Component,
};
use configdrive_test_components::{self as components, Deed, address_of_strings, answer};

#[test]
fn a_malicious_component_is_stopped_with_the_reason_and_the_next_call_works() {
    for calls in [None, Some(2)] {
        for deed in Deed::bad() {
            let sandbox = sandbox_for(expected(deed), components::PUPPET, calls);
            for (when, argument) in [
                ("when it is called", deed.argument()),
                ("when it is asked for memory", deed.on_allocation()),
                ("after its answer", deed.after_the_answer()),
            ] {
                let found = sandbox.encode(&argument);
                match (deed, when) {
                    // After the answer nobody uses the addresses that it returns.
                    (Deed::Misplaced | Deed::Unaligned, "after its answer") => assert_eq!(found.unwrap(), ""),
                    // A string may start at an odd address, so the puppet reads another deed there, which does nothing.
                    (Deed::Unaligned, "when it is asked for memory") => {}
                    _ => assert_eq!(kind(found.unwrap_err()), expected(deed), "{deed:?} {when}"),
                }
                assert!(works(&sandbox), "after {deed:?} {when}");
            }
        }
    }
}

#[test]
fn every_function_of_the_sandbox_stops_a_malicious_component() {
    for deed in Deed::bad() {
        let sandbox = sandbox_for(expected(deed), components::PUPPET, None);
        let argument = deed.argument();
        let drive = DriveSource::Bytes(&argument);
        let options = Options::default();
        let errors = [
            sandbox.required_by(&argument, Policy::default()).unwrap_err(),
            sandbox.amend(&argument, "", false).unwrap_err(),
            sandbox.build_drive(&argument, &options).unwrap_err(),
            sandbox.pack(&argument, &options).unwrap_err(),
            sandbox.check_document(&argument, &options).unwrap_err(),
            sandbox.inspect(drive).unwrap_err(),
            sandbox.read_file(drive, "a").unwrap_err(),
            sandbox.extract(drive).unwrap_err(),
            sandbox.check_drive(drive).unwrap_err(),
        ];
        for error in errors {
            assert_eq!(kind(error), expected(deed), "{deed:?}");
        }
    }
}

#[test]
fn a_component_that_is_malicious_before_it_is_called_is_stopped() {
    for (guest, expected) in [
        (components::LOOPS_AT_ITS_START, Kind::Time),
        (components::GROWS_AT_ITS_START, Kind::Memory),
        (components::RECURSES_AT_ITS_START, Kind::Stack),
        (components::TRAPS_AT_ITS_START, Kind::Trap),
    ] {
        for calls in [None, Some(1)] {
            let sandbox = sandbox_for(expected, guest, calls);
            for _ in 0..2 {
                assert_eq!(kind(sandbox.encode(&[0; 8]).unwrap_err()), expected);
            }
        }
    }
}

#[test]
fn a_component_that_starts_with_more_memory_than_the_limit_is_refused() {
    let sandbox = sandbox(components::STARTS_WITH_THREE_GIBIBYTES, None);
    assert_eq!(kind(sandbox.encode(&[0; 8]).unwrap_err()), Kind::Memory);
    // A pool could never run it, so it does not even load.
    let pooled = load(components::STARTS_WITH_THREE_GIBIBYTES, Some(1), Limits::default());
    assert!(matches!(pooled.map(drop), Err(Error::Start(_))));
}

#[test]
fn an_answer_may_be_as_large_as_the_limit_and_no_larger() {
    let text = [b'x'; 1001];
    let sandbox = sandbox_of(components::PUPPET, None, |limits| limits.output = 1000);
    let text_of = |length| answer(&[0, address_of_strings(3), length], &text);
    assert_eq!(sandbox.encode(&text_of(1000)).unwrap().len(), 1000);
    let error = sandbox.encode(&text_of(1001)).unwrap_err();
    assert_eq!(limit(&error), Limit::Output { limit: 1000 });
    assert_eq!(
        error.to_string(),
        "the result exceeded the output limit of 1000 bytes; raise the limit, or leave something out of the drive"
    );
}

/// The component has the string in memory once, but the host would have it a thousand times.
#[test]
fn a_list_that_repeats_one_string_is_stopped_at_the_limit() {
    const TIMES: usize = 1000;
    const SIZE: u32 = 10 << 20;
    let sandbox = sandbox(components::PUPPET, None);
    let drive = |element: &[u32]| {
        let words = 3 + TIMES * element.len();
        let text = address_of_strings(words);
        let place = |word: &u32| if *word == TEXT { text } else { *word };
        let list = [0, address_of_strings(3), TIMES as u32].into_iter();
        let words: Vec<u32> = list.chain(element.iter().map(place).cycle().take(TIMES * element.len())).collect();
        answer(&words, &vec![b'x'; SIZE as usize])
    };
    const TEXT: u32 = u32::MAX;
    let stopped = |error: Error| assert_eq!(limit(&error), Limit::Output { limit: Limits::default().output });
    let finding = drive(&[0, TEXT, SIZE, 0, 0, 0, TEXT, SIZE, TEXT, SIZE, TEXT, SIZE]);
    stopped(sandbox.check_drive(DriveSource::Bytes(&finding)).unwrap_err());
    let extracted_file = drive(&[0, 0, TEXT, SIZE]);
    stopped(sandbox.extract(DriveSource::Bytes(&extracted_file)).unwrap_err());
}

/// A list of empty lists is larger in the host's memory than in the component's.
#[test]
fn a_list_of_empty_lists_counts_with_its_size_in_the_host() {
    let sandbox = sandbox(components::PUPPET, None);
    let files = 8 << 20;
    let argument = answer(&[0, address_of_strings(3), files / 16], &vec![0; files as usize]);
    let drive = DriveSource::Bytes(&argument);
    assert_eq!(sandbox.extract(drive).unwrap().len(), files as usize / 16);
    let tight = sandbox_of(components::PUPPET, None, |limits| limits.output = files as usize);
    assert!(matches!(tight.extract(drive), Err(Error::Limit(Limit::Output { .. }))));
}

#[test]
fn a_malformed_answer_is_an_error_that_says_what_is_wrong() {
    let sandbox = sandbox(components::PUPPET, None);
    let trap = |words: &[u32], texts: &[u8]| match sandbox.encode(&answer(words, texts)) {
        Err(error @ Error::Trap(_)) => chain(&error),
        other => panic!("{other:?}"),
    };
    let text = address_of_strings(3);
    assert!(trap(&[0, text, 2], b"\xff\xfe").contains("utf-8"));
    assert!(trap(&[0, text, u32::MAX], b"").contains("out of bounds"));
    assert!(trap(&[0, u32::MAX, u32::MAX], b"").contains("out of bounds"));
    assert!(trap(&[0, u32::MAX, 1], b"").contains("out of bounds"));
    // Neither an answer nor an error, an unknown error code, and a pointer that is neither absent nor present.
    assert!(trap(&[2, text, 0], b"").contains("discriminant"));
    assert!(trap(&[1, 4, text, 0, 0, 0, 0], b"").contains("discriminant"));
    assert!(trap(&[1, 0, text, 0, 2, 0, 0], b"").contains("discriminant"));
}

#[test]
fn no_random_answer_crashes_the_host() {
    let sandbox = sandbox(components::PUPPET, Some(1));
    let mut state = 1_u64;
    let mut random = || {
        // xorshift64
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u32
    };
    for _ in 0..2000 {
        // Mostly small numbers, so that much of it is valid.
        let words: Vec<u32> = (0..64)
            .map(|_| match random() % 16 {
                0 => random(),
                1..4 => 1024 + random() % 512,
                _ => random() % 3,
            })
            .collect();
        let argument = answer(&words, &[]);
        let drive = DriveSource::Bytes(&argument);
        let _ = sandbox.encode(&argument);
        let _ = sandbox.inspect(drive);
        let _ = sandbox.read_file(drive, "");
        let _ = sandbox.extract(drive);
        for finding in sandbox.check_drive(drive).unwrap_or_default() {
            assert!(!finding.to_string().contains(char::is_control));
        }
    }
    assert!(works(&sandbox));
}

#[test]
fn a_components_messages_become_one_line_without_control_characters() {
    let sandbox = sandbox(components::PUPPET, None);
    let text = format!("\x1b[2J\n\u{202e}{}", "x".repeat(5000));
    const FURTHER: usize = 30;
    let (place, length) = (address_of_strings(9 + 5 * FURTHER), text.len() as u32);
    let error = [place, length, 1, place, length];
    let words = [[1, 0].as_slice(), &error, &[address_of_strings(9), FURTHER as u32], &error.repeat(FURTHER)].concat();
    let error = sandbox.encode(&answer(&words, text.as_bytes())).unwrap_err();
    let Error::Refused { message, pointer, further, .. } = error else { panic!("{error}") };
    assert_eq!(further.len(), 19);
    let further = further.into_iter().flat_map(|error| [error.message, error.pointer.unwrap()]);
    for line in [message, pointer.unwrap()].into_iter().chain(further) {
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}') && line.len() < 1100, "{line:?}");
    }
}

fn limit(error: &Error) -> Limit {
    match error {
        Error::Limit(limit) => *limit,
        other => panic!("{other}"),
    }
}

/// The kind of the sandbox's error, without wasmtime's message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Time,
    Memory,
    Stack,
    Trap,
}

fn kind(error: Error) -> Kind {
    match error {
        Error::Limit(Limit::Time { .. }) => Kind::Time,
        Error::Limit(Limit::Memory { .. }) => Kind::Memory,
        Error::Limit(Limit::Stack) => Kind::Stack,
        Error::Trap(_) => Kind::Trap,
        other => panic!("{other}"),
    }
}

fn expected(deed: Deed) -> Kind {
    match deed {
        Deed::Loop | Deed::Fill => Kind::Time,
        Deed::Grow => Kind::Memory,
        Deed::Recurse => Kind::Stack,
        _ => Kind::Trap,
    }
}

/// Returns whether a call succeeds. It tries often, since on a busy machine a good call may exceed the short limit for endless ones.
fn works(sandbox: &Sandbox) -> bool {
    (0..1000).any(|_| sandbox.encode(&answer(&[0, 0, 0], &[])).is_ok_and(|text| text.is_empty()))
}

fn sandbox(guest: &'static [u8], calls: Option<u32>) -> Sandbox {
    sandbox_of(guest, calls, |_| {})
}

fn sandbox_for(kind: Kind, guest: &'static [u8], calls: Option<u32>) -> Sandbox {
    sandbox_of(guest, calls, |limits| {
        if kind == Kind::Time {
            limits.time = Duration::from_millis(20);
        }
    })
}

fn sandbox_of(guest: &'static [u8], calls: Option<u32>, change: impl FnOnce(&mut Limits)) -> Sandbox {
    let mut limits = Limits::default();
    change(&mut limits);
    load(guest, calls, limits).unwrap()
}

fn load(guest: &'static [u8], calls: Option<u32>, limits: Limits) -> Result<Sandbox, Error> {
    Sandbox::with_component(limits, calls.map(|calls| NonZero::new(calls).unwrap()), |engine| {
        #[expect(unsafe_code, reason = "the compiler cannot check code that is loaded at run time")]
        // SAFETY: a build script compiled it with this version of wasmtime.
        unsafe {
            Component::deserialize(engine, guest)
        }
    })
}
