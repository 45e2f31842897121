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
//!
//! # Players
//!
//! A player is an entity with [`AcceptedPlayer`], made when ticket and orchestrator both agreed; who is refused never
//! has one ([`PlayerRejected`]). When the component goes for any reason - the entity is despawned, the connection
//! ends, the session ends - the orchestrator hears once that the seat is free.
//!
//! - A connection that is **lost** without a goodbye leaves seat and entity in place for the
//!   [grace period](ServerPolicies::grace_period), marked by [`PlayerAbsent`] and told by [`PlayerLost`]. A player who
//!   comes back in time, with a fresh ticket of the same seat, finds the same entity ([`PlayerReturned`]); else the
//!   entity is despawned.
//! - A **newer ticket** of a seat that is taken takes it over: the same entity, another connection, and the older
//!   connection hears `TakenOver`. The orchestrator is not asked again.
//! - The player of a **listen server** itself has no connection, and [`LocalPlayer`] beside [`AcceptedPlayer`].
//!
//! # Recipes
//!
//! ## A lobby that closes when the match begins
//!
//! The session is found as soon as it is active; who holds a seat may come back also after it is closed.
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::prelude::*;
//!
//! #[derive(Component)]
//! struct IsReady;
//!
//! fn begin_match(players: Query<Has<IsReady>, With<AcceptedPlayer>>, mut begun: Local<bool>, mut commands: Commands) {
//!     if !*begun && !players.is_empty() && players.iter().all(|ready| ready) {
//!         *begun = true;
//!         commands.close_session();
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(begin_match);
//! ```
//!
//! ## Loading before anybody comes
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::prelude::*;
//!
//! let policies = ServerPolicies::default().manual_activation();
//!
//! fn load(started: On<GameSessionStarted>, session: Res<HostedSession>, mut commands: Commands) {
//!     println!("loading the map {:?} for {}", session.properties().get("map"), started.name);
//!     commands.activate_session(); // later, when it is loaded
//! }
//! ```
//!
//! ## Kicking a player
//!
//! The player hears that it was kicked, and the seat is free. It may join again; keep a list if it may not.
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::prelude::*;
//!
//! fn kick(player: Entity, commands: &mut Commands) {
//!     commands.entity(player).despawn();
//! }
//! ```
//!
//! ## Leaving gracefully when the machine is taken away
//!
//! A spot interruption or an operator's end is told by [`ShutdownRequested`]. The ordered end follows by itself and is
//! over before the time is: goodbyes, seats, the orchestrator, [`AppExit`](bevy_app::AppExit).
//! [`ProcessSignalsPlugin`] makes the same of SIGTERM. Save what must be saved in the observer.
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::prelude::*;
//!
//! fn save(asked: On<ShutdownRequested>) {
//!     println!("gone in {:?}", asked.time_left);
//! }
//! # let _ = bevy_ecs::observer::Observer::new(save);
//! ```
//!
//! ## When sessions end by themselves
//!
//! ```
//! use std::time::Duration;
//! use bevy_game_session_server::ServerPolicies;
//!
//! ServerPolicies::default()
//!     .end_when_empty(Duration::from_secs(60))
//!     .end_at_age(Duration::from_secs(2 * 60 * 60))
//!     .grace_period(Duration::from_secs(90));
//! ```
//!
//! ## Serving without GameLift
//!
//! A process that GameLift has not started lacks its variables, and [`GameLiftHost::from_env`] says which. Serve plainly
//! then, with any other host.
//!
//! ```
//! # #[cfg(feature = "gamelift")] {
//! use bevy_game_session_server::{GameLiftHost, SessionServerPlugin};
//! use game_session_protocol::InMemoryOrchestrator;
//!
//! let plugin = match GameLiftHost::from_env() {
//!     Ok(host) => SessionServerPlugin::new(host),
//!     Err(error) => {
//!         eprintln!("not on GameLift: {error}");
//!         SessionServerPlugin::new(InMemoryOrchestrator::new().host())
//!     }
//! };
//! # let _ = plugin;
//! # }
//! ```
//!
//! # When it does not work
//!
//! | what | look at |
//! |---|---|
//! | the state stays `Offline` | is there a [`ListenPort`]? The transport logs when it cannot hold one |
//! | [`HostFailed`] with missing session data | the game session was not created through the backend |
//! | players are refused as `Expired` | they waited for over 45 s with one ticket; the client fetches a new one by itself |
//! | players are refused as `NotReserved` | the seat lapsed after 60 s, or the orchestrator never gave it |
//! | players are refused as `WrongBuild` | client and game session name different builds |
//! | the process ends after a minute | nobody came: [`ServerPolicies::end_when_nobody_came`] |

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
    BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, PlayerLost, PlayerRejected, PlayerReturned, SessionEnding,
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
        AcceptedPlayer, BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, HostedSession, LocalPlayer, PlayerAbsent,
        PlayerLost, PlayerRejected, PlayerReturned, ServerPolicies, ServerSessionState, SessionEnding,
        SessionServerCommands, SessionServerPlugin, ShutdownRequested,
    };
}
