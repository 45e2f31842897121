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
//! # Phases
//!
//! ```text
//!             a port is held            placed here          activated
//! Offline ──────────────────▶ Ready ──────────────▶ Activating ─────────▶ Active
//!    ▲                          ▲                        │                  │
//!    │ the process leaves       │ one after another      ▼                  ▼
//!    └──────────────────────────┴──────────────────── Ending ◀──────────────┘
//! ```
//!
//! On GameLift a process hosts one game session and leaves, to be replaced; hosts of
//! [`ManySessions`](game_session_protocol::HostLifetime::ManySessions) - a LAN, in memory - are ready again. Ending has
//! steps, each with a deadline: goodbyes to the players, their seats, a word to the orchestrator.
//!
//! # Calls and events
//!
//! A game calls [`SessionServerCommands`] on `Commands`: `activate_session`, `open_session`, `close_session`,
//! `end_session`, `shut_down_server`, `fail_server`. Each event goes to observers and to message readers.
//!
//! | event | when |
//! |---|---|
//! | [`GameSessionStarted`] | a game session was placed here; [`HostedSession`] exists from now on |
//! | [`GameSessionUpdated`] | its description, or what a matchmaker says about the players, changed |
//! | [`BackfillEnded`] | a matchmaker does not fill the free seats any more |
//! | [`PlayerRejected`] | somebody was turned away at the door |
//! | [`PlayerLost`], [`PlayerReturned`] | a connection was lost; the player is back on a new one |
//! | [`ShutdownRequested`] | the process must be gone soon |
//! | [`SessionEnding`] | goodbyes are said now |
//! | [`HostFailed`] | the orchestrator refused, could not be reached, or a command did not fit: [`SessionServerError`] |
//!
//! What the orchestrator says twice, too late or to the wrong process is ignored.
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
//! [`ProcessSignalsPlugin`] makes the same of SIGTERM. Save what must be saved in the observer. To let a match be finished
//! in the time that is left, set [`ServerPolicies::play_on_until_shutdown`] and tell the players.
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
//! A process that GameLift has not started says so in its log, and serves plainly: with the host of a LAN
//! (`bevy_game_session_lan`), or any other one. Started by GameLift with something missing it is an error.
//!
//! ```
//! # #[cfg(feature = "gamelift")] {
//! use bevy_game_session_server::{GameLiftHost, SessionServerPlugin};
//! use game_session_protocol::{HostError, SessionHost};
//!
//! fn plugin(plain: impl SessionHost) -> Result<SessionServerPlugin, HostError> {
//!     Ok(match GameLiftHost::detect()? {
//!         Some(host) => SessionServerPlugin::new(host),
//!         None => SessionServerPlugin::new(plain),
//!     })
//! }
//! # assert!(plugin(game_session_protocol::InMemoryOrchestrator::new().host()).is_ok());
//! # }
//! ```
//!
//! ## A game that loads for long
//!
//! GameLift asks about every minute whether the process is well, and it is while the game's loop turns. A loop that
//! stands still for 30 s is told as unhealthy. Load in the background, or ask for more patience.
//!
//! ```no_run
//! # #[cfg(feature = "gamelift")] {
//! # use std::time::Duration;
//! # use bevy_game_session_server::{GameLiftHost, SessionServerPlugin};
//! let host = GameLiftHost::from_env().unwrap().frozen_after(Duration::from_secs(120));
//! let plugin = SessionServerPlugin::new(host).log_path("/local/game/logs/server.log");
//! # let _ = plugin;
//! # }
//! ```
//!
//! ## Filling free seats by a matchmaker
//!
//! ```
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_server::prelude::*;
//!
//! fn expect_players(_: On<GameSessionUpdated>, session: Res<HostedSession>) {
//!     println!("who comes: {:?}", session.matchmaker_data());
//! }
//!
//! fn play_on(ended: On<BackfillEnded>) {
//!     println!("nobody else comes: {}", ended.outcome);
//! }
//! # bevy_app::App::new().add_observer(expect_players).add_observer(play_on);
//! ```
//!
//! ## Testing your server with the in-memory double
//!
//! The orchestrator, its players and the process are in one test, and time passes when the test says so.
//!
//! ```
//! use bevy_app::prelude::*;
//! use bevy_game_session_server::prelude::*;
//! use bevy_game_session_server::ListenPort;
//! use bevy_state::prelude::State;
//! use futures_lite::future::{block_on, poll_once};
//! use game_session_protocol::*;
//!
//! let orchestrator = InMemoryOrchestrator::new();
//! let mut app = App::new();
//! app.add_plugins((bevy_time::TimePlugin, bevy_state::app::StatesPlugin))
//!     .add_plugins(SessionServerPlugin::new(orchestrator.host()))
//!     .insert_resource(ListenPort(7777));
//! app.update();
//! app.update();
//!
//! let anna = orchestrator.service("anna".parse().unwrap());
//! let request = CreateGameSession::new("Friday", 4, "dev".parse().unwrap());
//! let mut seat = anna.create(request, Progress::ignored());
//! assert!(block_on(poll_once(&mut seat)).is_none(), "the process is asked");
//! app.update(); // it hosts and activates
//! app.update();
//! assert!(block_on(seat).is_ok());
//! assert_eq!(*app.world().resource::<State<ServerSessionState>>().get(), ServerSessionState::Active);
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
//! | players are refused as `WrongTicket` | the ticket is of another game session, or of another deployment's secret |
//! | players are refused as `Used` | the ticket was shown before, or a newer one of the same seat was |
//! | players are refused as `Closed` | the game session ends, or is not active yet |
//! | players are refused as `Unavailable` | the orchestrator did not answer within 10 s: its own log says why |
//! | GameLift replaces the process as unhealthy | the loop stood still: the log says for how long |
//! | the loop stands still while the machine has nothing to do | the log blocks it: nobody reads it any more and its pipe is full. Write it on a thread of its own that may lose lines (`tracing_appender::non_blocking`), as the server of the example does |
//! | the process leaves with a failure after 10 s | no port of the range is free: [`HostFailed`] names them |
//! | the process ends after a minute | nobody came: [`ServerPolicies::end_when_nobody_came`] |
//! | the process ends five minutes after the last player | [`ServerPolicies::end_when_empty`], [`ServerPolicies::stay_when_empty`] |

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
    BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, PlayerLost, PlayerRejected, PlayerReturned,
    SessionEnding, ShutdownRequested,
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
        AcceptedPlayer, BackfillEnded, GameSessionStarted, GameSessionUpdated, HostFailed, HostedSession, LocalPlayer,
        PlayerAbsent, PlayerLost, PlayerRejected, PlayerReturned, ServerPolicies, ServerSessionState, SessionEnding,
        SessionServerCommands, SessionServerPlugin, ShutdownRequested,
    };
}
