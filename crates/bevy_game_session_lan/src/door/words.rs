//! What is said inside the door's channel, in JSON.

use std::time::Duration;

use game_session_protocol::{BuildId, ErrorCode, Password, Seat, ServiceError};
use serde::{Deserialize, Serialize};

use crate::identity::PlayerKey;

/// A question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Ask {
    /// For a seat, or for a fresh ticket.
    Seat {
        player: PlayerKey,
        build: BuildId,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password: Option<Password>,
    },
    /// That the reserved seat be given up.
    Leave { player: PlayerKey },
    /// For the join code; for who has a seat.
    Code { player: PlayerKey },
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Answer {
    Seat(Box<Seat>),
    Left,
    Code(String),
    Refused(Refusal),
}

/// A no.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u32>,
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Refused {
                code,
                message,
                retry_after,
            } => Self {
                code,
                message,
                retry_after_ms: retry_after.and_then(|after| u32::try_from(after.as_millis()).ok()),
            },
            other => Self {
                code: ErrorCode::Internal,
                message: other.to_string(),
                retry_after_ms: None,
            },
        }
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            code: refusal.code,
            message: crate::clean::clean(&refusal.message),
            retry_after: refusal.retry_after_ms.map(|ms| Duration::from_millis(ms.into())),
        }
    }
}

pub(crate) fn to_json(words: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(words).expect("structs of strings and numbers always serialise")
}
