//! What the world refuses, and what it keeps.

use std::time::Duration;

use serde_json::json;

use super::rig::Rig;
use crate::model::{
    error::ErrorKind,
    fleets::{ComputeInput, CreateFleetInput, LocationConfiguration, LocationNameInput, RegisterComputeInput},
    game_sessions::{DescribeGameSessionsInput, GameProperty, UpdateGameSessionInput},
    player_sessions::DescribePlayerSessionsInput,
    status::PlayerSessionStatus,
};
use crate::world::{Refused, Settings};

fn update(arn: &str) -> UpdateGameSessionInput {
    UpdateGameSessionInput {
        game_session_id: arn.into(),
        maximum_player_session_count: None,
        name: None,
        player_session_creation_policy: None,
        protection_policy: None,
        game_properties: None,
    }
}

#[test]
fn players_leave_once_and_do_not_come_back_on_the_same_seat() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(rig.accept(socket, &arn, &seat), 200);
    assert_eq!(rig.accept(socket, &arn, &seat), 400);
    assert_eq!(rig.remove(socket, &arn, &seat), 200);
    assert_eq!(rig.remove(socket, &arn, &seat), 200, "removing twice is removing once");
    assert_eq!(rig.accept(socket, &arn, &seat), 400);
    assert_eq!(rig.accept(socket, &arn, "psess-unknown"), 404);
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Completed);
}

#[test]
fn a_process_has_no_say_in_the_game_session_of_another() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let other = rig.process("process-2");
    let second = rig.create(None).unwrap().game_session_id;
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(rig.activate(other, &arn), 400);
    assert_eq!(rig.accept(other, &arn, &seat), 400);
    assert_eq!(rig.activate(other, &second), 200);
    assert_eq!(rig.accept(other, &second, &seat), 400, "a seat of another game session");
    assert_eq!(rig.accept(socket, &arn, &seat), 200);
}

#[test]
fn updating_adds_and_changes_properties_and_tells_the_process_nothing() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let property = |key: &str, value: &str| GameProperty {
        key: key.into(),
        value: value.into(),
    };
    let mut change = |properties| {
        let input = UpdateGameSessionInput {
            game_properties: Some(properties),
            ..update(&arn)
        };
        rig.world
            .update_game_session(input, rig.now)
            .map(|output| output.game_session.game_properties)
    };
    change(vec![property("map", "a"), property("mode", "b")]).unwrap();
    let now = change(vec![property("map", "c")]).unwrap();
    assert_eq!(now, [property("map", "c"), property("mode", "b")]);
    let many = (0..15).map(|number| property(&number.to_string(), "x")).collect();
    assert_eq!(change(many).unwrap_err().kind, ErrorKind::InvalidRequest, "17 in all");
    assert!(rig.pushes(socket).is_empty());
}

#[test]
fn the_number_of_seats_does_not_fall_below_the_taken_ones() {
    let mut rig = Rig::new();
    let (_, arn) = rig.playing();
    rig.reserve(&arn).unwrap();
    let mut seats = |maximum| {
        let input = UpdateGameSessionInput {
            maximum_player_session_count: Some(maximum),
            ..update(&arn)
        };
        rig.world.update_game_session(input, rig.now).is_ok()
    };
    assert!(!seats(0));
    assert!(seats(1));
    assert!(!seats(201));
    assert_eq!(
        rig.reserve(&arn).map(drop).unwrap_err().kind,
        ErrorKind::GameSessionFull
    );
}

#[test]
fn an_ended_game_session_cannot_be_changed_joined_or_ended() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.ending(socket);
    let wrong = ErrorKind::InvalidGameSessionStatus;
    assert_eq!(
        rig.world
            .update_game_session(update(&arn), rig.now)
            .map(drop)
            .unwrap_err()
            .kind,
        wrong
    );
    assert_eq!(rig.reserve(&arn).map(drop).unwrap_err().kind, wrong);
    assert_eq!(rig.terminate(&arn).map(drop).unwrap_err().kind, wrong);
}

#[test]
fn force_terminate_is_refused_where_no_agent_runs() {
    let mut rig = Rig::new();
    let (_, arn) = rig.playing();
    let input = crate::model::game_sessions::TerminateGameSessionInput {
        game_session_id: arn,
        termination_mode: "FORCE_TERMINATE".into(),
    };
    let refused = rig.world.terminate_game_session(input, rig.now).map(drop).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::InvalidRequest);
}

