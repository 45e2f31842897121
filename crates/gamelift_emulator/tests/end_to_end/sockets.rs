//! The service's end of the server SDK protocol, as the official SDKs need it.

use std::{collections::HashSet, time::Duration};

use gamelift_emulator::{Emulator, EmulatorConfig, GameSessionStatus, ProcessStatus};
use serde_json::json;

use crate::{
    aws_sdk::{client, create},
    process::{LIMIT, Process, emulator, query},
};

#[tokio::test]
async fn no_game_session_is_placed_before_the_first_healthy_heartbeat() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::connect(&emulator, "process-1").await;
    process.ready(7001).await;
    assert!(create(&client, &emulator, "early").send().await.is_err());
    process
        .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": false}))
        .await;
    assert!(create(&client, &emulator, "unhealthy").send().await.is_err());
    process
        .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": true}))
        .await;
    create(&client, &emulator, "now").send().await.unwrap();
    assert_eq!(process.push().await["Action"], "CreateGameSession");
}

#[tokio::test]
async fn every_request_is_answered_once_and_a_repeated_one_alike() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    let ready = json!({"Action": "ActivateServerProcess", "RequestId": "abcDEF", "Port": 7001}).to_string();
    process.send(&ready).await;
    let first = process.reply("abcDEF").await;
    process.send(&ready).await;
    assert_eq!(process.reply("abcDEF").await, first);

    for (request, status) in [
        (json!({"Action": "GetComputeCertificate"}), 200),
        (
            json!({"Action": "GetFleetRoleCredentials", "RoleArn": "arn:r", "RoleSessionName": "me"}),
            200,
        ),
        (json!({"Action": "StartMatchBackfill", "Players": []}), 400),
        (json!({"Action": "StopMatchBackfill", "TicketId": "t"}), 404),
        (
            json!({"Action": "ActivateGameSession", "GameSessionId": "arn:none"}),
            400,
        ),
        (
            json!({"Action": "DescribePlayerSessions", "PlayerSessionId": "psess-none"}),
            200,
        ),
        (json!({"Action": "DescribePlayerSessions"}), 400),
        (json!({"Action": "Dance"}), 400),
        (json!({"Action": "ActivateServerProcess", "Port": 0}), 400),
        (json!({"Action": "ActivateServerProcess", "Port": "x"}), 400),
        (json!({"Action": "TerminateServerProcess"}), 200),
        (json!({"Action": "TerminateServerProcess"}), 200),
    ] {
        let reply = process.request(request.clone()).await;
        assert_eq!(reply["StatusCode"], status, "{request}: {reply}");
        assert_eq!(reply["Action"], request["Action"]);
    }
}

#[tokio::test]
async fn broken_frames_are_ignored() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    for frame in ["", "{", "[]", "null", r#"{"Action":"HeartbeatServerProcess"}"#] {
        process.send(frame).await;
    }
    process.ready(7001).await;
}

#[tokio::test]
async fn the_spelling_of_csharp_is_understood() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    process
        .send(r#"{"action":"ActivateServerProcess","requestId":"r","port":7001,"logPaths":null,"sdkToolName":null}"#)
        .await;
    assert_eq!(process.reply("r").await["StatusCode"], 200);
}

#[tokio::test]
async fn what_a_process_is_told_goes_to_its_newest_socket() {
    let emulator = emulator().await;
    let mut old = Process::healthy(&emulator, "process-1", 7001).await;
    let mut new = Process::connect(&emulator, "process-1").await;
    create(&client(&emulator), &emulator, "t").send().await.unwrap();
    let arn = new.push().await["GameSessionId"].clone();
    let reply = old
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    assert_eq!(reply["StatusCode"], 200, "the old socket still works");
    assert_eq!(emulator.snapshot().processes.len(), 1);
}

#[tokio::test]
async fn a_second_process_with_the_same_id_is_refused() {
    let emulator = emulator().await;
    let _first = Process::healthy(&emulator, "process-1", 7001).await;
    let query = query(&emulator.server_environment("process-1"), "another-instance");
    let mut second = Process::connect_with(&emulator, &query).await.unwrap();
    let reply = second
        .request(json!({"Action": "ActivateServerProcess", "Port": 7002}))
        .await;
    assert_eq!(reply["StatusCode"], 409);
}

