//! Helpers for the unit tests of this module.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::transport::{Answer, Request, Transport, TransportError, VersionRange};

/// A transport with scripted answers, for situations that a real Ironic does not produce on demand. The tests in `tests/deploy` use
/// a real one.
pub struct Script {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
    requests: Mutex<Vec<Request>>,
}

impl Script {
    /// Creates a script. Its first answer is that to [`connect`](super::Ironic::connect); all answers report `versions`, if any.
    pub fn new(versions: Option<(&str, &str)>, answers: Vec<Result<&str, TransportError>>) -> Self {
        let answers = answers.into_iter().map(|body| body.map(|body| (200, body))).collect();
        Self::with_statuses(versions, answers)
    }

    pub fn with_statuses(versions: Option<(&str, &str)>, answers: Vec<Result<(u16, &str), TransportError>>) -> Self {
        Self::of(versions, std::iter::once(Ok((200, "{}"))).chain(answers).collect())
    }

    /// Creates a script of all answers, including that to `connect`.
    pub fn of(versions: Option<(&str, &str)>, answers: Vec<Result<(u16, &str), TransportError>>) -> Self {
        let versions = versions.map(|(min, max)| VersionRange { min: min.parse().unwrap(), max: max.parse().unwrap() });
        let answer = |(status, body): (u16, &str)| Answer { status, versions, body: body.into() };
        let answers = answers.into_iter().map(|body| body.map(answer)).collect();
        Self { answers: Mutex::new(answers), requests: Default::default() }
    }

    pub fn requests(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap())
    }
}

impl Transport for &Script {
    fn endpoint(&self) -> &str {
        "http://script"
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        self.requests.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().unwrap()
    }
}

/// Runs a future to its end, with paused time.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}
