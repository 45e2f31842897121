//! Structures of game session placements.

use serde::{Deserialize, Serialize};

use super::{game_sessions::GameProperty, status::PlacementStatus, timestamp::Timestamp};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerLatency {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) player_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) region_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) latency_in_milliseconds: Option<f64>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DesiredPlayerSession {
    pub(crate) player_id: Option<String>,
    pub(crate) player_data: Option<String>,
}

/// What comes after the places that an override names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum FallbackStrategy {
    #[default]
    DefaultAfterSinglePass,
    None,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PriorityOverride {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) placement_fallback_strategy: Option<FallbackStrategy>,
    pub(crate) location_order: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartPlacementInput {
    pub(crate) placement_id: String,
    pub(crate) game_session_queue_name: String,
    pub(crate) game_properties: Option<Vec<GameProperty>>,
    pub(crate) maximum_player_session_count: u32,
    pub(crate) game_session_name: Option<String>,
    pub(crate) player_latencies: Option<Vec<PlayerLatency>>,
    pub(crate) desired_player_sessions: Option<Vec<DesiredPlayerSession>>,
    pub(crate) game_session_data: Option<String>,
    pub(crate) priority_configuration_override: Option<PriorityOverride>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlacementInput {
    pub(crate) placement_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlacementOutput {
    pub(crate) game_session_placement: GameSessionPlacement,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlacedPlayerSession {
    pub(crate) player_id: String,
    pub(crate) player_session_id: String,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionPlacement {
    pub(crate) placement_id: String,
    pub(crate) game_session_queue_name: String,
    pub(crate) status: PlacementStatus,
    pub(crate) game_properties: Vec<GameProperty>,
    pub(crate) maximum_player_session_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_region: Option<String>,
    pub(crate) player_latencies: Vec<PlayerLatency>,
    pub(crate) start_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) end_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) port: Option<u16>,
    pub(crate) placed_player_sessions: Vec<PlacedPlayerSession>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority_configuration_override: Option<PriorityOverride>,
}
