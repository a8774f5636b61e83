//! What the unit tests of this module share.

use std::collections::VecDeque;
use std::sync::Mutex;

use crate::transport::{Answer, Request, Transport, TransportError, VersionRange};

/// Answers given in advance, for what a real Ironic does not do on demand; the tests of `deploy` have a real one.
pub struct Script {
    answers: Mutex<VecDeque<Result<Answer, TransportError>>>,
    asked: Mutex<Vec<Request>>,
}

impl Script {
    /// The first answer is to the question for versions, and names none if `versions` is `None`.
    pub fn new(versions: Option<(&str, &str)>, answers: Vec<Result<&str, TransportError>>) -> Self {
        let answers = answers.into_iter().map(|body| body.map(|body| (200, body))).collect();
        Self::with_statuses(versions, answers)
    }

    pub fn with_statuses(versions: Option<(&str, &str)>, answers: Vec<Result<(u16, &str), TransportError>>) -> Self {
        let versions = versions.map(|(min, max)| VersionRange { min: min.parse().unwrap(), max: max.parse().unwrap() });
        let answer = |(status, body): (u16, &str)| Answer { status, versions, body: body.into() };
        let answers = std::iter::once(Ok((200, "{}"))).chain(answers).map(|body| body.map(answer)).collect();
        Self { answers: Mutex::new(answers), asked: Default::default() }
    }

    pub fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

impl Transport for &Script {
    fn endpoint(&self) -> &str {
        "http://script"
    }

    async fn send(&self, request: Request) -> Result<Answer, TransportError> {
        self.asked.lock().unwrap().push(request);
        self.answers.lock().unwrap().pop_front().unwrap()
    }
}

/// Runs a future of a unit test.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}
