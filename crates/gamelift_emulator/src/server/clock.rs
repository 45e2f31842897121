//! The one clock: the system's time at the start, and steady time since. It never goes back; it jumps ahead when the
//! machine slept, which steady time does not count.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant as SteadyInstant, SystemTime},
};

use tokio::time::Instant;

use crate::model::timestamp::Timestamp;

/// The system's time may be adjusted by so much without a jump.
const CLEARLY: Duration = Duration::from_secs(5);

#[derive(Debug)]
pub(crate) struct Clock {
    started: Instant,
    epoch: Timestamp,
    /// What the system showed at the start.
    system: SystemTime,
    steady: SteadyInstant,
    /// Milliseconds.
    slept: AtomicU64,
}

impl Clock {
    /// A clock that does not begin before a moment.
    pub(crate) fn start(not_before: Timestamp) -> Self {
        let system = SystemTime::now();
        Self {
            started: Instant::now(),
            epoch: not_before.max(system.into()),
            system,
            steady: SteadyInstant::now(),
            slept: AtomicU64::new(0),
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.notice_sleep(SystemTime::now(), SteadyInstant::now());
        self.epoch + self.started.elapsed() + self.slept()
    }

    /// How much time the machine slept through so far.
    pub(crate) fn slept(&self) -> Duration {
        Duration::from_millis(self.slept.load(Ordering::Relaxed))
    }

    /// Between the system's times now and at the start there is more time than was counted: the machine slept.
    fn notice_sleep(&self, system: SystemTime, steady: SteadyInstant) {
        let shown = system.duration_since(self.system).unwrap_or_default();
        let ahead = shown.saturating_sub(steady.saturating_duration_since(self.steady));
        if ahead > self.slept() + CLEARLY {
            let ahead = u64::try_from(ahead.as_millis()).unwrap_or(u64::MAX);
            self.slept.fetch_max(ahead, Ordering::Relaxed);
        }
    }

    /// The steady time at which this clock will show the given moment, or a little later: never earlier.
    pub(crate) fn instant_of(&self, moment: Timestamp) -> Instant {
        let since = moment.since(self.epoch).saturating_sub(self.slept());
        self.started + since + Duration::from_millis(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_clock_jumps_ahead_when_the_machine_slept_and_never_back() {
        let hour = Duration::from_hours(1);
        let clock = Clock::start(Timestamp::default());
        let start = clock.now();
        let (system, steady) = (clock.system, clock.steady);
        clock.notice_sleep(system + hour, steady + hour);
        clock.notice_sleep(system + hour + CLEARLY, steady + hour);
        assert_eq!(clock.slept(), Duration::ZERO, "an hour awake, and an adjustment");
        clock.notice_sleep(system + 3 * hour, steady + hour);
        assert_eq!(clock.slept(), 2 * hour);
        clock.notice_sleep(system, steady + 2 * hour);
        assert_eq!(clock.slept(), 2 * hour, "the system's time was set back");
        let now = clock.now();
        assert_eq!(now.since(start), 2 * hour);
        assert_eq!(clock.instant_of(now), Instant::now() + Duration::from_millis(1));
    }
}
