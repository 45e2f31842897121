//! What the plugin knows of one session.

use std::time::Duration;

use game_session_protocol::{GameSession, Password, Privacy, ProgressStep, Seat};

use crate::components::{Reach, SessionName, SessionPhase};
use crate::travel::DisconnectReason;

/// What is known of one session.
pub(crate) struct Record {
    pub(crate) name: SessionName,
    pub(crate) phase: SessionPhase,
    /// Over which orchestrator.
    pub(crate) reach: Reach,
    pub(crate) game_session: Option<GameSession>,
    /// What opened it.
    pub(crate) password: Option<Password>,
    /// The privacy and password of the settings at the start: they stay.
    pub(crate) fixed: (Privacy, Option<Password>),
    pub(crate) seat: Option<HeldSeat>,
    pub(crate) travel: Travel,
    pub(crate) step: Option<ProgressStep>,
    /// Why the connection went while the owner's end of the session was on its way: told if that end fails.
    pub(crate) untold_loss: Option<DisconnectReason>,
}

impl Record {
    pub(crate) fn new(name: SessionName, phase: SessionPhase, reach: Reach) -> Self {
        Self {
            name,
            phase,
            reach,
            game_session: None,
            password: None,
            fixed: (Privacy::Listed, None),
            seat: None,
            travel: Travel::None,
            step: None,
            untold_loss: None,
        }
    }
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
