//! What placements come to, and what becomes of their game sessions.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::gamelift::{GameLiftError, GameSessionArn, PlacedSeat, PlacementRecord, PlacementStatus};
use crate::problem::{During, Problem};
use crate::shared_state::SharedStateError;

/// The end of a placement. There is one, and it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Outcome {
    Placed(Spot),
    Cancelled,
    TimedOut,
    Failed,
}

/// Where a placement ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spot {
    pub(crate) arn: GameSessionArn,
    /// The seats that were reserved with it.
    pub(crate) seats: Vec<PlacedSeat>,
    /// When, milliseconds since the Unix epoch.
    pub(crate) at_ms: u64,
}

impl Outcome {
    /// The end that GameLift tells of; `None` while there is none.
    pub(crate) fn of(record: &PlacementRecord, now_ms: u64) -> Option<Self> {
        match record.status {
            PlacementStatus::Fulfilled => Some(Self::Placed(Spot {
                arn: record.arn.clone()?,
                seats: record.seats.clone(),
                at_ms: record.ended_at_ms.unwrap_or(now_ms),
            })),
            PlacementStatus::Cancelled => Some(Self::Cancelled),
            PlacementStatus::TimedOut => Some(Self::TimedOut),
            PlacementStatus::Failed => Some(Self::Failed),
            PlacementStatus::Pending | PlacementStatus::Unknown => None,
        }
    }
}

/// What becomes of what was placed. It is decided once: a game session is given to its maker, or it is not wanted and
/// ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Its maker was given the seat.
    Delivered,
    /// Its maker wants it no more.
    Cancelled,
    /// It was not there in time.
    Overdue,
    /// Its maker has not asked for it for long.
    Abandoned,
}

impl Fate {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Overdue => "overdue",
            Self::Abandoned => "abandoned",
        }
    }

    /// Reads a row: the word, and whatever stands behind it.
    pub(crate) fn read(row: &str) -> Self {
        match row.split(' ').next().unwrap_or_default() {
            "delivered" => Self::Delivered,
            "overdue" => Self::Overdue,
            "abandoned" => Self::Abandoned,
            _ => Self::Cancelled,
        }
    }
}

/// Why a placement that came to nothing is no game session.
pub(crate) fn why_nothing(outcome: &Outcome, fate: Option<Fate>) -> Problem {
    let no_capacity = || {
        Problem::new(
            game_session_protocol::ErrorCode::NoCapacity,
            "no server process was free in time",
        )
        .retry_after(Duration::from_secs(5))
    };
    match (outcome, fate) {
        (Outcome::TimedOut, _) | (Outcome::Cancelled, Some(Fate::Overdue)) => no_capacity(),
        (Outcome::Failed, _) | (Outcome::Cancelled, None | Some(Fate::Delivered)) => Problem::activation_failed(),
        (Outcome::Cancelled, Some(Fate::Cancelled | Fate::Abandoned)) | (Outcome::Placed(_), _) => {
            Problem::session_ended()
        }
    }
}

/// What keeps a placement from being known.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum LedgerError {
    #[error(transparent)]
    Rows(#[from] SharedStateError),
    #[error(transparent)]
    GameLift(#[from] GameLiftError),
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        match error {
            LedgerError::Rows(error) => {
                tracing::error!(%error, "the shared state failed");
                Self::unavailable(Duration::from_secs(2))
            }
            LedgerError::GameLift(error) => Self::of(&error, During::Session),
        }
    }
}
