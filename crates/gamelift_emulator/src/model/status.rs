//! The status words of game sessions, player sessions and server processes, and how each may change.
//!
//! Every transition of the three machines is in this file. What no line here allows does not happen.

use serde::{Deserialize, Serialize};

/// Where a game session is in its life.
///
/// `Activating -> Active -> Terminating -> Terminated`, and from every living state straight to `Terminated`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum GameSessionStatus {
    /// Placed on a process that has not yet called `ActivateGameSession`.
    Activating,
    /// Open for players.
    Active,
    /// The process was asked to end.
    Terminating,
    /// Over.
    Terminated,
}

/// What can happen to a game session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GameSessionEvent {
    Activated,
    AskedToEnd,
    Ended,
}

impl GameSessionStatus {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Activating => "ACTIVATING",
            Self::Active => "ACTIVE",
            Self::Terminating => "TERMINATING",
            Self::Terminated => "TERMINATED",
        }
    }

    #[cfg(test)]
    pub(crate) const fn is_over(self) -> bool {
        matches!(self, Self::Terminated)
    }

    /// The next state, or nothing when the event is not possible in this one.
    pub(crate) const fn after(self, event: GameSessionEvent) -> Option<Self> {
        use GameSessionEvent::{Activated, AskedToEnd, Ended};
        match (self, event) {
            (Self::Activating | Self::Active, Activated) => Some(Self::Active),
            (Self::Activating | Self::Active | Self::Terminating, AskedToEnd) => Some(Self::Terminating),
            (Self::Activating | Self::Active | Self::Terminating, Ended) => Some(Self::Terminated),
            (Self::Terminating | Self::Terminated, Activated) | (Self::Terminated, AskedToEnd | Ended) => None,
        }
    }
}

/// Where a player session is in its life: `Reserved -> Active -> Completed`, `Reserved -> Completed` or
/// `Reserved -> TimedOut`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum PlayerSessionStatus {
    /// A seat is held for the player.
    Reserved,
    /// The server accepted the player.
    Active,
    /// The server removed the player, or the game session ended.
    Completed,
    /// Nobody took the seat in time.
    TimedOut,
}

/// What can happen to a player session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlayerSessionEvent {
    Accepted,
    /// The server removed the player, or the game session ended.
    Removed,
    /// The reservation lapsed.
    Lapsed,
}

impl PlayerSessionStatus {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Reserved => "RESERVED",
            Self::Active => "ACTIVE",
            Self::Completed => "COMPLETED",
            Self::TimedOut => "TIMEDOUT",
        }
    }

    /// Whether it takes one of the game session's seats.
    pub(crate) const fn holds_a_seat(self) -> bool {
        matches!(self, Self::Reserved | Self::Active)
    }

    /// The next state, or nothing when the event is not possible in this one.
    pub(crate) const fn after(self, event: PlayerSessionEvent) -> Option<Self> {
        use PlayerSessionEvent::{Accepted, Lapsed, Removed};
        match (self, event) {
            (Self::Reserved, Accepted) => Some(Self::Active),
            (Self::Reserved, Lapsed) => Some(Self::TimedOut),
            (Self::Reserved | Self::Active | Self::Completed, Removed) => Some(Self::Completed),
            (Self::Active | Self::Completed | Self::TimedOut, Accepted | Lapsed) | (Self::TimedOut, Removed) => None,
        }
    }
}

/// Where a placement is in its life: `Pending`, and then one of the others for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[non_exhaustive]
pub enum PlacementStatus {
    /// A place is looked for, or the game session there is not active yet.
    Pending,
    /// The game session is active and the players have their seats.
    Fulfilled,
    /// The placement was stopped.
    Cancelled,
    /// No game session became active in the queue's time.
    TimedOut,
    /// The queue has nowhere to place anything.
    Failed,
}

impl PlacementStatus {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Fulfilled => "FULFILLED",
            Self::Cancelled => "CANCELLED",
            Self::TimedOut => "TIMED_OUT",
            Self::Failed => "FAILED",
        }
    }

    /// The next state: whatever ends a pending placement, and nothing after that.
    pub(crate) fn after(self, end: Self) -> Option<Self> {
        (self == Self::Pending && end != Self::Pending).then_some(end)
    }
}

/// Where a server process is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ProcessStatus {
    /// Its socket is open; it has not called `ProcessReady`.
    Connected,
    /// It called `ProcessReady`; its first healthy heartbeat is still missing.
    Ready,
    /// It is healthy: a game session can be placed on it, or one is.
    Active,
    /// It was asked to end.
    Ending,
    /// It ended, or counts as ended.
    Ended,
}

/// What can happen to a server process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessEvent {
    BecameReady,
    WasHealthy,
    AskedToEnd,
    Ended,
}

impl ProcessStatus {
    /// The next state, or nothing when the event is not possible in this one.
    pub(crate) const fn after(self, event: ProcessEvent) -> Option<Self> {
        use ProcessEvent::{AskedToEnd, BecameReady, Ended, WasHealthy};
        match (self, event) {
            (Self::Connected, BecameReady) => Some(Self::Ready),
            (Self::Ready | Self::Active, WasHealthy) => Some(Self::Active),
            (Self::Ready | Self::Active | Self::Ending, AskedToEnd) | (Self::Ending, WasHealthy) => Some(Self::Ending),
            (Self::Connected | Self::Ready | Self::Active | Self::Ending, Ended) => Some(Self::Ended),
            (Self::Ready | Self::Active | Self::Ending | Self::Ended, BecameReady)
            | (Self::Connected | Self::Ended, WasHealthy | AskedToEnd)
            | (Self::Ended, Ended) => None,
        }
    }
}
