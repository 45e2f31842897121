//! The service model: structures, constraints, status words and errors. Both codecs and the world speak these types.

pub(crate) mod error;
pub(crate) mod fleets;
pub(crate) mod game_sessions;
pub(crate) mod inputs;
pub(crate) mod operations;
pub(crate) mod player_sessions;
pub(crate) mod scalars;
pub(crate) mod shape;
pub(crate) mod status;
pub(crate) mod timestamp;
