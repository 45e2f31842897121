//! What the in-memory orchestrator holds, as plain data for assertions.

use std::fmt;

use crate::game_session::{GameProperties, PlayerSessionPolicy};
use crate::ids::{GameSessionId, PlayerId, PlayerSessionId};

/// Names one server process of an in-memory orchestrator: 1, 2, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessNumber(pub(super) u32);

impl fmt::Display for ProcessNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.0)
    }
}

/// All that an in-memory orchestrator holds, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Snapshot {
    /// The server processes, those that are gone included.
    pub processes: Vec<ProcessSnapshot>,
    /// The game sessions, those that are over included.
    pub game_sessions: Vec<GameSessionSnapshot>,
}

impl Snapshot {
    /// A server process.
    pub fn process(&self, number: ProcessNumber) -> Option<&ProcessSnapshot> {
        self.processes.iter().find(|process| process.number == number)
    }

    /// A game session.
    pub fn game_session(&self, id: &GameSessionId) -> Option<&GameSessionSnapshot> {
        self.game_sessions.iter().find(|session| session.id == *id)
    }

    /// A seat of any game session.
    pub fn seat(&self, id: &PlayerSessionId) -> Option<&SeatSnapshot> {
        self.game_sessions
            .iter()
            .flat_map(|session| &session.seats)
            .find(|seat| seat.id == *id)
    }

    /// How many seats of all game sessions have this status.
    pub fn seats_that_are(&self, status: SeatStatus) -> usize {
        self.game_sessions
            .iter()
            .flat_map(|session| &session.seats)
            .filter(|seat| seat.status == status)
            .count()
    }
}

/// A server process.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProcessSnapshot {
    /// Which one.
    pub number: ProcessNumber,
    /// How it is.
    pub status: ProcessStatus,
    /// Its port, 0 before it was ready.
    pub port: u16,
    /// The files it wants to be kept.
    pub log_paths: Vec<String>,
    /// How often it said that its loop runs.
    pub beats: u64,
}

/// How a server process is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// It runs and was never ready.
    Started,
    /// It waits for a game session.
    Ready,
    /// It has a game session.
    Hosting,
    /// It hosted the one game session of its life and has not left yet.
    Finished,
    /// It lost its connection to the orchestrator.
    CutOff,
    /// It left politely.
    Ended,
    /// It went without a word.
    Crashed,
}

/// A game session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct GameSessionSnapshot {
    /// Which one.
    pub id: GameSessionId,
    /// Its name.
    pub name: String,
    /// How it is.
    pub status: GameSessionStatus,
    /// Where it runs or ran.
    pub process: ProcessNumber,
    /// Who made it.
    pub owner: PlayerId,
    /// Whether it takes new players.
    pub policy: PlayerSessionPolicy,
    /// Seats in all.
    pub max_players: u16,
    /// What the game says about it.
    pub properties: GameProperties,
    /// Its seats, oldest first.
    pub seats: Vec<SeatSnapshot>,
}

/// How a game session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GameSessionStatus {
    /// The process loads it.
    Activating,
    /// Players may come.
    Active,
    /// It was ended, and the process has not finished it yet.
    Terminating,
    /// It is over.
    Terminated,
    /// It never became active, or its process crashed.
    Error,
}

/// A player session.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeatSnapshot {
    /// Which one.
    pub id: PlayerSessionId,
    /// Whose it is.
    pub player: PlayerId,
    /// How it is.
    pub status: SeatStatus,
}

/// How a player session is. It only goes from reserved to active to completed, or from reserved to timed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SeatStatus {
    /// The player has not come yet.
    Reserved,
    /// The player is in.
    Active,
    /// The player was in.
    Completed,
    /// The player did not come.
    TimedOut,
}
