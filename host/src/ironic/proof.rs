//! Checks the properties of deployments under faults: a deployment is started at most once, reports success only if the success is its
//! own, ends by the deadline, and leaves only records that are true; and a second run converges.

use std::sync::Arc;
use std::time::Duration;

use configdrive_contract::{
    self as contract, ConfigDrive, DriveSource, ExtractedFile, Finding, Inspection, Options, Policy,
};
use tokio::time::{Instant, sleep, timeout};

use super::double::{Double, Event, Fault, Schedule, TAKEN, THEIRS};
use super::testing::run;
use super::{Done, Error, Ironic, Job, Target, deploy};
use crate::chain;

/// A run of a deployment, and what happens to it.
#[derive(Clone, Debug)]
struct Trial {
    target: Target,
    /// The node's state and claim before the run.
    state: &'static str,
    claim: Option<&'static str>,
    /// The time limit in seconds.
    deadline: Option<u64>,
    /// The time at which a signal ends the run, in milliseconds.
    signal: Option<u64>,
    record: bool,
    /// Whether another run of configdrive deploys another drive at the same time.
    rival: bool,
    schedule: Schedule,
}

impl Default for Trial {
    fn default() -> Self {
        Self {
            target: Target::Active,
            state: "available",
            claim: None,
            deadline: None,
            signal: None,
            record: true,
            rival: false,
            schedule: Schedule::default(),
        }
    }
}

const OURS: &str = "b3Vycw==";
const RIVALS: &str = "cml2YWw=";
/// The claim of an earlier run of configdrive.
const EARLIER: &str = "c0f1d21e-0000-8000-a000-000000000000";

impl Trial {
    /// Runs the trials. Panics with the first violations, if there are any.
    fn check_all(trials: impl Iterator<Item = Self>) {
        let violated = trials.filter_map(|trial| Some((run(trial.violation()).err()?, trial)));
        let violated: Vec<_> = violated.map(|(what, trial)| format!("{what}: {trial:?}")).collect();
        assert!(
            violated.is_empty(),
            "{} violations:\n{}",
            violated.len(),
            violated.iter().take(8).cloned().collect::<Vec<_>>().join("\n")
        );
    }

