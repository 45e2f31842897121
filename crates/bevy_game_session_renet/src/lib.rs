//! Travel to a game session over `bevy_renet`, with a transport that lets nobody in without a ticket.
//!
//! Add [`TravelPlugin`] beside the session plugins, on both sides. The client's side takes address and ticket from
//! `TravelRequested` and inserts [`RenetClient`](bevy_renet::RenetClient); the server's side holds the UDP port, inserts
//! [`RenetServer`](bevy_renet::RenetServer) while a game session is there, and gives every *admitted* player an entity
//! with `AcceptedPlayer`. Games talk through renet's channels (or replicon) as they always do.
//!
//! ```
//! use bevy_app::App;
//! use bevy_game_session_renet::TravelPlugin;
//! use bevy_renet::renet::ConnectionConfig;
//!
//! App::new().add_plugins(TravelPlugin::new(|_world| ConnectionConfig::default()));
//! ```
//!
//! What happens between a ticket and an entity:
//!
//! 1. The client connects with its ticket, which is a netcode connect token, on a thread of its own: no frame of the
//!    game is waited for.
//! 2. The server's thread hands the ticket's stamp to `Admissions`, which verifies it and asks the orchestrator.
//! 3. Only when both agree renet learns of the connection, the player gets an entity, and the client is told that it
//!    is *admitted*. Until then [`client_connected`](bevy_renet::client_connected) is false and no packet passes.
//! 4. Otherwise the client is told why not, and is cut off.
//!
//! # Players who come back
//!
//! A line that falls silent for five seconds is lost on both sides. The server keeps the player's entity for the grace
//! period of its policies; a client that [rejoins](https://docs.rs/bevy_game_session_client) with a fresh ticket gets it
//! back, over a new connection and with the same client id. Two apps of one player: the newer ticket wins, the older
//! connection hears `TakenOver`. renet's channels begin anew. With replicon the player is a new client on the old entity:
//! the whole world is sent again.
//!
//! # What replicon leaves behind
//!
//! `bevy_replicon` keeps the entities that it had replicated when the connection goes: after a leave, a loss or a kick they
//! stand in the client's world as they last were, and after the next travel beside the new ones. Clear them away when the
//! session is over for the player, or keep them in view behind a "reconnecting" until then.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "replicon"))] {
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::{SessionDisconnected, SessionLeft};
//! use bevy_replicon::prelude::Remote;
//!
//! fn clear(remote: Query<Entity, With<Remote>>, mut commands: Commands) {
//!     remote.iter().for_each(|entity| commands.entity(entity).despawn());
//! }
//!
//! fn clear_after_a_loss(_: On<SessionDisconnected>, mut commands: Commands) {
//!     commands.run_system_cached(clear);
//! }
//!
//! fn clear_after_leaving(_: On<SessionLeft>, mut commands: Commands) {
//!     commands.run_system_cached(clear);
//! }
//! # bevy_app::App::new().add_observer(clear_after_a_loss).add_observer(clear_after_leaving);
//! # }
//! ```
//!
//! # Listen servers
//!
//! With the client's and the server's plugin in one app the travel to the game session that the app itself hosts opens
//! no connection: the orchestrator is asked for the seat, the player gets an entity with `AcceptedPlayer` and
//! `LocalPlayer`, and `SessionArrived::local` is true. There is no `RenetClient`; to replicon the app is a server.
//!
//! # Ports
//!
//! A server holds its UDP port from the start, because the orchestrator must know it before there is a game session. Of
//! a [range](TravelPlugin::ports) it takes the first that is free, and that one is reported. When none is, it is tried
//! for 10 seconds; then the reason is told by `HostFailed`, and a dedicated process leaves with a failure.
//!
//! # Another transport
//!
//! Nothing obliges a game to use this one. The client's `TravelRequested` carries address and ticket, and the server's
//! `Admissions` judges whoever shows one, over any kind of connection.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "server"))] {
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::{TravelCommands, TravelError, TravelRequested};
//! use bevy_game_session_server::{Admissions, Decision, HostedSession};
//! use game_session_protocol::TicketStamp;
//!
//! // On the client: connect, show the ticket, and say how it went.
//! fn travel(requested: On<TravelRequested>, mut commands: Commands) {
//!     match my_transport::connect(requested.address, requested.ticket.expose()) {
//!         Ok(()) => commands.session_arrived(requested.entity),
//!         Err(error) => commands.session_travel_failed(requested.entity, TravelError::Transport(error)),
//!     }
//! }
//!
//! // On the server: what a connection showed is judged, and the orchestrator is asked.
//! fn knock(stamp: In<TicketStamp>, mut admissions: ResMut<Admissions>, session: Res<HostedSession>) {
//!     let admission = admissions.request(&stamp, &session);
//!     my_transport::remember(admission);
//! }
//!
//! fn let_in(mut admissions: ResMut<Admissions>, mut commands: Commands) {
//!     for decided in admissions.take_decided() {
//!         match decided.decision {
//!             Decision::Admitted(player) => drop(commands.spawn(player)),
//!             Decision::Returned(player) => my_transport::move_to(player, decided.id),
//!             Decision::Refused(code) => my_transport::send_away(decided.id, code),
//!         }
//!     }
//! }
//! # mod my_transport {
//! #     pub fn connect(_: std::net::SocketAddr, _: &[u8]) -> Result<(), String> { Ok(()) }
//! #     pub fn remember(_: bevy_game_session_server::AdmissionId) {}
//! #     pub fn move_to(_: bevy_ecs::entity::Entity, _: bevy_game_session_server::AdmissionId) {}
//! #     pub fn send_away(_: bevy_game_session_server::AdmissionId, _: game_session_protocol::RefusalCode) {}
//! # }
//! # bevy_app::App::new().add_observer(travel);
//! # bevy_ecs::system::assert_is_system(knock);
//! # bevy_ecs::system::assert_is_system(let_in);
//! # }
//! ```
//!
//! # When it does not work
//!
//! | what | look at |
//! |---|---|
//! | travel fails as `TimedOut` | is the server's UDP port open in its firewall, and is the address right from outside? |
//! | travel fails as `Refused` | the code says why; the server's `PlayerRejected` says the same |
//! | `ListenPort` is missing, or the process leaves after 10 s | another process has the port: give [a range](TravelPlugin::ports) |
//! | messages vanish | both sides must have the same channels, in the same order |
//!
//! # Limits
//! - The netcode crate binds the port on all interfaces, and its socket is private: the port cannot be shared.
//! - 248 players at most; GameLift allows 200.
//! - netcode logs each connection with its address at `info`, through the `log` crate as `netcode`, and undecodable
//!   packets at `debug`. On a public server filter `netcode=warn`.
//! - renet logs each message for which an unreliable channel has no memory at `warn`. Read every channel that there is, or
//!   filter `renet=error`.

mod channels;
#[cfg(feature = "client")]
mod client;
#[cfg(any(feature = "client", feature = "server"))]
mod frame;
#[cfg(any(feature = "client", feature = "server"))]
mod line;
#[cfg(all(test, feature = "client", feature = "server"))]
mod line_tests;
#[cfg(all(feature = "client", feature = "server"))]
mod local;
#[cfg(any(feature = "client", feature = "server"))]
mod mailbox;
mod plugin;
#[cfg(feature = "server")]
mod server;
#[cfg(any(feature = "client", feature = "server"))]
mod untrusted;

pub use plugin::TravelPlugin;
#[cfg(feature = "server")]
pub use server::{PlayerConnection, ServerTraffic};
