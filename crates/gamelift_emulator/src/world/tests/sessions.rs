//! What a process asks of its own game session: rightly, wrongly, and twice.

use std::time::Duration;

use gamelift_server_sdk::proto::message::{
    ActivateServerProcess, PlayerSessionCreationPolicy, UpdatePlayerSessionCreationPolicy,
};
use serde_json::json;

use super::rig::Rig;
use crate::model::status::PlayerSessionStatus;

#[test]
fn a_seat_can_be_removed_before_it_is_taken_and_removed_twice() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let reserved = rig.reserve(&arn).unwrap().player_session_id;
    let taken = rig.reserve(&arn).unwrap().player_session_id;
    assert_eq!(rig.accept(socket, &arn, &taken), 200);
    for seat in [reserved, taken] {
        for _ in 0..2 {
            assert_eq!(rig.remove(socket, &arn, &seat), 200);
            assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Completed);
        }
        assert_eq!(rig.accept(socket, &arn, &seat), 400, "too late");
    }
    assert_eq!(rig.world.snapshot().game_sessions[0].seats_taken, 0);
    let seat = rig.call("DescribePlayerSessions", serde_json::json!({"GameSessionId": arn}));
    assert!(seat.unwrap()["PlayerSessions"][0]["TerminationTime"].is_number());
}

#[test]
fn a_seat_that_lapsed_was_never_there_or_is_elsewhere_cannot_be_removed() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let lapsed = rig.reserve(&arn).unwrap().player_session_id;
    rig.pass(std::time::Duration::from_mins(1));
    assert_eq!(rig.remove(socket, &arn, &lapsed), 400);
    assert_eq!(rig.remove(socket, &arn, "psess-none"), 404);
    let other = rig.process("process-2");
    let elsewhere = rig.create(None).unwrap().game_session_id;
    assert_eq!(rig.activate(other, &elsewhere), 200);
    let seat = rig.reserve(&elsewhere).unwrap().player_session_id;
    assert_eq!(rig.remove(socket, &arn, &seat), 400, "a seat of another game session");
    assert_eq!(rig.remove(socket, &elsewhere, &seat), 400, "another's game session");
    assert_eq!(rig.player_status(&seat), PlayerSessionStatus::Reserved);
}

#[test]
fn a_game_session_is_activated_once_and_asked_for_as_often_as_one_likes() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    assert_eq!(rig.activate(socket, &arn), 200, "under another request id");
}

#[test]
fn the_policy_closes_and_opens_a_game_session_and_must_be_a_known_word() {
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    let set = |rig: &mut Rig, arn: &str, policy: &str| {
        let policy = UpdatePlayerSessionCreationPolicy {
            game_session_id: arn.into(),
            player_session_policy: PlayerSessionCreationPolicy::from(policy),
        };
        rig.request(socket, policy)
    };
    assert_eq!(set(&mut rig, &arn, "DENY_ALL"), 200);
    assert!(rig.reserve(&arn).is_err());
    for word in ["NOT_SET", "accept_all", ""] {
        assert_eq!(set(&mut rig, &arn, word), 400, "{word:?}");
    }
    assert_eq!(set(&mut rig, "arn:another", "ACCEPT_ALL"), 400);
    assert!(rig.reserve(&arn).is_err(), "none of these changed it");
    assert_eq!(set(&mut rig, &arn, "ACCEPT_ALL"), 200);
    assert!(rig.reserve(&arn).is_ok());
}

/// What the chronicle says of processes when something is wrong.
fn warnings(rig: &Rig) -> Vec<String> {
    let lines = rig.world.chronicle.since(0, 1_000, true).into_iter();
    lines.map(|line| line.text.into_owned()).collect()
}

#[test]
fn a_port_is_needed_and_one_that_some_sdks_refuse_is_told_of() {
    let mut rig = Rig::new();
    for (port, status, told) in [
        (0, 400, "from 1 to 60000"),
        (60_001, 200, "above 60000"),
        (65_535, 200, "above 60000"),
    ] {
        let socket = rig.connect(&format!("process-{port}"));
        let ready = ActivateServerProcess {
            port,
            ..ActivateServerProcess::default()
        };
        assert_eq!(rig.request(socket, ready), status, "{port}");
        assert!(warnings(&rig).pop().unwrap().contains(told), "{port}");
    }
    let told = warnings(&rig).len();
    let socket = rig.connect("process-60000");
    let ready = ActivateServerProcess {
        port: 60_000,
        ..ActivateServerProcess::default()
    };
    assert_eq!(rig.request(socket, ready), 200);
    assert_eq!(warnings(&rig).len(), told);
}

#[test]
fn what_is_no_request_is_told_of_without_a_word_of_it() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    let no_id = r#"{"Action":"GetFleetRoleCredentials","RoleArn":"secret"}"#;
    for (frame, told) in [
        ("{secret", "no JSON object"),
        (r#""secret""#, "no JSON object"),
        (no_id, "no RequestId"),
    ] {
        rig.world.handle_frame(socket, frame, rig.now);
        assert!(rig.world.poll_outgoing().is_none(), "{frame} is not answered");
        let line = warnings(&rig).pop().unwrap();
        assert!(line.contains(told) && !line.contains("secret"), "{line}");
    }
    let long = format!(r#"{{"Action":"{}","RequestId":"r"}}"#, "ä".repeat(100_000));
    rig.world.handle_frame(socket, &long, rig.now);
    assert!(warnings(&rig).pop().unwrap().len() < 600, "cut");
}

#[test]
fn what_a_process_says_of_its_sdk_and_its_logs_is_remembered_and_bounded() {
    let mut rig = Rig::new();
    let socket = rig.connect("process-1");
    let ready = ActivateServerProcess {
        sdk_version: "5.6.0".into(),
        sdk_tool_name: Some("Metrics".into()),
        sdk_tool_version: Some("1.0.0".into()),
        port: 7777,
        log_paths: vec!["x".repeat(1_000); 50],
        ..ActivateServerProcess::default()
    };
    assert_eq!(rig.request(socket, ready), 200);
    let sdk = &rig.world.processes.values().next().unwrap().sdk;
    assert_eq!((sdk.version.as_str(), sdk.tool.as_str()), ("5.6.0", "Metrics 1.0.0"));
    assert_eq!((sdk.log_paths.len(), sdk.log_paths[0].len()), (10, 256));
}

#[test]
fn a_game_session_whose_instance_was_taken_away_says_so() {
    for ends_by_itself in [true, false] {
        let mut rig = Rig::new();
        let (socket, arn) = rig.playing();
        rig.process("process-2");
        rig.world
            .interrupt_within(Some("process-1"), Duration::from_mins(2), rig.now);
        assert_eq!(rig.events(), ["INSTANCE_INTERRUPTED"]);
        if ends_by_itself {
            rig.ending(socket);
        } else {
            rig.pass(Duration::from_secs(121));
        }
        let described = rig.call("DescribeGameSessions", json!({"GameSessionId": arn})).unwrap();
        assert_eq!(described["GameSessions"][0]["StatusReason"], "INTERRUPTED");
    }
    let mut rig = Rig::new();
    let (socket, arn) = rig.playing();
    rig.terminate(&arn).unwrap();
    rig.world.interrupt(None, rig.now);
    rig.ending(socket);
    let described = rig.call("DescribeGameSessions", json!({"GameSessionId": arn})).unwrap();
    assert_eq!(
        described["GameSessions"][0]["StatusReason"],
        "TRIGGERED_ON_PROCESS_TERMINATE"
    );
    assert!(rig.events().is_empty(), "its instance was not taken away from it");
}
