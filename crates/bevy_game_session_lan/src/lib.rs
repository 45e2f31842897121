//! Multiplayer game sessions on a local network: discovery, joining and hosting without a cloud.
//!
//! A [`Lan`] is an orchestrator: [`Lan::service`] is the client's seam, [`Lan::host`] the server's. Nothing here knows Bevy;
//! the client and the server plugin of `bevy_game_session` take the two handles.
//!
//! ```
//! use bevy_game_session_lan::{Lan, LanConfig, LanDoor};
//! use game_session_protocol::*;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let lan = Lan::new(LanConfig::new("my-game", LanDoor::Open).on_loopback())?;
//! let (service, host) = (lan.service(), lan.host());
//! # futures_lite::future::block_on(async {
//! host.ready(ReadyProcess { port: 7777, log_paths: vec![] }).await?; // the server plugin does this
//!
//! let seat = service.create(CreateGameSession::new("Friday", 4, "dev".parse()?), Progress::ignored());
//! let HostEvent::GameSessionStarted(session) = std::future::poll_fn(|cx| host.poll_event(cx)).await else { panic!() };
//! host.activate(session.id).await?; // and this
//! let seat = seat.await?;
//! assert_eq!(seat.game_session.current_players, 1);
//! # Ok(()) })
//! # }
//! ```
//!
//! # A listen server
//!
//! Both plugins in one app, with the two handles of one `Lan`: the player of this process is the owner of its game sessions
//! and has a seat in them. [`Lan::host_game_session`] hosts without a player. One game session at a time; when it has ended
//! the next can be started. When the host ends or is gone, the others hear it from the transport with its reason, and
//! searches list it no more: at once after a proper end, after 7 s if it vanished.
//!
//! # What travels
//!
//! Discovery is one UDP datagram of 1,200 bytes and answers that are never larger, to a multicast group, by broadcast, and
//! to addresses that are [configured](LanConfig::direct) or announced by DNS-SD ([`SERVICE_TYPE`]). Joining is one short
//! TCP connection under Noise. Tickets are netcode connect tokens under the game session's random key, for the address by
//! which the player came in; where that is link-local IPv6, for another one that the game listens on, or the join is refused
//! with [`ErrorCode::Unavailable`](game_session_protocol::ErrorCode::Unavailable).
//!
#![doc = include_str!("announce.md")]
//!
//! # Who is kept out
//!
//! With [`LanDoor::JoinCode`], a private game session, or a password: everyone who was not told it. They see that there is a game session, with its
//! name and players, and can neither join, read, nor pass for its host. With [`LanDoor::Open`]: nobody on this network. There
//! listeners cannot read tickets, but who answers in a host's place can, and players who pick an open game session from a list
//! do not know whose it is; who joins by its code does. Guessing, flooding and lying neighbours meet limits; what is dropped is [counted](LanCounters). The table in
//! the crate's README names each case.

mod address;
mod announce;
mod bad_network;
mod books;
mod clean;
mod clock;
mod config;
mod counters;
mod creating;
mod door;
mod entering;
mod error;
mod finding;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod host;
mod id;
mod identity;
mod joining;
mod lan;
mod limit;
mod net;
mod query;
mod runtime;
mod seat;
mod secret;
mod service;
mod shared;
mod tasks;

pub use announce::SERVICE_TYPE;
pub use config::{BadNetwork, DOOR_PORTS, GROUP_PORT, LanConfig, LanDoor};
pub use counters::LanCounters;
pub use error::LanError;
pub use host::LanHost;
pub use identity::LanIdentity;
pub use lan::Lan;
pub use service::LanService;
