//! What wakes a parked server: the orchestrator's answers and events, and whoever else has news.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::task::{Wake, Waker};
use std::time::Duration;

use bevy_ecs::resource::Resource;

/// Wakes the server's loop when it is parked. Cheap to clone; may be called from any thread.
#[derive(Resource, Clone, Debug, Default)]
pub struct ServerWaker(Arc<Flags>);

#[derive(Debug, Default)]
struct Flags {
    /// The orchestrator should be polled.
    poll: AtomicBool,
    /// The loop should turn.
    turn: Mutex<bool>,
    turned: Condvar,
}

impl Wake for Flags {
    fn wake(self: Arc<Self>) {
        self.poll.store(true, Ordering::Release);
        self.turn();
    }
}

impl Flags {
    fn turn(&self) {
        *self.turn.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.turned.notify_all();
    }
}

impl ServerWaker {
    /// Lets the loop turn at once.
    pub fn wake(&self) {
        self.0.turn();
    }

    /// A waker for the orchestrator's futures: the loop turns, and they are polled.
    pub(crate) fn for_polling(&self) -> Waker {
        Waker::from(self.0.clone())
    }

    /// Whether the orchestrator has news since [`Self::take_news`].
    pub(crate) fn has_news(&self) -> bool {
        self.0.poll.load(Ordering::Acquire)
    }

    pub(crate) fn take_news(&self) -> bool {
        self.0.poll.swap(false, Ordering::AcqRel)
    }

    /// Parks until woken or until the time is over.
    pub(crate) fn park(&self, time: Duration) {
        let turn = self.0.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.turned.wait_timeout_while(turn, time, |turn| !*turn);
        let (mut turn, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *turn = false;
    }
}
