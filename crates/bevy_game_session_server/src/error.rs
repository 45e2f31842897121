//! What can go wrong between a server process and its orchestrator.

use std::sync::Arc;

use game_session_protocol::HostError;
use game_session_protocol::session_data::SessionDataError;

use crate::session::ServerSessionState;

/// What went wrong between this server process and its orchestrator.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SessionServerError {
    /// The orchestrator refused, or could not be asked.
    #[error(transparent)]
    Host(#[from] HostError),
    /// A game session came without usable session data. It is not activated.
    #[error("a game session that cannot be hosted was refused")]
    SessionData(#[source] Arc<SessionDataError>),
    /// The orchestrator did not answer in time.
    #[error("the orchestrator did not {action} in time")]
    TimedOut {
        /// What was asked.
        action: &'static str,
    },
    /// A command or an event does not fit the state of the server.
    #[error("{what} is not possible while the server is {state:?}")]
    WrongState {
        /// The command or event.
        what: &'static str,
        /// The state it came in.
        state: ServerSessionState,
    },
}
