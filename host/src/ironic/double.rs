//! A test double of Ironic with its state machine, locks and claims, on tokio's paused clock.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout};

use crate::transport::{Answer, Method, Request, Transport, TransportError, VersionRange};

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// Nothing goes wrong.
    Pass,
    /// The request does not arrive, and the connection is lost.
    LostBefore,
    /// The request is processed, and the answer is lost.
    LostAfter,
    /// The connection is lost, and the request is processed after this many milliseconds.
    Late(u64),
    /// The request is processed, and the answer takes this many milliseconds.
    Slow(u64),
    /// The request does not arrive, and no answer comes back.
    Silent,
    /// The request does not arrive, and a proxy answers with this status.
    Instead(u16),
    /// The request is processed, and a proxy replaces the status of the answer.
    After(u16),
    /// A proxy sends the request twice, and returns the second answer.
    Twice,
    /// For a read: the last answer to the same read is repeated.
    Repeated,
    /// The connection is refused.
    Unreachable,
}

/// What others do to the node.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// Another conductor locks the node for this many milliseconds.
    Lock(u64),
    /// Another operator, who respects claims, takes the node if nobody has it, or if its deployment has failed.
    Take,
    /// The node's operator undeploys it, and another operator takes it.
    Undeploy,
}

/// A schedule of faults and events.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// The faults of the requests that start a deployment, in order; later requests pass.
    pub puts: Vec<Fault>,
    /// The faults of the patches.
    pub patches: Vec<Fault>,
    /// The faults of the reads of the node.
    pub gets: Vec<Fault>,
    /// The lag of reads, in milliseconds.
    pub lag: u64,
    /// The events, with their times in milliseconds.
    pub events: Vec<(u64, Event)>,
    /// The duration of a deployment, in milliseconds.
    pub duration: u64,
    /// Whether the deployments succeed, in order; later ones do.
    pub succeeds: Vec<bool>,
    /// Whether the node is unlocked while it is being deployed, as it is when it waits for its agent.
    pub waits: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        let (puts, patches, gets, events, succeeds) = Default::default();
        Self { puts, patches, gets, lag: 0, events, duration: 300, succeeds, waits: false }
    }
}

/// Ironic with one node.
#[derive(Clone)]
pub struct Double {
    world: Arc<Mutex<World>>,
    points: Points,
}

/// Ironic with several nodes, `n0`, `n1` and so on, each of which has its own schedule.
#[derive(Clone)]
pub struct Rack(pub Vec<Double>);

/// Counts the points at which a run may be interrupted: before and after Ironic processes each of its requests.
#[derive(Clone)]
pub struct Points(watch::Sender<usize>);

impl Points {
    fn new() -> Self {
        Self(watch::Sender::new(0))
    }

    fn pass(&self) {
        self.0.send_modify(|count| *count += 1);
    }

    pub fn count(&self) -> usize {
        *self.0.borrow()
    }

    /// Waits for a point. The run does not proceed beyond it before the waiting task does.
    pub async fn reached(&self, point: usize) {
        self.0.subscribe().wait_for(|count| *count >= point).await.unwrap();
    }
}

pub struct World {
    /// What the node's name and UUID end with.
    number: String,
    schedule: Schedule,
    started: Instant,
    node: State,
    /// The node after each change, with the time of the change in milliseconds.
    past: Vec<(u64, State)>,
    locked_until: u64,
    running: Option<Running>,
    last_read: Option<Value>,
    /// The drives of the deployments that were started.
    pub starts: Vec<String>,
    /// The drives of those that succeeded.
    pub ends: Vec<String>,
    /// The records that were not true.
    pub false_records: Vec<String>,
    takers: u32,
    queues: [VecDeque<Fault>; 3],
    /// The number of requests to start a deployment that were sent.
    pub puts: usize,
}

#[derive(Clone, Debug)]
pub struct State {
    pub state: &'static str,
    updated: u64,
    pub instance_uuid: Option<String>,
    pub extra: Value,
    last_error: Option<&'static str>,
    reserved: bool,
    /// The drive that is on the node.
    pub drive: String,
}

struct Running {
    drive: String,
    until: u64,
    succeeds: bool,
}

