//! Create, find, join and leave multiplayer game sessions in Bevy: the client plugin.
//!
//! A *session* here is one entity on this machine, with a name. Behind it stands a *game session* on a server, placed
//! by an orchestrator: through the backend with [`HttpSessionService`], or in memory in tests. Sending game traffic is
//! not done here: a transport takes the seat's address and ticket and [travels](#travel).
//!
//! # Quick start
//!
//! ```no_run
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::HttpSessionService;
//! use bevy_game_session_client::prelude::*;
//!
//! fn main() -> Result {
//!     let service = HttpSessionService::new("http://127.0.0.1:8080")?;
//!     App::new()
//!         .add_plugins(SessionClientPlugin::new(service).client_build("1.0.0".parse()?))
//!         .add_systems(Startup, host_a_game)
//!         .add_observer(|arrived: On<SessionArrived>| println!("{}: play", arrived.name))
//!         .add_observer(|failed: On<SessionFailed>| println!("{}", failed.error.player_message()))
//!         .run();
//!     Ok(())
//! }
//!
//! fn host_a_game(mut sessions: Sessions) -> Result {
//!     sessions.create("game", SessionSettings::new(4).property("map", "moon"))?;
//!     sessions.start("game");
//!     Ok(())
//! }
//! ```
//!
//! # Calls and events
//!
//! A game calls [`Sessions`] and hears events. Every call ends in **exactly one** event, within its
//! [deadline](SessionDeadlines): what its documentation names, [`SessionFailed`] with a reason, or
//! [`SessionCancelled`]. Each event goes to observers (of the app or of the one entity) and to message readers, and
//! carries entity and name. [`SessionProgress`] comes in between. An entity that was despawned no longer has observers
//! of its own: listen for the whole app where that matters.
//!
//! Despawning the entity is the short way to stop: what runs is called off and undone at the orchestrator, a seat is
//! given back. At the end of the app ([`AppExit`](bevy_app::AppExit)) the same happens to all.
//!
//! At most one session is being started, joined, played or left at a time: [`CurrentSession`] exists while the player
//! has a seat, [`ClientSessionState`] is for menus. Drafts and searches may be many.
//!
//! # Phases
//!
//! [`SessionPhase`] is a component of the session. All that can happen to it:
//!
#![doc = include_str!("transitions.md")]
//!
//! A call that a phase does not take ends in [`SessionFailed`] with [`SessionError::WrongPhase`]; a second start or join
//! in [`SessionError::AlreadyInSession`].
//!
//! # Travel
//!
//! When a seat is there the plugin triggers [`TravelRequested`], or waits for [`Sessions::travel`] with
//! [`TravelPolicy::Manual`]. A transport answers with [`TravelCommands`]. A travel that fails leaves the session in
//! progress and the game where it was: travel again (a fresh ticket is fetched), or leave. Any transport can do it:
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::prelude::*;
//! use bevy_game_session_client::{TravelCommands, TravelRequested, TravelStopped};
//!
//! struct MyTransportPlugin;
//!
//! impl Plugin for MyTransportPlugin {
//!     fn build(&self, app: &mut App) {
//!         app.add_observer(connect).add_observer(hang_up);
//!     }
//! }
//!
//! fn connect(travel: On<TravelRequested>, mut commands: Commands) {
//!     let connected = my_connect(travel.address, travel.ticket.expose());
//!     match connected {
//!         Ok(()) => commands.session_arrived(travel.entity),
//!         Err(error) => commands.session_travel_failed(travel.entity, TravelError::Transport(error)),
//!     }
//! }
//!
//! fn hang_up(_: On<TravelStopped>) {
//!     // close the connection; a connection that is lost is told by `session_disconnected`
//! }
//! # fn my_connect(_: std::net::SocketAddr, _: &[u8]) -> Result<(), String> { Ok(()) }
//! ```
//!
//! # Recipes
//!
//! ## A session browser
//!
//! ```
//! # use std::time::Duration;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::prelude::*;
//!
//! fn open(mut sessions: Sessions) {
//!     sessions.find(SessionQuery::new().refresh_every(Duration::from_secs(10)));
//! }
//!
//! fn join_the_first_that_fits(found: On<SessionsFound>, mut sessions: Sessions) {
//!     match found.sessions.iter().find(|found| found.is_joinable()) {
//!         Some(session) => drop(sessions.join("game", session)),
//!         None => drop(sessions.quick_join("game", SessionSettings::new(4))),
//!     }
//! }
//! # bevy_ecs::system::assert_is_system(open);
//! ```
//!
//! ## A loading screen with a cancel button
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::prelude::*;
//! use bevy_state::prelude::*;
//!
//! fn plugin(app: &mut App) {
//!     app.add_systems(OnEnter(ClientSessionState::Connecting), || println!("connecting ..."))
//!         .add_systems(OnEnter(ClientSessionState::InSession), || println!("play"))
//!         .add_systems(OnEnter(ClientSessionState::Idle), || println!("menu"))
//!         .add_observer(|progress: On<SessionProgress>| println!("{}", progress.step.label()));
//! }
//!
//! /// Works in every phase: a start is undone, a seat is given back.
//! fn cancel(mut sessions: Sessions) {
//!     sessions.destroy("game");
//! }
//! # bevy_ecs::system::assert_is_system(cancel);
//! ```
//!
//! ## Coming back after a lost connection
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::prelude::*;
//!
//! fn come_back(lost: On<SessionDisconnected>, mut sessions: Sessions) {
//!     match &lost.reason {
//!         DisconnectReason::Goodbye(_) => println!("{}", lost.reason.player_message()),
//!         _ => sessions.rejoin(lost.name.as_str()),
//!     }
//! }
//! ```
//!
//! ## Testing a game without any server
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::prelude::*;
//! use game_session_protocol::InMemoryOrchestrator;
//!
//! let orchestrator = InMemoryOrchestrator::new(); // without a server process
//! let mut app = App::new();
//! app.add_plugins(SessionClientPlugin::new(orchestrator.service("anna".parse().unwrap())));
//! app.add_systems(Startup, |mut sessions: Sessions| {
//!     sessions.create("game", SessionSettings::new(4)).unwrap();
//!     sessions.start("game");
//! });
//! app.update();
//! app.update();
//! let failures = app.world().resource::<Messages<SessionFailed>>();
//! let mut reader = failures.get_cursor();
//! assert!(reader.read(failures).any(|failed| matches!(failed.error, SessionError::NoCapacity { .. })));
//! ```
//!
//! # When it does not work
//!
//! | error | look at |
//! |---|---|
//! | [`Unreachable`](SessionError::Unreachable) | is the backend running, is its address right? Its `source()` says what the network said |
//! | [`Protocol`](SessionError::Protocol) | something else answers at that address: a proxy, a hotel's wireless network |
//! | [`NoCapacity`](SessionError::NoCapacity) | is a server process running and ready? |
//! | [`ActivationFailed`](SessionError::ActivationFailed) | the server's log: it loaded too long, or ended |
//! | [`VersionMismatch`](SessionError::VersionMismatch) | [`SessionClientPlugin::client_build`] and the session's build differ |
//! | [`TravelError::TimedOut`] | is a travel plugin in the app, and does UDP reach the server's port? |
//!
//! # Features
//!
//! `http` (default): [`HttpSessionService`]. Without it the crate has no HTTP client and no runtime in its tree.

