//! The calls of the scenario through the typed AWS SDK: JSON in, the facts that the scenario asks for out.

#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the types of the SDK's enums are many"
)]

use aws_sdk_gamelift::{
    Client,
    error::{ErrorMetadata, ProvideErrorMetadata},
    types::{
        ComputeType, DesiredPlayerSession, GameProperty, GameSession, GameSessionPlacement,
        GameSessionQueueDestination, LocationConfiguration, PlayerLatency, PlayerSession, PlayerSessionCreationPolicy,
        RoutingStrategy, RoutingStrategyType, Tag, TerminationMode,
    },
};
use serde_json::{Value, json};

fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(ToOwned::to_owned)
}

fn number(input: &Value, name: &str) -> Option<i32> {
    input[name].as_i64().and_then(|number| i32::try_from(number).ok())
}

/// The items of a list, if there is one.
fn list<T>(input: &Value, name: &str, item: impl Fn(&Value) -> T) -> Option<Vec<T>> {
    input[name].as_array().map(|items| items.iter().map(item).collect())
}

fn session(session: &GameSession) -> Value {
    json!({
        "GameSessionId": session.game_session_id(), "Name": session.name(),
        "Status": session.status().map(|status| status.as_str()),
        "MaximumPlayerSessionCount": session.maximum_player_session_count(),
        "PlayerSessionCreationPolicy": session.player_session_creation_policy().map(|policy| policy.as_str()),
    })
}

fn player(player: &PlayerSession) -> Value {
    json!({
        "PlayerId": player.player_id(), "Port": player.port(), "Status": player.status().map(|status| status.as_str()),
    })
}

fn placement(placement: Option<&GameSessionPlacement>) -> Value {
    let Some(placement) = placement else {
        return Value::Null;
    };
    let players = placement.placed_player_sessions().iter();
    let players: Vec<Value> = players.map(|player| json!({"PlayerId": player.player_id()})).collect();
    json!({"GameSessionPlacement": {
        "PlacementId": placement.placement_id(), "Status": placement.status().map(|status| status.as_str()),
        "Port": placement.port(), "PlacedPlayerSessions": players,
    }})
}

/// Sends a call that was built, and makes the facts of its answer.
macro_rules! send {
    ($builder:expr, |$answer:ident| $facts:expr) => {
        match $builder.send().await {
            Ok($answer) => Ok($facts),
            Err(error) => Err(error.meta().clone()),
        }
    };
}