/// The time at which the schedule starts, in milliseconds.
const EPOCH: u64 = 3_600_000;

impl Double {
    /// Creates the node `n`, whose UUID is `u`.
    pub fn new(schedule: Schedule, state: &'static str, instance_uuid: Option<&str>) -> Self {
        Self::numbered("", Points::new(), schedule, state, instance_uuid)
    }

    fn numbered(
        number: &str,
        points: Points,
        schedule: Schedule,
        state: &'static str,
        instance_uuid: Option<&str>,
    ) -> Self {
        let node = State {
            state,
            updated: EPOCH - 1_000_000,
            instance_uuid: instance_uuid.map(str::to_owned),
            extra: json!({}),
            last_error: None,
            reserved: false,
            drive: "b2xk".into(),
        };
        let mut events = schedule.events.clone();
        events.sort_by_key(|(at, _)| *at);
        let queues = [&schedule.puts, &schedule.patches, &schedule.gets].map(|faults| faults.iter().copied().collect());
        let past = vec![(0, node.clone())];
        let world = World {
            number: number.to_owned(),
            schedule,
            started: Instant::now(),
            node,
            past,
            locked_until: 0,
            running: None,
            last_read: None,
            starts: Vec::new(),
            ends: Vec::new(),
            false_records: Vec::new(),
            takers: 0,
            queues,
            puts: 0,
        };
        let double = Self { world: Arc::new(Mutex::new(world)), points };
        for (at, event) in events {
            let double = double.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(at)).await;
                double.world().happen(event);
            });
        }
        double
    }

    /// Returns the world as it is now.
    pub fn world(&self) -> MutexGuard<'_, World> {
        let mut world = self.world.lock().unwrap();
        world.settle();
        world
    }

    pub fn points(&self) -> &Points {
        &self.points
    }

    /// Ends all faults.
    pub fn recover(&self) {
        let mut world = self.world();
        (world.queues, world.schedule.lag, world.schedule.succeeds) = Default::default();
    }

    async fn answer(&self, request: &Request) -> Result<Answer, TransportError> {
        let lost = || Err(TransportError::Lost("reset".into()));
        self.points.pass();
        sleep(LATENCY).await;
        let fault = self.world().fault(request);
        match fault {
            Fault::Pass => {}
            Fault::LostBefore => return lost(),
            Fault::Unreachable => return Err(TransportError::Unreachable("refused".into())),
            Fault::Silent => std::future::pending().await,
            Fault::Instead(status) => return Ok(answer(status, "<html>")),
            Fault::Late(after) => {
                let (double, request) = (self.clone(), copy(request));
                tokio::spawn(async move {
                    sleep(Duration::from_millis(after)).await;
                    double.world().process(&request);
                });
                return lost();
            }
            Fault::Twice => drop(self.world().process(request)),
            Fault::Repeated => {
                let last = self.world().last_read.clone();
                if let Some(last) = last {
                    return Ok(answer(200, &last.to_string()));
                }
            }
            Fault::LostAfter | Fault::After(_) | Fault::Slow(_) => {}
        }
        let processed = self.world().process(request);
        self.points.pass();
        sleep(LATENCY).await;
        match fault {
            Fault::LostAfter => lost(),
            Fault::After(status) => Ok(answer(status, "<html>")),
            Fault::Slow(after) => {
                sleep(Duration::from_millis(after)).await;
                Ok(processed)
            }
            _ => Ok(processed),
        }
    }
}

const LATENCY: Duration = Duration::from_millis(4);

impl Transport for Double {
    fn endpoint(&self) -> &str {
        "http://double"
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let answered = timeout(request.timeout, self.answer(&request)).await;
        answered.unwrap_or(Err(TransportError::Timeout(request.timeout)))
    }
}

impl Rack {
    pub fn new(nodes: impl IntoIterator<Item = (Schedule, &'static str, Option<&'static str>)>) -> Self {
        let points = Points::new();
        let nodes = nodes.into_iter().enumerate().map(|(number, (schedule, state, instance_uuid))| {
            Double::numbered(&number.to_string(), points.clone(), schedule, state, instance_uuid)
        });
        Self(nodes.collect())
    }
}

