//! What is searched, and what was found: on the entity of a search, and in its events.

use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::{BuildId, FindGameSessions, GameSession, GameSessionOrder, PlayerSessionPolicy};

use crate::components::{Reach, SessionName};
use crate::error::SessionError;

/// A live search is never refreshed faster than this.
const FASTEST_REFRESH: Duration = Duration::from_secs(5);

/// What to search, and how: for [`Sessions::find`](crate::Sessions::find).
///
/// ```
/// # use std::time::Duration;
/// use bevy_game_session_client::prelude::*;
///
/// let query = SessionQuery::new()
///     .property("mode", "arena")
///     .sort_by(SearchOrder::LowestPing)
///     .refresh_every(Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionQuery {
    pub(crate) filter: FindGameSessions,
    pub(crate) order: SearchOrder,
    pub(crate) reach: Option<Reach>,
    pub(crate) page: Option<NextPage>,
    pub(crate) refresh: Option<Duration>,
    pub(crate) without_pings: bool,
}

impl SessionQuery {
    /// Everything, online and on the LAN, the newest first.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only game sessions of this build. Without it those of other builds are found too, and
    /// [say so](FoundSession::obstacle).
    #[must_use]
    pub fn build(mut self, build: BuildId) -> Self {
        self.filter.build = Some(build);
        self
    }

    /// Only game sessions with this property.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.filter.properties.insert(key.into(), value.into());
        self
    }

    /// At most so many from each service, 1 to 20; 20 unless said otherwise.
    #[must_use]
    pub fn limit(mut self, limit: u16) -> Self {
        self.filter.limit = Some(limit);
        self
    }

    /// In which order; [`SearchOrder::Newest`] unless said otherwise.
    #[must_use]
    pub fn sort_by(mut self, order: SearchOrder) -> Self {
        self.order = order;
        self.filter.sort = order.of_service();
        self
    }

    /// Only there; everywhere unless said otherwise.
    #[must_use]
    pub fn only(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// The page after the one that this came with. The rest of the query must be the same.
    #[must_use]
    pub fn page(mut self, page: NextPage) -> Self {
        self.page = Some(page);
        self
    }

    /// Searches again and again, this long after each answer (a little more, so that many players do not ask at the
    /// same moment), until the entity of the search is despawned. Less than 5 s counts as 5 s.
    #[must_use]
    pub fn refresh_every(mut self, pause: Duration) -> Self {
        self.refresh = Some(pause.max(FASTEST_REFRESH));
        self
    }

    /// Measures no pings.
    #[must_use]
    pub fn without_pings(mut self) -> Self {
        self.without_pings = true;
        self
    }

    /// What a service of that reach is asked; `None`: nothing.
    pub(crate) fn of(&self, reach: Reach) -> Option<FindGameSessions> {
        if self.reach.is_some_and(|only| only != reach) {
            return None;
        }
        let mut filter = self.filter.clone();
        if let Some(page) = &self.page {
            filter.page = Some(page.of(reach)?.to_owned());
        }
        Some(filter)
    }
}

impl From<FindGameSessions> for SessionQuery {
    fn from(filter: FindGameSessions) -> Self {
        let order = filter.sort.map_or_else(SearchOrder::default, SearchOrder::from);
        Self {
            filter,
            order,
            ..Self::default()
        }
    }
}

/// In which order game sessions are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum SearchOrder {
    /// The youngest first, those on the LAN before the others.
    #[default]
    Newest,
    /// The oldest first, those on the LAN before the others.
    Oldest,
    /// Those with the most players first.
    MostPlayers,
    /// Those with the fewest players first.
    FewestPlayers,
    /// By their names.
    Name,
    /// The nearest first, those of unknown ping last. Services do not know it: it sorts each page.
    LowestPing,
}

impl SearchOrder {
    fn of_service(self) -> Option<GameSessionOrder> {
        Some(match self {
            Self::Newest | Self::LowestPing => return None,
            Self::Oldest => GameSessionOrder::Oldest,
            Self::MostPlayers => GameSessionOrder::MostPlayers,
            Self::FewestPlayers => GameSessionOrder::FewestPlayers,
            Self::Name => GameSessionOrder::Name,
        })
    }

    /// Sorts what several services gave, each in this order.
    pub(crate) fn sort(self, sessions: &mut [FoundSession]) {
        match self {
            Self::Newest | Self::Oldest => {}
            Self::MostPlayers => sessions.sort_by_key(|found| std::cmp::Reverse(found.game_session.current_players)),
            Self::FewestPlayers => sessions.sort_by_key(|found| found.game_session.current_players),
            Self::Name => sessions.sort_by(|one, other| one.game_session.name.cmp(&other.game_session.name)),
            Self::LowestPing => sessions.sort_by_key(|found| found.ping.unwrap_or(Duration::MAX)),
        }
    }
}

impl From<GameSessionOrder> for SearchOrder {
    fn from(order: GameSessionOrder) -> Self {
        match order {
            GameSessionOrder::Oldest => Self::Oldest,
            GameSessionOrder::MostPlayers => Self::MostPlayers,
            GameSessionOrder::FewestPlayers => Self::FewestPlayers,
            GameSessionOrder::Name => Self::Name,
            _ => Self::Newest,
        }
    }
}

