//! What the plugin knows of one session.

use std::time::Duration;

use game_session_protocol::{GameSession, ProgressStep, Seat};

use crate::components::{SessionName, SessionPhase};

/// What is known of one session.
pub(crate) struct Record {
    pub(crate) name: SessionName,
    pub(crate) phase: SessionPhase,
    pub(crate) game_session: Option<GameSession>,
    pub(crate) seat: Option<HeldSeat>,
    pub(crate) travel: Travel,
    pub(crate) step: Option<ProgressStep>,
}

/// A seat, and whether its ticket may still be good.
pub(crate) struct HeldSeat {
    pub(crate) seat: Seat,
    pub(crate) since: Duration,
    pub(crate) used: bool,
}

/// Where the player's connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Travel {
    /// Nowhere yet.
    None,
    /// The transport was asked.
    Requested,
    /// The server has admitted the player.
    Arrived,
    /// It failed.
    Failed,
}

impl Travel {
    /// Whether a transport must be told to stop.
    pub(crate) fn is_with_transport(self) -> bool {
        matches!(self, Self::Requested | Self::Arrived)
    }
}
