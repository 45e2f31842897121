//! Structures of fleets, locations and computes.

#![expect(clippy::struct_field_names, reason = "the names are the service model's")]

use serde::{Deserialize, Serialize};

use super::{tags::Tag, timestamp::Timestamp};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListFleetsInput {
    pub(crate) build_id: Option<String>,
    pub(crate) script_id: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListFleetsOutput {
    pub(crate) fleet_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeFleetAttributesInput {
    pub(crate) fleet_ids: Option<Vec<String>>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeFleetAttributesOutput {
    pub(crate) fleet_attributes: Vec<FleetAttributes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FleetAttributes {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    pub(crate) name: String,
    pub(crate) creation_time: Timestamp,
    pub(crate) status: &'static str,
    pub(crate) new_game_session_protection_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) resource_creation_limit_policy: Option<CreationLimitPolicy>,
    pub(crate) compute_type: &'static str,
    pub(crate) anywhere_configuration: AnywhereConfiguration,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AnywhereConfiguration {
    pub(crate) cost: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreationLimitPolicy {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new_game_sessions_per_creator: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) policy_period_in_minutes: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateFleetInput {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) new_game_session_protection_policy: Option<String>,
    pub(crate) resource_creation_limit_policy: Option<CreationLimitPolicy>,
    pub(crate) runtime_configuration: Option<RuntimeConfiguration>,
    pub(crate) locations: Option<Vec<LocationConfiguration>>,
    pub(crate) compute_type: Option<String>,
    pub(crate) anywhere_configuration: Option<AnywhereConfiguration>,
    pub(crate) tags: Option<Vec<Tag>>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RuntimeConfiguration {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) server_processes: Option<Vec<ServerProcess>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) max_concurrent_game_session_activations: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) game_session_activation_timeout_seconds: Option<u32>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ServerProcess {
    pub(crate) launch_path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parameters: Option<String>,
    pub(crate) concurrent_executions: u32,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationConfiguration {
    pub(crate) location: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationState {
    pub(crate) location: String,
    pub(crate) status: &'static str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateFleetOutput {
    pub(crate) fleet_attributes: FleetAttributes,
    pub(crate) location_states: Vec<LocationState>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteFleetInput {
    pub(crate) fleet_id: String,
}

/// The answer of an operation that answers nothing.
#[derive(Debug, Serialize)]
pub(crate) struct NoOutput {}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationNameInput {
    pub(crate) location_name: String,
    /// Of a new location.
    pub(crate) tags: Option<Vec<Tag>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateLocationOutput {
    pub(crate) location: LocationModel,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LocationModel {
    pub(crate) location_name: String,
    pub(crate) location_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ping_beacon: Option<PingBeacon>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PingBeacon {
    #[serde(rename = "UDPEndpoint")]
    pub(crate) udp_endpoint: UdpEndpoint,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UdpEndpoint {
    pub(crate) domain: &'static str,
    pub(crate) port: u16,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListLocationsInput {
    pub(crate) filters: Option<Vec<String>>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListLocationsOutput {
    pub(crate) locations: Vec<LocationModel>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegisterComputeInput {
    pub(crate) fleet_id: String,
    pub(crate) compute_name: String,
    pub(crate) certificate_path: Option<String>,
    pub(crate) dns_name: Option<String>,
    pub(crate) ip_address: Option<String>,
    pub(crate) location: Option<String>,
}

/// The input of every operation that names one compute.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ComputeInput {
    pub(crate) fleet_id: String,
    pub(crate) compute_name: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ComputeOutput {
    pub(crate) compute: Compute,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Compute {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) compute_name: String,
    pub(crate) compute_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dns_name: Option<String>,
    pub(crate) compute_status: &'static str,
    pub(crate) location: String,
    pub(crate) creation_time: Timestamp,
    pub(crate) game_lift_service_sdk_endpoint: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListComputeInput {
    pub(crate) fleet_id: String,
    pub(crate) location: Option<String>,
    pub(crate) compute_status: Option<String>,
    pub(crate) limit: Option<u32>,
    pub(crate) next_token: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListComputeOutput {
    pub(crate) compute_list: Vec<Compute>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetComputeAuthTokenOutput {
    pub(crate) fleet_id: String,
    pub(crate) fleet_arn: String,
    pub(crate) compute_name: String,
    pub(crate) compute_arn: String,
    pub(crate) auth_token: String,
    pub(crate) expiration_timestamp: Timestamp,
}
