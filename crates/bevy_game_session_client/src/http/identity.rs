//! The player's guest identity: fetched at the first request, kept, renewed before it ends, by one request at a time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use game_session_protocol::requests::RefreshToken;
use game_session_protocol::{AccessToken, BoxedFuture, GuestIdentity};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until};

/// How long before its end an access token is renewed.
const MARGIN: Duration = Duration::from_mins(5);

/// How long before a call would have to renew it, it is renewed in the background.
const AHEAD: Duration = Duration::from_secs(20);

/// For how long a new access token is believed at least and at most, whatever this machine's clock says.
const SHORTEST: Duration = Duration::from_mins(1);
const LONGEST: Duration = Duration::from_hours(24);

/// The identity, if there is one. The lock is held while one is fetched, so that all wait for the same.
pub(super) struct Identity {
    known: Mutex<Known>,
    /// What time it is on this machine.
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    /// Rung whenever an identity was fetched.
    fetched: Notify,
    /// Where the player's secret is kept over restarts.
    #[cfg(feature = "resume")]
    kept: Option<super::kept::KeptGuest>,
}

impl Default for Identity {
    fn default() -> Self {
        Self {
            known: Mutex::default(),
            clock: Box::new(SystemTime::now),
            fetched: Notify::new(),
            #[cfg(feature = "resume")]
            kept: None,
        }
    }
}

#[derive(Default)]
struct Known {
    access: Option<Access>,
    /// Makes the next identity that of the same player.
    secret: Option<RefreshToken>,
}

struct Access {
    token: AccessToken,
    until: Instant,
    /// Whether it was needed since it was fetched.
    used: bool,
}

impl Identity {
    /// Of the player that was kept, if one was.
    #[cfg(feature = "resume")]
    pub(super) fn kept(kept: super::kept::KeptGuest) -> Self {
        let (access, secret) = (None, kept.read());
        Self {
            known: Mutex::new(Known { access, secret }),
            kept: Some(kept),
            ..Self::default()
        }
    }

    /// The access token, fetched if need be. `fetch` is given the secret of the player that this is, if it is known.
    pub(super) async fn token<E>(
        &self,
        fetch: impl AsyncFnOnce(Option<RefreshToken>) -> Result<GuestIdentity, E>,
    ) -> Result<AccessToken, E> {
        let mut known = self.known.lock().await;
        if let Some(access) = known.access.as_mut().filter(|access| Instant::now() < access.until) {
            access.used = true;
            return Ok(access.token.clone());
        }
        let guest = fetch(known.secret.clone()).await?;
        Ok(self.put(&mut known, guest))
    }

    /// Renews the access token before it ends, for as long as it is needed: no call has to wait for it then.
    pub(super) async fn keep_fresh<E>(&self, fetch: impl Fn(RefreshToken) -> BoxedFuture<Result<GuestIdentity, E>>) {
        loop {
            self.fetched.notified().await;
            let until = self.known.lock().await.access.as_ref().map(|access| access.until);
            let Some(until) = until else { continue };
            sleep_until(until.checked_sub(AHEAD).unwrap_or(until)).await;
            let mut known = self.known.lock().await;
            let needed = known.access.as_ref().is_some_and(|access| access.used);
            if let Some(secret) = known.secret.clone().filter(|_| needed) {
                // A failure is told by the next call that needs the token.
                if let Ok(guest) = fetch(secret).await {
                    self.put(&mut known, guest);
                }
            }
        }
    }

    fn put(&self, known: &mut Known, guest: GuestIdentity) -> AccessToken {
        #[cfg(feature = "resume")]
        if let Some(kept) = &self.kept {
            kept.write(&guest);
        }
        let token = guest.access_token;
        *known = Known {
            access: Some(Access {
                token: token.clone(),
                until: Instant::now() + good_for(guest.expires_at, (self.clock)()),
                used: false,
            }),
            secret: guest.refresh_token,
        };
        self.fetched.notify_one();
        token
    }

