//! Structures of what fleets report, and of their settings that can be changed.

#![expect(clippy::struct_field_names, reason = "the names are the service model's")]

use serde::{Deserialize, Serialize};

use super::{
    fleets::{AnywhereConfiguration, CreationLimitPolicy, LocationConfiguration, LocationState, RuntimeConfiguration},
    timestamp::Timestamp,
};

/// The input of every report on several fleets.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetIdsInput {
    pub(crate) fleet_ids: Option<Vec<String>>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetUtilization {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) active_server_process_count: u32,
    pub(crate) active_game_session_count: u32,
    pub(crate) current_player_session_count: u32,
    pub(crate) maximum_player_session_count: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetUtilizationOutput {
    pub(crate) fleet_utilization: Vec<FleetUtilization>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

/// Instances of a fleet: an Anywhere fleet has none.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) struct InstanceCounts {
    pub(crate) desired: u32,
    pub(crate) minimum: u32,
    pub(crate) maximum: u32,
    pub(crate) pending: u32,
    pub(crate) active: u32,
    pub(crate) idle: u32,
    pub(crate) terminating: u32,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetCapacity {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) instance_counts: InstanceCounts,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetCapacityOutput {
    pub(crate) fleet_capacity: Vec<FleetCapacity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetEventsInput {
    pub(crate) fleet_id: String,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Option<Timestamp>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Event {
    pub(crate) event_id: String,
    pub(crate) resource_id: String,
    pub(crate) event_code: &'static str,
    pub(crate) message: String,
    pub(crate) event_time: Timestamp,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetEventsOutput {
    pub(crate) events: Vec<Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

/// The input of every operation that names one fleet and nothing else that matters.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetInput {
    pub(crate) fleet_id: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateFleetAttributesInput {
    pub(crate) fleet_id: String,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) new_game_session_protection_policy: Option<String>,
    pub(crate) resource_creation_limit_policy: Option<CreationLimitPolicy>,
    pub(crate) anywhere_configuration: Option<AnywhereConfiguration>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateFleetLocationsInput {
    pub(crate) fleet_id: String,
    pub(crate) locations: Vec<LocationConfiguration>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteFleetLocationsInput {
    pub(crate) fleet_id: String,
    pub(crate) locations: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetLocationsOutput {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) location_states: Vec<LocationState>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetLocationAttributesInput {
    pub(crate) fleet_id: String,
    pub(crate) locations: Option<Vec<String>>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationAttributes {
    pub(crate) location_state: LocationState,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetLocationAttributesOutput {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) location_attributes: Vec<LocationAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateRuntimeConfigurationInput {
    pub(crate) fleet_id: String,
    pub(crate) runtime_configuration: RuntimeConfiguration,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RuntimeConfigurationOutput {
    pub(crate) runtime_configuration: RuntimeConfiguration,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerConnectionDetailsInput {
    pub(crate) game_session_id: String,
    pub(crate) player_ids: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerEndpoint {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    pub(crate) port: u16,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerConnectionDetail {
    pub(crate) player_id: String,
    pub(crate) endpoints: Vec<PlayerEndpoint>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PlayerConnectionDetailsOutput {
    pub(crate) game_session_id: String,
    pub(crate) player_connection_details: Vec<PlayerConnectionDetail>,
}

/// The input of every operation that names one game session and nothing else.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GameSessionNameInput {
    pub(crate) game_session_id: String,
}
