//! Where a client measures how far away a location is: GameLift's UDP ping beacons.
//!
//! They hardly ever change, so they are asked for once in a long while, by one caller who browses; an answer that cannot
//! be had leaves them out.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::gamelift::{GameLift, PingBeacons};
use crate::locks::locked;

/// Beacons are asked for again so much later.
const GOOD_FOR: Duration = Duration::from_hours(6);
/// The same after a failure.
const PAUSE: Duration = Duration::from_mins(1);
/// Nobody who browses waits longer for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// What is known of the beacons.
#[derive(Default)]
pub(crate) struct Beacons {
    known: Mutex<PingBeacons>,
    /// When to ask again; held while one caller asks.
    next: tokio::sync::Mutex<Option<Instant>>,
}

impl Beacons {
    /// The beacon of a location, as far as it is known without a call.
    pub(crate) fn of(&self, location: Option<&str>) -> Option<String> {
        locked(&self.known).get(location?).cloned()
    }

    /// Asks GameLift if it is time to. Others do not wait for the one who asks.
    pub(crate) async fn refresh(&self, gamelift: &dyn GameLift) {
        let Ok(mut next) = self.next.try_lock() else { return };
        if next.is_some_and(|next| Instant::now() < next) {
            return;
        }
        let pause = match timeout(PATIENCE, gamelift.ping_beacons()).await {
            Ok(Ok(beacons)) => {
                *locked(&self.known) = beacons;
                GOOD_FOR
            }
            Ok(Err(error)) => {
                tracing::info!(kind = ?error.kind, "the ping beacons are not known");
                PAUSE
            }
            Err(_) => {
                tracing::info!("the ping beacons did not come in time");
                PAUSE
            }
        };
        *next = Some(Instant::now() + pause);
    }
}
