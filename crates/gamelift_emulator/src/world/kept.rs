//! A map that remembers which of its records were touched, so that only these are written to the store.

use std::{
    borrow::Borrow,
    collections::{BTreeMap, BTreeSet},
    ops::Deref,
};

/// A map that remembers which of its records were touched, once it is told to.
pub(super) struct Kept<K, V> {
    map: BTreeMap<K, V>,
    touched: Option<BTreeSet<K>>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self {
            map: BTreeMap::new(),
            touched: None,
        }
    }
}

impl<K, V> Deref for Kept<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.map
    }
}

impl<'a, K, V> IntoIterator for &'a Kept<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = std::collections::btree_map::Iter<'a, K, V>;

    fn into_iter(self) -> Self::IntoIter {
        self.map.iter()
    }
}

impl<K: Ord + Clone, V> Kept<K, V> {
    /// From now on touched records are remembered; all there are count as touched.
    pub(super) fn watch(&mut self) {
        self.touched = Some(self.map.keys().cloned().collect());
    }

    /// The same, when the store has all there are.
    pub(super) fn watch_further(&mut self) {
        self.touched = Some(BTreeSet::new());
    }

    /// The keys that were touched since the last time.
    pub(super) fn take_touched(&mut self) -> BTreeSet<K> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn touch(&mut self, key: &K) {
        if let Some(touched) = &mut self.touched {
            touched.insert(key.clone());
        }
    }

    pub(super) fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.touch(&key);
        self.map.insert(key, value)
    }

    pub(super) fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        if let Some(touched) = &mut self.touched
            && let Some((key, _)) = self.map.get_key_value(key)
        {
            touched.insert(key.clone());
        }
        self.map.get_mut(key)
    }

    /// For changes of which no row tells.
    pub(super) fn get_unkept<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        self.map.get_mut(key)
    }

    pub(super) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Ord + ?Sized,
    {
        let (key, value) = self.map.remove_entry(key)?;
        self.touch(&key);
        Some(value)
    }

    /// Removes the first record.
    pub(super) fn pop_first(&mut self) -> Option<(K, V)> {
        let (key, value) = self.map.pop_first()?;
        self.touch(&key);
        Some((key, value))
    }

    /// Every record counts as touched.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        if let Some(touched) = &mut self.touched {
            touched.extend(self.map.keys().cloned());
        }
        self.map.values_mut()
    }

    pub(super) fn retain(&mut self, mut keep: impl FnMut(&K, &mut V) -> bool) {
        let touched = &mut self.touched;
        self.map.retain(|key, value| {
            let kept = keep(key, value);
            if let (false, Some(touched)) = (kept, touched.as_mut()) {
                touched.insert(key.clone());
            }
            kept
        });
    }

    pub(super) fn clear(&mut self) {
        if let Some(touched) = &mut self.touched {
            touched.extend(self.map.keys().cloned());
        }
        self.map.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_changed_is_touched_and_what_was_read_is_not() {
        let mut map = Kept::default();
        for key in 0..6 {
            map.insert(key, "old");
        }
        assert!(map.take_touched().is_empty(), "nobody watches yet");
        map.watch();
        assert_eq!(
            map.take_touched().len(),
            6,
            "what was there before is to be written too"
        );
        assert_eq!((map.get(&0), map.len()), (Some(&"old"), 6));
        assert!(map.take_touched().is_empty());
        map.insert(7, "new");
        map.remove(&1);
        map.remove(&100);
        map.get_mut(&100);
        if let Some(value) = map.get_mut(&2) {
            *value = "changed";
        }
        map.retain(|key, _| *key != 3);
        map.pop_first();
        assert_eq!(map.take_touched(), BTreeSet::from([0, 1, 2, 3, 7]));
        map.clear();
        assert_eq!(map.take_touched().len(), 4);
    }
}
