//! What is fetched from SNS: the certificates that it signs under, and the pages that confirm a subscription.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::signature::PublicKey;
use crate::config::Rate;
use crate::fetch::Fetcher;
use crate::flow_limits::Buckets;
use crate::locks::locked;

const LONGEST_ANSWER: usize = 64 * 1024;
const MOST_CERTIFICATES: usize = 8;
/// A certificate is fetched again after so long.
const GOOD_FOR: Duration = Duration::from_hours(24);
/// Forged messages cannot have more fetched than this.
const FETCHES: Rate = Rate {
    burst: 10,
    per_second: 1,
};

/// The certificates of SNS, by their addresses.
pub(super) struct Certificates {
    http: Fetcher,
    keys: Mutex<HashMap<String, (Instant, PublicKey)>>,
    fetches: Buckets<()>,
}

/// Why something could not be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum FetchError {
    #[error("too much is being fetched")]
    TooMuch,
    #[error("it cannot be fetched")]
    Unreachable,
    #[error("it is no certificate that is good now")]
    NotGood,
}

impl Certificates {
    pub(super) fn new() -> Self {
        Self {
            http: Fetcher::default(),
            keys: Mutex::default(),
            fetches: Buckets::new(FETCHES),
        }
    }

    /// The key of the certificate at an address that was checked before.
    pub(super) async fn key(&self, url: &str, now: u64) -> Result<PublicKey, FetchError> {
        let known = locked(&self.keys).get(url).cloned();
        if let Some((_, key)) = known.filter(|(at, _)| at.elapsed() < GOOD_FOR) {
            return Ok(key);
        }
        let pem = self.fetch(url).await?;
        let key = PublicKey::of_certificate(&pem, now).ok_or(FetchError::NotGood)?;
        let mut keys = locked(&self.keys);
        if keys.len() >= MOST_CERTIFICATES {
            keys.clear();
        }
        keys.insert(url.to_owned(), (Instant::now(), key.clone()));
        Ok(key)
    }

    /// Fetches an address that was checked before.
    pub(super) async fn fetch(&self, url: &str) -> Result<Vec<u8>, FetchError> {
        self.fetches.take(()).map_err(|_| FetchError::TooMuch)?;
        self.http.get(url, LONGEST_ANSWER).await.map_err(|error| {
            tracing::warn!(%error, "an address of SNS cannot be fetched");
            FetchError::Unreachable
        })
    }
}
