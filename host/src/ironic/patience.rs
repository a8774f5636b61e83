//! Deadlines, and pauses between attempts.

use std::time::Duration;

use tokio::time::Instant;

use super::error::Error;
use super::step::Step;

/// How long a job may take, and with it how long that is tried again which fails for a reason that may pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// None: the job ends when Ironic ends it, and each thing is tried again for [`TRYING`].
    deadline: Option<Instant>,
}

/// What Nova grants a request to Ironic: nova.conf `[ironic] api_max_retries` times `api_retry_interval`.
const TRYING: Duration = Duration::from_secs(120);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Patience {
    /// From now on.
    pub fn new(timeout: Option<Duration>) -> Self {
        Self { deadline: timeout.and_then(|timeout| Instant::now().checked_add(timeout)) }
    }

    /// What is left of it; none where it has no end.
    pub fn left(self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// A series of attempts at one thing.
    pub fn attempts(self) -> Attempts {
        Attempts { pauses: Pauses::new(), until: self.deadline.unwrap_or_else(|| Instant::now() + TRYING) }
    }

    /// Asks for something that changes nothing, again and again if need be.
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

/// Attempts at one thing, with pauses that grow.
pub(super) struct Attempts {
    pauses: Pauses,
    until: Instant,
}

impl Attempts {
    /// Pauses before the next attempt; there is none when the time is over.
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

/// Pauses between questions: short at first, since much is done in a moment.
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
