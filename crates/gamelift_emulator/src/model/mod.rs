//! The service model: structures, constraints, status words and errors. Both codecs and the world speak these types.

#[cfg(test)]
mod against_botocore;
pub(crate) mod aliases;
pub(crate) mod error;
pub(crate) mod fleets;
pub(crate) mod game_sessions;
pub(crate) mod inputs;
#[cfg(test)]
#[path = "../../tests/end_to_end/modelled.rs"]
pub(crate) mod modelled;
pub(crate) mod operations;
mod patterns;
pub(crate) mod placements;
pub(crate) mod player_sessions;
pub(crate) mod queues;
pub(crate) mod report_inputs;
pub(crate) mod reports;
pub(crate) mod routing_inputs;
pub(crate) mod scalars;
pub(crate) mod shape;
pub(crate) mod status;
pub(crate) mod tags;
pub(crate) mod timestamp;
