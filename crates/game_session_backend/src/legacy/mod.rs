//! What the system before this one could do: its `GameLift` Local, and its HTTP contract.
//!
//! | file | what |
//! |---|---|
//! | `gamelift` | an endpoint that knows five calls: one fleet, no locations, lists in place of searches |
//! | `filter` | the search that such an endpoint does not have |
//! | `contract` | the routes `/create_session`, `/find_session` and `/join_session` |
//! | `objects` | what those routes take and answer |

mod contract;
mod filter;
mod gamelift;
mod objects;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn;

use crate::config::BackendConfig;
use crate::gamelift::GameLift;
use crate::state::AppState;

/// What of the old a backend does; nothing unless told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Legacy {
    endpoint: Endpoint,
    contract: OriginalContract,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Endpoint {
    #[default]
    Whole,
    FiveCalls,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum OriginalContract {
    #[default]
    Off,
    On,
}

impl Legacy {
    /// Whether anything of the old is asked for.
    pub(crate) fn is_on(self) -> bool {
        self != Self::default()
    }

    /// The GameLift of this backend, over the one of its endpoint.
    pub(crate) fn over(self, gamelift: impl GameLift) -> Arc<dyn GameLift> {
        match self.endpoint {
            Endpoint::Whole => Arc::new(gamelift),
            Endpoint::FiveCalls => Arc::new(gamelift::LegacyGameLift::new(gamelift)),
        }
    }

    /// The routes of the original contract, or none.
    pub(crate) fn routes(self, app: &AppState) -> Router<AppState> {
        match self.contract {
            OriginalContract::Off => Router::new(),
            OriginalContract::On => contract::routes(app),
        }
    }

    /// Gives refusals of those routes the shape that the original's client knows.
    pub(crate) fn in_shape(self, routes: Router<AppState>) -> Router<AppState> {
        match self.contract {
            OriginalContract::Off => routes,
            OriginalContract::On => routes.layer(from_fn(contract::with_error_field)),
        }
    }
}

impl BackendConfig {
    /// The endpoint is like the old GameLift Local, which knew five calls: give it a fixed fleet id such as
    /// `fleet-123`, and no location. Game sessions are listed in place of searched; they cannot be changed or ended
    /// from outside.
    #[must_use]
    pub fn legacy_endpoint(mut self) -> Self {
        self.legacy.endpoint = Endpoint::FiveCalls;
        self
    }

    /// Serves the original system's routes too: `/create_session`, `/find_session`, `/join_session`, each also with
    /// `_local` behind it. Their callers are believed to be who they say they are, and their players need no tickets:
    /// only for a network that is trusted.
    #[must_use]
    pub fn original_contract(mut self) -> Self {
        self.legacy.contract = OriginalContract::On;
        self
    }
}
