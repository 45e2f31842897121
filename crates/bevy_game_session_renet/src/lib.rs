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
//! the whole world is sent again, so despawn what the old connection had replicated.
//!
//! ```
//! # #[cfg(all(feature = "client", feature = "replicon"))] {
//! use bevy_ecs::prelude::*;
//! use bevy_game_session_client::SessionDisconnected;
//! use bevy_replicon::prelude::Remote;
//!
//! fn clear(_: On<SessionDisconnected>, remote: Query<Entity, With<Remote>>, mut commands: Commands) {
//!     remote.iter().for_each(|entity| commands.entity(entity).despawn());
//! }
//! # let _ = bevy_ecs::observer::Observer::new(clear);
//! # }
//! ```
//!
//! # Listen servers
//!
//! With the client's and the server's plugin in one app the travel to the game session that the app itself hosts opens
//! no connection: the orchestrator is asked for the seat, the player gets an entity with `AcceptedPlayer` and
//! `LocalPlayer`, and `SessionArrived::local` is true. There is no `RenetClient`; to replicon the app is a server.
//!
//! # When it does not work
//!
//! | what | look at |
//! |---|---|
//! | travel fails as `TimedOut` | is the server's UDP port open in its firewall, and is the address right from outside? |
//! | travel fails as `Refused` | the code says why; the server's `PlayerRejected` says the same |
//! | `ListenPort` is missing | another process has the port: give [a range](TravelPlugin::ports) |
//! | messages vanish | both sides must have the same channels, in the same order |
//!
//! # Limits
//! - The netcode crate binds the port on all interfaces, and its socket is private: the port cannot be shared.
//! - 248 players at most; GameLift allows 200.
//! - netcode logs each connection with its address at `info`, through the `log` crate as `netcode`, and undecodable
//!   packets at `debug`. On a public server filter `netcode=warn`.

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