#[test]
fn the_same_compute_is_registered_once() {
    let mut rig = Rig::new();
    let mut register = |name: &str, location: &str| {
        let input = RegisterComputeInput {
            fleet_id: "fleet-local".into(),
            compute_name: name.into(),
            certificate_path: None,
            dns_name: None,
            ip_address: Some("127.0.0.1".into()),
            location: Some(location.into()),
        };
        rig.world
            .register_compute(input, rig.now)
            .map(drop)
            .map_err(|error| error.kind)
    };
    assert_eq!(register("one", "custom-local"), Ok(()));
    assert_eq!(register("one", "custom-local"), Err(ErrorKind::Conflict));
    assert_eq!(register("two", "custom-nowhere"), Err(ErrorKind::InvalidRequest));
    for number in 1..100 {
        assert_eq!(register(&format!("more-{number}"), "custom-local"), Ok(()));
    }
    assert_eq!(register("too-many", "custom-local"), Err(ErrorKind::LimitExceeded));
}

#[test]
fn a_fleet_is_made_in_a_location_that_exists_and_kept_while_processes_live() {
    let mut rig = Rig::new();
    let fleet = |location: &str| CreateFleetInput {
        name: "mine".into(),
        description: None,
        new_game_session_protection_policy: None,
        resource_creation_limit_policy: None,
        runtime_configuration: None,
        locations: Some(vec![LocationConfiguration {
            location: location.into(),
        }]),
        compute_type: Some("ANYWHERE".into()),
        anywhere_configuration: None,
        tags: None,
    };
    assert_eq!(
        rig.world
            .create_fleet(fleet("custom-a"), rig.now)
            .map(drop)
            .unwrap_err()
            .kind,
        ErrorKind::NotFound
    );
    let location = || LocationNameInput {
        location_name: "custom-a".into(),
        tags: None,
    };
    rig.world.create_location(location(), rig.now).unwrap();
    rig.world.create_fleet(fleet("custom-a"), rig.now).unwrap();
    assert_eq!(
        rig.world
            .delete_location(location(), rig.now)
            .map(drop)
            .unwrap_err()
            .kind,
        ErrorKind::InvalidRequest,
        "a fleet uses it"
    );
    let default = || crate::model::fleets::DeleteFleetInput {
        fleet_id: "fleet-local".into(),
    };
    let socket = rig.process("process-1");
    assert_eq!(
        rig.world.delete_fleet(default(), rig.now).map(drop).unwrap_err().kind,
        ErrorKind::InvalidFleetStatus
    );
    rig.ending(socket);
    rig.world.delete_fleet(default(), rig.now).unwrap();
    let compute = ComputeInput {
        fleet_id: "fleet-local".into(),
        compute_name: "local".into(),
    };
    assert!(rig.world.get_compute_auth_token(compute, rig.now).is_err());
}

#[test]
fn describing_pages_through_everything_once() {
    let mut rig = Rig::new();
    for number in 0..7 {
        rig.process(&format!("process-{number}"));
        rig.create(None).unwrap();
    }
    let mut found = Vec::new();
    let mut token = None;
    loop {
        let input = DescribeGameSessionsInput {
            fleet_id: Some("fleet-local".into()),
            game_session_id: None,
            alias_id: None,
            location: None,
            status_filter: Some("ACTIVATING".into()),
            limit: Some(3),
            next_token: token,
        };
        let page = rig
            .world
            .describe_game_sessions(input, rig.now)
            .map_err(|error| error.message)
            .unwrap();
        found.extend(page.game_sessions.into_iter().map(|session| session.game_session_id));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    let all: Vec<String> = rig
        .world
        .snapshot()
        .game_sessions
        .into_iter()
        .map(|session| session.game_session_id)
        .collect();
    assert_eq!(found, all);
}

#[test]
fn player_sessions_are_found_by_exactly_one_selector() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    rig.reserve(&arn).unwrap();
    rig.accept(socket, &arn, &seat);
    let mut count = |input| {
        let found = rig.world.describe_player_sessions(input, rig.now);
        found.map(|page| page.player_sessions.len()).map_err(|error| error.kind)
    };
    let none = DescribePlayerSessionsInput::default;
    let session = || DescribePlayerSessionsInput {
        game_session_id: Some(arn.clone()),
        ..none()
    };
    assert_eq!(count(session()), Ok(2));
    let active = Some("ACTIVE".to_owned());
    assert_eq!(
        count(DescribePlayerSessionsInput {
            player_session_status_filter: active.clone(),
            ..session()
        }),
        Ok(1)
    );
    let player = || DescribePlayerSessionsInput {
        player_id: Some("ann".into()),
        ..none()
    };
    assert_eq!(
        count(DescribePlayerSessionsInput {
            player_session_status_filter: active,
            ..player()
        }),
        Ok(2),
        "the filter is for game sessions only"
    );
    assert_eq!(count(none()), Err(ErrorKind::InvalidRequest));
    assert_eq!(
        count(DescribePlayerSessionsInput {
            player_id: Some("ann".into()),
            ..session()
        }),
        Err(ErrorKind::InvalidRequest)
    );
    let unknown = DescribePlayerSessionsInput {
        player_session_id: Some("psess-x".into()),
        ..none()
    };
    assert_eq!(count(unknown), Err(ErrorKind::NotFound));
}