impl Transport for Rack {
    fn endpoint(&self) -> &str {
        "http://rack"
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        let number = request.path.strip_prefix("/v1/nodes/").and_then(|rest| rest.split('/').next()?.get(1..));
        // All nodes give the same answer to other requests.
        let number = number.map_or(0, |number| number.parse().unwrap());
        self.0[number].send(request).await
    }
}

impl World {
    /// Returns the node as it really is.
    pub fn node(&self) -> &State {
        &self.node
    }

    fn now(&self) -> u64 {
        EPOCH + u64::try_from(self.started.elapsed().as_millis()).unwrap()
    }

    fn fault(&mut self, request: &Request) -> Fault {
        self.puts += usize::from(request.method == Method::Put);
        let queue = match request.method {
            Method::Put => 0,
            Method::Patch => 1,
            Method::Get if request.path.strip_prefix("/v1/nodes/").is_some_and(|node| !node.contains('/')) => 2,
            Method::Get => return Fault::Pass,
        };
        self.queues[queue].pop_front().unwrap_or(Fault::Pass)
    }

    /// Ends the deployment if it is due.
    fn settle(&mut self) {
        let now = self.now();
        if let Some(running) = self.running.take_if(|running| running.until <= now) {
            self.node.drive = running.drive.clone();
            self.node.reserved = false;
            self.node.last_error = (!running.succeeds).then_some("it failed");
            self.set_state(if running.succeeds { "active" } else { "deploy failed" }, running.until);
            if running.succeeds {
                self.ends.push(running.drive);
            }
        }
    }

    fn set_state(&mut self, state: &'static str, at: u64) {
        (self.node.state, self.node.updated) = (state, at);
        self.keep(at);
    }

    /// Stores the node for lagging reads, and checks that its record is true.
    fn keep(&mut self, at: u64) {
        self.past.push((at, self.node.clone()));
        let record = &self.node.extra["configdrive"];
        let is_valid = record["provision_updated_at"] == time(self.node.updated) && self.node.state == "active";
        let drive = super::record::Fingerprint::new(Some(&self.node.drive)).to_string();
        if is_valid && record["fingerprint"] != drive {
            self.false_records.push(record.to_string());
        }
    }

    fn happen(&mut self, event: Event) {
        self.settle();
        let now = self.now();
        match event {
            Event::Lock(duration) => {
                if self.running.is_none() {
                    self.locked_until = now + duration;
                }
            }
            Event::Take if self.is_locked() => {}
            Event::Take => match (self.node.state, &self.node.instance_uuid) {
                ("available", None) => self.take(),
                ("deploy failed", _) => {
                    self.undeploy(now);
                    self.take();
                }
                _ => {}
            },
            Event::Undeploy if self.is_locked() || self.node.state == "available" => {}
            Event::Undeploy => {
                self.undeploy(now);
                self.take();
            }
        }
    }

    fn undeploy(&mut self, now: u64) {
        (self.node.instance_uuid, self.node.drive) = (None, String::new());
        self.set_state("cleaning", now);
        self.set_state("available", now + 1);
    }

    fn take(&mut self) {
        self.takers += 1;
        self.node.instance_uuid = Some(format!("{TAKEN}{:03}", self.takers));
        let theirs = json!({"target": "active", "configdrive": "dGhlaXJz"}).to_string();
        assert_eq!(self.start(theirs.as_bytes()), 202);
    }

    fn is_locked(&self) -> bool {
        self.node.reserved || self.locked_until > self.now()
    }

