//! The player's guest identity: fetched at the first request, kept, renewed before it ends, by one request at a time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use game_session_protocol::requests::RefreshToken;
use game_session_protocol::{AccessToken, GuestIdentity};
use tokio::sync::Mutex;
use tokio::time::Instant;

/// How long before its end an access token is renewed.
const MARGIN: Duration = Duration::from_mins(5);

/// For how long a new access token is believed at least and at most, whatever this machine's clock says.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The identity, if there is one. The lock is held while one is fetched, so that all wait for the same.
#[derive(Default)]
pub(super) struct Identity(Mutex<Known>);

#[derive(Default)]
struct Known {
    access: Option<Access>,
    /// Makes the next identity that of the same player.
    secret: Option<RefreshToken>,
}

struct Access {
    token: AccessToken,
    until: Instant,
}

impl Identity {
    /// The access token, fetched if need be. `fetch` is given the secret of the player that this is, if it is known.
    pub(super) async fn token<E>(
        &self,
        fetch: impl AsyncFnOnce(Option<RefreshToken>) -> Result<GuestIdentity, E>,
    ) -> Result<AccessToken, E> {
        let mut known = self.0.lock().await;
        if let Some(access) = known.access.as_ref().filter(|access| Instant::now() < access.until) {
            return Ok(access.token.clone());
        }
        let guest = fetch(known.secret.clone()).await?;
        let token = guest.access_token;
        *known = Known {
            access: Some(Access {
                token: token.clone(),
                until: Instant::now() + good_for(guest.expires_at),
            }),
            secret: guest.refresh_token,
        };
        Ok(token)
    }

    /// Forgets an access token that the backend refused, unless another one took its place already.
    pub(super) async fn forget(&self, refused: &AccessToken) {
        let mut known = self.0.lock().await;
        if known.access.as_ref().is_some_and(|access| access.token == *refused) {
            known.access = None;
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
