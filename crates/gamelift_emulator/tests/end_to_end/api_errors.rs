//! Refused calls reach the AWS SDK as the exceptions that the service model names.

use serde_json::json;

use crate::{
    aws_sdk::{client, create},
    process::{Process, emulator},
};

#[tokio::test]
async fn a_full_game_session_refuses_more_players_all_or_none() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let created = create(&client, &emulator, "t").send().await.unwrap();
    let arn = created.game_session().unwrap().game_session_id().unwrap().to_owned();

    let early = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("a")
        .send()
        .await
        .unwrap_err();
    assert!(
        early.into_service_error().is_invalid_game_session_status_exception(),
        "not active yet"
    );
    process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    let three = client
        .create_player_sessions()
        .game_session_id(&arn)
        .player_ids("a")
        .player_ids("b")
        .player_ids("c");
    assert!(
        three
            .send()
            .await
            .unwrap_err()
            .into_service_error()
            .is_game_session_full_exception()
    );
    assert_eq!(emulator.snapshot().game_sessions[0].seats_taken, 0);
    let two = client
        .create_player_sessions()
        .game_session_id(&arn)
        .player_ids("a")
        .player_ids("b");
    assert_eq!(two.send().await.unwrap().player_sessions().len(), 2);
    let fourth = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("c")
        .send()
        .await
        .unwrap_err();
    assert!(fourth.into_service_error().is_game_session_full_exception());
}

#[tokio::test]
async fn a_closed_game_session_refuses_players() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let created = create(&client, &emulator, "t").send().await.unwrap();
    let arn = created.game_session().unwrap().game_session_id().unwrap().to_owned();
    process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;

    let close =
        json!({"Action": "UpdatePlayerSessionCreationPolicy", "GameSessionId": arn, "PlayerSessionPolicy": "DENY_ALL"});
    assert_eq!(process.request(close).await["StatusCode"], 200);
    let refused = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("a")
        .send()
        .await
        .unwrap_err();
    assert!(refused.into_service_error().is_invalid_game_session_status_exception());
}

#[tokio::test]
async fn unknown_names_and_broken_rules_are_told_apart() {
    let emulator = emulator().await;
    let client = client(&emulator);

    let fleet = create(&client, &emulator, "t")
        .fleet_id("fleet-unknown")
        .send()
        .await
        .unwrap_err();
    assert!(fleet.into_service_error().is_not_found_exception());
    let both = create(&client, &emulator, "t")
        .alias_id("alias-1")
        .send()
        .await
        .unwrap_err();
    assert!(both.into_service_error().is_invalid_request_exception());
    let long = create(&client, &emulator, &"t".repeat(49))
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(long.is_invalid_request_exception());
    let message = long.meta().message().unwrap();
    assert!(
        message.contains("idempotencyToken") && message.contains("48"),
        "{message}"
    );
    let nowhere = client
        .create_game_session()
        .fleet_id(emulator.fleet_id())
        .maximum_player_session_count(1)
        .send()
        .await;
    assert!(nowhere.unwrap_err().into_service_error().is_invalid_request_exception());
    let unknown = client
        .describe_game_sessions()
        .game_session_id("arn:aws:gamelift:x::gamesession/f/g")
        .send()
        .await;
    assert!(unknown.unwrap_err().into_service_error().is_not_found_exception());
}

#[tokio::test]
async fn an_operation_that_is_not_emulated_says_so_by_name() {
    let emulator = emulator().await;
    let refused = client(&emulator)
        .list_builds()
        .send()
        .await
        .unwrap_err()
        .into_service_error();
    assert!(refused.is_invalid_request_exception());
    assert!(refused.meta().message().unwrap().contains("ListBuilds"));
    assert_eq!(emulator.calls(), ["ListBuilds"]);
}
