//! Create, find, join and leave multiplayer game sessions in Bevy: the client plugin.

#![doc = include_str!("transitions.md")]

mod begin;
mod components;
mod deadlines;
mod error;
mod events;
#[cfg(feature = "http")]
mod http;
mod in_flight;
mod index;
mod operation;
mod outcome;
mod plugin;
mod sessions;
mod state;
mod transitions;
mod travel;

pub use components::{
    Reach, SearchResults, SessionConnection, SessionName, SessionPhase, SessionSearch, SessionSettings,
};
pub use deadlines::SessionDeadlines;
pub use error::SessionError;
pub use events::{
    SessionArrived, SessionCancelled, SessionCreated, SessionDestroyed, SessionDisconnected, SessionEnded,
    SessionFailed, SessionJoined, SessionLeft, SessionProgress, SessionStarted, SessionTravelFailed, SessionUpdated,
    SessionsFound,
};
#[cfg(feature = "http")]
pub use http::{HttpSessionService, HttpSettings};
pub use operation::SessionOperation;
pub use plugin::{SessionClientPlugin, SessionClientSystems};
pub use sessions::Sessions;
pub use state::{ClientSessionState, CurrentSession};
pub use travel::{DisconnectReason, TravelCommands, TravelError, TravelPolicy, TravelRequested, TravelStopped};

/// What most games name, for a glob import.
pub mod prelude {
    pub use crate::{
        ClientSessionState, CurrentSession, DisconnectReason, SearchResults, SessionArrived, SessionCancelled,
        SessionClientPlugin, SessionConnection, SessionCreated, SessionDestroyed, SessionDisconnected, SessionEnded,
        SessionError, SessionFailed, SessionJoined, SessionLeft, SessionName, SessionPhase, SessionProgress,
        SessionSearch, SessionSettings, SessionStarted, SessionTravelFailed, SessionUpdated, Sessions, SessionsFound,
        TravelError, TravelPolicy,
    };
}
