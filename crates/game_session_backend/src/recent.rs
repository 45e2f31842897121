//! When things were first seen, and what was seen then.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::locks::locked;

/// What was seen first of each key. Bounded: when there are too many keys, old ones are forgotten.
pub(crate) struct Recent<K, V> {
    entries: Mutex<HashMap<K, (Instant, V)>>,
    keep: Duration,
    most: usize,
}

impl<K: Eq + Hash + Clone, V: Clone> Recent<K, V> {
    /// Each key is kept for `keep` at least; no more than `most` are known at once.
    pub(crate) fn new(keep: Duration, most: usize) -> Self {
        Self {
            entries: Mutex::default(),
            keep,
            most,
        }
    }

    /// When this key was first seen: now, if it was not.
    pub(crate) fn first_seen(&self, key: &K, value: &V) -> Instant {
        let now = Instant::now();
        let mut entries = locked(&self.entries);
        if let Some((at, _)) = entries.get(key) {
            return *at;
        }
        if entries.len() >= self.most {
            entries.retain(|_, (at, _)| now - *at < self.keep);
        }
        if entries.len() < self.most {
            entries.insert(key.clone(), (now, value.clone()));
        }
        now
    }

    /// When and as what it was first seen, if that was less than `age` ago.
    pub(crate) fn within(&self, age: Duration, key: &K) -> Option<(Instant, V)> {
        let found = locked(&self.entries).get(key).cloned();
        found.filter(|(at, _)| at.elapsed() < age)
    }

    /// As if it had never been seen.
    pub(crate) fn forget(&self, key: &K) {
        locked(&self.entries).remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn the_first_sight_counts_until_it_is_forgotten_and_old_keys_make_room() {
        let recent = Recent::new(MINUTE, 2);
        let first = recent.first_seen(&1, &'a');
        tokio::time::advance(MINUTE / 2).await;
        assert_eq!(recent.first_seen(&1, &'b'), first);
        assert_eq!(recent.within(MINUTE, &1), Some((first, 'a')));
        assert_eq!(recent.within(MINUTE / 2, &1), None);
        recent.first_seen(&2, &'c');
        recent.first_seen(&3, &'d');
        assert_eq!(recent.within(MINUTE, &3), None, "both others are too young to go");
        tokio::time::advance(MINUTE / 2).await;
        recent.first_seen(&3, &'d');
        assert!(recent.within(MINUTE, &3).is_some() && recent.within(MINUTE * 9, &1).is_none());
        recent.forget(&3);
        assert_eq!(recent.within(MINUTE, &3), None);
    }
}
