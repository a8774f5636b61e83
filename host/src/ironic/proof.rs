//! Checks the properties of deployments under faults: a deployment is started at most once, reports success only if the success is its
//! own, ends by the deadline, and leaves only records that are true; and a second run converges. This holds for single nodes and for
//! fleets, wherever a run is interrupted.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::num::NonZeroUsize;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use configdrive_contract::{
    self as contract, ConfigDrive, DriveSource, ExtractedFile, Finding, Inspection, Options, Policy,
};
use futures_util::StreamExt;
use tokio::time::{Instant, sleep, timeout};

use super::double::{Double, Event, Fault, Points, Rack, Schedule, TAKEN, THEIRS};
use super::testing::run;
use super::{Done, Error, Ironic, Job, Member, NodeIdent, Step, Target, deploy, fleet};
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
    /// The point at which a signal ends the run, counted from 1.
    stop: Option<usize>,
    /// What the run records: its intention and its outcome, only its intention, or nothing.
    record: bool,
    intent: bool,
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
            stop: None,
            record: true,
            intent: false,
            rival: false,
            schedule: Schedule::default(),
        }
    }
}

const OURS: &str = "b3Vycw==";
const RIVALS: &str = "cml2YWw=";
/// The claim of an earlier run of configdrive.
const EARLIER: &str = "c0f1d21e-0000-8000-a000-000000000000";

/// Runs the trials. Panics with the first violations, if there are any.
fn check_all<T: std::fmt::Debug>(trials: impl Iterator<Item = T>, violation: impl AsyncFn(&T) -> Result<(), String>) {
    let violated = trials.filter_map(|trial| Some((run(violation(&trial)).err()?, trial)));
    let violated: Vec<_> = violated.map(|(what, trial)| format!("{what}: {trial:?}")).collect();
    assert!(
        violated.is_empty(),
        "{} violations:\n{}",
        violated.len(),
        violated.iter().take(8).cloned().collect::<Vec<_>>().join("\n")
    );
}

impl Trial {
    fn check_all(trials: impl Iterator<Item = Self>) {
        check_all(trials, Self::violation);
    }

    /// Returns the number of points at which the run may be interrupted.
    async fn points(&self) -> usize {
        let double = Double::new(self.schedule.clone(), self.state, self.claim);
        _ = self.deploy(&double, OURS, self.deadline, &Cell::new(false)).await;
        double.points().count()
    }

    async fn violation(&self) -> Result<(), String> {
        let double = Double::new(self.schedule.clone(), self.state, self.claim);
        let started = Instant::now();
        let announced = Cell::new(false);
        let ours = until_point(double.points(), self.stop, self.deploy(&double, OURS, self.deadline, &announced));
        let first =
            async { timeout(self.signal.map_or(Duration::MAX / 4, Duration::from_millis), ours).await.ok().flatten() };
        let (first, rivals) = match self.rival {
            true => {
                let rival = async {
                    // Two runs that replace a claim within a few milliseconds cannot exclude each other.
                    sleep(Duration::from_millis(300)).await;
                    self.deploy(&double, RIVALS, self.deadline, &Cell::new(false)).await
                };
                let (first, rivals) = tokio::join!(first, rival);
                (first, Some(rivals))
            }
            false => (first.await, None),
        };
        ended_in_time(started, self.deadline.unwrap_or(3600), if self.rival { 301 } else { 1 })?;
        self.check_first(&double, announced.get(), first.as_ref(), rivals.as_ref())?;

        let before = self.settle(&double).await?;
        let second = self.deploy(&double, OURS, None, &announced).await;
        self.check_second(&double, &before, first.as_ref(), &second)
    }

