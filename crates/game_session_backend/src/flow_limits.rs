//! How many requests one player or address may make: buckets that refill.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Rate;
use crate::locks::locked;

const MOST_BUCKETS: usize = 65_536;

/// One bucket per key.
pub(crate) struct Buckets<K> {
    rate: Rate,
    buckets: Mutex<HashMap<K, Bucket>>,
}

#[derive(Clone, Copy)]
struct Bucket {
    left: f64,
    at: Instant,
}

impl<K: Eq + Hash> Buckets<K> {
    pub(crate) fn new(rate: Rate) -> Self {
        Self {
            rate,
            buckets: Mutex::default(),
        }
    }

    /// Takes one out.
    ///
    /// # Errors
    /// How long until there is one.
    pub(crate) fn take(&self, key: K) -> Result<(), Duration> {
        let now = Instant::now();
        let (burst, refill) = (
            f64::from(self.rate.burst.max(1)),
            f64::from(self.rate.per_second.max(1)),
        );
        let filled = |bucket: &Bucket| (bucket.left + (now - bucket.at).as_secs_f64() * refill).min(burst);
        let mut buckets = locked(&self.buckets);
        if buckets.len() >= MOST_BUCKETS && !buckets.contains_key(&key) {
            buckets.retain(|_, bucket| filled(bucket) < burst);
            if buckets.len() >= MOST_BUCKETS {
                return Err(Duration::from_secs(1));
            }
        }
        let bucket = buckets.entry(key).or_insert(Bucket { left: burst, at: now });
        *bucket = Bucket {
            left: filled(bucket),
            at: now,
        };
        if bucket.left < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - bucket.left) / refill));
        }
        bucket.left -= 1.0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_bucket_runs_dry_and_refills_and_is_nobody_elses() {
        let buckets = Buckets::new(Rate {
            burst: 2,
            per_second: 1,
        });
        assert_eq!((buckets.take("ann"), buckets.take("ann")), (Ok(()), Ok(())));
        assert_eq!(buckets.take("ann"), Err(Duration::from_secs(1)));
        assert_eq!(buckets.take("bob"), Ok(()));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(buckets.take("ann"), Ok(()));
        assert!(buckets.take("ann").is_err());
    }
}
