//! Structures of game session queues.

#![expect(clippy::struct_field_names, reason = "the names are the service model's")]

use serde::{Deserialize, Serialize};

use super::tags::Tag;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerLatencyPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) maximum_individual_player_latency_milliseconds: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_duration_seconds: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Destination {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) destination_arn: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FilterConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed_locations: Option<Vec<String>>,
}

/// What places are compared by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Priority {
    Latency,
    Cost,
    Destination,
    Location,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PriorityConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority_order: Option<Vec<Priority>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) location_order: Option<Vec<String>>,
}

/// The input of creating and of updating: all but the name may be missing, and what is missing stays.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueInput {
    pub(crate) name: String,
    pub(crate) timeout_in_seconds: Option<u32>,
    pub(crate) player_latency_policies: Option<Vec<PlayerLatencyPolicy>>,
    pub(crate) destinations: Option<Vec<Destination>>,
    pub(crate) filter_configuration: Option<FilterConfiguration>,
    pub(crate) priority_configuration: Option<PriorityConfiguration>,
    pub(crate) custom_event_data: Option<String>,
    pub(crate) notification_target: Option<String>,
    pub(crate) tags: Option<Vec<Tag>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionQueue {
    pub(crate) name: String,
    pub(crate) game_session_queue_arn: String,
    pub(crate) timeout_in_seconds: u32,
    pub(crate) player_latency_policies: Vec<PlayerLatencyPolicy>,
    pub(crate) destinations: Vec<Destination>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter_configuration: Option<FilterConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) priority_configuration: Option<PriorityConfiguration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) custom_event_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) notification_target: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueOutput {
    pub(crate) game_session_queue: GameSessionQueue,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct QueueNameInput {
    pub(crate) name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeQueuesInput {
    pub(crate) names: Option<Vec<String>>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeQueuesOutput {
    pub(crate) game_session_queues: Vec<GameSessionQueue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}
