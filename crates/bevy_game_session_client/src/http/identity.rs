//! The player's guest identity: fetched at the first request, kept, renewed before it ends, by one request at a time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use game_session_protocol::{AccessToken, GuestIdentity};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long before its end an identity is renewed.
const MARGIN: Duration = Duration::from_mins(5);

/// For how long a new identity is believed at least and at most, whatever this machine's clock says.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The identity, if there is one. The lock is held while one is fetched, so that all wait for the same.
#[derive(Default)]
pub(super) struct Identity(Mutex<Option<Held>>);

struct Held {
    token: AccessToken,
    until: Instant,
}

impl Identity {
    /// The token, fetched if need be.
    pub(super) async fn token<E>(
        &self,
        fetch: impl Future<Output = Result<GuestIdentity, E>>,
    ) -> Result<AccessToken, E> {
        let mut held = self.0.lock().await;
        if let Some(held) = held.as_ref().filter(|held| Instant::now() < held.until) {
            return Ok(held.token.clone());
        }
        let guest = fetch.await?;
        let token = guest.access_token;
        *held = Some(Held {
            token: token.clone(),
            until: Instant::now() + good_for(guest.expires_at),
        });
        Ok(token)
    }

    /// Forgets a token that the backend refused, unless another one took its place already.
    pub(super) async fn forget(&self, refused: &AccessToken) {
        let mut held = self.0.lock().await;
        if held.as_ref().is_some_and(|held| held.token == *refused) {
            *held = None;
        }
    }
}

fn good_for(expires_at: u64) -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let life = Duration::from_secs(expires_at)
        .saturating_sub(now)
        .saturating_sub(MARGIN);
    life.clamp(SHORTEST, LONGEST)
}