    /// Checks the node after the first run.
    fn check_first(
        &self,
        double: &Double,
        announced: bool,
        first: Option<&Result<Done, Error>>,
        rivals: Option<&Result<Done, Error>>,
    ) -> Result<(), String> {
        let world = double.world();
        for (drive, outcome) in [(OURS, first), (RIVALS, rivals)] {
            let starts = world.starts.iter().filter(|started| *started == drive).count();
            if starts > 1 {
                return Err(format!("{drive} was started {starts} times: {}", describe(outcome)));
            }
            if matches!(outcome, Some(Ok(_))) && !world.ends.iter().any(|ended| ended == drive) {
                return Err(format!("{drive} is not on the node: {}", describe(outcome)));
            }
        }
        if !announced && world.puts > 0 && !self.rival {
            return Err("a request was sent before observers knew".into());
        }
        drop(world);
        truth(double)
    }

    /// Lets late requests arrive and deployments in progress end, and then ends the faults. Returns the node as it is then.
    async fn settle(&self, double: &Double) -> Result<Before, String> {
        sleep(Duration::from_secs(1000)).await;
        double.recover();
        truth(double)?;
        let world = double.world();
        let instance = world.node().instance_uuid.as_ref();
        Ok(Before {
            starts: world.starts.len(),
            is_theirs: instance.is_some_and(|instance| instance.starts_with(TAKEN)),
            is_rivals: world.node().drive == RIVALS || self.rival,
        })
    }

    /// Checks the node after the second run.
    fn check_second(
        &self,
        double: &Double,
        before: &Before,
        first: Option<&Result<Done, Error>>,
        second: &Result<Done, Error>,
    ) -> Result<(), String> {
        let world = double.world();
        let again = world.starts.len() - before.starts;
        if again > 1 {
            return Err(format!("the second run started {again} deployments"));
        }
        let is_done = second.is_ok() && world.node().state == "active" && world.node().drive == OURS;
        let unclaimed = |fault: &Fault| matches!(fault, Fault::Instead(400 | 404) | Fault::After(400 | 404));
        let is_shared = self.claim == Some(THEIRS) && self.target == Target::Active;
        // An intention is enough to recognise the claim of a run that started nothing.
        let is_recorded = self.record || (self.intent && before.starts == 0);
        let may_be_refused = is_shared
            || (before.is_theirs && self.target == Target::Active)
            || before.is_rivals
            || !is_recorded
            || self.schedule.patches.iter().any(unclaimed);
        if !is_done && !may_be_refused {
            return Err(format!(
                "the second run did not converge: {}, after {}",
                describe(Some(second)),
                describe(first)
            ));
        }
        if second.is_ok() && world.node().drive != OURS {
            return Err("the second run reports somebody else's success".into());
        }
        if first.is_some_and(Result::is_ok)
            && again > 0
            && self.record
            && self.target == Target::Active
            && !before.is_theirs
            && !self.rival
            && self.schedule.patches.is_empty()
            && self.schedule.events.is_empty()
        {
            return Err("the second run does not know of the first one's success".into());
        }
        drop(world);
        truth(double)
    }

    async fn deploy(
        &self,
        double: &Double,
        drive: &'static str,
        deadline: Option<u64>,
        announced: &Cell<bool>,
    ) -> Result<Done, Error> {
        let deadline = deadline.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let ironic = Ironic::connect(double.clone()).await?;
        let job = self.job("n".parse().unwrap(), drive, deadline);
        let observe = |step: Step<'_>| announced.set(announced.get() || matches!(step, Step::Sending(_)));
        deploy(&ironic, &Arc::new(Stub), job, observe).await
    }

    fn job(&self, node: NodeIdent, drive: &'static str, deadline: Option<Instant>) -> Job {
        let mut job = Job::new(node, drive.as_bytes());
        (job.target, job.wait, job.deadline) = (self.target, true, deadline);
        (job.record, job.intent) = (self.record, self.intent);
        if deadline.is_none() {
            // Without a limit, the run would wait for a lost deployment for as long as Ironic takes.
            job.timeout = Some(Duration::from_secs(3500));
        }
        job
    }
}

/// A node between the two runs.
struct Before {
    starts: usize,
    is_theirs: bool,
    is_rivals: bool,
}

