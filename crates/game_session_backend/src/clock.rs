//! The clock of the wall, in the only file that reads it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::Instant;

/// Where the time of tokens and tickets comes from. Waits are not measured with it.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    System,
    Fixed(Arc<AtomicU64>),
    Tokio {
        start: Instant,
        start_ms: u64,
    },
}

impl Clock {
    /// The clock of this machine.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that stands at so many milliseconds since the Unix epoch until it is moved: for tests.
    pub fn fixed(ms: u64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicU64::new(ms))))
    }

    /// A clock that shows so many milliseconds since the Unix epoch now, and goes with tokio's time: for tests in which
    /// that is paused.
    pub fn with_tokio(ms: u64) -> Self {
        Self(Source::Tokio {
            start: Instant::now(),
            start_ms: ms,
        })
    }

    /// Moves a [`fixed`](Self::fixed) clock on, with all its clones; other clocks stay as they are.
    pub fn advance(&self, by: Duration) {
        if let Source::Fixed(ms) = &self.0 {
            ms.fetch_add(by.as_millis().try_into().unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }

    /// Milliseconds since the Unix epoch; zero before it.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_millis().try_into().unwrap_or(u64::MAX)),
            Source::Fixed(ms) => ms.load(Ordering::Relaxed),
            Source::Tokio { start, start_ms } => {
                start_ms.saturating_add(start.elapsed().as_millis().try_into().unwrap_or(u64::MAX))
            }
        }
    }

    /// Seconds since the Unix epoch.
    pub fn now_seconds(&self) -> u64 {
        self.now_ms() / 1000
    }
}
