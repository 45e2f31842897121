//! Create, find, join, travel to and host multiplayer game sessions in Bevy: on Amazon GameLift Servers, on a LAN or
//! on this machine alone, with the same game code.
//!
//! This crate is the front door. It holds no code of its own: it re-exports the crates a game needs, each behind a
//! feature named for a role.
//!
//! | feature | what it opens | default |
//! |---|---|---|
//! | `client` | [`client`]: the client plugin, with sessions from the backend over HTTP | yes |
//! | `server` | [`server`]: the dedicated server plugin, with game sessions from Amazon GameLift | |
//! | `lan` | [`lan`]: sessions on the local network, without a cloud | |
//! | `renet` | [`renet`]: travel over `bevy_renet` with a ticketed transport | yes |
//! | `replicon` | the same for games on `bevy_replicon` | |
//!
//! What all of them share is in [`protocol`].

#[cfg(feature = "client")]
pub use bevy_game_session_client as client;
#[cfg(feature = "lan")]
pub use bevy_game_session_lan as lan;
#[cfg(feature = "renet")]
pub use bevy_game_session_renet as renet;
#[cfg(feature = "server")]
pub use bevy_game_session_server as server;
pub use game_session_protocol as protocol;

/// What most games name, for a glob import.
pub mod prelude {
    #[cfg(feature = "client")]
    pub use bevy_game_session_client::prelude::*;
    #[cfg(feature = "lan")]
    pub use bevy_game_session_lan::{Lan, LanConfig, LanDoor, LanIdentity};
    #[cfg(feature = "renet")]
    pub use bevy_game_session_renet::TravelPlugin;
    #[cfg(feature = "server")]
    pub use bevy_game_session_server::prelude::*;
}

/// The programs of the project's README, compiled.
#[cfg(all(doctest, feature = "client", feature = "server", feature = "replicon"))]
#[doc = include_str!("../../../README.md")]
struct ReadmePrograms;
