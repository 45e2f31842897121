//! Game sessions grouped by a value that they have.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    ops::{Bound, RangeBounds},
};

use roaring::RoaringTreemap;

/// The game sessions that share a value: mostly one alone, sometimes very many.
#[derive(Debug)]
pub(super) enum Group {
    One(u64),
    Many(Box<RoaringTreemap>),
}

impl Group {
    fn insert(&mut self, key: u64) {
        match self {
            Self::One(only) if *only == key => {}
            Self::One(only) => *self = Self::Many(Box::new(RoaringTreemap::from_iter([*only, key]))),
            Self::Many(keys) => drop(keys.insert(key)),
        }
    }

    /// Whether nothing is left.
    fn remove(&mut self, key: u64) -> bool {
        match self {
            Self::One(only) => *only == key,
            Self::Many(keys) => {
                keys.remove(key);
                keys.is_empty()
            }
        }
    }

    fn first(&self) -> Option<u64> {
        match self {
            Self::One(only) => Some(*only),
            Self::Many(keys) => keys.min(),
        }
    }

    fn add_to(&self, keys: &mut RoaringTreemap) {
        match self {
            Self::One(only) => drop(keys.insert(*only)),
            Self::Many(many) => *keys |= &**many,
        }
    }

    fn keys(&self) -> RoaringTreemap {
        match self {
            Self::One(only) => RoaringTreemap::from_iter([*only]),
            Self::Many(keys) => (**keys).clone(),
        }
    }

    /// Those of the group that are wanted.
    pub(super) fn among(&self, wanted: &RoaringTreemap) -> RoaringTreemap {
        match self {
            Self::One(only) if wanted.contains(*only) => RoaringTreemap::from_iter([*only]),
            Self::One(_) => RoaringTreemap::new(),
            Self::Many(keys) => &**keys & wanted,
        }
    }
}

/// All game sessions that have a value, by it.
#[derive(Debug)]
pub(super) struct Groups<V> {
    by_value: BTreeMap<V, Group>,
    all: RoaringTreemap,
}

impl<V: Ord> Default for Groups<V> {
    fn default() -> Self {
        Self {
            by_value: BTreeMap::new(),
            all: RoaringTreemap::new(),
        }
    }
}

impl<V: Ord> Groups<V> {
    pub(super) fn insert<Q: Ord + ToOwned<Owned = V> + ?Sized>(&mut self, value: &Q, key: u64)
    where
        V: Borrow<Q>,
    {
        match self.by_value.get_mut(value) {
            Some(group) => group.insert(key),
            None => drop(self.by_value.insert(value.to_owned(), Group::One(key))),
        }
        self.all.insert(key);
    }

    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, value: &Q, key: u64)
    where
        V: Borrow<Q>,
    {
        if self.by_value.get_mut(value).is_some_and(|group| group.remove(key)) {
            self.by_value.remove(value);
        }
        self.all.remove(key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_value.is_empty()
    }

    /// Those that have the value at all.
    pub(super) const fn all(&self) -> &RoaringTreemap {
        &self.all
    }

    pub(super) fn equal<Q: Ord + ?Sized>(&self, value: &Q) -> RoaringTreemap
    where
        V: Borrow<Q>,
    {
        self.by_value.get(value).map(Group::keys).unwrap_or_default()
    }

    pub(super) fn other_than<Q: Ord + ?Sized>(&self, value: &Q) -> RoaringTreemap
    where
        V: Borrow<Q>,
    {
        match self.by_value.get(value) {
            Some(group) => &self.all - &group.keys(),
            None => self.all.clone(),
        }
    }

    /// Those with a value inside; the outside is the rest. The side of fewer groups is put together. Each key has one
    /// value only.
    pub(super) fn within(
        &self,
        inside: impl RangeBounds<V> + Clone,
        outside: impl RangeBounds<V> + Clone,
    ) -> RoaringTreemap {
        if self.by_value.range(inside.clone()).count() <= self.by_value.range(outside.clone()).count() {
            self.together(inside)
        } else {
            &self.all - &self.together(outside)
        }
    }

    fn together(&self, range: impl RangeBounds<V>) -> RoaringTreemap {
        let mut keys = RoaringTreemap::new();
        for (_, group) in self.by_value.range(range) {
            group.add_to(&mut keys);
        }
        keys
    }

    /// The first key from a value on, where the values grow with the keys.
    pub(super) fn first_from(&self, bound: Bound<V>) -> Option<u64> {
        let mut range = self.by_value.range((bound, Bound::Unbounded));
        range.next().and_then(|(_, group)| group.first())
    }

    /// The groups in the order of their values.
    pub(super) fn in_order(&self) -> impl DoubleEndedIterator<Item = &Group> {
        self.by_value.values()
    }
}
