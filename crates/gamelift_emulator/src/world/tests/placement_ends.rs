//! How placements end, what is told of it, and what wakes those that wait.

use std::time::Duration;

use serde_json::{Value, json};

use super::rig::Rig;
use crate::model::status::GameSessionStatus;

const TOPIC: &str = "arn:aws:sns:us-west-2:123456789012:placements";

/// A rig with a queue that tells a topic, and what it places to.
fn queued(rig: &mut Rig, destination: &str) {
    let queue = json!({"Name": "q", "TimeoutInSeconds": 60, "NotificationTarget": TOPIC, "CustomEventData": "mine",
        "Destinations": [{"DestinationArn": destination}]});
    rig.call("CreateGameSessionQueue", queue).unwrap();
}

fn simple() -> Rig {
    let mut rig = Rig::new();
    let fleet = rig.world.fleet_arn("fleet-local");
    queued(&mut rig, &fleet);
    rig
}

fn start(rig: &mut Rig, id: &str) -> Value {
    let placement = json!({"PlacementId": id, "GameSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "DesiredPlayerSessions": [{"PlayerId": "ann"}]});
    rig.call("StartGameSessionPlacement", placement).unwrap()["GameSessionPlacement"].clone()
}

fn describe(rig: &mut Rig, id: &str) -> Value {
    rig.pass(Duration::ZERO);
    rig.call("DescribeGameSessionPlacement", json!({"PlacementId": id}))
        .unwrap()["GameSessionPlacement"]
        .clone()
}

#[test]
fn the_game_session_of_a_placement_that_ended_is_never_open_for_players() {
    for end in ["StopGameSessionPlacement", "its time"] {
        let mut rig = simple();
        let long =
            json!({"FleetId": "fleet-local", "RuntimeConfiguration": {"GameSessionActivationTimeoutSeconds": 300}});
        rig.call("UpdateRuntimeConfiguration", long).unwrap();
        let socket = rig.process("process-1");
        let arn = start(&mut rig, "p-1")["GameSessionArn"].as_str().unwrap().to_owned();
        if end == "its time" {
            rig.pass(Duration::from_mins(1));
        } else {
            rig.call(end, json!({"PlacementId": "p-1"})).unwrap();
        }
        assert_ne!(rig.game_status(&arn), GameSessionStatus::Activating, "{end}");
        assert_ne!(rig.activate(socket, &arn), 200, "{end}");
        assert_ne!(rig.game_status(&arn), GameSessionStatus::Active, "{end}");
        assert!(rig.reserve(&arn).is_err(), "{end}");
    }
}

#[test]
fn the_topic_of_a_deleted_queue_hears_that_its_placements_failed() {
    let mut rig = simple();
    start(&mut rig, "p-1");
    rig.call("DeleteGameSessionQueue", json!({"Name": "q"})).unwrap();
    let notice = rig.world.poll_notice().unwrap();
    assert_eq!(notice.topic.as_deref(), Some(TOPIC));
    assert_eq!(notice.detail["type"], "PlacementFailed");
    assert_eq!(notice.detail["customEventData"], "mine");
    assert_eq!(describe(&mut rig, "p-1")["Status"], "FAILED");
}

#[test]
fn the_event_of_a_fulfilled_placement_has_the_members_that_are_known_and_no_others() {
    let mut rig = simple();
    let socket = rig.process("process-1");
    let arn = start(&mut rig, "p-1")["GameSessionArn"].as_str().unwrap().to_owned();
    assert_eq!(rig.activate(socket, &arn), 200);
    let notice = rig.world.poll_notice().unwrap();
    let mut event = serde_json::to_value(&notice).unwrap();
    let (id, seat) = (
        event["id"].take(),
        event["detail"]["placedPlayerSessions"][0]["playerSessionId"].take(),
    );
    assert!(id.as_str().is_some_and(|id| id.len() == 36), "{id}");
    assert!(seat.as_str().is_some_and(|seat| seat.starts_with("psess-")), "{seat}");
    let golden = json!({
        "version": "0",
        "id": null,
        "detail-type": "GameLift Queue Placement Event",
        "source": "aws.gamelift",
        "account": "123456789012",
        "time": "2023-11-14T22:13:20Z",
        "region": "us-west-2",
        "resources": ["arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/q"],
        "detail": {
            "placementId": "p-1",
            "type": "PlacementFulfilled",
            "startTime": "2023-11-14T22:13:20.000Z",
            "endTime": "2023-11-14T22:13:20.000Z",
            "gameSessionArn": "arn:aws:gamelift:us-west-2::gamesession/fleet-local/custom-local/p-1",
            "ipAddress": "127.0.0.1",
            "port": "7777",
            "gameSessionRegion": "us-west-2",
            "placedPlayerSessions": [{"playerId": "ann", "playerSessionId": null}],
            "customEventData": "mine"
        }
    });
    assert_eq!(event, golden);
}

#[test]
fn a_latency_policy_without_a_duration_is_in_force_until_the_queue_times_out() {
    let mut rig = simple();
    let policies = json!([
        {"MaximumIndividualPlayerLatencyMilliseconds": 50},
        {"MaximumIndividualPlayerLatencyMilliseconds": 200, "PolicyDurationSeconds": 10},
    ]);
    rig.call(
        "UpdateGameSessionQueue",
        json!({"Name": "q", "PlayerLatencyPolicies": policies}),
    )
    .unwrap();
    rig.process("process-1");
    let far = json!([{"PlayerId": "ann", "RegionIdentifier": "custom-local", "LatencyInMilliseconds": 100.0}]);
    let placement = json!({"PlacementId": "p-1", "GameSessionQueueName": "q", "MaximumPlayerSessionCount": 2,
        "PlayerLatencies": far});
    rig.call("StartGameSessionPlacement", placement).unwrap();
    rig.pass(Duration::from_secs(59));
    assert_eq!(describe(&mut rig, "p-1")["GameSessionArn"], Value::Null);
    rig.pass(Duration::from_secs(1));
    assert_eq!(describe(&mut rig, "p-1")["Status"], "TIMED_OUT");
}

#[test]
fn a_waiting_placement_follows_its_alias_and_fails_when_its_fleet_is_gone() {
    let mut rig = Rig::new();
    let fleet = json!({"Name": "empty", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-local"}]});
    let empty = rig.call("CreateFleet", fleet).unwrap()["FleetAttributes"]["FleetId"].clone();
    let to = |fleet: &Value| json!({"Type": "SIMPLE", "FleetId": fleet});
    let alias = json!({"Name": "live", "RoutingStrategy": to(&empty)});
    let alias = rig.call("CreateAlias", alias).unwrap()["Alias"].clone();
    queued(&mut rig, alias["AliasArn"].as_str().unwrap());
    rig.process("process-1");
    start(&mut rig, "p-1");
    assert_eq!(describe(&mut rig, "p-1")["GameSessionArn"], Value::Null);
    let id = &alias["AliasId"];
    let update = json!({"AliasId": id, "RoutingStrategy": to(&json!("fleet-local"))});
    rig.call("UpdateAlias", update).unwrap();
    assert!(describe(&mut rig, "p-1")["GameSessionArn"].is_string());

    let back = json!({"AliasId": id, "RoutingStrategy": to(&empty)});
    rig.call("UpdateAlias", back).unwrap();
    start(&mut rig, "p-2");
    rig.call("DeleteFleet", json!({"FleetId": empty})).unwrap();
    assert_eq!(describe(&mut rig, "p-2")["Status"], "FAILED");
}

#[test]
fn a_forgotten_placement_leaves_nothing_behind_and_its_id_is_free_again() {
    let mut rig = Rig::new();
    rig.call("CreateGameSessionQueue", json!({"Name": "q"})).unwrap();
    for number in 0..=20_000 {
        start(&mut rig, &format!("p-{number}"));
    }
    assert_eq!(rig.world.placements.len(), 20_000);
    assert_eq!(rig.world.placement_ids.len(), 20_000);
    assert_eq!(start(&mut rig, "p-0")["Status"], "FAILED", "with no destination");
}
