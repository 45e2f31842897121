//! What a search looks at: the active game sessions of one fleet, by everything that can be asked about them.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Bound::{self, Excluded, Included, Unbounded},
};

use roaring::RoaringTreemap;

use super::{
    expression::{Filter, Literal},
    facts::{Facts, Operand},
    groups::Groups,
    lexer::Comparator,
};
use crate::model::game_sessions::GameProperty;

/// The game sessions of one fleet that a search can find. Keys grow with the time of creation.
#[derive(Debug, Default)]
pub(super) struct Index {
    pub(super) entries: HashMap<u64, Entry>,
    all: RoaringTreemap,
    with_room: RoaringTreemap,
    pub(super) ids: Groups<String>,
    pub(super) names: Groups<String>,
    pub(super) properties: BTreeMap<String, Groups<String>>,
    pub(super) maximums: Groups<i64>,
    pub(super) players: Groups<i64>,
    pub(super) created: Groups<i64>,
    locations: Groups<String>,
}

/// What the index knows of one game session.
#[derive(Debug)]
pub(super) struct Entry {
    id: String,
    location: String,
    name: Option<String>,
    properties: Vec<GameProperty>,
    maximum: u32,
    players: u32,
    created_millis: u64,
}

impl Entry {
    pub(super) fn new(facts: &Facts<'_>) -> Self {
        Self {
            id: facts.id.to_owned(),
            location: facts.location.to_owned(),
            name: facts.name.map(str::to_owned),
            properties: facts.properties.to_vec(),
            maximum: facts.maximum,
            players: facts.players,
            created_millis: facts.created_millis,
        }
    }

    pub(super) fn facts(&self) -> Facts<'_> {
        Facts {
            id: &self.id,
            location: &self.location,
            name: self.name.as_deref(),
            properties: &self.properties,
            maximum: self.maximum,
            created_millis: self.created_millis,
            players: self.players,
        }
    }
}

impl Index {
    /// Takes note of what is so now, of a game session that is new here or known.
    pub(super) fn set(&mut self, key: u64, facts: &Facts<'_>) {
        let Some(mut entry) = self.entries.remove(&key) else {
            self.add(key, facts);
            return;
        };
        if entry.name.as_deref() != facts.name {
            self.rename(key, entry.name.as_deref(), facts.name);
            entry.name = facts.name.map(str::to_owned);
        }
        if entry.properties != facts.properties {
            self.remove_properties(key, &entry.properties);
            self.add_properties(key, facts.properties);
            entry.properties = facts.properties.to_vec();
        }
        if entry.maximum != facts.maximum {
            self.maximums.remove(&entry.maximum.into(), key);
            self.maximums.insert(&facts.maximum.into(), key);
            entry.maximum = facts.maximum;
        }
        if entry.players != facts.players {
            self.players.remove(&entry.players.into(), key);
            self.players.insert(&facts.players.into(), key);
            entry.players = facts.players;
        }
        self.note_room(key, facts);
        self.entries.insert(key, entry);
    }

