//! An issuer's public keys: fetched when they are needed, kept, and never fetched on a stranger's demand.
//!
//! - Keys are good for an hour, then one of those who ask fetches them anew while all others go on with the old ones.
//! - When the issuer is down the old ones stay good, for a day after they were fetched.
//! - A key id that nobody knows (a new key, or a stranger's invention) leads to a fetch, but there is one fetch at a time
//!   and none within 30 s of the last one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey};
use serde::Deserialize;

use crate::clock::Clock;
use crate::fetch::{Fetcher, is_safe_url};
use crate::locks::locked;

use super::issuer::TrustedIssuer;
use super::token::TokenHeader;

/// Where the discovery document is, behind the issuer's URL (OIDC Discovery 1.0, section 4).
const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Keys are fetched anew after so long.
const FRESH: Duration = Duration::from_hours(1);
/// Keys that cannot be fetched anew stay good for so long.
const LONGEST: Duration = Duration::from_hours(24);
/// The shortest time between two fetches.
const PAUSE: Duration = Duration::from_secs(30);
/// The shortest time between two fetches while there are no keys at all.
pub(super) const PAUSE_WITHOUT_KEYS: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 128 * 1024;
const MOST_KEYS: usize = 64;

/// The keys of one issuer.
pub(super) struct KeySource {
    issuer: String,
    jwks_url: Option<String>,
    fetcher: Fetcher,
    cache: Mutex<Cache>,
    /// Held by who fetches.
    fetching: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Cache {
    keys: Option<Arc<Keys>>,
    tried_ms: Option<u64>,
}

struct Keys {
    list: Vec<Key>,
    fetched_ms: u64,
}

struct Key {
    id: String,
    /// The only algorithm it is for, if the issuer says so.
    algorithm: Option<Algorithm>,
    public: DecodingKey,
}

/// Why there is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoKey {
    /// The issuer has none of this id, or it is for another algorithm.
    Unknown,
    /// The issuer could not be asked.
    Unavailable,
}

impl KeySource {
    pub(super) fn new(issuer: &TrustedIssuer) -> Self {
        Self {
            issuer: issuer.url().to_owned(),
            jwks_url: issuer.jwks().map(str::to_owned),
            fetcher: Fetcher::default(),
            cache: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    /// The key with which a token says that it is signed.
    pub(super) async fn find(&self, clock: &Clock, header: &TokenHeader) -> Result<DecodingKey, NoKey> {
        if let Some((keys, key)) = self.known(clock, header) {
            let Ok(_turn) = self.fetching.try_lock() else {
                return Ok(key);
            };
            if keys.age(clock) < FRESH || !self.may_fetch(clock) {
                return Ok(key);
            }
            self.fetch(clock).await;
            // It is gone when the issuer took it back.
            return self.known(clock, header).map(|(_, key)| key).ok_or(NoKey::Unknown);
        }
        let _turn = self.fetching.lock().await;
        // Somebody else may have fetched it in the meantime.
        if self.known(clock, header).is_none() && self.may_fetch(clock) {
            self.fetch(clock).await;
        }
        match self.known(clock, header) {
            Some((_, key)) => Ok(key),
            None if self.usable(clock).is_some() => Err(NoKey::Unknown),
            None => Err(NoKey::Unavailable),
        }
    }

    /// The keys that are not too old.
    fn usable(&self, clock: &Clock) -> Option<Arc<Keys>> {
        let keys = locked(&self.cache).keys.clone();
        keys.filter(|keys| keys.age(clock) < LONGEST)
    }

    fn known(&self, clock: &Clock, header: &TokenHeader) -> Option<(Arc<Keys>, DecodingKey)> {
        let keys = self.usable(clock)?;
        let key = keys.list.iter().find(|key| key.fits(header))?.public.clone();
        Some((keys, key))
    }

    fn may_fetch(&self, clock: &Clock) -> bool {
        let pause = match self.usable(clock) {
            Some(_) => PAUSE,
            None => PAUSE_WITHOUT_KEYS,
        };
        let now = clock.now_ms();
        match locked(&self.cache).tried_ms {
            // Before the last one: the clock was put back.
            Some(tried) => now < tried || Duration::from_millis(now - tried) >= pause,
            None => true,
        }
    }

    async fn fetch(&self, clock: &Clock) {
        locked(&self.cache).tried_ms = Some(clock.now_ms());
        match self.ask().await {
            Ok(list) => {
                tracing::debug!(
                    issuer = self.issuer,
                    count = list.len(),
                    "the keys of the issuer were fetched"
                );
                let keys = Keys {
                    list,
                    fetched_ms: clock.now_ms(),
                };
                locked(&self.cache).keys = Some(Arc::new(keys));
            }
            Err(reason) => tracing::warn!(issuer = self.issuer, reason, "the keys of the issuer cannot be fetched"),
        }
    }

    async fn ask(&self) -> Result<Vec<Key>, String> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let bytes = self.fetcher.get(&url, MOST_BYTES).await;
        let bytes = bytes.map_err(|error| format!("its key set: {error}"))?;
        let set: KeySet = serde_json::from_slice(&bytes).map_err(|_| "its key set cannot be read".to_owned())?;
        let list: Vec<_> = set.keys.into_iter().filter_map(Key::read).take(MOST_KEYS).collect();
        if list.is_empty() {
            return Err("its key set holds no key that can be used".to_owned());
        }
        Ok(list)
    }

    async fn discover(&self) -> Result<String, String> {
        let url = format!("{}{DISCOVERY}", self.issuer.trim_end_matches('/'));
        let bytes = self.fetcher.get(&url, MOST_BYTES).await;
        let bytes = bytes.map_err(|error| format!("its discovery document: {error}"))?;
        let document: Discovery =
            serde_json::from_slice(&bytes).map_err(|_| "its discovery document cannot be read".to_owned())?;
        if document.issuer != self.issuer {
            return Err("its discovery document is that of another issuer".to_owned());
        }
        // Who is asked over a network does not send the backend to this machine.
        let stays = self.issuer.starts_with("http://") || document.jwks_uri.starts_with("https://");
        if is_safe_url(&document.jwks_uri) && stays {
            Ok(document.jwks_uri)
        } else {
            Err("its discovery document names keys at an address that is not https".to_owned())
        }
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct KeySet {
    /// Each is read by itself: one of an unknown kind does not spoil the others.
    keys: Vec<serde_json::Value>,
}

impl Keys {
    fn age(&self, clock: &Clock) -> Duration {
        Duration::from_millis(clock.now_ms().saturating_sub(self.fetched_ms))
    }
}

impl Key {
    fn read(value: serde_json::Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(value).ok()?;
        let signs = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
        let public = matches!(
            jwk.algorithm,
            AlgorithmParameters::RSA(_) | AlgorithmParameters::EllipticCurve(_) | AlgorithmParameters::OctetKeyPair(_)
        );
        if !signs || !public {
            return None;
        }
        let algorithm = match jwk.common.key_algorithm {
            Some(named) => Some(Algorithm::try_from(named).ok()?),
            None => None,
        };
        Some(Self {
            public: DecodingKey::from_jwk(&jwk).ok()?,
            id: jwk.common.key_id?,
            algorithm,
        })
    }

    fn fits(&self, header: &TokenHeader) -> bool {
        let family = self.public.family();
        self.id == header.key_id
            && family == header.algorithm.family()
            && family != AlgorithmFamily::Hmac
            && self.algorithm.is_none_or(|only| only == header.algorithm)
    }
}
