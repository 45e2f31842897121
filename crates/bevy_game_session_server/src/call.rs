//! One question to the orchestrator, asked again while that may help.

use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use game_session_protocol::{BoxedFuture, HostError};

type Answer = Result<(), HostError>;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Between questions that are asked for as long as it takes.
const LONGEST_PATIENT_PAUSE: Duration = Duration::from_secs(10);

/// One question to the orchestrator. It is asked when first polled, and again after a pause when the answer says that
/// this may help, until `give_up_at`. Who polls it sees to the deadline of an answer that never comes.
pub(crate) struct Call {
    ask: Box<dyn Fn() -> BoxedFuture<Answer> + Send + Sync>,
    /// In a lock only to be `Sync`; it is never locked.
    asked: Option<Mutex<BoxedFuture<Answer>>>,
    again_at: Duration,
    pause: Duration,
    longest_pause: Duration,
    /// How long one question waits for its answer before it is asked again.
    patience: Duration,
    late_at: Duration,
    give_up_at: Duration,
    attempts: u32,
}

impl Call {
    pub(crate) fn new(give_up_at: Duration, ask: impl Fn() -> BoxedFuture<Answer> + Send + Sync + 'static) -> Self {
        Self {
            ask: Box::new(ask),
            asked: None,
            again_at: Duration::ZERO,
            pause: FIRST_PAUSE,
            longest_pause: LONGEST_PAUSE,
            patience: Duration::MAX,
            late_at: Duration::MAX,
            give_up_at,
            attempts: 0,
        }
    }

    /// Asked until there is an answer that asking again does not change. An answer that does not come within `patience`
    /// counts as one that may be had by asking again.
    pub(crate) fn until_answered(
        patience: Duration,
        ask: impl Fn() -> BoxedFuture<Answer> + Send + Sync + 'static,
    ) -> Self {
        Self {
            longest_pause: LONGEST_PATIENT_PAUSE,
            patience,
            ..Self::new(Duration::MAX, ask)
        }
    }

    /// Whether an answer is late.
    pub(crate) fn is_overdue(&self, now: Duration) -> bool {
        now >= self.give_up_at
    }

    /// Whether it was asked more than once, so that an earlier question may have had its effect.
    pub(crate) fn was_repeated(&self) -> bool {
        self.attempts > 1
    }

    /// Whether the orchestrator was asked at all.
    pub(crate) fn was_asked(&self) -> bool {
        self.attempts > 0
    }

    /// Asks again only until then.
    pub(crate) fn repeat_until(&mut self, give_up_at: Duration) {
        self.give_up_at = give_up_at;
    }

    pub(crate) fn stop_repeating(&mut self) {
        self.repeat_until(Duration::ZERO);
    }

    pub(crate) fn poll(&mut self, now: Duration, cx: &mut Context<'_>) -> Poll<Answer> {
        if self.asked.is_none() {
            if now < self.again_at {
                return Poll::Pending;
            }
            self.attempts = self.attempts.saturating_add(1);
            self.late_at = now.saturating_add(self.patience);
            self.asked = Some(Mutex::new((self.ask)()));
        }
        let Some(asked) = &mut self.asked else {
            return Poll::Pending;
        };
        let future = match asked.get_mut() {
            Ok(future) => future,
            Err(poisoned) => poisoned.into_inner(),
        };
        let answer = match future.as_mut().poll(cx) {
            Poll::Ready(answer) => answer,
            Poll::Pending if now >= self.late_at => Err(HostError::Unavailable {
                action: "answer",
                message: "it took too long".into(),
            }),
            Poll::Pending => return Poll::Pending,
        };
        self.asked = None;
        match answer {
            Err(error) if error.is_retryable() && now.saturating_add(self.pause) < self.give_up_at => {
                self.again_at = now + self.pause;
                self.pause = (self.pause * 2).min(self.longest_pause);
                Poll::Pending
            }
            answer => Poll::Ready(answer),
        }
    }
}