    /// Forgets an access token that the backend refused, unless another one took its place already.
    pub(super) async fn forget(&self, refused: &AccessToken) {
        let mut known = self.known.lock().await;
        if known.access.as_ref().is_some_and(|access| access.token == *refused) {
            known.access = None;
        }
    }
}

fn good_for(expires_at: u64, now: SystemTime) -> Duration {
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let life = Duration::from_secs(expires_at)
        .saturating_sub(now)
        .saturating_sub(MARGIN);
    life.clamp(SHORTEST, LONGEST)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

    use super::*;

    fn guest(number: u32) -> GuestIdentity {
        let in_ten_minutes = SystemTime::now() + Duration::from_mins(10);
        GuestIdentity {
            player_id: "anna".parse().unwrap(),
            access_token: AccessToken::new(format!("access-{number}")),
            expires_at: in_ten_minutes.duration_since(UNIX_EPOCH).unwrap().as_secs(),
            refresh_token: Some(RefreshToken::new(format!("secret-{number}"))),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_is_needed_is_renewed_in_the_background_before_it_ends_and_another_is_not() {
        let (identity, fetched) = (Identity::default(), Arc::new(AtomicU32::new(0)));
        let counted = fetched.clone();
        let fetch = move || guest(counted.fetch_add(1, Ordering::SeqCst));
        let ask = async |_| Ok::<_, ()>(fetch());
        let play = async {
            identity.token(ask).await.unwrap();
            identity.token(ask).await.unwrap();
            tokio::time::sleep(Duration::from_secs(299)).await;
            assert_eq!(fetched.load(Ordering::SeqCst), 2, "it was renewed and nobody waited");
            assert_eq!(identity.token(ask).await.unwrap().expose(), "access-1");
            tokio::time::sleep(Duration::from_hours(3)).await;
            assert_eq!(
                fetched.load(Ordering::SeqCst),
                3,
                "what nobody needs is not renewed for ever"
            );
        };
        let renewed = |_| -> BoxedFuture<Result<_, ()>> { Box::pin(std::future::ready(Ok(fetch()))) };
        tokio::select! {
            () = play => {}
            () = identity.keep_fresh(renewed) => unreachable!(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_skewed_clock_that_steps_costs_no_request_per_call_and_believes_no_token_for_ever() {
        const DAY: u64 = 24 * 60 * 60;
        let (ahead, fetched) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU32::new(0)));
        let steps = ahead.clone();
        let two_days_ago = SystemTime::now() - Duration::from_secs(2 * DAY);
        let identity = Identity {
            clock: Box::new(move || two_days_ago + Duration::from_secs(steps.load(Ordering::SeqCst))),
            ..Identity::default()
        };
        let ask = async |_| Ok::<_, ()>(guest(fetched.fetch_add(1, Ordering::SeqCst)));
        let seconds = |count| tokio::time::sleep(Duration::from_secs(count));
        ahead.store(2 * DAY + 300, Ordering::SeqCst); // five minutes ahead: every token seems to be over
        for _ in 0..10 {
            identity.token(ask).await.unwrap();
        }
        seconds(59).await;
        assert_eq!(identity.token(ask).await.unwrap().expose(), "access-0");
        ahead.store(2 * DAY - 300, Ordering::SeqCst); // and five minutes behind
        seconds(2).await;
        assert_eq!(identity.token(ask).await.unwrap().expose(), "access-1");
        seconds(599).await;
        let late = identity.token(ask).await.unwrap();
        assert_eq!(
            late.expose(),
            "access-1",
            "over by the backend's clock, which refuses it"
        );
        identity.forget(&late).await;
        assert_eq!(identity.token(ask).await.unwrap().expose(), "access-2");
        ahead.store(0, Ordering::SeqCst);
        identity.forget(&identity.token(ask).await.unwrap()).await;
        identity.token(ask).await.unwrap();
        seconds(DAY + 1).await;
        assert_eq!(identity.token(ask).await.unwrap().expose(), "access-4");
    }
}
