//! The quirks matrix, row by row, with a scripted client for every column. The row about a missing terminate handler is
//! a test in virtual time.

use std::time::Duration;

use gamelift_emulator::{Emulator, EmulatorConfig, Fault, PlayerSessionStatus, ProcessStatus};
use serde_json::json;

use crate::{
    aws_sdk::{client, create},
    process::{LIMIT, Process, emulator},
    sdks::SDKS,
};

#[tokio::test]
async fn every_sdk_lives_a_whole_life() {
    let emulator = emulator().await;
    let client = client(&emulator);
    for sdk in SDKS {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        let ok = |reply: serde_json::Value| assert_eq!(reply["StatusCode"], 200, "{}: {reply}", sdk.name);
        ok(sdk.ask(&mut process, 1, sdk.ready()).await);
        let heartbeat = json!({"Action": "HeartbeatServerProcess", "HealthStatus": true});
        ok(sdk.ask(&mut process, 2, heartbeat).await);
        let token = format!("life-{}", sdk.name.replace('.', "-"));
        create(&client, &emulator, &token).send().await.unwrap();
        let arn = process.push().await["GameSessionId"].as_str().unwrap().to_owned();
        let activate = json!({"Action": "ActivateGameSession", "GameSessionId": arn});
        ok(sdk.ask(&mut process, 3, activate).await);
        let seat = client
            .create_player_session()
            .game_session_id(&arn)
            .player_id("ann")
            .send()
            .await
            .unwrap();
        let seat = seat.player_session().unwrap().player_session_id().unwrap().to_owned();
        let accept = json!({"Action": "AcceptPlayerSession", "GameSessionId": arn, "PlayerSessionId": seat});
        ok(sdk.ask(&mut process, 4, accept).await);
        ok(sdk
            .ask(&mut process, 5, json!({"Action": "TerminateServerProcess"}))
            .await);
        sdk.leave(process).await;
        let snapshot = emulator
            .wait_until(|snapshot| snapshot.open_sockets == 0, LIMIT)
            .await
            .unwrap();
        assert_eq!(snapshot.processes.last().unwrap().status, ProcessStatus::Ended);
        let player = snapshot.player_sessions.last().unwrap();
        assert_eq!(player.status, PlayerSessionStatus::Completed, "{}", sdk.name);
    }
    assert!(emulator.snapshot().fleet_events.is_empty(), "nobody crashed");
}

#[tokio::test]
async fn row_query_encoding() {
    let config = EmulatorConfig::default().auth_token("a+b/c==");
    let emulator = Emulator::start(config).await.unwrap();
    for sdk in SDKS {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        process.ping().await;
    }
}

#[tokio::test]
async fn row_request_id_form() {
    let emulator = emulator().await;
    for sdk in SDKS {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        let reply = sdk.ask(&mut process, 1, sdk.ready()).await;
        assert_eq!(reply["RequestId"], json!(sdk.request_id(1)));
        assert_eq!(reply["Action"], "ActivateServerProcess");
        assert!(reply["StatusCode"].is_u64(), "a whole number: {reply}");
    }
}

#[tokio::test]
async fn row_log_paths_when_none() {
    let emulator = emulator().await;
    for (number, paths) in [json!(null), json!([]), json!(["/log"])].into_iter().enumerate() {
        let mut process = Process::connect(&emulator, &format!("process-{number}")).await;
        let ready = json!({"Action": "ActivateServerProcess", "Port": 7001, "LogPaths": paths});
        assert_eq!(process.request(ready).await["StatusCode"], 200);
    }
    let mut process = Process::connect(&emulator, "process-absent").await;
    let reply = process.request(json!({"Action": "ActivateServerProcess", "Port": 7001}));
    assert_eq!(reply.await["StatusCode"], 200);
}

#[tokio::test]
async fn row_nulls_for_unset() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let request = json!({
        "Action": "DescribePlayerSessions", "PlayerSessionId": "psess-none", "GameSessionId": null, "PlayerId": null,
        "PlayerSessionStatusFilter": null, "NextToken": null, "Limit": null,
    });
    let reply = process.request(request).await;
    assert_eq!(reply["StatusCode"], 200, "{reply}");
    assert_eq!(reply["PlayerSessions"], json!([]));
}

#[tokio::test]
async fn row_tls() {
    let emulator = emulator().await;
    for sdk in SDKS {
        let query = sdk.query(&emulator, sdk.name);
        let mut secure = Process::connect_tls(&emulator, &query, &[&rustls::version::TLS12])
            .await
            .unwrap();
        secure.ping().await;
        emulator.inject(Fault::Clear).unwrap();
        if !sdk.always_tls {
            Process::connect_with(&emulator, &query).await.unwrap().ping().await;
        }
    }
}

#[tokio::test]
async fn row_ping_before_send() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    process.ping().await;
    process.ready(7001).await;
    process.ping().await;
}

#[tokio::test]
async fn row_resends_same_request_id() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    create(&client, &emulator, "t").send().await.unwrap();
    let arn = process.push().await["GameSessionId"].as_str().unwrap().to_owned();
    process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    let seat = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("ann")
        .send()
        .await
        .unwrap();
    let seat = seat.player_session().unwrap().player_session_id().unwrap().to_owned();
    let accept =
        json!({"Action": "AcceptPlayerSession", "RequestId": "again", "GameSessionId": arn, "PlayerSessionId": seat});
    for _ in 0..3 {
        process.send(&accept.to_string()).await;
        assert_eq!(
            process.reply("again").await["StatusCode"],
            200,
            "accepted once, answered alike"
        );
    }
    let new = json!({"Action": "AcceptPlayerSession", "GameSessionId": arn, "PlayerSessionId": seat});
    assert_eq!(
        process.request(new).await["StatusCode"],
        400,
        "a new request is a second accept"
    );
}