    fn process(&mut self, request: &Request) -> Answer {
        self.settle();
        let body = request.body.as_ref().map(|body| body.0.clone()).unwrap_or_default();
        match (request.method, request.path.as_str()) {
            (Method::Put, _) => answer(self.start(&body), ""),
            (Method::Patch, _) => self.patch(&body),
            (Method::Get, "/v1") => answer(200, "{}"),
            (Method::Get, path) if path.ends_with("/validate") => {
                let fit = json!({"result": true});
                answer(200, &json!({"deploy": fit, "power": fit, "storage": fit}).to_string())
            }
            (Method::Get, "/v1/ports/detail") => answer(200, r#"{"ports": []}"#),
            (Method::Get, "/v1/portgroups/detail") => answer(200, r#"{"portgroups": []}"#),
            (Method::Get, _) => {
                let then = self.now().saturating_sub(self.schedule.lag);
                let seen = self.past.iter().rev().find(|(at, _)| *at <= then).unwrap();
                let node = self.json(&seen.1);
                self.last_read = Some(node.clone());
                answer(200, &node.to_string())
            }
        }
    }

    /// `PUT /v1/nodes/{node}/states/provision`
    fn start(&mut self, body: &[u8]) -> u16 {
        let body: Value = serde_json::from_slice(body).unwrap();
        if self.is_locked() {
            return 409;
        }
        let allowed = match body["target"].as_str().unwrap() {
            "active" => ["available", "deploy failed", "deploy failed"],
            _ => ["active", "deploy failed", "error"],
        };
        if !allowed.contains(&self.node.state) {
            return 400;
        }
        let drive = body["configdrive"].as_str().unwrap_or_default().to_owned();
        self.starts.push(drive.clone());
        let number = self.starts.len() - 1;
        let succeeds = self.schedule.succeeds.get(number).copied().unwrap_or(true);
        let now = self.now();
        self.running = Some(Running { drive, until: now + self.schedule.duration, succeeds });
        (self.node.last_error, self.node.reserved) = (None, !self.schedule.waits);
        self.set_state(if self.schedule.waits { "wait call-back" } else { "deploying" }, now);
        202
    }

    /// `PATCH /v1/nodes/{node}`
    fn patch(&mut self, body: &[u8]) -> Answer {
        if self.is_locked() || self.running.is_some() {
            return answer(409, r#"{"error_message": "{\"faultstring\": \"Node n is locked\"}"}"#);
        }
        let mut node = self.node.clone();
        for change in serde_json::from_slice::<Vec<Value>>(body).unwrap() {
            match (change["op"].as_str().unwrap(), change["path"].as_str().unwrap()) {
                ("add", "/instance_uuid") => {
                    let uuid = change["value"].as_str().unwrap();
                    if node.instance_uuid.as_ref().is_some_and(|instance| instance != uuid) {
                        return answer(409, r#"{"error_message": "{\"faultstring\": \"Node n is associated\"}"}"#);
                    }
                    node.instance_uuid = Some(uuid.to_owned());
                }
                ("remove", "/instance_uuid") => node.instance_uuid = None,
                ("add", "/extra/configdrive") => node.extra["configdrive"] = change["value"].clone(),
                other => panic!("{other:?}"),
            }
        }
        self.node = node;
        self.keep(self.now());
        answer(200, &self.json(&self.node).to_string())
    }

    fn json(&self, node: &State) -> Value {
        json!({
            "uuid": format!("u{}", self.number), "name": format!("n{}", self.number),
            "maintenance": false, "network_interface": "noop",
            "provision_state": node.state, "provision_updated_at": time(node.updated),
            "instance_uuid": node.instance_uuid, "extra": node.extra, "last_error": node.last_error,
            "reservation": (node.reserved || self.locked_until > self.now()).then_some("conductor"),
        })
    }
}

/// The prefix of the claims of the operators who take the node.
pub const TAKEN: &str = "7e7e7e7e-0000-4000-8000-999999999";
/// The claim of somebody else's instance.
pub const THEIRS: &str = "7e7e7e7e-0000-4000-8000-000000000000";

/// Formats a time as Ironic does.
fn time(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("2026-01-01T{hours:02}:{minutes:02}:{:02}.{rest:03}000+00:00", seconds % 60)
}

fn answer(status: u16, body: &str) -> Answer {
    let version = |text: &str| text.parse().unwrap();
    let versions = Some(VersionRange { min: version("1.1"), max: version("1.115") });
    Answer { status, versions, body: body.into() }
}

fn copy(request: &Request) -> Request {
    let (path, query, body) = (request.path.clone(), request.query.clone(), request.body.clone());
    Request { method: request.method, path, query, version: request.version, body, timeout: request.timeout }
}
