//! Every operation that answers in pages: all of it, once, whatever the size of a page.

use serde_json::{Value, json};

use super::rig::Rig;
use crate::{
    api::dispatch::EMULATED,
    model::{error::ErrorKind, inputs::members_of},
};

/// An operation, what it is asked, and the member with the answers.
struct Paged {
    operation: &'static str,
    body: Value,
    items: &'static str,
}

/// A world with at least five of everything that is listed.
fn full() -> (Rig, String) {
    let mut rig = Rig::new();
    let mut locations = Vec::new();
    for number in 0..5 {
        let location = format!("custom-{number}");
        rig.call("CreateLocation", json!({"LocationName": location})).unwrap();
        let fleet = json!({"Name": "fleet", "ComputeType": "ANYWHERE", "Locations": [{"Location": location}]});
        rig.call("CreateFleet", fleet).unwrap();
        locations.push(json!({"Location": location}));
        let alias =
            json!({"Name": format!("alias-{number}"), "RoutingStrategy": {"Type": "SIMPLE", "FleetId": "fleet-local"}});
        rig.call("CreateAlias", alias).unwrap();
        let queue = json!({"Name": format!("queue-{number}")});
        rig.call("CreateGameSessionQueue", queue).unwrap();
    }
    let added = json!({"FleetId": "fleet-local", "Locations": locations});
    rig.call("CreateFleetLocations", added).unwrap();
    let mut arn = String::new();
    for number in 0..5 {
        let location = format!("custom-{number}");
        let socket = rig.process_of("fleet-local", &location, &format!("process-{number}"));
        let create = json!({"FleetId": "fleet-local", "Location": location, "MaximumPlayerSessionCount": 9});
        let created = rig.call("CreateGameSession", create).unwrap();
        arn = created["GameSession"]["GameSessionId"].as_str().unwrap().to_owned();
        assert_eq!(rig.activate(socket, &arn), 200);
        // something for the list of events
        let gone = rig.process_of("fleet-local", &location, &format!("gone-{number}"));
        rig.world.crash(Some(&format!("gone-{number}")), rig.now);
        rig.world.disconnect(gone, rig.now);
    }
    for _ in 0..5 {
        rig.reserve(&arn).unwrap();
    }
    (rig, arn)
}

fn paged(arn: &str) -> Vec<Paged> {
    let fleet = || json!({"FleetId": "fleet-local"});
    let all = || json!({});
    [
        ("ListFleets", all(), "FleetIds"),
        ("DescribeFleetAttributes", all(), "FleetAttributes"),
        ("ListLocations", all(), "Locations"),
        ("ListCompute", fleet(), "ComputeList"),
        ("DescribeGameSessions", fleet(), "GameSessions"),
        ("DescribeGameSessionDetails", fleet(), "GameSessionDetails"),
        ("SearchGameSessions", fleet(), "GameSessions"),
        (
            "DescribePlayerSessions",
            json!({"GameSessionId": arn}),
            "PlayerSessions",
        ),
        ("ListAliases", all(), "Aliases"),
        ("DescribeGameSessionQueues", all(), "GameSessionQueues"),
        ("DescribeFleetLocationAttributes", fleet(), "LocationAttributes"),
        ("DescribeFleetUtilization", all(), "FleetUtilization"),
        ("DescribeFleetCapacity", all(), "FleetCapacity"),
        ("DescribeFleetEvents", fleet(), "Events"),
    ]
    .map(|(operation, body, items)| Paged { operation, body, items })
    .into()
}

#[test]
fn every_paginated_operation_answers_everything_once_in_pages_of_any_size() {
    let (mut rig, arn) = full();
    for Paged { operation, body, items } in paged(&arn) {
        let all = rig.call(operation, body.clone()).unwrap();
        assert!(all.get("NextToken").is_none(), "{operation}: {all}");
        let all = all[items]
            .as_array()
            .unwrap_or_else(|| panic!("{operation}: {all}"))
            .clone();
        assert!(all.len() >= 5, "{operation} lists {}", all.len());
        for limit in [1, 2, all.len() - 1, all.len(), all.len() + 1] {
            let mut ask = body.clone();
            ask["Limit"] = json!(limit);
            let mut found = Vec::new();
            loop {
                let page = rig.call(operation, ask.clone()).unwrap();
                let page_items = page[items].as_array().unwrap();
                assert!(page_items.len() <= limit, "{operation}");
                found.extend(page_items.clone());
                assert!(found.len() <= all.len(), "{operation} does not end");
                match page.get("NextToken") {
                    Some(token) => ask["NextToken"] = token.clone(),
                    None => break,
                }
            }
            assert_eq!(found, all, "{operation} in pages of {limit}");
        }
    }
}

#[test]
fn a_token_is_good_for_the_operation_that_answered_it_and_no_limit_is_zero() {
    let (mut rig, arn) = full();
    let list = paged(&arn);
    for (place, Paged { operation, body, .. }) in list.iter().enumerate() {
        let mut ask = body.clone();
        ask["Limit"] = json!(1);
        let token = rig.call(operation, ask).unwrap()["NextToken"].clone();
        assert!(token.is_string(), "{operation}");
        let other = &list[(place + 1) % list.len()];
        for wrong in [token, json!("made-up"), json!("")] {
            let mut ask = other.body.clone();
            ask["NextToken"] = wrong;
            let error = rig.call(other.operation, ask).unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidRequest, "{}", other.operation);
        }
        let mut none = body.clone();
        none["Limit"] = json!(0);
        let error = rig.call(operation, none).unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest, "{operation}");
    }
}

#[test]
fn every_operation_that_takes_a_token_is_on_the_list() {
    let takes_token = |operation: &&&str| {
        let members = members_of(operation).unwrap();
        members.iter().any(|member| member.name == "NextToken")
    };
    let mut expected: Vec<&str> = EMULATED.iter().filter(takes_token).copied().collect();
    let mut listed: Vec<&str> = paged("").iter().map(|paged| paged.operation).collect();
    expected.sort_unstable();
    listed.sort_unstable();
    assert_eq!(listed, expected);
}
