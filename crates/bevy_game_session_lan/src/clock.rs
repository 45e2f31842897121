//! The clock: the one file that reads it.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Time since the start, and the time of day as it was then. A system clock that is set later changes nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    start: Instant,
    unix_at_start: Duration,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self {
            start: Instant::now(),
            unix_at_start: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }

    /// Since the start.
    pub(crate) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// Milliseconds since the Unix epoch.
    pub(crate) fn unix_ms(&self) -> u64 {
        u64::try_from((self.unix_at_start + self.now()).as_millis()).unwrap_or(u64::MAX)
    }
}
