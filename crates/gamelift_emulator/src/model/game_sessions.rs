//! Structures of game sessions.

#![expect(clippy::struct_field_names, reason = "the names are the service model's")]

use serde::{Deserialize, Serialize};

use super::{status::GameSessionStatus, timestamp::Timestamp};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameProperty {
    pub(crate) key: String,
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateGameSessionInput {
    pub(crate) fleet_id: Option<String>,
    pub(crate) alias_id: Option<String>,
    pub(crate) maximum_player_session_count: u32,
    pub(crate) name: Option<String>,
    pub(crate) game_properties: Option<Vec<GameProperty>>,
    pub(crate) creator_id: Option<String>,
    pub(crate) game_session_id: Option<String>,
    pub(crate) idempotency_token: Option<String>,
    pub(crate) game_session_data: Option<String>,
    pub(crate) location: Option<String>,
}

/// The answer of every operation that answers one game session.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionOutput {
    pub(crate) game_session: GameSession,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSession {
    pub(crate) game_session_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) creation_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) termination_time: Option<Timestamp>,
    pub(crate) current_player_session_count: u32,
    pub(crate) maximum_player_session_count: u32,
    pub(crate) status: GameSessionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status_reason: Option<&'static str>,
    pub(crate) game_properties: Vec<GameProperty>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns_name: Option<String>,
    pub(crate) port: u16,
    pub(crate) player_session_creation_policy: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) creator_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) matchmaker_data: Option<String>,
    pub(crate) location: String,
    pub(crate) compute_name: String,
}

/// The input of both describe operations.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeGameSessionsInput {
    pub(crate) fleet_id: Option<String>,
    pub(crate) game_session_id: Option<String>,
    pub(crate) alias_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) status_filter: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

/// The answer of describing and of searching.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionsOutput {
    pub(crate) game_sessions: Vec<GameSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionDetail {
    pub(crate) game_session: GameSession,
    pub(crate) protection_policy: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeGameSessionDetailsOutput {
    pub(crate) game_session_details: Vec<GameSessionDetail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchGameSessionsInput {
    pub(crate) fleet_id: Option<String>,
    pub(crate) alias_id: Option<String>,
    pub(crate) location: Option<String>,
    pub(crate) filter_expression: Option<String>,
    pub(crate) sort_expression: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateGameSessionInput {
    pub(crate) game_session_id: String,
    pub(crate) maximum_player_session_count: Option<u32>,
    pub(crate) name: Option<String>,
    pub(crate) player_session_creation_policy: Option<String>,
    pub(crate) protection_policy: Option<String>,
    pub(crate) game_properties: Option<Vec<GameProperty>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TerminateGameSessionInput {
    pub(crate) game_session_id: String,
    pub(crate) termination_mode: String,
}
