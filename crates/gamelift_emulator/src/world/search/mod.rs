//! `SearchGameSessions`: active game sessions of one fleet, filtered and sorted.

mod expression;
mod facts;
mod lexer;
mod sort;

#[cfg(test)]
mod tests;

use super::{
    World,
    page::{self, Scope},
};
use crate::model::{
    error::ApiError,
    game_sessions::{GameSessionsOutput, SearchGameSessionsInput},
    status::GameSessionStatus,
    timestamp::Timestamp,
};

use self::{expression::Filter, facts::Facts, sort::Sort};

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
        let fleet = self.fleet_or_alias(input.fleet_id.as_deref(), input.alias_id.as_deref())?;
        Self::check_location(fleet, input.location.as_deref())?;
        let filter = input.filter_expression.as_deref().map(Filter::parse).transpose()?;
        let sort = input.sort_expression.as_deref().map(Sort::parse).transpose()?;
        let found = self
            .game_sessions
            .values()
            .filter(|session| session.status == GameSessionStatus::Active && session.fleet_id == fleet.id)
            .filter(|session| session.searchable_from <= now)
            .filter(|session| input.location.as_ref().is_none_or(|wanted| *wanted == session.location))
            .map(|session| (Facts::of(session), session));
        let mut found: Vec<_> = match &filter {
            Some(filter) => found.filter(|(facts, _)| filter.fits(facts)).collect(),
            None => found.collect(),
        };
        if let Some(sort) = &sort {
            found.sort_by(|(one, _), (other, _)| sort.compare(one, other));
        }
        let scope = Scope::of((
            "SearchGameSessions",
            &fleet.id,
            &input.location,
            &input.filter_expression,
            &input.sort_expression,
        ));
        let (sessions, next_token) = page::page(
            (1..).zip(found.into_iter().map(|(_, session)| session)),
            scope,
            input.limit.unwrap_or(MAX_RESULTS).min(MAX_RESULTS),
            input.next_token.as_deref(),
        )?;
        let game_sessions = sessions
            .into_iter()
            .map(|session| self.game_session_model(session))
            .collect();
        Ok(GameSessionsOutput {
            game_sessions,
            next_token,
        })
    }
}
