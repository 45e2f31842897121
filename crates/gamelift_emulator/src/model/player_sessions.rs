//! Structures of player sessions.

#![expect(clippy::struct_field_names, reason = "the names are the service model's")]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{status::PlayerSessionStatus, timestamp::Timestamp};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatePlayerSessionInput {
    pub(crate) game_session_id: String,
    pub(crate) player_id: String,
    pub(crate) player_data: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatePlayerSessionOutput {
    pub(crate) player_session: PlayerSession,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatePlayerSessionsInput {
    pub(crate) game_session_id: String,
    pub(crate) player_ids: Vec<String>,
    pub(crate) player_data_map: Option<HashMap<String, String>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerSessionsOutput {
    pub(crate) player_sessions: Vec<PlayerSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerSession {
    pub(crate) player_session_id: String,
    pub(crate) player_id: String,
    pub(crate) game_session_id: String,
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) creation_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) termination_time: Option<Timestamp>,
    pub(crate) status: PlayerSessionStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns_name: Option<String>,
    pub(crate) port: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) player_data: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribePlayerSessionsInput {
    pub(crate) game_session_id: Option<String>,
    pub(crate) player_id: Option<String>,
    pub(crate) player_session_id: Option<String>,
    pub(crate) player_session_status_filter: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}
