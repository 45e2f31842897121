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