/// Runs `future` until it ends, or until the point if that comes first.
async fn until_point<R>(points: &Points, point: Option<usize>, future: impl Future<Output = R>) -> Option<R> {
    let stopped = async {
        match point {
            Some(point) => points.reached(point).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        () = stopped => None,
        ended = future => Some(ended),
    }
}

fn ended_in_time(started: Instant, limit: u64, slack: u64) -> Result<(), String> {
    let elapsed = started.elapsed();
    if elapsed > Duration::from_secs(limit) + Duration::from_millis(slack) {
        return Err(format!("it ended after {elapsed:?}, not within {limit} s"));
    }
    Ok(())
}

fn truth(double: &Double) -> Result<(), String> {
    match double.world().false_records.as_slice() {
        [] => Ok(()),
        false_records => Err(format!("recorded but not true: {false_records:?}")),
    }
}

/// Two runs of a fleet. The nodes' own time limits and signals do not count.
#[derive(Clone, Debug)]
struct FleetTrial {
    nodes: Vec<Trial>,
    parallel: usize,
    /// The time limit in seconds.
    deadline: Option<u64>,
    /// The points at which signals arrive. After the first one, no more nodes are started; the second one ends the run.
    signals: [Option<usize>; 2],
}

impl FleetTrial {
    fn rack(&self) -> Rack {
        Rack::new(self.nodes.iter().map(|node| (node.schedule.clone(), node.state, node.claim)))
    }

    async fn points(&self) -> usize {
        let rack = self.rack();
        self.run(&rack, self.deadline, [None, None]).await;
        rack.0[0].points().count()
    }

    async fn violation(&self) -> Result<(), String> {
        let rack = self.rack();
        let started = Instant::now();
        let first = self.run(&rack, self.deadline, self.signals).await;
        ended_in_time(started, self.deadline.unwrap_or(3600 * self.nodes.len() as u64), 1)?;
        let nodes = || self.nodes.iter().zip(&rack.0).enumerate();
        let named = |number: usize, what: String| format!("n{number}: {what}");
        let mut befores = Vec::new();
        for (number, (node, double)) in nodes() {
            let (announced, outcomes) = &first;
            let first = outcomes.get(&number);
            let announced = announced.contains(&number);
            node.check_first(double, announced, first, None).map_err(|what| named(number, what))?;
        }
        for (number, (node, double)) in nodes() {
            befores.push(node.settle(double).await.map_err(|what| named(number, what))?);
        }
        let (_, second) = self.run(&rack, None, [None, None]).await;
        for (number, (node, double)) in nodes() {
            let Some(outcome) = second.get(&number) else { return Err(named(number, "it was skipped".into())) };
            let checked = node.check_second(double, &befores[number], first.1.get(&number), outcome);
            checked.map_err(|what| named(number, what))?;
        }
        Ok(())
    }

    /// Deploys the fleet. Returns the nodes whose deployment was announced, and the outcomes of those that ended.
    async fn run(
        &self,
        rack: &Rack,
        deadline: Option<u64>,
        signals: [Option<usize>; 2],
    ) -> (HashSet<usize>, HashMap<usize, Result<Done, Error>>) {
        let deadline = deadline.map(|seconds| Instant::now() + Duration::from_secs(seconds));
        let (announced, outcomes) = (RefCell::new(HashSet::new()), RefCell::new(HashMap::new()));
        let number_of = |node: &NodeIdent| node.as_str().split_at(1).1.parse::<usize>().unwrap();
        let points = rack.0[0].points();
        let deploying = async {
            let Ok(ironic) = Ironic::connect_until(rack.clone(), deadline).await else { return };
            let component = Arc::new(Stub);
            let members = self.nodes.iter().enumerate().map(|(number, trial)| {
                let node: NodeIdent = format!("n{number}").parse().unwrap();
                Member { node: node.clone(), job: move || Ok::<_, Error>(trial.job(node, OURS, deadline)) }
            });
            let is_stopped = || signals[0].is_some_and(|point| points.count() >= point);
            let observe = |node: &NodeIdent, step: Step<'_>| {
                if matches!(step, Step::Sending(_)) {
                    announced.borrow_mut().insert(number_of(node));
                }
            };
            let parallel = NonZeroUsize::new(self.parallel).unwrap();
            let members = members.take_while(|_| !is_stopped());
            let mut ended = pin!(fleet(&ironic, &component, members, parallel, &observe));
            while let Some((node, outcome)) = ended.next().await {
                outcomes.borrow_mut().insert(number_of(&node), outcome);
            }
        };
        until_point(points, signals[1], deploying).await;
        (announced.into_inner(), outcomes.into_inner())
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
    let mut trials = Vec::new();
    for (target, state, claim) in STARTS {
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
    assert_eq!(trials.len(), STARTS.len() * PUTS.len() * 4 * 6 * 2 * EVENTS.len());
    Trial::check_all(trials.into_iter());
}

const STARTS: [(Target, &str, Option<&str>); 4] = [
    (Target::Active, "available", None),
    (Target::Active, "deploy failed", Some(EARLIER)),
    (Target::Rebuild, "active", Some(EARLIER)),
    (Target::Rebuild, "active", Some(THEIRS)),
];

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
fn an_interruption_at_any_point_keeps_the_promises() {
    let mut count = 0;
    for (target, state, claim) in STARTS {
        for put in PUTS {
            for patches in [vec![], vec![Fault::LostAfter], vec![Fault::After(503)]] {
                for (record, duration) in [(true, 300), (true, 40_000), (false, 300)] {
                    let schedule =
                        Schedule { puts: vec![put], patches: patches.clone(), duration, ..Schedule::default() };
                    let trial = Trial { target, state, claim, record, intent: !record, schedule, ..Trial::default() };
                    let points = run(trial.points());
                    count += points;
                    Trial::check_all((1..=points).map(|point| Trial { stop: Some(point), ..trial.clone() }));
                }
            }
        }
    }
    assert!(count > 10_000, "{count}");
}

#[test]
fn an_interrupted_fleet_keeps_the_promises() {
    for put in PUTS {
        let nodes = STARTS.map(|(target, state, claim)| {
            let schedule = Schedule { puts: vec![put], ..Schedule::default() };
            Trial { target, state, claim, schedule, ..Trial::default() }
        });
        for parallel in [1, 3] {
            let trial = FleetTrial { nodes: nodes.to_vec(), parallel, deadline: None, signals: [None, None] };
            let points = run(trial.points());
            let signals =
                (1..=points).map(|point| [Some(point), None]).chain((1..=points).map(|point| [None, Some(point)]));
            check_all(signals.map(|signals| FleetTrial { signals, ..trial.clone() }), FleetTrial::violation);
        }
    }
}

#[test]
fn random_schedules_keep_the_promises() {
    Trial::check_all((1..=random_trials(10_000)).map(|seed| Random(seed).trial()));
}

#[test]
fn random_fleets_keep_the_promises() {
    check_all((1..=random_trials(2000)).map(|seed| Random(seed).fleet()), FleetTrial::violation);
}

fn random_trials(default: u64) -> u64 {
    std::env::var("CONFIGDRIVE_TRIALS").ok().and_then(|count| count.parse().ok()).unwrap_or(default)
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
        let intent = !record && self.next(2) == 0;
        // No client can tell these cases apart: see "What cannot be decided" in docs/reference/deploy.md.
        let rival = self.next(6) == 0 && (record || intent || claim != Some(THEIRS));
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
            stop: None,
            record,
            intent,
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

impl Random {
    fn fleet(&mut self) -> FleetTrial {
        let count = 2 + self.next(3);
        let nodes = (0..count).map(|_| Trial { record: true, intent: false, rival: false, ..self.trial() }).collect();
        let parallel = 1 + usize::try_from(self.next(4)).unwrap();
        let limit = self.one(&[1, 3, 10, 60, 600]);
        let deadline = (self.next(2) == 0).then_some(limit);
        let mut signal = || (self.next(3) == 0).then(|| usize::try_from(1 + self.next(60)).unwrap());
        FleetTrial { nodes, parallel, deadline, signals: [signal(), signal()] }
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

    fn amend(&self, _: &[u8], _: &str, _: bool) -> Result<String, contract::Error> {
        Err(contract::Error::Cancelled)
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
