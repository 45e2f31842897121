//! One page of what was found, in the wanted order. Equals keep the order of creation.

use roaring::RoaringTreemap;

use super::{
    facts::{Fact, Operand},
    groups::Group,
    index::Index,
    sort::Sort,
};

/// As many as this are sorted; of more, the index is walked in the wanted order until the page is full.
const SORTABLE: u64 = if cfg!(test) { 16 } else { 1_000 };

/// What is passed over, and what is still wanted.
struct Page {
    skip: u64,
    wanted: usize,
    keys: Vec<u64>,
}

impl Page {
    fn is_full(&self) -> bool {
        self.keys.len() >= self.wanted
    }

    fn take(&mut self, keys: &RoaringTreemap) {
        let count = keys.len();
        if self.skip >= count {
            self.skip -= count;
            return;
        }
        let skip = usize::try_from(std::mem::take(&mut self.skip)).unwrap_or(usize::MAX);
        let room = self.wanted - self.keys.len();
        self.keys.extend(keys.iter().skip(skip).take(room));
    }
}

impl Index {
    /// The found ones from a place on, as many as wanted if there are so many.
    pub(super) fn ranked(&self, found: &RoaringTreemap, sort: Option<&Sort>, skip: u64, wanted: usize) -> Vec<u64> {
        let mut page = Page {
            skip,
            wanted,
            keys: Vec::with_capacity(wanted),
        };
        match sort {
            None => page.take(found),
            Some(sort) if sort.operand == Operand::CreationTime => self.by_age(found, sort, &mut page),
            Some(sort) if found.len() <= SORTABLE => self.sort(found, sort, &mut page),
            Some(sort) => self.walk(found, sort, &mut page),
        }
        page.keys
    }

    /// Keys grow with the time of creation.
    fn by_age(&self, found: &RoaringTreemap, sort: &Sort, page: &mut Page) {
        if !sort.down {
            return page.take(found);
        }
        let created = |key: &u64| self.entries.get(key).map(|entry| entry.facts().created_millis);
        let mut newest = found.iter().rev().peekable();
        while let Some(key) = newest.next().filter(|_| !page.is_full()) {
            let mut equals = RoaringTreemap::from_iter([key]);
            while let Some(older) = newest.next_if(|older| created(older) == created(&key)) {
                equals.insert(older);
            }
            page.take(&equals);
        }
    }

    fn sort(&self, found: &RoaringTreemap, sort: &Sort, page: &mut Page) {
        let of = |key: u64| {
            let entry = self.entries.get(&key)?;
            Some((entry.facts().get(&sort.operand), key))
        };
        let mut places: Vec<_> = found.iter().filter_map(of).collect();
        let before = |one: &(Option<Fact<'_>>, u64), other: &(Option<Fact<'_>>, u64)| {
            sort.compare(one.0, other.0).then(one.1.cmp(&other.1))
        };
        let skip = usize::try_from(page.skip).unwrap_or(usize::MAX);
        let end = skip.saturating_add(page.wanted);
        if end < places.len() {
            places.select_nth_unstable_by(end, before);
            places.truncate(end);
        }
        places.sort_unstable_by(before);
        page.keys.extend(places.into_iter().skip(skip).map(|(_, key)| key));
    }

    fn walk(&self, found: &RoaringTreemap, sort: &Sort, page: &mut Page) {
        match (&sort.operand, sort.down) {
            (Operand::Id, down) => groups(self.ids.in_order(), down, found, page),
            (Operand::Name, down) => groups(self.names.in_order(), down, found, page),
            (Operand::Property(key), down) => {
                if let Some(values) = self.properties.get(key) {
                    groups(values.in_order(), down, found, page);
                }
            }
            (Operand::Maximum, down) => groups(self.maximums.in_order(), down, found, page),
            (Operand::Players, down) => groups(self.players.in_order(), down, found, page),
            (Operand::CreationTime, _) => self.by_age(found, sort, page),
            (Operand::HasRoom, down) => {
                let (full, free) = (found - self.with_room(), found & self.with_room());
                let order = if down { [free, full] } else { [full, free] };
                for keys in &order {
                    page.take(keys);
                }
            }
        }
        if !page.is_full() {
            match self.having(&sort.operand) {
                Some(having) => page.take(&(found - having)),
                None => page.take(found),
            }
        }
    }
}

fn groups<'a>(groups: impl DoubleEndedIterator<Item = &'a Group>, down: bool, found: &RoaringTreemap, page: &mut Page) {
    let mut visit = |group: &Group| {
        page.take(&group.among(found));
        page.is_full()
    };
    if down {
        groups.rev().any(&mut visit);
    } else {
        let mut groups = groups;
        groups.any(&mut visit);
    }
}