    async fn violation(&self) -> Result<(), String> {
        let double = Double::new(self.schedule.clone(), self.state, self.claim);
        let started = Instant::now();
        let ours = self.deploy(&double, OURS, self.deadline);
        let first = async { timeout(self.signal.map_or(Duration::MAX / 4, Duration::from_millis), ours).await.ok() };
        let (first, rivals) = match self.rival {
            true => {
                let rival = async {
                    // Two runs that replace a claim within a few milliseconds cannot exclude each other.
                    sleep(Duration::from_millis(300)).await;
                    self.deploy(&double, RIVALS, self.deadline).await
                };
                let (first, rivals) = tokio::join!(first, rival);
                (first, Some(rivals))
            }
            false => (first.await, None),
        };
        let elapsed = started.elapsed();
        let limit = self.deadline.unwrap_or(3600);
        if elapsed > Duration::from_secs(limit) + Duration::from_millis(if self.rival { 301 } else { 1 }) {
            return Err(format!("it ended after {elapsed:?}, not within {limit} s"));
        }
        {
            let world = double.world();
            for (drive, outcome) in [(OURS, first.as_ref()), (RIVALS, rivals.as_ref())] {
                let starts = world.starts.iter().filter(|started| *started == drive).count();
                if starts > 1 {
                    return Err(format!("{drive} was started {starts} times: {}", describe(outcome)));
                }
                if matches!(outcome, Some(Ok(_))) && !world.ends.iter().any(|ended| ended == drive) {
                    return Err(format!("{drive} is not on the node: {}", describe(outcome)));
                }
            }
        }
        self.truth(&double)?;

        // Let late requests arrive and deployments in progress end, and then end the faults.
        sleep(Duration::from_secs(1000)).await;
        double.recover();
        self.truth(&double)?;
        let (before, is_theirs) = {
            let world = double.world();
            (
                world.starts.len(),
                world.node().instance_uuid.as_ref().is_some_and(|instance| instance.starts_with(TAKEN)),
            )
        };
        let is_rivals = double.world().node().drive == RIVALS || self.rival;
        let second = self.deploy(&double, OURS, None).await;
        let world = double.world();
        let again = world.starts.len() - before;
        if again > 1 {
            return Err(format!("the second run started {again} deployments"));
        }
        let is_done = second.is_ok() && world.node().state == "active" && world.node().drive == OURS;
        let unclaimed = |fault: &Fault| matches!(fault, Fault::Instead(400 | 404) | Fault::After(400 | 404));
        let is_shared = self.claim == Some(THEIRS) && self.target == Target::Active;
        let may_be_refused = is_shared
            || (is_theirs && self.target == Target::Active)
            || is_rivals
            || !self.record
            || self.schedule.patches.iter().any(unclaimed);
        if !is_done && !may_be_refused {
            return Err(format!(
                "the second run did not converge: {}, after {}",
                describe(Some(&second)),
                describe(first.as_ref())
            ));
        }
        if second.is_ok() && world.node().drive != OURS {
            return Err("the second run reports somebody else's success".into());
        }
        if first.as_ref().is_some_and(Result::is_ok)
            && again > 0
            && self.record
            && self.target == Target::Active
            && !is_theirs
            && !self.rival
            && self.schedule.patches.is_empty()
            && self.schedule.events.is_empty()
        {
            return Err("the second run does not know of the first one's success".into());
        }
        drop(world);
        self.truth(&double)
    }

    fn truth(&self, double: &Double) -> Result<(), String> {
        match double.world().false_records.as_slice() {
            [] => Ok(()),
            false_records => Err(format!("recorded but not true: {false_records:?}")),
        }
    }

    async fn deploy(&self, double: &Double, drive: &'static str, deadline: Option<u64>) -> Result<Done, Error> {
        let deadline = deadline.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let ironic = Ironic::connect(double.clone()).await?;
        let mut job = Job::new("n".parse().unwrap(), drive.as_bytes());
        (job.target, job.wait, job.record, job.deadline) = (self.target, true, self.record, deadline);
        if deadline.is_none() {
            // Without a limit, the run would wait for a lost deployment for as long as Ironic takes.
            job.timeout = Some(Duration::from_secs(3500));
        }
        deploy(&ironic, &Arc::new(Stub), job, |_| ()).await
    }
}

fn describe(outcome: Option<&Result<Done, Error>>) -> String {
    match outcome {
        None => "interrupted".into(),
        Some(Ok(done)) => format!("success, {}", done.node.provision_state),
        Some(Err(error)) => chain(error),
    }
}

#[test]
fn schedules_that_once_failed_keep_the_promises() {
    let failed = |claim, schedule| Trial { state: "deploy failed", claim, schedule, ..Trial::default() };
    let available = |deadline, schedule| Trial { deadline, schedule, ..Trial::default() };
    let lagging = || Schedule { lag: 30_000, duration: 15, ..Schedule::default() };
    Trial::check_all(
        [
            // A lagging read showed the claim of an earlier run, and the run removed another operator's claim in its place.
            failed(Some(EARLIER), Schedule { events: vec![(48, Event::Take)], ..lagging() }),
            // A run that could not claim the node removed the claim of the operator who had claimed it.
            failed(None, Schedule { events: vec![(13, Event::Undeploy)], waits: true, ..Schedule::default() }),
            // A proxy sent the request twice. The second answer was a refusal, and lagging reads agreed with it.
            failed(None, Schedule { puts: vec![Fault::Twice], waits: true, ..lagging() }),
            // A redirect hid that the request was processed, and lagging reads agreed with it.
            available(Some(600), Schedule { puts: vec![Fault::After(302)], duration: 3000, ..lagging() }),
            // The confirmation that precedes the removal of a claim arrived late, and made the claim anew, without a record.
            available(
                Some(10),
                Schedule { patches: vec![Fault::Instead(302), Fault::Slow(28_536)], ..Schedule::default() },
            ),
            // The answer to a claim was a proxy's page, and the run believed that it had claimed the node.
            available(None, Schedule { patches: vec![Fault::Instead(200)], ..Schedule::default() }),
        ]
        .into_iter(),
    );
}

