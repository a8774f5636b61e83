//! Deadlines, and pauses between attempts.

use std::time::Duration;

use tokio::time::{Instant, sleep, timeout_at};

use super::error::Error;
use super::operation::Operation;
use super::step::Step;

/// A job's time limit, which also limits how long temporary failures are retried.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The end of the job. If `None`, the job lasts until Ironic is done, and each operation is retried for [`RETRY_TIME`].
    deadline: Option<Instant>,
}

/// As long as Nova retries a request to Ironic: nova.conf `[ironic] api_max_retries` times `api_retry_interval`.
pub(super) const RETRY_TIME: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Patience {
    /// Starts the clock. The earlier of the two limits counts.
    pub fn new(timeout: Option<Duration>, deadline: Option<Instant>) -> Self {
        let after = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        Self { deadline: [after, deadline].into_iter().flatten().min() }
    }

    /// Returns the time that is left, or `None` if there is no limit.
    pub fn left(self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Returns a time limit that ends earlier: by `reserve`, or by one `share`-th of the time that is left if that is less.
    pub fn less(self, reserve: Duration, share: u32) -> Self {
        let earlier = |left: Duration| Instant::now().checked_add(left - reserve.min(left / share.max(1)));
        Self { deadline: self.left().and_then(earlier) }
    }

    /// Starts a series of attempts at one operation.
    pub fn attempts(self) -> Attempts {
        let until = self.deadline.unwrap_or_else(|| Instant::now() + RETRY_TIME);
        Attempts { pauses: Pauses::new(), until, is_deadline: self.deadline.is_some() }
    }

    /// Performs an operation that is safe to repeat, and retries it after temporary failures.
    pub async fn ask<R, F: Future<Output = Result<R, Error>>>(
        self,
        operation: Operation,
        observe: &mut impl FnMut(Step<'_>),
        mut ask: impl FnMut() -> F,
    ) -> Result<R, Error> {
        let mut attempts = self.attempts();
        let mut last = None;
        loop {
            let Some(outcome) = self.limit(ask()).await else { return Err(Error::OutOfTime { operation, last }) };
            match outcome {
                Err(error) if error.may_pass() => {
                    if !attempts.again(&error, observe).await {
                        return Err(attempts.give_up(operation, error));
                    }
                    last = Some(error.into());
                }
                outcome => return outcome,
            }
        }
    }

    /// Performs an operation once. When the time is up, its future is dropped, which must be harmless.
    pub async fn within<R>(
        self,
        operation: Operation,
        future: impl Future<Output = Result<R, Error>>,
    ) -> Result<R, Error> {
        self.limit(future).await.unwrap_or(Err(Error::OutOfTime { operation, last: None }))
    }

    /// Waits for a future until the time is up.
    pub async fn limit<R>(self, future: impl Future<Output = R>) -> Option<R> {
        match self.deadline {
            Some(deadline) => timeout_at(deadline, future).await.ok(),
            None => Some(future.await),
        }
    }
}

/// A series of attempts at one operation, with growing pauses.
pub(super) struct Attempts {
    pauses: Pauses,
    until: Instant,
    is_deadline: bool,
}

impl Attempts {
    /// Pauses before the next attempt. Returns false if there is no time for one.
    pub async fn again(&mut self, error: &Error, observe: &mut impl FnMut(Step<'_>)) -> bool {
        if Instant::now() + self.pauses.0 >= self.until {
            return false;
        }
        observe(Step::TryingAgain(error));
        self.pause().await
    }

    /// Pauses without a message. Returns false if there is no time for it.
    pub async fn pause(&mut self) -> bool {
        let pause = self.pauses.next();
        if Instant::now() + pause >= self.until {
            return false;
        }
        sleep(pause).await;
        true
    }

    /// Returns the error for an operation that failed until there was no time for another attempt.
    pub fn give_up(&self, operation: Operation, error: Error) -> Error {
        match (self.is_deadline, error) {
            (true, error @ Error::OutOfTime { .. }) | (false, error) => error,
            (true, error) => Error::OutOfTime { operation, last: Some(error.into()) },
        }
    }
}

/// Growing pauses. The first ones are short, since many operations take only a moment.
pub(super) struct Pauses(Duration);

impl Pauses {
    pub fn new() -> Self {
        Self(FIRST_PAUSE)
    }

    pub fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = (pause * 2).min(LONGEST_PAUSE);
        pause
    }
}
