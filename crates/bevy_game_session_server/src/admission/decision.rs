//! The answers of the door, and what they give to a player's entity.

use bevy_ecs::component::Component;
use bevy_ecs::entity::Entity;
use game_session_protocol::RefusalCode;

use super::seat::AcceptedPlayer;

/// Names one request to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdmissionId(pub(super) u64);

/// The answer to one request to be let in.
#[derive(Debug)]
pub struct Decided {
    /// The request.
    pub id: AdmissionId,
    /// What became of it.
    pub decision: Decision,
}

/// Whether a connection is let in.
#[derive(Debug)]
pub enum Decision {
    /// The orchestrator agreed: give this to the player's entity. Dropping it frees the seat.
    Admitted(AcceptedPlayer),
    /// The player of this entity is back with a newer ticket of the same seat: put the connection in the place of the
    /// old one, say [`GoodbyeCode::TakenOver`](game_session_protocol::GoodbyeCode::TakenOver) to that if it is still
    /// there, and call [`PlayerCommands::player_returned`](crate::PlayerCommands::player_returned).
    Returned(Entity),
    /// Say why, and cut the connection.
    Refused(RefusalCode),
}

/// Marks the player of this app itself, on a listen server: the entity has [`AcceptedPlayer`] as every player's, and no
/// connection.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LocalPlayer;