#[test]
fn every_short_schedule_keeps_the_promises() {
    let starts = [
        (Target::Active, "available", None),
        (Target::Active, "deploy failed", Some(EARLIER)),
        (Target::Rebuild, "active", Some(EARLIER)),
        (Target::Rebuild, "active", Some(THEIRS)),
    ];
    let mut trials = Vec::new();
    for (target, state, claim) in starts {
        for fault in PUTS {
            for next in [Fault::Pass, Fault::LostBefore, Fault::After(503), Fault::Late(6000)] {
                for (lag, duration) in [(0, 20), (0, 300), (0, 40_000), (1500, 300), (20_000, 300), (20_000, 20)] {
                    for succeeds in [vec![true], vec![false]] {
                        for event in EVENTS {
                            let (puts, events) = (vec![fault, next], event.into_iter().collect());
                            let succeeds = succeeds.clone();
                            let schedule = Schedule { puts, lag, duration, succeeds, events, ..Schedule::default() };
                            trials.push(Trial { target, state, claim, schedule, ..Trial::default() });
                        }
                    }
                }
            }
        }
    }
    assert_eq!(trials.len(), starts.len() * PUTS.len() * 4 * 6 * 2 * EVENTS.len());
    Trial::check_all(trials.into_iter());
}

const EVENTS: [Option<(u64, Event)>; 4] =
    [None, Some((50, Event::Take)), Some((1500, Event::Take)), Some((45, Event::Lock(4000)))];

const PUTS: [Fault; 19] = [
    Fault::Pass,
    Fault::LostBefore,
    Fault::LostAfter,
    Fault::Late(3000),
    Fault::Late(8000),
    Fault::Slow(20_000),
    Fault::Silent,
    Fault::Unreachable,
    Fault::Twice,
    Fault::Instead(200),
    Fault::Instead(409),
    Fault::Instead(503),
    Fault::After(200),
    Fault::After(302),
    Fault::After(400),
    Fault::After(409),
    Fault::After(429),
    Fault::After(503),
    Fault::After(524),
];

#[test]
fn random_schedules_keep_the_promises() {
    let count = std::env::var("CONFIGDRIVE_TRIALS").ok().and_then(|count| count.parse().ok()).unwrap_or(10_000);
    Trial::check_all((1..=count).map(|seed| Random(seed).trial()));
}

