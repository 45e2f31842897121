//! From an operation's name and body to the answer's bytes.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{codec::Codec, legacy};
use crate::{
    model::{
        error::{ApiError, ErrorKind},
        inputs::members_of,
        operations::OPERATIONS,
        shape,
        timestamp::Timestamp,
    },
    world::World,
};

macro_rules! emulated {
    ($($operation:literal => $method:ident,)+) => {
        /// The operations that are emulated.
        #[cfg(test)]
        pub(crate) const EMULATED: &[&str] = &[$($operation),+];

        fn run(world: &mut World, operation: &str, body: Value, now: Timestamp, codec: Codec) -> Result<Vec<u8>, ApiError> {
            match operation {
                $($operation => codec.encode(&world.$method(typed(body)?, now)?),)+
                _ => Err(not_emulated(operation)),
            }
        }
    };
}

emulated! {
    "ListFleets" => list_fleets,
    "DescribeFleetAttributes" => describe_fleet_attributes,
    "CreateFleet" => create_fleet,
    "DeleteFleet" => delete_fleet,
    "CreateLocation" => create_location,
    "DeleteLocation" => delete_location,
    "ListLocations" => list_locations,
    "RegisterCompute" => register_compute,
    "DeregisterCompute" => deregister_compute,
    "DescribeCompute" => describe_compute,
    "ListCompute" => list_compute,
    "GetComputeAuthToken" => get_compute_auth_token,
    "CreateGameSession" => create_game_session,
    "DescribeGameSessions" => describe_game_sessions,
    "DescribeGameSessionDetails" => describe_game_session_details,
    "SearchGameSessions" => search_game_sessions,
    "UpdateGameSession" => update_game_session,
    "TerminateGameSession" => terminate_game_session,
    "CreatePlayerSession" => create_player_session,
    "CreatePlayerSessions" => create_player_sessions,
    "DescribePlayerSessions" => describe_player_sessions,
    "CreateAlias" => create_alias,
    "DescribeAlias" => describe_alias,
    "ListAliases" => list_aliases,
    "UpdateAlias" => update_alias,
    "DeleteAlias" => delete_alias,
    "ResolveAlias" => resolve_alias,
    "CreateGameSessionQueue" => create_game_session_queue,
    "DescribeGameSessionQueues" => describe_game_session_queues,
    "UpdateGameSessionQueue" => update_game_session_queue,
    "DeleteGameSessionQueue" => delete_game_session_queue,
    "StartGameSessionPlacement" => start_game_session_placement,
    "DescribeGameSessionPlacement" => describe_game_session_placement,
    "StopGameSessionPlacement" => stop_game_session_placement,
    "UpdateFleetAttributes" => update_fleet_attributes,
    "CreateFleetLocations" => create_fleet_locations,
    "DeleteFleetLocations" => delete_fleet_locations,
    "DescribeFleetLocationAttributes" => describe_fleet_location_attributes,
    "DescribeFleetUtilization" => describe_fleet_utilization,
    "DescribeFleetCapacity" => describe_fleet_capacity,
    "DescribeFleetEvents" => describe_fleet_events,
    "DescribeRuntimeConfiguration" => describe_runtime_configuration,
    "UpdateRuntimeConfiguration" => update_runtime_configuration,
    "TagResource" => tag_resource,
    "UntagResource" => untag_resource,
    "ListTagsForResource" => list_tags_for_resource,
    "GetPlayerConnectionDetails" => get_player_connection_details,
    "GetGameSessionLogUrl" => get_game_session_log_url,
}

/// Checks a request and carries it out.
pub(crate) fn dispatch(
    world: &mut World,
    operation: &str,
    mut body: Value,
    now: Timestamp,
    codec: Codec,
) -> Result<Vec<u8>, ApiError> {
    if let Some(location) = world.legacy_location() {
        legacy::translate(operation, &mut body, location)?;
    }
    let Some(members) = members_of(operation) else {
        return Err(not_emulated(operation));
    };
    shape::check(members, &body)?;
    run(world, operation, body, now, codec)
}

fn typed<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(|error| ApiError::new(ErrorKind::Serialization, error.to_string()))
}

fn not_emulated(operation: &str) -> ApiError {
    if OPERATIONS.contains(&operation) {
        ApiError::invalid(format!("the emulator does not emulate {operation}"))
    } else {
        ApiError::new(
            ErrorKind::UnknownOperation,
            format!("GameLift has no operation {operation}"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::inputs::known_inputs;

    #[test]
    fn the_coverage_table_in_the_readme_is_true() {
        let readme = include_str!("../../README.md");
        let listed: Vec<&str> = readme
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
            .filter(|name| OPERATIONS.contains(name))
            .collect();
        assert_eq!(listed, EMULATED, "the table lists what is emulated, in this order");
        assert!(readme.contains(&format!("{} of {}", EMULATED.len(), OPERATIONS.len())));
    }

    #[test]
    fn every_emulated_operation_is_in_the_model_and_has_its_constraints() {
        for operation in EMULATED {
            assert!(OPERATIONS.contains(operation), "{operation}");
            assert!(members_of(operation).is_some(), "{operation}");
        }
        assert_eq!(known_inputs(), EMULATED.len());
    }
}
