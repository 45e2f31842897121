//! `SearchGameSessions`: active game sessions of one fleet, filtered and sorted.

mod expression;
mod facts;
mod groups;
mod index;
mod lexer;
mod rank;
mod sort;

#[cfg(test)]
mod tests;

#[cfg(test)]
use std::collections::BTreeMap;
use std::collections::{HashMap, VecDeque};

#[cfg(test)]
use super::game_sessions::GameSession;
use super::{
    World,
    keys::GameSessionKey,
    page::{self, Scope},
};
use crate::model::{
    error::ApiError,
    game_sessions::{GameSessionsOutput, SearchGameSessionsInput},
    status::GameSessionStatus,
    timestamp::Timestamp,
};

use self::{
    expression::Filter,
    facts::Facts,
    index::{Entry, Index},
    sort::Sort,
};

/// The most results of one call, whatever its limit.
const MAX_RESULTS: u32 = 20;

/// Whether a text is a filter expression.
pub(crate) fn reads_filter(text: &str) -> bool {
    Filter::parse(text).is_ok()
}

/// Whether a text is a sort expression.
pub(crate) fn reads_sort(text: &str) -> bool {
    Sort::parse(text).is_ok()
}

impl World {
    pub(crate) fn search_game_sessions(
        &mut self,
        input: SearchGameSessionsInput,
        now: Timestamp,
    ) -> Result<GameSessionsOutput, ApiError> {
        self.catch_up_with_search(now);
        let fleet = self.fleet_or_alias(input.fleet_id.as_deref(), input.alias_id.as_deref())?;
        Self::check_location(fleet, input.location.as_deref())?;
        let filter = input.filter_expression.as_deref().map(Filter::parse).transpose()?;
        let sort = input.sort_expression.as_deref().map(Sort::parse).transpose()?;
        let scope = Scope::of((
            "SearchGameSessions",
            &fleet.id,
            &input.location,
            &input.filter_expression,
            &input.sort_expression,
        ));
        let skip = page::start(scope, input.next_token.as_deref())?;
        let limit = input.limit.unwrap_or(MAX_RESULTS).min(MAX_RESULTS) as usize;
        let empty = Index::default();
        let index = self.search.fleets.get(&fleet.id).unwrap_or(&empty);
        let found = index.matching(filter.as_ref(), input.location.as_deref());
        let mut keys = index.ranked(&found, sort.as_ref(), skip, limit + 1);
        let next_token = (keys.len() > limit).then(|| page::token(scope, skip + limit as u64));
        keys.truncate(limit);
        let seen = keys.into_iter().filter_map(|key| {
            let session = self.game_sessions.get(&GameSessionKey(key))?;
            let players = index.entries.get(&key)?.facts().players;
            Some((session, players))
        });
        let game_sessions = seen
            .map(|(session, players)| {
                let mut model = self.game_session_model(session);
                // as late as what the search goes by
                model.current_player_session_count = players;
                model
            })
            .collect();
        Ok(GameSessionsOutput {
            game_sessions,
            next_token,
        })
    }

    /// Takes note of a change of a game session: at once when it is over, else after the search's lag.
    pub(super) fn note_for_search(&mut self, key: GameSessionKey, now: Timestamp) {
        let Some(session) = self.game_sessions.get(&key) else {
            return;
        };
        if session.status != GameSessionStatus::Active {
            self.search.forget(&session.fleet_id, key);
        } else if self.settings.search_lag.is_zero() {
            self.search.set(&session.fleet_id, key, &Facts::of(session));
        } else {
            self.search.late.push_back(Late {
                due: now + self.settings.search_lag,
                fleet_id: session.fleet_id.clone(),
                key,
                entry: Entry::new(&Facts::of(session)),
            });
            self.catch_up_with_search(now);
        }
    }

    /// Lets searches see what they can by now.
    fn catch_up_with_search(&mut self, now: Timestamp) {
        while let Some(late) = self.search.late.pop_front_if(|late| late.due <= now) {
            let session = self.game_sessions.get(&late.key);
            if session.is_some_and(|session| session.status == GameSessionStatus::Active) {
                self.search.set(&late.fleet_id, late.key, &late.entry.facts());
            }
        }
    }
}

/// What searches know.
#[derive(Debug, Default)]
pub(super) struct Search {
    fleets: HashMap<String, Index>,
    /// What they do not know yet, in the order of its time.
    late: VecDeque<Late>,
}

#[derive(Debug)]
struct Late {
    due: Timestamp,
    fleet_id: String,
    key: GameSessionKey,
    entry: Entry,
}

impl Search {
    fn set(&mut self, fleet_id: &str, key: GameSessionKey, facts: &Facts<'_>) {
        match self.fleets.get_mut(fleet_id) {
            Some(index) => index.set(key.0, facts),
            None => self.fleets.entry(fleet_id.to_owned()).or_default().set(key.0, facts),
        }
    }

    pub(super) fn forget(&mut self, fleet_id: &str, key: GameSessionKey) {
        if let Some(index) = self.fleets.get_mut(fleet_id) {
            index.remove(key.0);
            if index.is_empty() {
                self.fleets.remove(fleet_id);
            }
        }
    }

    /// What is wrong with what searches know, if no change is late.
    #[cfg(test)]
    pub(super) fn wrong(&self, sessions: &BTreeMap<GameSessionKey, GameSession>) -> Option<String> {
        let active = |session: &&GameSession| session.status == GameSessionStatus::Active;
        let known: usize = self.fleets.values().map(|index| index.entries.len()).sum();
        if known != sessions.values().filter(active).count() {
            return Some(format!("searches know {known} game sessions"));
        }
        for (key, session) in sessions.iter().filter(|(_, session)| active(session)) {
            let index = self.fleets.get(&session.fleet_id);
            let entry = index.and_then(|index| index.entries.get(&key.0));
            if entry.map(Entry::facts) != Some(Facts::of(session)) {
                return Some(format!("searches know old facts of {}", session.arn));
            }
        }
        None
    }
}
