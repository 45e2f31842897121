//! A game session as other players see it, and the seat a player gets in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::ids::{BuildId, GameSessionId, PlayerSessionId};
use crate::progress::ProgressStep;
use crate::ticket::Ticket;

/// What a game says about its session, found by others: at most [`MAX_PROPERTIES`] pairs, keys up to 32 and values up to
/// 96 characters.
pub type GameProperties = BTreeMap<String, String>;

/// The most properties of a game session. GameLift takes 16, of which the backend needs two.
pub const MAX_PROPERTIES: usize = 14;

/// The most seats of a game session (GameLift's quota).
pub const MAX_PLAYERS: u16 = 200;

/// A game session as other players see it. Nothing in it is secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GameSession {
    /// The sealed id, to join by.
    pub id: GameSessionId,
    /// The name its owner gave it.
    pub name: String,
    /// The build its players run. Another build cannot join.
    pub build: BuildId,
    /// Seats in all.
    pub max_players: u16,
    /// Seats taken, reserved ones included.
    pub current_players: u16,
    /// Whether it takes new players.
    pub policy: PlayerSessionPolicy,
    /// What the game says about it.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub properties: GameProperties,
    /// Its owner's pseudonym: the same for all sessions of one player, and no player id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Whether a password is needed to join it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
    /// `host:port` of the UDP ping beacon near its server: what is sent there comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ping_beacon: Option<String>,
}

impl GameSession {
    /// Whether a player of this build could join now, with the password if it is [locked](Self::locked).
    pub fn is_joinable_by(&self, build: &BuildId) -> bool {
        self.build == *build && self.policy == PlayerSessionPolicy::AcceptAll && self.current_players < self.max_players
    }
}

/// One page of game sessions.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GameSessionPage {
    /// The game sessions found.
    pub game_sessions: Vec<GameSession>,
    /// Give it back in the next query for more; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_page: Option<String>,
}

/// Whether a game session takes new players.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlayerSessionPolicy {
    /// New players may join.
    #[default]
    AcceptAll,
    /// Nobody may join.
    DenyAll,
}

/// Whether others find a game session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Anyone finds it.
    #[default]
    Listed,
    /// Only who knows its id can join.
    Private,
}

/// A player's seat in a game session that is active: where to travel, and what to show at the door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Seat {
    /// The game session.
    pub game_session: GameSession,
    /// Where the server listens.
    #[cfg_attr(feature = "openapi", schema(value_type = String, example = "192.0.2.1:7000"))]
    pub address: SocketAddr,
    /// The seat's id at the orchestrator.
    pub player_session_id: PlayerSessionId,
    /// What proves the seat to the server. Good for 45 seconds.
    pub ticket: Ticket,
    /// Where the time went at the orchestrator.
    #[serde(default)]
    pub timings: SeatTimings,
}

/// A game session whose seat is not there yet: the body of a 202. Ask for the seat again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Placing {
    /// The game session.
    pub id: GameSessionId,
    /// How far it has come.
    pub step: ProgressStep,
}

/// Where the orchestrator's time went while it made a seat, in microseconds. Zero where a step was not needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SeatTimings {
    /// From the start of the wait until the game session was seen active.
    pub activation_us: u64,
    /// For the reservation of the seat and the ticket.
    pub ticket_us: u64,
}