/// A pseudo-random number generator (xorshift). The same seed gives the same numbers.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        let mut x = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        for _ in 0..3 {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
        }
        self.0 = x;
        (x >> 11) % below
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.next(of.len() as u64)).unwrap()]
    }

    fn faults(&mut self, count: u64, one_in: u64, of: &[Fault]) -> Vec<Fault> {
        let count = self.next(count);
        (0..count).map(|_| if self.next(one_in) == 0 { self.one(of) } else { Fault::Pass }).collect()
    }

    fn trial(&mut self) -> Trial {
        let statuses = [200, 302, 400, 404, 406, 408, 409, 425, 429, 500, 502, 503, 504, 524];
        let status = self.one(&statuses);
        let after = self.next(8000);
        let any = [
            Fault::LostBefore,
            Fault::LostAfter,
            Fault::Late(after),
            Fault::Slow(after * 8),
            Fault::Silent,
            Fault::Unreachable,
            Fault::Twice,
            Fault::Instead(status),
            Fault::After(status),
        ];
        let reads = [
            Fault::LostBefore,
            Fault::Silent,
            Fault::Instead(self.one(&[200, 500, 503])),
            Fault::Repeated,
            Fault::Slow(3000),
        ];
        let (target, state, claim) = self.one(&[
            (Target::Active, "available", None),
            (Target::Active, "deploy failed", None),
            (Target::Active, "deploy failed", Some(EARLIER)),
            (Target::Active, "deploy failed", Some(THEIRS)),
            (Target::Rebuild, "active", None),
            (Target::Rebuild, "active", Some(EARLIER)),
            (Target::Rebuild, "active", Some(THEIRS)),
        ]);
        let events = (0..self.next(3)).map(|_| {
            let event = match self.next(3) {
                0 => Event::Lock(self.next(30_000)),
                1 => Event::Take,
                _ => Event::Undeploy,
            };
            let within = self.one(&[50, 500, 5000, 60_000]);
            (self.next(within), event)
        });
        let events: Vec<_> = events.collect();
        let limit = self.one(&[1, 3, 10, 60, 600]);
        let within = self.one(&[60, 1000, 20_000]);
        let record = self.next(5) > 0;
        // No client can tell these cases apart: see "What cannot be decided" in docs/reference/deploy.md.
        let is_instances = target == Target::Rebuild && claim == Some(THEIRS);
        let rival = self.next(6) == 0 && (record || !is_instances);
        let patches = match () {
            () if rival => Vec::new(),
            () if events.is_empty() => self.faults(5, 3, &any),
            () => self.faults(
                5,
                3,
                &[Fault::LostBefore, Fault::LostAfter, Fault::Silent, Fault::Unreachable, Fault::After(status)],
            ),
        };
        Trial {
            target,
            state,
            claim,
            deadline: (self.next(2) == 0).then_some(limit),
            signal: (self.next(3) == 0).then(|| self.next(within)),
            record,
            rival,
            schedule: Schedule {
                puts: self.faults(5, 2, &any),
                patches,
                gets: self.faults(30, 4, &reads),
                lag: self.one(&[0, 0, 0, 200, 1500, 9000, 30_000]),
                events,
                duration: self.one(&[15, 100, 300, 3000, 40_000]),
                succeeds: (0..2).map(|_| self.next(3) > 0).collect(),
                waits: self.next(2) == 0,
            },
        }
    }
}

/// A component whose drive is its document.
struct Stub;

impl ConfigDrive for Stub {
    fn required_by(&self, _: &[u8], _: Policy) -> Result<bool, contract::Error> {
        Ok(true)
    }

    fn pack(&self, document: &[u8], _: &Options) -> Result<String, contract::Error> {
        Ok(String::from_utf8(document.to_vec()).unwrap())
    }

    fn check_document(&self, _: &[u8], _: &Options) -> Result<Vec<Finding>, contract::Error> {
        Ok(Vec::new())
    }

    fn build_drive(&self, _: &[u8], _: &Options) -> Result<Vec<u8>, contract::Error> {
        Err(contract::Error::Cancelled)
    }

    fn encode(&self, _: &[u8]) -> Result<String, contract::Error> {
        Err(contract::Error::Cancelled)
    }

    fn inspect(&self, _: DriveSource<'_>) -> Result<Inspection, contract::Error> {
        Err(contract::Error::Cancelled)
    }

    fn read_file(&self, _: DriveSource<'_>, _: &str) -> Result<Vec<u8>, contract::Error> {
        Err(contract::Error::Cancelled)
    }

    fn extract(&self, _: DriveSource<'_>) -> Result<Vec<ExtractedFile>, contract::Error> {
        Err(contract::Error::Cancelled)
    }

    fn check_drive(&self, _: DriveSource<'_>) -> Result<Vec<Finding>, contract::Error> {
        Err(contract::Error::Cancelled)
    }
}
