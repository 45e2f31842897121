//! What the emulator knows at one moment, as plain data for assertions.

use serde::{Deserialize, Serialize};

use crate::model::status::{GameSessionStatus, PlacementStatus, PlayerSessionStatus, ProcessStatus};

/// Everything the emulator knows at one moment, each list in the order of creation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Snapshot {
    /// Server processes, the ended ones too.
    pub processes: Vec<ProcessSnapshot>,
    /// Game sessions, the terminated ones too.
    pub game_sessions: Vec<GameSessionSnapshot>,
    /// Player sessions, the ended ones too.
    pub player_sessions: Vec<PlayerSessionSnapshot>,
    /// Open sockets of server processes.
    pub open_sockets: usize,
    /// Fleet events such as `SERVER_PROCESS_CRASHED`, oldest first.
    pub fleet_events: Vec<FleetEventSnapshot>,
    /// Placements, the ended ones too.
    pub placements: Vec<PlacementSnapshot>,
    /// What AWS would have sent to SNS and `EventBridge`, oldest first.
    pub placement_events: Vec<PlacementEventSnapshot>,
    /// What came to the sink for metrics.
    pub metrics: MetricsSnapshot,
}

/// A placement in a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlacementSnapshot {
    /// The id that the caller chose.
    pub placement_id: String,
    /// The queue.
    pub queue: String,
    /// Where it is in its life.
    pub status: PlacementStatus,
    /// The ARN of its game session; not final before it is fulfilled.
    pub game_session_id: Option<String>,
}

/// The end of a placement, as AWS tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct PlacementEventSnapshot {
    /// The id of the placement.
    pub placement_id: String,
    /// `PlacementFulfilled`, `PlacementCancelled`, `PlacementTimedOut` or `PlacementFailed`.
    pub kind: String,
    /// The event's `detail`, as JSON.
    pub detail: String,
}

/// A server process.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProcessSnapshot {
    /// The id that the process chose.
    pub process_id: String,
    /// The fleet it is in.
    pub fleet_id: String,
    /// The compute it runs on.
    pub compute_name: String,
    /// The location of that compute.
    pub location: String,
    /// The port for players; 0 before `ProcessReady`.
    pub port: u16,
    /// Where it is in its life.
    pub status: ProcessStatus,
    /// Whether a game session can be placed on it.
    pub placeable: bool,
    /// The game session that was placed on it.
    pub game_session_id: Option<String>,
    /// Its open sockets.
    pub open_sockets: usize,
    /// What it measured of itself, by name.
    pub metrics: Vec<MetricSnapshot>,
    /// What it told the crash reporter.
    pub crash_reporter: CrashReporterStatus,
    /// The number of the operating system's process, if its metrics or the crash reporter were told.
    pub operating_system_pid: Option<u32>,
}

/// A game session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GameSessionSnapshot {
    /// Its ARN.
    pub game_session_id: String,
    /// Its name.
    pub name: Option<String>,
    /// Where it is in its life.
    pub status: GameSessionStatus,
    /// The id of the process it was placed on; empty when that is forgotten.
    pub process_id: String,
    /// Seats that are reserved or active.
    pub seats_taken: u32,
    /// Seats in all.
    pub maximum_player_session_count: u32,
    /// Whether new player sessions are accepted.
    pub accepts_players: bool,
}

/// A player session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PlayerSessionSnapshot {
    /// Its id.
    pub player_session_id: String,
    /// The player.
    pub player_id: String,
    /// The ARN of its game session.
    pub game_session_id: String,
    /// Where it is in its life.
    pub status: PlayerSessionStatus,
}

/// Something that happened on a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FleetEventSnapshot {
    /// The fleet.
    pub fleet_id: String,
    /// The event code of the service model.
    pub code: String,
    /// What happened, in words.
    pub message: String,
    /// When, in milliseconds since the Unix epoch.
    pub epoch_millis: u64,
}

/// What came to the sink for metrics, whoever sent it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// Values that were read.
    pub lines: u64,
    /// Lines and datagrams that could not be read.
    pub junk: u64,
    /// Values of nobody, of another kind than those before, or of a name for which there was no room.
    pub left_out: u64,
    /// Processes of the operating system that measure and are no server process that is known.
    pub strangers: Vec<u32>,
}

/// The values of one name that a process measured.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct MetricSnapshot {
    /// The name, and after a `#` the tags that say more than whose it is.
    pub name: String,
    /// `gauge`, `counter` or `timer`.
    pub kind: String,
    /// The value of a gauge, the sum of a counter, the last time of a timer in milliseconds.
    pub value: f64,
    /// How many times a timer took, those that its samples stand for too.
    pub count: Option<f64>,
    /// The shortest of them.
    pub least: Option<f64>,
    /// Their mean.
    pub mean: Option<f64>,
    /// The longest of them.
    pub most: Option<f64>,
}

/// What a process told the crash reporter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CrashReporterStatus {
    /// Nothing.
    #[default]
    Silent,
    /// That it runs: if it is gone now, it crashed.
    Registered,
    /// That it ends well.
    Deregistered,
}
