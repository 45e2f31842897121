//! Multiplayer game sessions on a local network.

mod announce;
mod bad_network;
mod books;
mod clean;
mod clock;
mod config;
mod counters;
mod creating;
mod door;
mod error;
mod finding;
mod host;
mod id;
mod identity;
mod joining;
mod lan;
mod limit;
mod net;
mod query;
mod runtime;
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
