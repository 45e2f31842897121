//! One call that waits for its answer, and the flag by which the answer makes itself known.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::{BoxedFuture, GameSession, JoinCode, Progress, ProgressStep, Seat, ServiceError};

use crate::components::{Reach, SessionName};
use crate::operation::SessionOperation;
use crate::searching::{Found, SearchWork};

/// What a service answered.
pub(crate) enum Reply {
    /// A seat, and over which orchestrator, where that was not known before.
    Seat(Box<Seat>, Option<Reach>),
    Found(Found),
    JoinCode(JoinCode),
    Description(Box<GameSession>),
    Done,
}

pub(crate) type Answer = BoxedFuture<Result<Reply, ServiceError>>;

/// What is waited for.
pub(crate) enum Work {
    Answer(Answer),
    Search(SearchWork),
}

/// A call that waits for its answer. Dropping it cancels the request.
pub(crate) struct InFlight {
    /// Grows with every call; tells calls of this frame from older ones.
    pub(crate) number: u64,
    /// The session or search; `None` when it is gone and the request only has to reach the orchestrator.
    pub(crate) entity: Option<Entity>,
    pub(crate) name: SessionName,
    pub(crate) operation: SessionOperation,
    /// `None` until the request is made, and while a transport travels. The mutex is never locked: it only makes
    /// the future shareable.
    pub(crate) work: Option<Mutex<Work>>,
    /// How long it may take.
    pub(crate) limit: Duration,
    /// When it ends as timed out; set at the first look.
    pub(crate) deadline: Option<Duration>,
    /// Whether it must be looked at: it is new, or something woke.
    pub(crate) due: bool,
    pub(crate) steps: Arc<Steps>,
}

impl InFlight {
    /// The answer, if it is there.
    pub(crate) fn poll(&mut self, waker: &Waker) -> Option<Result<Reply, ServiceError>> {
        if !std::mem::take(&mut self.due) {
            return None;
        }
        let work = self.work.as_mut()?.get_mut().unwrap_or_else(PoisonError::into_inner);
        let cx = &mut Context::from_waker(waker);
        let polled = match work {
            Work::Answer(answer) => answer.as_mut().poll(cx),
            Work::Search(search) => search.poll(cx).map(|found| Ok(Reply::Found(found))),
        };
        match polled {
            Poll::Ready(answer) => Some(answer),
            Poll::Pending => None,
        }
    }

    /// What there is when the time is up: of a search, what some have found.
    pub(crate) fn expire(&mut self) -> Result<Reply, ServiceError> {
        let after = self.limit;
        let work = self.work.as_mut();
        match work.map(|work| work.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            Some(Work::Search(search)) => Ok(Reply::Found(search.take(after))),
            _ => Err(ServiceError::TimedOut { after }),
        }
    }

    /// Whether its time is up.
    pub(crate) fn is_late(&mut self, now: Duration) -> bool {
        let limit = self.limit;
        now >= *self.deadline.get_or_insert_with(|| now.saturating_add(limit))
    }
}

/// Raised by whatever has news, so that a frame without news polls nothing.
#[derive(Default)]
pub(crate) struct WakeFlag(AtomicBool);

impl WakeFlag {
    /// Whether it was raised since the last look.
    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::AcqRel)
    }
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}

/// The steps that a service has reported and that were not told yet: one bit each, so it cannot grow.
#[derive(Default)]
pub(crate) struct Steps(AtomicU8);

const STEPS: [ProgressStep; 6] = [
    ProgressStep::Creating,
    ProgressStep::Placing,
    ProgressStep::Activating,
    ProgressStep::Ticket,
    ProgressStep::Connecting,
    ProgressStep::InSession,
];

impl Steps {
    /// Where the service reports them.
    pub(crate) fn progress(self: &Arc<Self>) -> Progress {
        let steps = self.clone();
        Progress::new(move |step| {
            if let Some(bit) = STEPS.iter().position(|known| *known == step) {
                steps.0.fetch_or(1 << bit, Ordering::AcqRel);
            }
        })
    }

    /// The earliest step that was not told yet.
    pub(crate) fn take(&self) -> Option<ProgressStep> {
        let bits = self.0.load(Ordering::Acquire);
        if bits == 0 {
            return None;
        }
        let bit = bits.trailing_zeros();
        self.0.fetch_and(!(1 << bit), Ordering::AcqRel);
        STEPS.get(bit as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_out_in_their_order_and_once() {
        let steps = Arc::new(Steps::default());
        let progress = steps.progress();
        progress.report(ProgressStep::Ticket);
        progress.report(ProgressStep::Placing);
        progress.report(ProgressStep::Placing);
        assert_eq!(steps.take(), Some(ProgressStep::Placing));
        assert_eq!(steps.take(), Some(ProgressStep::Ticket));
        assert_eq!(steps.take(), None);
    }
}
