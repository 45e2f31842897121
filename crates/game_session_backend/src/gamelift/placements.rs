//! Placements: what a queue is asked for, and how far it is.

use game_session_protocol::host::SecretText;
use game_session_protocol::{GameProperties, Latencies, PlayerSessionId};

use super::{GameSessionArn, NewGameSession};

/// The arguments of `StartGameSessionPlacement`. The same for the same player, click and body, but for the latencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlacement {
    /// The game session to place; its token is the `PlacementId`, and its creator is not told.
    pub game_session: NewGameSession,
    /// The one desired player session: its maker's.
    pub player: String,
    /// The maker's `PlayerLatencies`.
    pub latencies: Latencies,
}

/// A placement as GameLift describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementRecord {
    /// How far it is.
    pub status: PlacementStatus,
    /// The game session: final once the placement is fulfilled, a hint before.
    pub arn: Option<GameSessionArn>,
    /// The seats that were reserved with it.
    pub seats: Vec<PlacedSeat>,
    /// As it was asked for.
    pub name: String,
    /// As it was asked for.
    pub max_players: u16,
    /// As they were asked for, ours included.
    pub properties: GameProperties,
    /// `GameSessionData`.
    pub session_data: SecretText,
    /// When it was asked for, milliseconds since the Unix epoch on GameLift's clock.
    pub started_at_ms: Option<u64>,
    /// When it came to its end, the same.
    pub ended_at_ms: Option<u64>,
}

/// A seat that was reserved with a placement.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlacedSeat {
    /// Whose it is.
    pub player: String,
    /// Its id.
    pub id: PlayerSessionId,
}

/// How far a placement is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PlacementStatus {
    /// A server process is looked for, or loads.
    Pending,
    /// The game session runs, and the seats are reserved.
    Fulfilled,
    /// Somebody stopped it.
    Cancelled,
    /// The queue's time was up.
    TimedOut,
    /// It went wrong.
    Failed,
    /// GameLift said something that this crate does not know.
    Unknown,
}
