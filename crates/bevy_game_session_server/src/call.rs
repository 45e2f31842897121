//! One question to the orchestrator, asked again while that may help.

use std::sync::Mutex;
use std::task::{Context, Poll};
use std::time::Duration;

use game_session_protocol::{BoxedFuture, HostError};

type Answer = Result<(), HostError>;

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// One question to the orchestrator. It is asked when first polled, and again after a pause when the answer says that
/// this may help, until `give_up_at`. Who polls it sees to the deadline of an answer that never comes.
pub(crate) struct Call {
    ask: Box<dyn Fn() -> BoxedFuture<Answer> + Send + Sync>,
    /// In a lock only to be `Sync`; it is never locked.
    asked: Option<Mutex<BoxedFuture<Answer>>>,
    again_at: Duration,
    pause: Duration,
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
            give_up_at,
            attempts: 0,
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
            self.attempts += 1;
            self.asked = Some(Mutex::new((self.ask)()));
        }
        let Some(asked) = &mut self.asked else {
            return Poll::Pending;
        };
        let future = match asked.get_mut() {
            Ok(future) => future,
            Err(poisoned) => poisoned.into_inner(),
        };
        let answer = std::task::ready!(future.as_mut().poll(cx));
        self.asked = None;
        match answer {
            Err(error) if error.is_retryable() && now + self.pause < self.give_up_at => {
                self.again_at = now + self.pause;
                self.pause = (self.pause * 2).min(LONGEST_PAUSE);
                Poll::Pending
            }
            answer => Poll::Ready(answer),
        }
    }
}
