//! One lock per key, with something remembered under it for a while.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;
use tokio::time::Instant;

/// Locks by key. Keys that nobody holds are forgotten when there are many and they are old.
pub(crate) struct KeyedLocks<K, V> {
    entries: Mutex<HashMap<K, Entry<V>>>,
    keep: Duration,
    most: usize,
}

struct Entry<V> {
    value: Arc<tokio::sync::Mutex<V>>,
    touched: Instant,
}

impl<K: Eq + Hash, V: Default> KeyedLocks<K, V> {
    /// What is remembered is kept for `keep` at least; at most `most` keys are known at once.
    pub(crate) fn new(keep: Duration, most: usize) -> Self {
        Self {
            entries: Mutex::default(),
            keep,
            most,
        }
    }

    /// Waits for the lock of a key; `None` when too many keys are in use.
    pub(crate) async fn lock(&self, key: K) -> Option<OwnedMutexGuard<V>> {
        let value = self.entry(key)?;
        Some(value.lock_owned().await)
    }

    fn entry(&self, key: K) -> Option<Arc<tokio::sync::Mutex<V>>> {
        let now = Instant::now();
        let mut entries = locked(&self.entries);
        if entries.len() >= self.most && !entries.contains_key(&key) {
            entries.retain(|_, entry| Arc::strong_count(&entry.value) > 1 || now - entry.touched < self.keep);
            if entries.len() >= self.most {
                return None;
            }
        }
        let entry = entries.entry(key).or_insert_with(|| Entry {
            value: Arc::default(),
            touched: now,
        });
        entry.touched = now;
        Some(Arc::clone(&entry.value))
    }
}

/// Locks a mutex whose value is good also after a panic elsewhere: each change to it is one step.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn old_keys_make_room_and_held_ones_stay() {
        let locks = KeyedLocks::<u8, u8>::new(Duration::from_mins(1), 2);
        let held = locks.lock(1).await;
        drop(locks.lock(2).await);
        assert!(locks.lock(3).await.is_none(), "both are too young to go");
        tokio::time::advance(Duration::from_secs(61)).await;
        assert!(locks.lock(3).await.is_some());
        assert!(locks.lock(4).await.is_none(), "one is held, the other is young");
        drop(held);
    }
}