/// Calls an operation of the scenario.
#[expect(clippy::too_many_lines, reason = "one arm for each operation")]
pub(crate) async fn call(client: &Client, operation: &str, input: &Value) -> Result<Value, ErrorMetadata> {
    let fleet = || text(input, "FleetId");
    let arn = || text(input, "GameSessionId");
    let destination = |item: &Value| {
        GameSessionQueueDestination::builder()
            .set_destination_arn(text(item, "DestinationArn"))
            .build()
    };
    match operation {
        "CreateLocation" => send!(
            client.create_location().set_location_name(text(input, "LocationName")),
            |answer| {
                json!({"Location": {"LocationName": answer.location().and_then(|location| location.location_name())}})
            }
        ),
        "CreateFleet" => send!(
            client
                .create_fleet()
                .set_name(text(input, "Name"))
                .set_compute_type(text(input, "ComputeType").map(|kind| ComputeType::from(kind.as_str())))
                .set_locations(list(input, "Locations", |item| {
                    let location = LocationConfiguration::builder().set_location(text(item, "Location"));
                    location.build()
                })),
            |answer| {
                let fleet = answer.fleet_attributes().unwrap();
                json!({"FleetAttributes": {
                    "FleetId": fleet.fleet_id(), "FleetArn": fleet.fleet_arn(),
                    "Status": fleet.status().map(|status| status.as_str()),
                }})
            }
        ),
        "RegisterCompute" => send!(
            client
                .register_compute()
                .set_fleet_id(fleet())
                .set_compute_name(text(input, "ComputeName"))
                .set_location(text(input, "Location"))
                .set_ip_address(text(input, "IpAddress")),
            |answer| {
                let status = answer.compute().and_then(|compute| compute.compute_status());
                json!({"Compute": {"ComputeStatus": status.map(|status| status.as_str())}})
            }
        ),
        "GetComputeAuthToken" => send!(
            client
                .get_compute_auth_token()
                .set_fleet_id(fleet())
                .set_compute_name(text(input, "ComputeName")),
            |answer| json!({"ComputeName": answer.compute_name()})
        ),
        "CreateAlias" => send!(
            client.create_alias().set_name(text(input, "Name")).routing_strategy(
                RoutingStrategy::builder()
                    .r#type(RoutingStrategyType::from(
                        input["RoutingStrategy"]["Type"].as_str().unwrap()
                    ))
                    .set_fleet_id(text(&input["RoutingStrategy"], "FleetId"))
                    .build()
            ),
            |answer| json!({"Alias": {"AliasId": answer.alias().and_then(|alias| alias.alias_id())}})
        ),
        "ResolveAlias" => send!(client.resolve_alias().set_alias_id(text(input, "AliasId")), |answer| {
            json!({"FleetId": answer.fleet_id()})
        }),
        "TagResource" => send!(
            client
                .tag_resource()
                .set_resource_arn(text(input, "ResourceARN"))
                .set_tags(list(input, "Tags", |item| {
                    let tag = Tag::builder().set_key(text(item, "Key")).set_value(text(item, "Value"));
                    tag.build()
                })),
            |_answer| json!({})
        ),
        "ListTagsForResource" => send!(
            client
                .list_tags_for_resource()
                .set_resource_arn(text(input, "ResourceARN")),
            |answer| {
                let tags = answer.tags().iter();
                let tags: Vec<Value> = tags
                    .map(|tag| json!({"Key": tag.key(), "Value": tag.value()}))
                    .collect();
                json!({ "Tags": tags })
            }
        ),
        "CreateGameSession" => send!(
            client
                .create_game_session()
                .set_fleet_id(fleet())
                .set_alias_id(text(input, "AliasId"))
                .set_location(text(input, "Location"))
                .set_name(text(input, "Name"))
                .set_idempotency_token(text(input, "IdempotencyToken"))
                .set_maximum_player_session_count(number(input, "MaximumPlayerSessionCount"))
                .set_game_properties(list(input, "GameProperties", |item| {
                    let property = GameProperty::builder().set_key(text(item, "Key"));
                    property.set_value(text(item, "Value")).build()
                })),
            |answer| json!({"GameSession": answer.game_session().map(session)})
        ),
        "SearchGameSessions" => send!(
            client
                .search_game_sessions()
                .set_fleet_id(fleet())
                .set_filter_expression(text(input, "FilterExpression"))
                .set_sort_expression(text(input, "SortExpression")),
            |answer| json!({"GameSessions": answer.game_sessions().iter().map(session).collect::<Vec<_>>()})
        ),
        "CreatePlayerSession" => send!(
            client
                .create_player_session()
                .set_game_session_id(arn())
                .set_player_id(text(input, "PlayerId")),
            |answer| json!({"PlayerSession": answer.player_session().map(player)})
        ),
        "DescribePlayerSessions" => send!(
            client
                .describe_player_sessions()
                .set_game_session_id(arn())
                .set_limit(number(input, "Limit"))
                .set_next_token(text(input, "NextToken")),
            |answer| {
                let players: Vec<Value> = answer.player_sessions().iter().map(player).collect();
                json!({"PlayerSessions": players, "NextToken": answer.next_token()})
            }
        ),
        "UpdateGameSession" => send!(
            client
                .update_game_session()
                .set_game_session_id(arn())
                .set_player_session_creation_policy(
                    text(input, "PlayerSessionCreationPolicy")
                        .map(|policy| PlayerSessionCreationPolicy::from(policy.as_str()))
                ),
            |answer| json!({"GameSession": answer.game_session().map(session)})
        ),
        "TerminateGameSession" => send!(
            client
                .terminate_game_session()
                .set_game_session_id(arn())
                .set_termination_mode(text(input, "TerminationMode").map(|mode| TerminationMode::from(mode.as_str()))),
            |answer| json!({"GameSession": answer.game_session().map(session)})
        ),
        "CreateGameSessionQueue" => send!(
            client
                .create_game_session_queue()
                .set_name(text(input, "Name"))
                .set_timeout_in_seconds(number(input, "TimeoutInSeconds"))
                .set_destinations(list(input, "Destinations", destination)),
            |answer| {
                let queue = answer.game_session_queue().unwrap();
                json!({"GameSessionQueue": {"Name": queue.name(), "TimeoutInSeconds": queue.timeout_in_seconds()}})
            }
        ),
        "UpdateGameSessionQueue" => send!(
            client
                .update_game_session_queue()
                .set_name(text(input, "Name"))
                .set_timeout_in_seconds(number(input, "TimeoutInSeconds"))
                .set_destinations(list(input, "Destinations", destination)),
            |answer| {
                let queue = answer.game_session_queue().unwrap();
                json!({"GameSessionQueue": {"Name": queue.name(), "TimeoutInSeconds": queue.timeout_in_seconds()}})
            }
        ),
        "StartGameSessionPlacement" => send!(
            client
                .start_game_session_placement()
                .set_placement_id(text(input, "PlacementId"))
                .set_game_session_queue_name(text(input, "GameSessionQueueName"))
                .set_maximum_player_session_count(number(input, "MaximumPlayerSessionCount"))
                .set_desired_player_sessions(list(input, "DesiredPlayerSessions", |item| {
                    DesiredPlayerSession::builder()
                        .set_player_id(text(item, "PlayerId"))
                        .build()
                }))
                .set_player_latencies(list(input, "PlayerLatencies", |item| {
                    #[expect(clippy::cast_possible_truncation, reason = "the SDK has single precision")]
                    let millis = item["LatencyInMilliseconds"].as_f64().map(|millis| millis as f32);
                    PlayerLatency::builder()
                        .set_player_id(text(item, "PlayerId"))
                        .set_region_identifier(text(item, "RegionIdentifier"))
                        .set_latency_in_milliseconds(millis)
                        .build()
                })),
            |answer| placement(answer.game_session_placement())
        ),
        "StopGameSessionPlacement" => send!(
            client
                .stop_game_session_placement()
                .set_placement_id(text(input, "PlacementId")),
            |answer| placement(answer.game_session_placement())
        ),
        "DescribeGameSessionPlacement" => send!(
            client
                .describe_game_session_placement()
                .set_placement_id(text(input, "PlacementId")),
            |answer| placement(answer.game_session_placement())
        ),
        _ => panic!("the scenario's {operation} has no call here"),
    }
}
