//! This machine as a compute of an Anywhere fleet: what server processes are given to connect to GameLift.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use game_session_protocol::BoxedFuture;

use super::aws::{Cloud, CloudErrorKind, Token};
use super::setup::{Site, compute_thing};
use super::state::Keeper;
use crate::orchestrator::Orchestrator;

/// GameLift gives out the same token until so long before its end; then a new one.
const RENEWED_BEFORE: Duration = Duration::from_mins(15);

/// A token that still has so long is good for a process that starts now, whatever the service does.
const SHORTEST: Duration = Duration::from_secs(20);

/// A registered compute, asked by the supervisor.
pub(crate) struct AnywhereCompute(Arc<Inner>);

struct Inner {
    cloud: Cloud,
    site: Site,
    keeper: Arc<Mutex<Keeper>>,
    token: tokio::sync::Mutex<Option<Held>>,
    lives: Mutex<Lives>,
}

/// A token and when it was given.
struct Held {
    token: Token,
    since: SystemTime,
}

#[derive(Default)]
struct Lives {
    /// When each process that has not ended was given its environment.
    started: HashMap<String, SystemTime>,
    /// Game sessions that a process was found to have hosted.
    claimed: HashSet<String>,
}

impl AnywhereCompute {
    pub(crate) fn new(cloud: Cloud, site: Site, keeper: Arc<Mutex<Keeper>>) -> Self {
        Self(Arc::new(Inner {
            cloud,
            site,
            keeper,
            token: tokio::sync::Mutex::default(),
            lives: Mutex::default(),
        }))
    }
}

impl Held {
    /// Whether a process that starts now may have it: not in the last 15 minutes, nor in the last half of a short life.
    fn is_good(&self, now: SystemTime) -> bool {
        let life = self.token.expires.duration_since(self.since).unwrap_or_default();
        let left = self.token.expires.duration_since(now).unwrap_or_default();
        left > RENEWED_BEFORE.min(life / 2).max(SHORTEST.min(life / 2))
    }
}

impl Inner {
    async fn secret(&self) -> Result<String, String> {
        let mut held = self.token.lock().await;
        let now = SystemTime::now();
        if let Some(held) = held.as_ref().filter(|held| held.is_good(now)) {
            return Ok(held.token.secret.clone());
        }
        let compute = &self.site.compute;
        let token = match self.cloud.auth_token(&compute.fleet_id, &compute.name).await {
            Err(error) if error.kind == CloudErrorKind::NotFound => {
                self.register_again().await?;
                self.cloud.auth_token(&compute.fleet_id, &compute.name).await
            }
            outcome => outcome,
        };
        let token = token.map_err(|error| error.to_string())?;
        let secret = token.secret.clone();
        *held = Some(Held { token, since: now });
        Ok(secret)
    }

    /// Somebody deregistered this machine behind our back.
    async fn register_again(&self) -> Result<(), String> {
        let compute = &self.site.compute;
        tracing::warn!(
            "compute {} is not registered any more: registering it again",
            compute.name
        );
        locked(&self.keeper)
            .note(compute_thing(compute))
            .map_err(|error| error.to_string())?;
        match self.cloud.register_compute(compute).await {
            Err(error) if error.kind != CloudErrorKind::Conflict => Err(error.to_string()),
            Ok(_) | Err(_) => Ok(()),
        }
    }

    /// GameLift does not say on which process a game session was. It is counted instead: one that began after the
    /// process, is over, and was not counted for another one.
    async fn hosted_since(&self, started: SystemTime) -> bool {
        let compute = &self.site.compute;
        let Ok(sessions) = self.cloud.game_sessions(&compute.fleet_id, &compute.location).await else {
            return false;
        };
        let mut lives = locked(&self.lives);
        let here = |name: &Option<String>| name.as_ref().is_none_or(|name| *name == compute.name);
        let over = sessions
            .into_iter()
            .filter(|session| session.over && here(&session.compute));
        let mut over = over.filter(|session| session.created >= started);
        let new = over.find(|session| !lives.claimed.contains(&session.arn));
        new.is_some_and(|session| lives.claimed.insert(session.arn))
    }
}

impl Orchestrator for AnywhereCompute {
    fn environment(&self, process_id: &str) -> BoxedFuture<Result<Vec<(String, String)>, String>> {
        let (inner, process_id) = (Arc::clone(&self.0), process_id.to_owned());
        Box::pin(async move {
            let secret = inner.secret().await?;
            locked(&inner.lives)
                .started
                .insert(process_id.clone(), SystemTime::now());
            let compute = &inner.site.compute;
            let variables = [
                ("GAMELIFT_SDK_WEBSOCKET_URL", inner.site.endpoint.clone()),
                ("GAMELIFT_SDK_PROCESS_ID", process_id),
                ("GAMELIFT_SDK_HOST_ID", compute.name.clone()),
                ("GAMELIFT_SDK_FLEET_ID", compute.fleet_id.clone()),
                ("GAMELIFT_SDK_AUTH_TOKEN", secret),
            ];
            Ok(variables.map(|(name, value)| (name.to_owned(), value)).to_vec())
        })
    }

    fn has_hosted(&self, process_id: &str) -> BoxedFuture<bool> {
        let (inner, process_id) = (Arc::clone(&self.0), process_id.to_owned());
        Box::pin(async move {
            let started = locked(&inner.lives).started.remove(&process_id);
            let hosted = match started {
                Some(started) => inner.hosted_since(started).await,
                None => false,
            };
            if !hosted {
                // perhaps it was refused: the next one gets a token that was just given out
                *inner.token.lock().await = None;
            }
            hosted
        })
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(life: Duration) -> (Held, SystemTime) {
        let since = SystemTime::UNIX_EPOCH + Duration::from_hours(1000);
        let token = Token {
            secret: "hush".to_owned(),
            expires: since + life,
        };
        (Held { token, since }, since)
    }

    #[test]
    fn a_token_of_three_hours_is_renewed_a_quarter_of_an_hour_before_its_end() {
        let (held, since) = held(Duration::from_hours(3));
        let minutes = |count: u64| since + Duration::from_mins(count);
        assert!(held.is_good(since) && held.is_good(minutes(164)));
        assert!(!held.is_good(minutes(165)) && !held.is_good(minutes(179)) && !held.is_good(minutes(500)));
    }

    #[test]
    fn a_token_of_a_short_life_is_renewed_at_half_of_it() {
        let (held, since) = held(Duration::from_secs(8));
        assert!(held.is_good(since + Duration::from_secs(3)));
        assert!(!held.is_good(since + Duration::from_secs(4)));
    }
}
