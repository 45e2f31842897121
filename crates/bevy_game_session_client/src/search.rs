//! What sits on the entity of a search.

use bevy_ecs::prelude::*;
use game_session_protocol::{FindGameSessions, GameSession};

use crate::components::SessionName;

/// On the entity of a search: what is searched. Despawn the entity to cancel it, or when its results are no longer shown.
#[derive(Component, Debug, Clone, PartialEq, Eq)]
#[component(immutable)]
pub struct SessionSearch {
    pub(crate) name: SessionName,
    pub(crate) query: FindGameSessions,
}

impl SessionSearch {
    /// The name in the search's events, `search 1` and so on.
    pub fn name(&self) -> &SessionName {
        &self.name
    }

    /// What is searched.
    pub fn query(&self) -> &FindGameSessions {
        &self.query
    }
}

/// On the entity of a search that is done: what was found.
#[derive(Component, Debug, Clone, PartialEq, Eq, Default)]
pub struct SearchResults {
    /// The game sessions, in the orchestrator's order.
    pub game_sessions: Vec<GameSession>,
    /// Put it in the next query's `page` for more; `None` on the last page.
    pub next_page: Option<String>,
}
