//! The one clock: the system's time at the start, and steady time since. It never jumps.

use std::time::SystemTime;

use tokio::time::Instant;

use crate::model::timestamp::Timestamp;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    started: Instant,
    epoch: Timestamp,
}

impl Clock {
    /// A clock that does not begin before a moment.
    pub(crate) fn start(not_before: Timestamp) -> Self {
        Self {
            started: Instant::now(),
            epoch: not_before.max(SystemTime::now().into()),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.epoch + self.started.elapsed()
    }

    /// The steady time at which this clock will show the given moment, or a little later: never earlier.
    pub(crate) fn instant_of(&self, moment: Timestamp) -> Instant {
        self.started + moment.since(self.epoch) + std::time::Duration::from_millis(1)
    }
}
