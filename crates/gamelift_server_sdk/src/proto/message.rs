//! The JSON messages of the server SDK websocket, in both directions: what a process asks, what the service answers, and
//! what the service pushes. A process encodes requests and decodes the rest; a service (an emulator) does the reverse.
//!
//! Decoding is lenient where the official SDKs differ: keys match in any case, `null` means unset, unknown keys are
//! ignored. Encoding is exact: PascalCase keys, integers as integers, times as epoch milliseconds.

mod attribute;
mod keys;
mod push;
mod reply;
mod request;
#[cfg(test)]
mod tests;
mod words;

pub use self::{
    attribute::{AttributeValue, BackfillPlayer},
    push::{CreateGameSession, Push, RefreshConnection, TerminateProcess, UpdateGameSession, UpdatedGameSession},
    reply::{ComputeCertificate, FleetRoleCredentials, PlayerSession, PlayerSessions, Reply, StartedMatchBackfill},
    request::{
        AcceptPlayerSession, ActivateGameSession, ActivateServerProcess, DescribePlayerSessions, GetComputeCertificate,
        GetFleetRoleCredentials, HeartbeatServerProcess, RemovePlayerSession, Request, RequestFrame,
        StartMatchBackfill, StopMatchBackfill, TerminateServerProcess, UpdatePlayerSessionCreationPolicy,
    },
    words::{ContainerGroupType, PlayerSessionCreationPolicy, PlayerSessionStatus, UpdateReason},
};

/// Why a text frame could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The text is no JSON object. Such frames are ignored by every SDK.
    #[error("the frame is not a JSON object: {reason}")]
    NotAnObject {
        /// What the JSON parser says.
        reason: String,
    },
    /// The action is not one of the protocol's. A service answers 400, a process ignores it.
    #[error("unknown action {action:?}")]
    UnknownAction {
        /// The action as it was spelled.
        action: String,
        /// The request's id, empty when there is none.
        request_id: String,
    },
    /// A field has the wrong type or range. A service answers 400, a process ignores the message.
    #[error("{action} has a bad field: {reason}")]
    BadField {
        /// The action whose body is wrong.
        action: String,
        /// The request's id, empty when there is none.
        request_id: String,
        /// What the JSON parser says.
        reason: String,
    },
}

/// A frame from the service, as a process reads it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum FromService {
    /// An answer: the frame has a `RequestId`.
    Reply(Reply),
    /// A message of the service's own.
    Push(Push),
}

impl FromService {
    /// Reads one text frame from the service. Whether it is a reply is decided by `RequestId` alone.
    ///
    /// # Errors
    /// [`DecodeError`] when the frame is to be ignored.
    pub fn decode(text: &str) -> Result<Self, DecodeError> {
        let (head, fields) = keys::open(text)?;
        if head.request_id.is_empty() {
            push::from_fields(head, fields).map(Self::Push)
        } else {
            Ok(Self::Reply(reply::from_fields(head, fields)))
        }
    }
}
