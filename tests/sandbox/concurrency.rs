//! Many threads on one sandbox.

use std::{num::NonZero, thread, time::Duration};

use configdrive_host::{Cancel, ConfigDrive, DriveSource, Error, Limit, Limits, Options, Policy, Sandbox, chain};
use configdrive_support::golden;

const THREADS: usize = 64;
const CALLS: usize = 1000;

#[test]
fn sixty_four_threads_get_the_same_answers_as_one() {
    let jobs = jobs();
    let alone = Sandbox::new(Limits::default()).unwrap();
    let expected: Vec<_> = jobs.iter().map(|job| job.run(&alone)).collect();
    assert!(expected.iter().any(Result::is_ok) && expected.iter().any(Result::is_err));
    // A pool runs fewer calls at a time than there are threads.
    for (sandbox, calls) in
        [(alone, CALLS), (Sandbox::pooled(Limits::default(), NonZero::new(8).unwrap()).unwrap(), CALLS / 10)]
    {
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let (sandbox, jobs, expected) = (&sandbox, &jobs, &expected);
                scope.spawn(move || {
                    for call in 0..calls {
                        let job = (thread * 7 + call) % jobs.len();
                        assert_eq!(jobs[job].run(sandbox), expected[job]);
                    }
                });
            }
        });
    }
}

#[test]
fn cancelled_calls_do_not_affect_the_others() {
    let jobs = jobs();
    let long = noise();
    for calls in [None, NonZero::new(4)] {
        let sandbox = sandbox(Limits::default(), calls);
        let expected = jobs[0].run(&sandbox);
        let cancel = Cancel::new();
        thread::scope(|scope| {
            let cancelled: Vec<_> = (0..8)
                .map(|_| {
                    let (sandbox, long) = (sandbox.with_cancel(&cancel), &long);
                    scope.spawn(move || (0..2).map(|_| sandbox.encode(long)).collect::<Vec<_>>())
                })
                .collect();
            // Some of the calls wait for their turn, and one thread panics.
            let broken = scope.spawn(|| {
                assert_eq!(jobs[0].run(&sandbox), expected);
                panic!("a caller's panic");
            });
            assert!(broken.join().is_err());
            cancel.cancel();
            for thread in cancelled {
                // Calls that finished before the cancellation keep their results.
                let answers = thread.join().unwrap();
                assert!(answers.iter().all(|answer| matches!(answer, Ok(_) | Err(Error::Cancelled))));
                assert!(matches!(sandbox.with_cancel(&cancel).encode(&[0; 512]), Err(Error::Cancelled)));
            }
            assert_eq!(jobs[0].run(&sandbox), expected);
        });
    }
}

#[test]
fn a_running_call_can_be_cancelled() {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let long = noise();
    // The image grows until its call takes longer than the cancellation, on any machine.
    let cancelled = (1..).any(|times| {
        let cancel = Cancel::new();
        let (sandbox, long) = (sandbox.with_cancel(&cancel), &long[..long.len().min(times << 22)]);
        thread::scope(|scope| {
            let call = scope.spawn(move || sandbox.encode(long));
            thread::sleep(Duration::from_millis(20));
            cancel.cancel();
            matches!(call.join().unwrap(), Err(Error::Cancelled))
        })
    });
    assert!(cancelled);
}

#[test]
fn calls_that_run_out_of_time_do_not_affect_the_others() {
    let jobs = jobs();
    let mut limits = Limits::default();
    limits.time = Duration::ZERO;
    let (hasty, patient) = (Sandbox::new(limits).unwrap(), Sandbox::new(Limits::default()).unwrap());
    let expected = jobs[0].run(&patient);
    let long = noise();
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (hasty, patient, jobs, expected, long) = (&hasty, &patient, &jobs, &expected, &long);
            scope.spawn(move || match thread % 2 {
                0 => assert!(matches!(hasty.encode(long), Err(Error::Limit(Limit::Time { .. })))),
                _ => assert_eq!(jobs[0].run(patient), *expected),
            });
        }
    });
}

/// A call, with its answer as a string.
enum Job {
    RequiredBy(Vec<u8>),
    Pack(Vec<u8>),
    CheckDocument(Vec<u8>),
    Inspect(String),
    Extract(String),
    ReadFile(String),
}

impl Job {
    fn run(&self, sandbox: &Sandbox) -> Result<String, String> {
        let options = Options::default();
        let answer = match self {
            Self::RequiredBy(document) => sandbox.required_by(document, Policy::default()).map(|yes| yes.to_string()),
            Self::Pack(document) => sandbox.pack(document, &options),
            Self::CheckDocument(document) => sandbox.check_document(document, &options).map(|all| format!("{all:?}")),
            Self::Inspect(drive) => {
                sandbox.inspect(DriveSource::Text(drive)).map(|inspection| format!("{inspection:?}"))
            }
            Self::Extract(drive) => sandbox.extract(DriveSource::Text(drive)).map(|files| format!("{files:?}")),
            Self::ReadFile(drive) => sandbox
                .read_file(DriveSource::Text(drive), "openstack/latest/meta_data.json")
                .map(|content| String::from_utf8(content).unwrap()),
        };
        answer.map_err(|error| chain(&error))
    }
}

/// Returns calls on golden cases, some of which are refused.
fn jobs() -> Vec<Job> {
    let sandbox = Sandbox::new(Limits::default()).unwrap();
    let cases = ["minimal", "files-contents", "bond-basic", "req-mandatory", "err-net-empty", "err-userdata-non-ascii"];
    let mut jobs = Vec::new();
    for case in cases {
        let document = golden::case(case).document.into_bytes();
        if let Ok(text) = sandbox.pack(&document, &Options::default()) {
            jobs.extend([Job::Inspect(text.clone()), Job::Extract(text.clone()), Job::ReadFile(text)]);
        }
        jobs.extend([Job::RequiredBy(document.clone()), Job::Pack(document.clone()), Job::CheckDocument(document)]);
    }
    jobs
}

/// Returns bytes that are much work for any encoder.
fn noise() -> Vec<u8> {
    (0_u32..4 << 20).flat_map(|n| n.wrapping_mul(n).to_be_bytes()).collect()
}

fn sandbox(limits: Limits, calls: Option<NonZero<u32>>) -> Sandbox {
    match calls {
        Some(calls) => Sandbox::pooled(limits, calls).unwrap(),
        None => Sandbox::new(limits).unwrap(),
    }
}