mod begin;
mod components;
mod deadlines;
mod error;
mod events;
mod flights;
#[cfg(feature = "http")]
mod http;
mod in_flight;
mod index;
mod operation;
mod outcome;
mod plugin;
mod record;
mod search;
mod searching;
mod services;
mod sessions;
mod state;
mod transitions;
mod travel;
mod travelling;

pub use components::{Reach, SessionConnection, SessionName, SessionPhase, SessionSettings};
pub use deadlines::SessionDeadlines;
pub use error::SessionError;
pub use events::{
    SessionArrived, SessionCancelled, SessionCreated, SessionDestroyed, SessionDisconnected, SessionEnded,
    SessionFailed, SessionJoinCodeReceived, SessionJoined, SessionLeft, SessionProgress, SessionStarted,
    SessionTravelFailed, SessionUpdated, SessionsFound, SessionsPinged,
};
#[cfg(feature = "http")]
pub use http::{HttpSessionService, HttpSettings};
pub use operation::SessionOperation;
pub use plugin::{SessionClientPlugin, SessionClientSystems};
pub use search::{
    FoundSession, JoinObstacle, NextPage, SearchFailure, SearchOrder, SearchResults, SessionQuery, SessionSearch,
};
pub use sessions::Sessions;
pub use state::{ClientSessionState, CurrentSession};
pub use travel::{DisconnectReason, TravelCommands, TravelError, TravelPolicy, TravelRequested, TravelStopped};

/// What most games name, for a glob import.
pub mod prelude {
    pub use crate::{
        ClientSessionState, CurrentSession, DisconnectReason, FoundSession, JoinObstacle, Reach, SearchOrder,
        SearchResults, SessionArrived, SessionCancelled, SessionClientPlugin, SessionConnection, SessionCreated,
        SessionDestroyed, SessionDisconnected, SessionEnded, SessionError, SessionFailed, SessionJoinCodeReceived,
        SessionJoined, SessionLeft, SessionName, SessionPhase, SessionProgress, SessionQuery, SessionSearch,
        SessionSettings, SessionStarted, SessionTravelFailed, SessionUpdated, Sessions, SessionsFound, SessionsPinged,
        TravelError, TravelPolicy,
    };
}
