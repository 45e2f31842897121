//! The server's side: from the held port to players with entities, and goodbyes to all of them.

#[cfg(test)]
mod dead_line_tests;
pub(crate) mod guest;
pub(crate) mod line;
mod players;
mod port;
mod rejoin;
#[cfg(feature = "replicon")]
mod replicon;
mod systems;
pub(crate) mod traffic;

pub use players::PlayerConnection;
#[cfg(feature = "client")]
pub(crate) use systems::LetIn;
pub(crate) use systems::build;
pub use traffic::ServerTraffic;
