//! Create, find, join and leave multiplayer game sessions in Bevy: the client plugin.
//!
//! A *session* here is one entity on this machine, with a name. Behind it stands a *game session* on a server, placed
//! by an orchestrator: through the backend with [`HttpSessionService`], or in memory in tests. Sending game traffic is
//! not done here: a transport takes the seat's address and ticket and [travels](#travel).
//!
//! The plugin takes one service for online sessions, one for the LAN, or both: [`SessionClientPlugin::new`],
//! [`lan_only`](SessionClientPlugin::lan_only), [`lan`](SessionClientPlugin::lan). Searches show what both know.
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
//! | call | ends in |
//! |---|---|
//! | [`create`](Sessions::create) | [`SessionCreated`] |
//! | [`start`](Sessions::start) | [`SessionStarted`], then travel |
//! | [`find`](Sessions::find) | [`SessionsFound`]; [`SessionsPinged`] follows |
//! | [`join`](Sessions::join), [`join_locked`](Sessions::join_locked), [`quick_join`](Sessions::quick_join), [`join_by_code`](Sessions::join_by_code), [`rejoin`](Sessions::rejoin), [`resume`](Sessions::resume) | [`SessionJoined`], then travel |
//! | [`join_code`](Sessions::join_code) | [`SessionJoinCodeReceived`] |
//! | [`update`](Sessions::update) | [`SessionUpdated`] |
//! | [`travel`](Sessions::travel), by itself unless it is [manual](TravelPolicy::Manual) | [`SessionArrived`] or [`SessionTravelFailed`] |
//! | [`leave`](Sessions::leave) | [`SessionLeft`] |
//! | [`end`](Sessions::end) | [`SessionEnded`] |
//! | [`destroy`](Sessions::destroy) | [`SessionDestroyed`] |
//! | [`cancel`](Sessions::cancel) | the call that it calls off ends in [`SessionCancelled`] |
//!
//! [`SessionDisconnected`] comes by itself, when a connection that had arrived is gone.
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
//! # Errors
//!
//! [`SessionError`], [`TravelError`] and [`DisconnectReason`] say three things: `Display` and the causes behind it (in
//! one line: [`SessionError::chain`]) are for the log, `player_message()` is one sentence for the screen, and
//! [`is_retryable`](SessionError::is_retryable) says whether the same call may succeed later. Only what is the same once
//! and twice is repeated by itself, with growing pauses, by [`HttpSessionService`]. [`ServiceReachability`] says
//! whether a service was reached when it was asked last.
//!
#![doc = include_str!("recipes.md")]
//!
//! # When it does not work
//!
//! | error | look at |
//! |---|---|
//! | [`DuplicateName`](SessionError::DuplicateName), [`UnknownName`](SessionError::UnknownName) | each session has a name of its own on this machine; `destroy` frees it |
//! | [`AlreadyInSession`](SessionError::AlreadyInSession) | leave the other session first |
//! | [`WrongPhase`](SessionError::WrongPhase), [`Busy`](SessionError::Busy) | the diagram [above](#phases); wait for the event of the call before |
//! | [`TooMany`](SessionError::TooMany) | despawn searches whose results are no longer shown |
//! | [`InvalidSettings`](SessionError::InvalidSettings) | its message names the bound |
//! | [`Unreachable`](SessionError::Unreachable) | is the backend running, is its address right? Its `source()` says what the network said |
//! | [`HostUnreachable`](SessionError::HostUnreachable) | has the host quit, or left this network? |
//! | [`Protocol`](SessionError::Protocol) | something else answers at that address: a proxy, a hotel's wireless network |
//! | [`TimedOut`](SessionError::TimedOut) | [`SessionDeadlines`], and the service's own log |
//! | [`Unauthorized`](SessionError::Unauthorized) | does the backend know this player's token? Guests are renewed by themselves |
//! | [`Throttled`](SessionError::Throttled) | wait for as long as it says |
//! | [`NotFound`](SessionError::NotFound), [`Full`](SessionError::Full), [`NotAccepting`](SessionError::NotAccepting), [`Expired`](SessionError::Expired) | the search is older than what happened: search again |
//! | [`UnknownCode`](SessionError::UnknownCode) | was it mistyped, is it too old, or is the session over? |
//! | [`NoCapacity`](SessionError::NoCapacity) | is a server process running and ready? |
//! | [`ActivationFailed`](SessionError::ActivationFailed) | the server's log: it loaded too long, or ended |
//! | [`VersionMismatch`](SessionError::VersionMismatch) | [`SessionClientPlugin::client_build`] and the session's build differ |
//! | [`WrongPassword`](SessionError::WrongPassword) | join with [`Sessions::join_locked`] |
//! | [`ReachUnavailable`](SessionError::ReachUnavailable) | the plugin was given no service for that [`Reach`] |
//! | a search shows one service only | [`SearchResults::failures`] says what the other one said |
//! | no pings | does the session have a `ping_beacon`, and does UDP get out? |
//! | [`ResumableSession`] is not there | was the session left, or is another process using the [`PlayerFiles`]? |
//! | [`TravelError::TimedOut`] | is a travel plugin in the app, and does UDP reach the server's port? |
//!
//! # Features
//!
//! - `http` (default): [`HttpSessionService`]. Without it the crate has no HTTP client and no runtime in its tree.
//! - `resume` (default): [`PlayerFiles`], for coming back after a restart. Without it nothing is written to disk.

mod begin;
mod code;
mod components;
mod deadlines;
mod error;
mod events;
#[cfg(feature = "resume")]
mod files;
mod flights;
#[cfg(feature = "http")]
mod http;
mod in_flight;
mod index;
mod operation;
mod outcome;
mod plugin;
mod reachability;
mod record;
#[cfg(feature = "resume")]
mod resume;
mod search;
mod searching;
mod services;
mod sessions;
mod state;
mod transitions;
mod travel;
mod travelling;
mod wording;

pub use components::{Reach, SessionConnection, SessionName, SessionPhase, SessionSettings};
pub use deadlines::SessionDeadlines;
pub use error::SessionError;
pub use events::{
    SessionArrived, SessionCancelled, SessionCreated, SessionDestroyed, SessionDisconnected, SessionEnded,
    SessionFailed, SessionJoinCodeReceived, SessionJoined, SessionLeft, SessionProgress, SessionStarted,
    SessionTravelFailed, SessionUpdated, SessionsFound, SessionsPinged,
};
#[cfg(feature = "resume")]
pub use files::{PlayerFiles, PlayerFilesError};
#[cfg(feature = "http")]
pub use http::{HttpSessionService, HttpSettings};
pub use operation::SessionOperation;
pub use plugin::{SessionClientPlugin, SessionClientSystems};
pub use reachability::{Reachability, ServiceReachability};
#[cfg(feature = "resume")]
pub use resume::ResumableSession;
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

#[cfg(all(doctest, feature = "http"))]
#[doc = include_str!("../README.md")]
struct Readme;