/// Where a search goes on: [ask with it](SessionQuery::page) for the next page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NextPage {
    online: Option<String>,
    lan: Option<String>,
}

impl NextPage {
    fn of(&self, reach: Reach) -> Option<&str> {
        match reach {
            Reach::Online => self.online.as_deref(),
            Reach::Lan => self.lan.as_deref(),
        }
    }

    pub(crate) fn set(&mut self, reach: Reach, page: Option<String>) {
        match reach {
            Reach::Online => self.online = page,
            Reach::Lan => self.lan = page,
        }
    }

    /// `None` when no service has more.
    pub(crate) fn if_any(self) -> Option<Self> {
        (self.online.is_some() || self.lan.is_some()).then_some(self)
    }
}

/// On the entity of a search: what is searched. Despawn the entity to cancel it, or when its results are no longer shown.
#[derive(Component, Debug, Clone, PartialEq, Eq)]
#[component(immutable)]
pub struct SessionSearch {
    pub(crate) name: SessionName,
    pub(crate) query: SessionQuery,
}

impl SessionSearch {
    /// The name in the search's events, `search 1` and so on.
    pub fn name(&self) -> &SessionName {
        &self.name
    }

    /// What is searched.
    pub fn query(&self) -> &SessionQuery {
        &self.query
    }
}

/// On the entity of a search as soon as one service has found something: what was found. Further services, a live search and
/// measured pings change it.
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SearchResults {
    /// The game sessions, in the query's order.
    pub sessions: Vec<FoundSession>,
    /// [Ask with it](SessionQuery::page) for more; `None` on the last page.
    pub next_page: Option<NextPage>,
    /// The services that could not be asked the last time; after a refresh that failed everywhere the sessions are those
    /// of the time before.
    pub failures: Vec<SearchFailure>,
    /// The services that have not answered yet; in a refresh their sessions are those of the time before. When it is empty the
    /// search is done, and [`SessionsFound`](crate::SessionsFound) is told.
    pub waiting_for: Vec<Reach>,
}

/// A service that could not be asked in a search.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SearchFailure {
    /// Which one.
    pub reach: Reach,
    /// Why.
    pub error: SessionError,
}

/// A game session that was found: what [`Sessions::join`](crate::Sessions::join) takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundSession {
    /// The game session: name, owner's pseudonym, build, seats, properties.
    pub game_session: GameSession,
    /// Over which orchestrator it was found, and is joined.
    pub reach: Reach,
    /// The round trip to it, or to a beacon near it; `None`: not measured, or not yet.
    pub ping: Option<Duration>,
    /// Why this player cannot join it now; `None`: nothing is known against it. A [locked](GameSession::locked) one
    /// needs its password besides.
    pub obstacle: Option<JoinObstacle>,
}

impl FoundSession {
    /// A game session of that reach that was found by other means, for a player of `build`, if that is known.
    pub fn new(game_session: GameSession, reach: Reach, build: Option<&BuildId>) -> Self {
        let obstacle = if build.is_some_and(|build| *build != game_session.build) {
            Some(JoinObstacle::OtherBuild)
        } else if game_session.policy == PlayerSessionPolicy::DenyAll {
            Some(JoinObstacle::Closed)
        } else if game_session.current_players >= game_session.max_players {
            Some(JoinObstacle::Full)
        } else {
            None
        };
        Self {
            game_session,
            reach,
            ping: None,
            obstacle,
        }
    }

    /// Whether nothing is known against a join now.
    pub fn is_joinable(&self) -> bool {
        self.obstacle.is_none()
    }
}

impl From<&Self> for FoundSession {
    fn from(found: &Self) -> Self {
        found.clone()
    }
}

/// An online game session.
impl From<&GameSession> for FoundSession {
    fn from(game_session: &GameSession) -> Self {
        Self::new(game_session.clone(), Reach::Online, None)
    }
}

/// Why a game session that was found cannot be joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinObstacle {
    /// It runs another [build](crate::SessionClientPlugin::client_build) than this client.
    OtherBuild,
    /// It takes no new players.
    Closed,
    /// All seats are taken.
    Full,
}

impl JoinObstacle {
    /// A few words that a player understands.
    pub fn player_message(self) -> &'static str {
        match self {
            Self::OtherBuild => "Other version",
            Self::Closed => "Closed",
            Self::Full => "Full",
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_live_search_is_never_faster_than_every_five_seconds() {
        let query = SessionQuery::new().refresh_every(Duration::from_millis(1));
        assert_eq!(query.refresh, Some(Duration::from_secs(5)));
    }

    #[test]
    fn a_next_page_is_asked_of_those_only_that_have_one() {
        let mut page = NextPage::default();
        page.set(Reach::Online, Some("2".to_owned()));
        let query = SessionQuery::new().limit(3).page(page);
        assert_eq!(query.of(Reach::Online).unwrap().page.as_deref(), Some("2"));
        assert_eq!(query.of(Reach::Lan), None);
        assert_eq!(SessionQuery::new().only(Reach::Lan).of(Reach::Online), None);
    }
}
