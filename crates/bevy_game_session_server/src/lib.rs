//! Hosts game sessions from a Bevy app: a dedicated server, or a game that is its own server.
//!
//! [`SessionServerPlugin`] speaks to any orchestrator through a [`SessionHost`](game_session_protocol::SessionHost): it offers the process once a
//! [`ListenPort`] is known, follows the game session through [`ServerSessionState`], checks players at the door
//! ([`Admissions`]) and ends everything in order.
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::{GameSessionStarted, ListenPort, SessionServerPlugin};
//! use game_session_protocol::InMemoryOrchestrator;
//!
//! let orchestrator = InMemoryOrchestrator::new();
//! App::new()
//!     .add_plugins((bevy_time::TimePlugin, bevy_state::app::StatesPlugin))
//!     .add_plugins(SessionServerPlugin::new(orchestrator.host()))
//!     .insert_resource(ListenPort(7777)) // a transport does this itself
//!     .add_observer(|started: On<GameSessionStarted>| println!("hosting {}", started.name))
//!     .update();
//! ```

mod absence;
mod admission;
mod call;
mod commands;
mod drive;
mod env;
mod error;
mod events;
#[cfg(feature = "gamelift")]
mod gamelift;
mod goodbye;
mod life;
mod plugin;
mod policy;
mod runner;
mod session;
mod signals;
mod wakeup;

pub use absence::{PlayerAbsent, PlayerCommands};
pub use admission::{AcceptedPlayer, AdmissionId, Admissions, Decided, Decision, LocalPlayer};
pub use commands::SessionServerCommands;
pub use error::SessionServerError;
pub use events::{
    GameSessionStarted, GameSessionUpdated, HostFailed, PlayerLost, PlayerRejected, PlayerReturned, SessionEnding,
    ShutdownRequested,
};
#[cfg(feature = "gamelift")]
pub use gamelift::GameLiftHost;
pub use goodbye::{GoodbyeHold, Goodbyes};
pub use plugin::{ListenPort, SessionServerPlugin, SessionServerSystems};
pub use policy::ServerPolicies;
pub use runner::SessionServerRunnerPlugin;
pub use session::{HostedSession, ServerSessionState};
pub use signals::ProcessSignalsPlugin;
pub use wakeup::ServerWaker;

/// What most games name, for a glob import.
pub mod prelude {
    pub use crate::{
        AcceptedPlayer, GameSessionStarted, GameSessionUpdated, HostFailed, HostedSession, LocalPlayer, PlayerAbsent,
        PlayerLost, PlayerRejected, PlayerReturned, ServerPolicies, ServerSessionState, SessionEnding,
        SessionServerCommands, SessionServerPlugin, ShutdownRequested,
    };
}
