//! Every error that the service model gives an emulated operation can occur, and reaches a caller in both formats.

use gamelift_emulator::{Emulator, Fault};
use reqwest::Client;
use serde_json::Value;

use crate::process::emulator;

/// The errors of the emulated operations, from the service model; `Exception` is left out.
const MODELLED: [(&str, &str); 48] = [
    ("ListFleets", "InternalService InvalidRequest NotFound Unauthorized"),
    (
        "DescribeFleetAttributes",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "CreateFleet",
        "Conflict InternalService InvalidRequest LimitExceeded NotFound NotReady TaggingFailed Unauthorized UnsupportedRegion",
    ),
    (
        "DeleteFleet",
        "InternalService InvalidFleetStatus InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "CreateLocation",
        "Conflict InternalService InvalidRequest LimitExceeded TaggingFailed Unauthorized",
    ),
    ("DeleteLocation", "InternalService InvalidRequest NotFound Unauthorized"),
    ("ListLocations", "InternalService InvalidRequest Unauthorized"),
    (
        "RegisterCompute",
        "Conflict InternalService InvalidRequest LimitExceeded NotReady Unauthorized",
    ),
    (
        "DeregisterCompute",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "DescribeCompute",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "ListCompute",
        "InternalService InvalidRequest Unauthorized UnsupportedRegion",
    ),
    (
        "GetComputeAuthToken",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "CreateGameSession",
        "Conflict FleetCapacityExceeded IdempotentParameterMismatch InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessions",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessionDetails",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "SearchGameSessions",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized UnsupportedRegion",
    ),
    (
        "UpdateGameSession",
        "Conflict InternalService InvalidGameSessionStatus InvalidRequest NotFound NotReady Unauthorized",
    ),
    (
        "TerminateGameSession",
        "InternalService InvalidGameSessionStatus InvalidRequest NotFound NotReady Unauthorized",
    ),
    (
        "CreatePlayerSession",
        "GameSessionFull InternalService InvalidGameSessionStatus InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "CreatePlayerSessions",
        "GameSessionFull InternalService InvalidGameSessionStatus InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "DescribePlayerSessions",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "CreateAlias",
        "Conflict InternalService InvalidRequest LimitExceeded TaggingFailed Unauthorized",
    ),
    ("DescribeAlias", "InternalService InvalidRequest NotFound Unauthorized"),
    ("ListAliases", "InternalService InvalidRequest Unauthorized"),
    ("UpdateAlias", "InternalService InvalidRequest NotFound Unauthorized"),
    (
        "DeleteAlias",
        "InternalService InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "ResolveAlias",
        "InternalService InvalidRequest NotFound TerminalRoutingStrategy Unauthorized",
    ),
    (
        "CreateGameSessionQueue",
        "InternalService InvalidRequest LimitExceeded NotFound TaggingFailed Unauthorized",
    ),
    (
        "DescribeGameSessionQueues",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateGameSessionQueue",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "DeleteGameSessionQueue",
        "InternalService InvalidRequest NotFound TaggingFailed Unauthorized",
    ),
    (
        "StartGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "StopGameSessionPlacement",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateFleetAttributes",
        "Conflict InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound Unauthorized",
    ),
    (
        "CreateFleetLocations",
        "Conflict InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound NotReady Unauthorized UnsupportedRegion",
    ),
    (
        "DeleteFleetLocations",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetLocationAttributes",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetUtilization",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "DescribeFleetCapacity",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeFleetEvents",
        "InternalService InvalidRequest NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "DescribeRuntimeConfiguration",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
    (
        "UpdateRuntimeConfiguration",
        "InternalService InvalidFleetStatus InvalidRequest LimitExceeded NotFound Unauthorized",
    ),
    (
        "TagResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "UntagResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "ListTagsForResource",
        "InternalService InvalidRequest NotFound TaggingFailed UnsupportedRegion",
    ),
    (
        "GetPlayerConnectionDetails",
        "InternalService InvalidGameSessionStatus InvalidRequest LimitExceeded NotFound Unauthorized UnsupportedRegion",
    ),
    (
        "GetGameSessionLogUrl",
        "InternalService InvalidRequest NotFound Unauthorized",
    ),
];

async fn type_of_answer(http: &Client, emulator: &Emulator, operation: &str) -> (u16, String) {
    let response = http
        .post(emulator.endpoint())
        .header("X-Amz-Target", format!("GameLift.{operation}"))
        .body("{}")
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["__type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_modelled_error_of_every_emulated_operation_can_be_had() {
    let emulator = emulator().await;
    let http = Client::new();
    for (operation, errors) in MODELLED {
        for name in errors.split(' ') {
            let error = format!("{name}Exception");
            let fault = Fault::FailCalls {
                operation: Some(operation.into()),
                error: error.clone(),
                times: 1,
            };
            emulator.inject(fault).unwrap();
            let expected = if name == "InternalService" { 500 } else { 400 };
            assert_eq!(
                type_of_answer(&http, &emulator, operation).await,
                (expected, error),
                "{operation}"
            );
        }
    }
}

#[tokio::test]
async fn the_list_names_what_is_emulated_and_nothing_else() {
    let emulator = emulator().await;
    let readme = include_str!("../../README.md");
    let listed: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .collect();
    assert_eq!(listed, MODELLED.map(|(operation, _)| operation));
    let unavailable = Fault::FailCalls {
        operation: None,
        error: "ServiceUnavailableException".into(),
        times: 1,
    };
    emulator.inject(unavailable).unwrap();
    let (status, _) = type_of_answer(&Client::new(), &emulator, "ListFleets").await;
    assert_eq!(status, 503, "and what a front end says when it is overrun");
}