#[test]
fn requests_of_a_process_that_come_too_fast_are_refused_when_throttled() {
    let mut rig = Rig::with(Settings {
        throttled: true,
        ..Settings::default()
    });
    let (socket, arn) = rig.playing();
    let seat = rig.reserve(&arn).unwrap().player_session_id;
    let other = rig.reserve(&arn).unwrap().player_session_id;
    let removed: Vec<u16> = (0..4).map(|_| rig.remove(socket, &arn, &seat)).collect();
    assert_eq!(removed[3], 429, "three at once: {removed:?}");
    assert!(removed[..3].iter().all(|status| *status != 429), "{removed:?}");
    assert_eq!(
        rig.accept(socket, &arn, &other),
        200,
        "another player has turns of its own"
    );
    rig.pass(Duration::from_secs(1));
    assert_ne!(rig.remove(socket, &arn, &seat), 429, "one a second");
    for _ in 0..2 {
        rig.connect("process-1");
    }
    let refused = rig.try_connect("process-1");
    assert_eq!(refused.unwrap_err(), Refused::TooMany, "three connections at once");
    rig.pass(Duration::from_secs(10));
    assert!(rig.try_connect("process-1").is_ok(), "one in ten seconds");
}

#[test]
fn a_compute_needs_an_address_of_its_own() {
    let mut rig = Rig::new();
    let mut compute = json!({"FleetId": "fleet-local", "ComputeName": "box", "Location": "custom-local",
        "DnsName": "box.example.com"});
    let refused = rig.call("RegisterCompute", compute.clone()).unwrap_err();
    assert_eq!(refused.kind, ErrorKind::InvalidRequest);
    compute["IpAddress"] = json!("192.0.2.7");
    let registered = rig.call("RegisterCompute", compute).unwrap();
    assert_eq!(registered["Compute"]["DnsName"], "box.example.com");
}

#[test]
fn locations_of_a_fleet_come_as_they_were_asked_for_without_those_it_does_not_have() {
    let mut rig = Rig::new();
    rig.call("CreateLocation", json!({"LocationName": "custom-attic"}))
        .unwrap();
    let more = json!({"FleetId": "fleet-local", "Locations": [{"Location": "custom-attic"}]});
    rig.call("CreateFleetLocations", more).unwrap();
    let ask = json!({"FleetId": "fleet-local", "Locations": ["custom-attic", "custom-none", "custom-local"]});
    let told = rig.call("DescribeFleetLocationAttributes", ask).unwrap();
    let told = told["LocationAttributes"].as_array().unwrap().iter();
    let names: Vec<_> = told
        .map(|attributes| &attributes["LocationState"]["Location"])
        .collect();
    assert_eq!(names, ["custom-attic", "custom-local"]);
}

#[test]
fn a_creator_gets_one_game_session_a_second_where_calls_are_throttled() {
    for throttled in [true, false] {
        let mut rig = Rig::with(Settings {
            throttled,
            ..Settings::default()
        });
        for number in 0..4 {
            rig.process(&format!("process-{number}"));
        }
        let by = |creator: &str| {
            json!({"FleetId": "fleet-local", "Location": "custom-local", "MaximumPlayerSessionCount": 2,
                "CreatorId": creator})
        };
        rig.call("CreateGameSession", by("ann")).unwrap();
        match rig.call("CreateGameSession", by("ann")) {
            Err(error) => assert!(throttled && error.kind == ErrorKind::Throttling, "{error}"),
            Ok(_) => assert!(!throttled),
        }
        rig.call("CreateGameSession", by("bob")).unwrap();
        rig.pass(Duration::from_secs(1));
        rig.call("CreateGameSession", by("ann")).unwrap();
    }
}