#[tokio::test]
async fn row_reads_replies() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    for number in 0..100 {
        let heartbeat =
            json!({"Action": "HeartbeatServerProcess", "RequestId": format!("h-{number}"), "HealthStatus": true});
        process.send(&heartbeat.to_string()).await;
    }
    // Nobody read so far; nothing was lost, and the order is kept.
    for number in 0..100 {
        assert_eq!(process.reply(&format!("h-{number}")).await["StatusCode"], 200);
    }
}

#[tokio::test]
async fn row_close_on_destroy() {
    let config = EmulatorConfig::default().socket_loss_grace(Duration::from_millis(20));
    let emulator = Emulator::start(config).await.unwrap();
    for (number, sdk) in SDKS.into_iter().enumerate() {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        sdk.ask(&mut process, 1, sdk.ready()).await;
        sdk.leave(process).await;
        let crashed = |snapshot: &gamelift_emulator::Snapshot| snapshot.fleet_events.len() == number + 1;
        let snapshot = emulator.wait_until(crashed, LIMIT).await.unwrap();
        assert_eq!(
            snapshot.fleet_events[number].code, "SERVER_PROCESS_CRASHED",
            "{}: whatever the farewell, ending is said with TerminateServerProcess",
            sdk.name
        );
    }
}

#[tokio::test]
async fn row_after_refresh_connection() {
    let emulator = emulator().await;
    for sdk in SDKS {
        let mut old = sdk.connect(&emulator, sdk.name).await;
        sdk.ask(&mut old, 1, sdk.ready()).await;
        let heartbeat = json!({"Action": "HeartbeatServerProcess", "HealthStatus": true});
        sdk.ask(&mut old, 5, heartbeat.clone()).await;
        let process_id = Some(sdk.name.to_owned());
        emulator.inject(Fault::RefreshConnections { process_id }).unwrap();
        let refresh = old.push().await;
        assert_eq!(refresh["Action"], "RefreshConnection");
        let url = refresh["RefreshConnectionEndpoint"].as_str().unwrap();
        assert_eq!(url.starts_with("wss:"), sdk.always_tls, "{}: the way it came", sdk.name);
        let mut new = sdk.connect(&emulator, sdk.name).await;
        // The old socket is good until it is closed, however long that takes.
        assert_eq!(sdk.ask(&mut old, 2, heartbeat.clone()).await["StatusCode"], 200);
        sdk.leave(old).await;
        assert_eq!(sdk.ask(&mut new, 3, heartbeat).await["StatusCode"], 200);
        assert_eq!(emulator.snapshot().fleet_events, []);
        sdk.ask(&mut new, 4, json!({"Action": "TerminateServerProcess"})).await;
    }
}

#[tokio::test]
async fn row_backfill_keys() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let go = json!({"PlayerId": "ann", "LatencyInMs": {"a": 1}, "PlayerAttributes": {"skill": {"AttrType": "DOUBLE", "N": 1.0}}});
    let csharp = json!({"PlayerId": "ann", "LatencyInMS": null, "PlayerAttributes": {"skill": {"attrType": "DOUBLE", "N": 1.0, "S": null}}});
    for player in [go, csharp] {
        let request = json!({
            "Action": "StartMatchBackfill", "TicketId": null, "GameSessionArn": "arn:x", "MatchmakingConfigurationArn": "arn:y",
            "Players": [player],
        });
        let reply = process.request(request).await;
        assert_eq!(reply["StatusCode"], 400, "{reply}");
        assert!(
            reply["ErrorMessage"].as_str().unwrap().contains("matchmaking"),
            "{reply}"
        );
    }
}

#[tokio::test]
async fn row_reconnect_on_1000_and_1001() {
    let emulator = emulator().await;
    let mut processes = Vec::new();
    for sdk in SDKS {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        sdk.ask(&mut process, 1, sdk.ready()).await;
        processes.push(process);
    }
    let stopping = tokio::spawn(emulator.stop());
    for mut process in processes {
        assert_eq!(process.closed().await, Some(1012), "come back, never a farewell");
    }
    stopping.await.unwrap();
}

#[tokio::test]
async fn row_binary_frames() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    process
        .send_binary(r#"{"Action":"ActivateServerProcess","RequestId":"binary","Port":7001}"#)
        .await;
    process.ping().await;
    assert!(process.unasked().is_empty(), "it is not answered");
    process.ready(7001).await;
}

#[tokio::test]
async fn row_two_process_ready_replies() {
    let emulator = emulator().await;
    let mut process = Process::connect(&emulator, "process-1").await;
    process.ready(7001).await;
    process.ping().await;
    assert!(process.unasked().is_empty(), "one request, one reply");
}

#[tokio::test]
async fn row_destroy_twice() {
    let emulator = emulator().await;
    for sdk in SDKS {
        let mut process = sdk.connect(&emulator, sdk.name).await;
        sdk.ask(&mut process, 1, sdk.ready()).await;
        for number in [2, 3] {
            let reply = sdk
                .ask(&mut process, number, json!({"Action": "TerminateServerProcess"}))
                .await;
            assert_eq!(reply["StatusCode"], 200);
        }
        sdk.leave(process).await;
    }
}
