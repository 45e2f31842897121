//! What the service says on its own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    DecodeError, UpdateReason,
    keys::{self, Head},
};
use crate::proto::Secret;

/// One message of the service's own. It never carries a `RequestId`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "Action")]
#[non_exhaustive]
pub enum Push {
    /// A game session was placed on this process.
    CreateGameSession(CreateGameSession),
    /// The game session's matchmaker data changed, or a backfill ended.
    UpdateGameSession(UpdateGameSession),
    /// The process must end.
    TerminateProcess(TerminateProcess),
    /// The process must open a new connection.
    RefreshConnection(RefreshConnection),
}

impl Push {
    /// The whole text frame.
    #[expect(clippy::missing_panics_doc, reason = "it cannot panic")]
    pub fn encode(&self) -> String {
        serde_json::to_string(self).expect("pushes hold only strings, numbers and maps with string keys")
    }

    /// The word in `Action`.
    pub fn action(&self) -> &'static str {
        match self {
            Self::CreateGameSession(_) => "CreateGameSession",
            Self::UpdateGameSession(_) => "UpdateGameSession",
            Self::TerminateProcess(_) => "TerminateProcess",
            Self::RefreshConnection(_) => "RefreshConnection",
        }
    }
}

pub(super) fn from_fields(head: Head, fields: Map<String, Value>) -> Result<Push, DecodeError> {
    match head.action.as_str() {
        "CreateGameSession" => keys::body(&head, fields).map(Push::CreateGameSession),
        "UpdateGameSession" => keys::body(&head, fields).map(Push::UpdateGameSession),
        "TerminateProcess" => keys::body(&head, fields).map(Push::TerminateProcess),
        "RefreshConnection" => keys::body(&head, fields).map(Push::RefreshConnection),
        _ => Err(DecodeError::UnknownAction {
            action: head.action,
            request_id: head.request_id,
        }),
    }
}

/// A game session was placed on this process. Flat on the wire, the name is `GameSessionName`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CreateGameSession {
    /// The game session's ARN.
    pub game_session_id: String,
    /// Its name.
    pub game_session_name: String,
    /// Seats.
    pub maximum_player_session_count: u32,
    /// The port players connect to.
    pub port: u16,
    /// The address players connect to.
    pub ip_address: String,
    /// The name players connect to, on fleets with TLS.
    pub dns_name: String,
    /// What the creator says in private.
    pub game_session_data: Secret,
    /// What the matchmaker says, JSON in a string.
    pub matchmaker_data: String,
    /// What the creator says in public.
    pub game_properties: BTreeMap<String, String>,
}

/// The game session changed. Nested on the wire, the name is `Name`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdateGameSession {
    /// The game session as it is now.
    pub game_session: UpdatedGameSession,
    /// Why it was sent.
    pub update_reason: UpdateReason,
    /// The backfill it belongs to.
    pub backfill_ticket_id: String,
}

/// The game session inside an [`UpdateGameSession`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct UpdatedGameSession {
    /// The game session's ARN.
    pub game_session_id: String,
    /// Its name.
    pub name: String,
    /// The fleet.
    pub fleet_id: String,
    /// Seats.
    pub maximum_player_session_count: u32,
    /// The port players connect to.
    pub port: u16,
    /// The address players connect to.
    pub ip_address: String,
    /// The name players connect to, on fleets with TLS.
    pub dns_name: String,
    /// What the creator says in private.
    pub game_session_data: Secret,
    /// What the matchmaker says, JSON in a string.
    pub matchmaker_data: String,
    /// What the creator says in public.
    pub game_properties: BTreeMap<String, String>,
}

/// The process must end.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct TerminateProcess {
    /// When it will be killed, in epoch milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub termination_time: Option<i64>,
}

/// The process must open a new connection, with a new token, and let the old one go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct RefreshConnection {
    /// Where to connect to.
    pub refresh_connection_endpoint: String,
    /// The new token.
    pub auth_token: Secret,
}