    /// Forgets a game session.
    pub(super) fn remove(&mut self, key: u64) {
        let Some(entry) = self.entries.remove(&key) else {
            return;
        };
        self.all.remove(key);
        self.with_room.remove(key);
        self.ids.remove(&entry.id, key);
        self.locations.remove(&entry.location, key);
        self.rename(key, entry.name.as_deref(), None);
        self.remove_properties(key, &entry.properties);
        self.maximums.remove(&entry.maximum.into(), key);
        self.players.remove(&entry.players.into(), key);
        self.created.remove(&millis(entry.created_millis), key);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The game sessions that a filter lets through, in one location or in all.
    pub(super) fn matching(&self, filter: Option<&Filter>, location: Option<&str>) -> RoaringTreemap {
        let mut keys = filter.map_or_else(|| self.all.clone(), |filter| self.keys_of(filter));
        if let Some(location) = location {
            keys &= self.locations.equal(location);
        }
        keys
    }

    fn keys_of(&self, filter: &Filter) -> RoaringTreemap {
        match filter {
            Filter::Or(filters) => {
                let mut keys = RoaringTreemap::new();
                for filter in filters {
                    keys |= self.keys_of(filter);
                }
                keys
            }
            Filter::And(filters) => {
                let mut filters = filters.iter();
                let mut keys = filters.next().map(|filter| self.keys_of(filter)).unwrap_or_default();
                for filter in filters {
                    keys &= self.keys_of(filter);
                }
                keys
            }
            Filter::Not(filter) => &self.all - &self.keys_of(filter),
            Filter::Comparison(operand, comparator, literal) => self.comparing(operand, *comparator, literal),
        }
    }

    /// The parser lets no text or flag be compared with anything but = and <>, and no literal be of another kind.
    fn comparing(&self, operand: &Operand, comparator: Comparator, literal: &Literal) -> RoaringTreemap {
        let texts = match operand {
            Operand::Id => Some(&self.ids),
            Operand::Name => Some(&self.names),
            Operand::Property(key) => self.properties.get(key),
            _ => None,
        };
        let equal = comparator == Comparator::Equal;
        match (operand, literal) {
            (Operand::Maximum, Literal::Number(number)) => numbers(&self.maximums, comparator, *number),
            (Operand::Players, Literal::Number(number)) => numbers(&self.players, comparator, *number),
            (Operand::CreationTime, Literal::Number(number)) => self.created(comparator, *number),
            (Operand::HasRoom, Literal::Flag(flag)) if *flag == equal => self.with_room.clone(),
            (Operand::HasRoom, Literal::Flag(_)) => &self.all - &self.with_room,
            (_, Literal::Text(text)) if equal => texts.map(|texts| texts.equal(text.as_str())).unwrap_or_default(),
            (_, Literal::Text(text)) => texts.map(|texts| texts.other_than(text.as_str())).unwrap_or_default(),
            _ => RoaringTreemap::new(),
        }
    }

    /// Keys grow with the time of creation, so a bound on the time is one on the key.
    fn created(&self, comparator: Comparator, number: i64) -> RoaringTreemap {
        let bound = match comparator {
            Comparator::Equal => return self.created.equal(&number),
            Comparator::NotEqual => return self.created.other_than(&number),
            Comparator::Less | Comparator::AtLeast => Included(number),
            Comparator::Greater | Comparator::AtMost => Excluded(number),
        };
        let mut keys = self.all.clone();
        match (self.created.first_from(bound), comparator) {
            (Some(first), Comparator::Less | Comparator::AtMost) => drop(keys.remove_range(first..)),
            (None, Comparator::Less | Comparator::AtMost) => {}
            (Some(first), _) => drop(keys.remove_range(..first)),
            (None, _) => keys.clear(),
        }
        keys
    }

    fn add(&mut self, key: u64, facts: &Facts<'_>) {
        self.all.insert(key);
        self.ids.insert(facts.id, key);
        self.locations.insert(facts.location, key);
        self.rename(key, None, facts.name);
        self.add_properties(key, facts.properties);
        self.maximums.insert(&facts.maximum.into(), key);
        self.players.insert(&facts.players.into(), key);
        self.created.insert(&millis(facts.created_millis), key);
        self.note_room(key, facts);
        self.entries.insert(key, Entry::new(facts));
    }

    fn note_room(&mut self, key: u64, facts: &Facts<'_>) {
        if facts.players < facts.maximum {
            self.with_room.insert(key);
        } else {
            self.with_room.remove(key);
        }
    }

    fn rename(&mut self, key: u64, old: Option<&str>, new: Option<&str>) {
        if let Some(old) = old {
            self.names.remove(old, key);
        }
        if let Some(new) = new {
            self.names.insert(new, key);
        }
    }

    fn add_properties(&mut self, key: u64, properties: &[GameProperty]) {
        for property in properties {
            let groups = match self.properties.get_mut(&property.key) {
                Some(groups) => groups,
                None => self.properties.entry(property.key.clone()).or_default(),
            };
            groups.insert(property.value.as_str(), key);
        }
    }

    fn remove_properties(&mut self, key: u64, properties: &[GameProperty]) {
        for property in properties {
            if let Some(groups) = self.properties.get_mut(&property.key) {
                groups.remove(property.value.as_str(), key);
                if groups.is_empty() {
                    self.properties.remove(&property.key);
                }
            }
        }
    }

    /// Of the game sessions with these keys: those that have a value of the operand.
    pub(super) fn having(&self, operand: &Operand) -> Option<&RoaringTreemap> {
        match operand {
            Operand::Name => Some(self.names.all()),
            Operand::Property(key) => self.properties.get(key).map(Groups::all),
            _ => Some(&self.all),
        }
    }

    pub(super) const fn with_room(&self) -> &RoaringTreemap {
        &self.with_room
    }
}

fn numbers(groups: &Groups<i64>, comparator: Comparator, number: i64) -> RoaringTreemap {
    match comparator {
        Comparator::Equal => groups.equal(&number),
        Comparator::NotEqual => groups.other_than(&number),
        Comparator::Less => groups.within(..number, number..),
        Comparator::AtMost => groups.within(..=number, above(number)),
        Comparator::Greater => groups.within(above(number), ..=number),
        Comparator::AtLeast => groups.within(number.., ..number),
    }
}

const fn above(number: i64) -> (Bound<i64>, Bound<i64>) {
    (Excluded(number), Unbounded)
}

fn millis(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}
