//! The backend in legacy mode against the emulator's legacy profile: five calls, no locations, a whole game.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{LIMIT, Services};
use game_session_protocol::ErrorCode;
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_game_is_created_found_and_joined_with_the_calls_of_the_old_tool() {
    let services = Services::legacy().await;
    let process = services.process("process-1").await;
    let owner = services.guest().await;
    let (seat, session) = tokio::join!(owner.create("Arena", 2), process.host());
    let seat = seat.unwrap();
    let claims = process.open_ticket(&session, &seat);
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();
    let mut calls = services.emulator.calls();
    calls.dedup();
    assert_eq!(
        calls,
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );

    let friend = services.guest().await;
    let found = friend.find().await;
    assert_eq!(found.game_sessions.len(), 1, "{found:?}");
    assert_eq!(found.game_sessions[0].id, seat.game_session.id);
    let joined = friend.join(&seat.game_session.id).await.unwrap();
    let claims = process.open_ticket(&session, &joined);
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();
    // It is full.
    services.guest().await.finds_nothing_before_long().await;
    for call in services.emulator.calls() {
        let known = [
            "CreateGameSession",
            "DescribeGameSessions",
            "CreatePlayerSession",
            "DescribePlayerSessions",
        ];
        assert!(known.contains(&call.as_str()), "{call} was not known to the old tool");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_old_tool_cannot_do_is_refused_and_not_tried_for_long() {
    let services = Services::legacy().await;
    let process = services.process("process-1").await;
    let owner = services.guest().await;
    let (seat, _) = tokio::join!(owner.create("Arena", 2), process.host());
    let refused = owner.end(&seat.unwrap().game_session.id).await.unwrap_err();
    assert_eq!(
        (refused.code, refused.status),
        (ErrorCode::NotAccepting, StatusCode::CONFLICT)
    );
    assert!(refused.message.contains("of an old kind"), "{}", refused.message);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_original_client_plays_through_its_local_routes() {
    let services = Services::legacy().await;
    let process = services.process("process-1").await;
    let http = Client::builder().timeout(LIMIT).build().unwrap();
    let url = |route: &str| format!("{}{route}", services.backend.url());
    let create = async {
        let body = json!({ "session_name": "Sam's Session", "build_id": 7, "uuid": "SAM-1", "num_connections": 3 });
        let answer = http
            .post(url("/create_session_local"))
            .json(&body)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()
    };
    let (made, _) = tokio::join!(create, process.host());
    assert_eq!(
        (&made["IpAddress"], &made["Port"]),
        (&json!("127.0.0.1"), &json!(process.port))
    );
    assert_eq!(made["FleetId"], "fleet-123");
    process
        .server
        .accept_player_session(made["PlayerSessionId"].as_str().unwrap())
        .await
        .unwrap();

    let found: Value = http
        .get(url("/find_session_local"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(
        (&found[0]["Name"], &found[0]["CurrentPlayerSessionCount"]),
        (&json!("Sam's Session"), &json!(1))
    );
    let body = json!({ "GameSessionId": found[0]["GameSessionId"], "uuid": "KIM-2" });
    let joined = http.post(url("/join_session_local")).json(&body).send().await.unwrap();
    assert_eq!(joined.status(), StatusCode::OK);
    let joined: Value = joined.json().await.unwrap();
    process
        .server
        .accept_player_session(joined["PlayerSessionId"].as_str().unwrap())
        .await
        .unwrap();
    assert!(
        services.guest().await.find().await.game_sessions.is_empty(),
        "version 1 does not show it"
    );
}
