//! Whether the game's loop turns: what GameLift hears when it asks for the health of the process.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A loop that did not turn for so long is frozen, unless said otherwise.
const PATIENCE: Duration = Duration::from_secs(30);

/// Fed by the game's loop, asked from the connection's thread. Neither waits for the other, so that a loop that hangs
/// is told as unhealthy in time.
#[derive(Debug)]
pub(super) struct Watchdog {
    begun: Instant,
    fed_at_ms: AtomicU64,
    patience_ms: AtomicU64,
}

impl Watchdog {
    pub(super) fn new() -> Self {
        Self {
            begun: Instant::now(),
            fed_at_ms: AtomicU64::new(0),
            patience_ms: AtomicU64::new(millis(PATIENCE)),
        }
    }

    pub(super) fn set_patience(&self, patience: Duration) {
        self.patience_ms.store(millis(patience), Ordering::Relaxed);
    }

    /// The loop turned.
    pub(super) fn feed(&self) {
        self.feed_at(self.begun.elapsed());
    }

    /// Whether the loop turned of late.
    pub(super) fn is_content(&self) -> bool {
        let now = self.begun.elapsed();
        let is_content = self.is_content_at(now);
        if !is_content {
            let still_for = millis(now).saturating_sub(self.fed_at_ms.load(Ordering::Relaxed));
            tracing::error!(
                still_for_ms = still_for,
                "the game's loop stands still: told as unhealthy"
            );
        }
        is_content
    }

    fn feed_at(&self, now: Duration) {
        self.fed_at_ms.store(millis(now), Ordering::Relaxed);
    }

    fn is_content_at(&self, now: Duration) -> bool {
        let hungry_for = millis(now).saturating_sub(self.fed_at_ms.load(Ordering::Relaxed));
        hungry_for < self.patience_ms.load(Ordering::Relaxed)
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_loop_that_blocks_is_unhealthy_after_30_s_and_healthy_again_when_it_turns() {
        let watchdog = Watchdog::new();
        watchdog.feed_at(secs(100));
        assert!(watchdog.is_content_at(secs(129)));
        assert!(!watchdog.is_content_at(secs(130)));
        assert!(!watchdog.is_content_at(secs(10_000)));
        watchdog.feed_at(secs(10_000));
        assert!(watchdog.is_content_at(secs(10_001)));
    }

    #[test]
    fn a_game_that_loads_for_long_may_ask_for_more_patience() {
        let watchdog = Watchdog::new();
        watchdog.set_patience(secs(120));
        assert!(watchdog.is_content_at(secs(119)) && !watchdog.is_content_at(secs(120)));
    }
}
