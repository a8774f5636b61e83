//! Deadlines, and pauses between attempts.

use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;
use super::step::Step;

/// A job's time limit, and with it the time limit for retrying temporary failures.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// The end of the job. If `None`, the job lasts until Ironic is done, and each operation is retried for [`RETRY_TIME`].
    deadline: Option<Instant>,
}

/// As long as Nova retries a request to Ironic: nova.conf `[ironic] api_max_retries` times `api_retry_interval`.
const RETRY_TIME: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Patience {
    /// Starts the clock.
    pub fn new(timeout: Option<Duration>) -> Self {
        Self { deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    /// Returns the time that is left, or `None` if there is no limit.
    pub fn left(self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Starts a series of attempts at one operation.
    pub fn attempts(self) -> Attempts {
        Attempts { pauses: Pauses::new(), until: self.deadline.unwrap_or_else(|| Instant::now() + RETRY_TIME) }
    }

    /// Performs an operation that is safe to repeat, and retries it after temporary failures.
    pub async fn ask<R, F: Future<Output = Result<R, Error>>>(
        self,
        observe: &mut impl FnMut(Step<'_>),
        mut ask: impl FnMut() -> F,
    ) -> Result<R, Error> {
        let mut attempts = self.attempts();
        loop {
            match ask().await {
                Err(error) if error.may_pass() && attempts.again(&error, observe).await => {}
                outcome => return outcome,
            }
        }
    }
}

/// A series of attempts at one operation, with growing pauses.
pub(super) struct Attempts {
    pauses: Pauses,
    until: Instant,
}

impl Attempts {
    /// Pauses before the next attempt. Returns false if there is no time for one.
    pub async fn again(&mut self, error: &Error, observe: &mut impl FnMut(Step<'_>)) -> bool {
        let pause = self.pauses.next();
        if Instant::now() + pause >= self.until {
            return false;
        }
        observe(Step::TryingAgain(error));
        tokio::time::sleep(pause).await;
        true
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
