//! Finding game sessions: GameLift's filter from a typed query, one search at a time per question, remembered for a
//! second, or for a quarter of one where something changes.

use std::fmt::Write as _;
use std::time::Duration;

use game_session_protocol::{
    BuildId, FindGameSessions, GameProperties, GameSession, GameSessionOrder, GameSessionPage, Privacy,
};
use tokio::time::Instant;

use crate::checks::{BUILD, LISTED};
use crate::gamelift::{GameLiftErrorKind, GameSessionStatus, SearchQuery};
use crate::problem::{During, Problem};
use crate::sealing::{open_page, seal_page};
use crate::seats::{Facts, view};
use crate::state::Shared;

const MOST_RESULTS: u16 = 20;
const LONGEST_FILTER: usize = 1024;
const FRESH: Duration = Duration::from_secs(1);
/// Also when something was changed through this instance: however much is, a question is asked four times a second.
const SETTLED: Duration = Duration::from_millis(250);
const STALE: Duration = Duration::from_secs(10);

/// An answer that is remembered.
#[derive(Debug, Clone)]
pub(crate) struct Listing {
    at: Instant,
    changes: u64,
    page: GameSessionPage,
}

/// Lists game sessions that anyone may find and that have a free seat.
pub(crate) async fn browse(shared: &Shared, query: &FindGameSessions) -> Result<GameSessionPage, Problem> {
    let search = search_query(shared, query)?;
    let question = format!(
        "{}\n{}\n{}\n{}",
        search.limit,
        search.sort,
        search.filter,
        search.next_token.as_deref().unwrap_or_default()
    );
    let changes = shared.changes();
    let Some(mut remembered) = shared.listings.lock(question).await else {
        return ask(shared, search).await;
    };
    if let Some(listing) = remembered
        .as_ref()
        .filter(|it| it.at.elapsed() < if it.changes >= changes { FRESH } else { SETTLED })
    {
        return Ok(listing.page.clone());
    }
    let changes = shared.changes();
    match (ask(shared, search).await, remembered.as_ref()) {
        (Ok(page), _) => {
            *remembered = Some(Listing {
                at: Instant::now(),
                changes,
                page: page.clone(),
            });
            Ok(page)
        }
        (Err(problem), Some(listing))
            if problem.code == game_session_protocol::ErrorCode::Throttled && listing.at.elapsed() < STALE =>
        {
            Ok(listing.page.clone())
        }
        (Err(problem), _) => Err(problem),
    }
}

/// Running game sessions that a player of this build could enter now; those that somebody is in come first.
pub(crate) async fn candidates(
    shared: &Shared,
    build: &BuildId,
    properties: &GameProperties,
) -> Result<Vec<GameSession>, Problem> {
    let query = SearchQuery {
        filter: filter(Some(build), properties)?,
        sort: "playerSessionCount DESC".to_owned(),
        limit: MOST_RESULTS,
        next_token: None,
    };
    let page = match shared.gamelift.search(query).await {
        Ok(page) => page,
        Err(error) if error.kind == GameLiftErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Problem::of(&error, During::Search)),
    };
    let mut found = Vec::new();
    for record in page.records {
        let Some(facts) = Facts::of(&shared.ring, &record)
            .filter(|facts| facts.privacy == Privacy::Listed && facts.password.is_none())
        else {
            continue;
        };
        let game_session = view(shared, &record, &facts)?;
        if record.status == GameSessionStatus::Active && game_session.is_joinable_by(build) {
            found.push(game_session);
        }
    }
    Ok(found)
}

