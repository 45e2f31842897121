//! GameLift as its old local tool showed it: one fleet and no locations, five calls, lists in place of searches.

use std::sync::Arc;

use super::filter::Filter;
use crate::gamelift::merge::compare;
use crate::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord,
    GameSessionStatus, NewGameSession, Outcome, PlayerSessionRecord, RecordPage, SearchQuery, StatusQuery,
};

/// A fleet is listed up to so many pages for one search.
const MOST_PAGES: usize = 10;

/// A `GameLift` that only uses what the old local tool knows of it.
pub(crate) struct LegacyGameLift(Arc<dyn GameLift>);

impl LegacyGameLift {
    /// Over one that names no location.
    pub(crate) fn new(inner: impl GameLift) -> Self {
        Self(Arc::new(inner))
    }
}

impl GameLift for LegacyGameLift {
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        self.0.create_game_session(request)
    }

    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>> {
        self.0.describe_game_session(arn)
    }

    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage> {
        self.0.describe_game_sessions(query)
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let filter = Filter::read(&query.filter).map_err(|_| refused("the filter cannot be read"))?;
            let from = match &query.next_token {
                None => 0,
                Some(token) => token
                    .parse::<usize>()
                    .map_err(|_| refused("the page is not one of an earlier answer"))?,
            };
            let mut records = active(&*inner).await?;
            records.retain(|record| filter.fits(record));
            // Equal ones by id, so that pages do not overlap.
            records.sort_by(|a, b| compare(&query.sort, a, b).then_with(|| a.arn.cmp(&b.arn)));
            let to = from.saturating_add(usize::from(query.limit));
            let next_token = (to < records.len()).then(|| to.to_string());
            let records = records.into_iter().skip(from).take(to - from).collect();
            Ok(RecordPage { records, next_token })
        })
    }

    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord> {
        self.0.create_player_session(arn, player)
    }

    fn describe_player_sessions(&self, player: String, near: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>> {
        self.0.describe_player_sessions(player, near)
    }

    fn update_game_session(&self, _: GameSessionChange) -> Outcome<GameSessionRecord> {
        unsupported("UpdateGameSession")
    }

    fn terminate_game_session(&self, _: GameSessionArn) -> Outcome<()> {
        unsupported("TerminateGameSession")
    }

    /// It makes ids of its own: a click that is repeated across a rotation of the keyring is not found again.
    fn arn_of_token(&self, _: String) -> Outcome<Option<GameSessionArn>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

async fn active(gamelift: &dyn GameLift) -> Result<Vec<GameSessionRecord>, GameLiftError> {
    let (mut all, mut next_token) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let status = GameSessionStatus::Active;
        let page = gamelift
            .describe_game_sessions(StatusQuery { status, next_token })
            .await?;
        all.extend(page.records.into_iter().filter(|record| record.status == status));
        next_token = page.next_token;
        if next_token.is_none() {
            break;
        }
    }
    Ok(all)
}

fn refused(detail: &str) -> GameLiftError {
    GameLiftError {
        operation: "SearchGameSessions",
        kind: GameLiftErrorKind::InvalidRequest,
        detail: detail.to_owned(),
    }
}

fn unsupported<T: Send + 'static>(operation: &'static str) -> Outcome<T> {
    Box::pin(std::future::ready(Err(GameLiftError {
        operation,
        kind: GameLiftErrorKind::Unsupported,
        detail: "the old local tool does not know it".to_owned(),
    })))
}