#[tokio::test]
async fn a_killed_process_is_noticed_after_the_grace_time() {
    let config = EmulatorConfig::default().socket_loss_grace(Duration::from_millis(50));
    let emulator = Emulator::start(config).await.unwrap();
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    create(&client(&emulator), &emulator, "t").send().await.unwrap();
    process.push().await;
    drop(process);
    let ended = |snapshot: &gamelift_emulator::Snapshot| {
        snapshot.game_sessions[0].status == GameSessionStatus::Terminated
            && snapshot.processes[0].status == ProcessStatus::Ended
    };
    let snapshot = emulator.wait_until(ended, LIMIT).await.unwrap();
    assert_eq!(snapshot.fleet_events[0].code, "SERVER_PROCESS_CRASHED");
}

#[tokio::test]
async fn a_process_that_comes_back_in_time_goes_on() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    create(&client(&emulator), &emulator, "t").send().await.unwrap();
    let arn = process.push().await["GameSessionId"].clone();
    drop(process);
    emulator
        .wait_until(|snapshot| snapshot.open_sockets == 0, LIMIT)
        .await
        .unwrap();
    let mut process = Process::connect(&emulator, "process-1").await;
    let reply = process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    assert_eq!(reply["StatusCode"], 200);
    assert_eq!(emulator.snapshot().processes[0].status, ProcessStatus::Active);
}

#[tokio::test]
async fn a_process_gets_a_new_token_before_its_old_one_expires() {
    let config = EmulatorConfig::default().token_lifetime(Duration::from_secs(2));
    let emulator = Emulator::start(config).await.unwrap();
    let old = query(&emulator.server_environment("process-1"), "t");
    let mut process = Process::connect_with(&emulator, &old).await.unwrap();
    process.ready(7001).await;
    process
        .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": true}))
        .await;
    let push = process.push().await;
    assert_eq!(push["Action"], "RefreshConnection");
    assert_eq!(push["RefreshConnectionEndpoint"], json!(emulator.websocket_url()));
    let token = push["AuthToken"].as_str().unwrap();
    let new = format!("Authorization={token}&ComputeId=local&FleetId=fleet-local&pID=process-1");
    Process::connect_with(&emulator, &new).await.unwrap();
}

#[tokio::test]
async fn a_process_is_told_all_of_its_game_session() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let created = create(&client(&emulator), &emulator, "t").name("room").send().await;
    let created = created.unwrap().game_session.unwrap();
    let push = process.push().await;
    assert_eq!(push["GameSessionId"], json!(created.game_session_id()));
    assert_eq!(push["GameSessionName"], "room");
    assert_eq!(
        push["MaximumPlayerSessionCount"],
        json!(created.maximum_player_session_count())
    );
    assert_eq!(push["Port"], 7001);
    assert_eq!(push["IpAddress"], "127.0.0.1");
}

#[tokio::test]
async fn a_compute_without_a_certificate_has_an_empty_path() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    let reply = process.request(json!({"Action": "GetComputeCertificate"})).await;
    assert_eq!(
        (&reply["CertificatePath"], &reply["ComputeName"]),
        (&json!(""), &json!("local"))
    );
}

#[tokio::test]
async fn a_process_reads_its_player_sessions_in_pages_of_fifty_at_most() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let session = create(&client, &emulator, "t").maximum_player_session_count(60);
    session.send().await.unwrap();
    let arn = process.push().await["GameSessionId"].as_str().unwrap().to_owned();
    process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    for dozen in 0..5 {
        let players = (0..12).map(|player| format!("player-{dozen}-{player}")).collect();
        let seats = client.create_player_sessions().game_session_id(&arn);
        seats.set_player_ids(Some(players)).send().await.unwrap();
    }
    let describe = |limit: u32, token: &str| json!({"Action": "DescribePlayerSessions", "GameSessionId": arn, "Limit": limit, "NextToken": token});
    let first = process.request(describe(1024, "")).await;
    let token = first["NextToken"].as_str().unwrap();
    let second = process.request(describe(0, token)).await;
    assert_eq!(second["NextToken"], "", "the end");
    let pages = [first["PlayerSessions"].as_array(), second["PlayerSessions"].as_array()].map(Option::unwrap);
    assert_eq!(pages.map(Vec::len), [50, 10]);
    let ids: HashSet<&str> = pages
        .into_iter()
        .flatten()
        .map(|seat| seat["PlayerSessionId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 60, "none twice");
    let seat = &pages[0][0];
    assert_eq!(
        (&seat["TerminationTime"], &seat["Status"]),
        (&json!(0), &json!("RESERVED"))
    );
    let mut wrong = describe(10, "");
    wrong["PlayerSessionStatusFilter"] = json!("GONE");
    assert_eq!(process.request(wrong).await["StatusCode"], 400);
}