async fn ask(shared: &Shared, search: SearchQuery) -> Result<GameSessionPage, Problem> {
    let (page, ()) = tokio::join!(
        shared.gamelift.search(search),
        shared.beacons.refresh(&**shared.gamelift.plain())
    );
    let page = page.map_err(|error| Problem::of(&error, During::Search))?;
    let next_page = page.next_token.as_deref().map(|token| seal_page(&shared.ring, token));
    let mut game_sessions = Vec::with_capacity(page.records.len());
    for record in &page.records {
        // The filter said so already; this does not rely on it.
        let facts = Facts::of(&shared.ring, record).filter(|facts| facts.privacy == Privacy::Listed);
        if let Some(facts) = facts.filter(|_| record.status == GameSessionStatus::Active) {
            game_sessions.push(view(shared, record, &facts)?);
        }
    }
    Ok(GameSessionPage {
        game_sessions,
        next_page,
    })
}

fn search_query(shared: &Shared, query: &FindGameSessions) -> Result<SearchQuery, Problem> {
    let limit = query.limit.unwrap_or(MOST_RESULTS);
    if !(1..=MOST_RESULTS).contains(&limit) {
        return Err(Problem::invalid("limit must be 1 to 20"));
    }
    let next_token = match &query.page {
        None => None,
        Some(page) => {
            Some(open_page(&shared.ring, page).ok_or(Problem::invalid("the page is not one of an earlier answer"))?)
        }
    };
    let filter = filter(query.build.as_ref(), &query.properties)?;
    Ok(SearchQuery {
        filter,
        sort: sort(query.sort.unwrap_or_default()).to_owned(),
        limit,
        next_token,
    })
}

/// GameLift's sort expression.
fn sort(order: GameSessionOrder) -> &'static str {
    match order {
        GameSessionOrder::Oldest => "creationTimeMillis ASC",
        GameSessionOrder::MostPlayers => "playerSessionCount DESC",
        GameSessionOrder::FewestPlayers => "playerSessionCount ASC",
        GameSessionOrder::Name => "gameSessionName ASC",
        _ => "creationTimeMillis DESC",
    }
}

/// GameLift's filter expression. Keys were checked to be plain words; values are quoted here and nowhere else.
fn filter(build: Option<&BuildId>, properties: &GameProperties) -> Result<String, Problem> {
    let mut filter = format!("gameSessionProperties.{LISTED} = '1' AND hasAvailablePlayerSessions = true");
    let mut and = |key: &str, value: &str| {
        let _ = write!(filter, " AND gameSessionProperties.{key} = {}", quoted(value));
    };
    if let Some(build) = build {
        and(BUILD, build.as_str());
    }
    for (key, value) in properties {
        and(key, value);
    }
    if filter.chars().count() > LONGEST_FILTER {
        return Err(Problem::invalid("the properties to search for are too long together"));
    }
    Ok(filter)
}

/// A string of GameLift's filter language.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('\'');
    for character in value.chars() {
        if matches!(character, '\'' | '\\') {
            text.push('\\');
        }
        text.push(character);
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use proptest::prelude::*;

    use super::*;

    /// Reads one quoted string as GameLift does; gives it and what follows.
    fn unquote(text: &str) -> Option<(String, &str)> {
        let mut value = String::new();
        let mut characters = text.strip_prefix('\'')?.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\'' => return Some((value, &text[at + 2..])),
                '\\' => value.push(characters.next()?.1),
                other => value.push(other),
            }
        }
        None
    }

    #[test]
    fn a_filter_always_asks_for_listed_game_sessions_with_free_seats() {
        let filter = filter(
            Some(&"v1".parse().unwrap()),
            &GameProperties::from([("map".into(), "x".into())]),
        )
        .unwrap();
        assert_eq!(
            filter,
            "gameSessionProperties.gs_listed = '1' AND hasAvailablePlayerSessions = true AND \
             gameSessionProperties.gs_build = 'v1' AND gameSessionProperties.map = 'x'"
        );
    }

    proptest! {
        #[test]
        fn no_value_gets_out_of_its_quotes(value in "\\PC{0,40}|[' \\\\ANDOR=1]{0,40}") {
            let filter = filter(None, &GameProperties::from([("map".into(), value.clone())])).unwrap();
            let (_, after) = filter.split_once("gameSessionProperties.map = ").unwrap();
            prop_assert_eq!(unquote(after), Some((value, "")));
        }
    }
}
