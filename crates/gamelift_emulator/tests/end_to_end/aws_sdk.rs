//! The unmodified AWS SDK for Rust, which speaks RPC v2 CBOR.

use aws_sdk_gamelift::{
    Client, Config,
    config::{BehaviorVersion, Credentials, Region},
    types::{GameProperty, GameSessionStatus, PlayerSessionStatus, TerminationMode},
};
use gamelift_emulator::{Emulator, ProcessStatus};
use serde_json::json;

use crate::process::{LIMIT, Process, emulator};

pub(crate) fn client(emulator: &Emulator) -> Client {
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(emulator.region()))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(emulator.endpoint())
        .build();
    Client::from_conf(config)
}

/// A call that creates a game session under a token.
pub(crate) fn create(
    client: &Client,
    emulator: &Emulator,
    token: &str,
) -> aws_sdk_gamelift::operation::create_game_session::builders::CreateGameSessionFluentBuilder {
    client
        .create_game_session()
        .fleet_id(emulator.fleet_id())
        .location(emulator.location())
        .maximum_player_session_count(2)
        .idempotency_token(token)
}

#[tokio::test]
async fn a_game_session_lives_from_creation_to_the_end_of_its_process() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7777).await;

    let property = GameProperty::builder().key("map").value("dust").build();
    let created = create(&client, &emulator, "token-1")
        .name("room")
        .game_properties(property)
        .game_session_data("private")
        .send()
        .await
        .unwrap();
    let session = created.game_session().unwrap();
    let arn = session.game_session_id().unwrap().to_owned();
    assert_eq!(session.status(), Some(&GameSessionStatus::Activating));
    assert!(arn.ends_with("/fleet-local/custom-local/token-1"), "{arn}");
    assert!(session.creation_time().unwrap().as_secs_f64() > 1.7e9);

    let push = process.push().await;
    assert_eq!(push["Action"], "CreateGameSession");
    assert_eq!(push["GameSessionId"], json!(arn));
    assert_eq!(push["GameProperties"], json!({"map": "dust"}));
    assert_eq!(push["GameSessionData"], "private");
    let reply = process
        .request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    assert_eq!(reply["StatusCode"], 200);

    let seats = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("ann")
        .send()
        .await
        .unwrap();
    let seat = seats.player_session().unwrap();
    assert_eq!((seat.ip_address(), seat.port()), (Some("127.0.0.1"), Some(7777)));
    assert_eq!(seat.status(), Some(&PlayerSessionStatus::Reserved));
    let seat = seat.player_session_id().unwrap().to_owned();
    let accept = json!({"Action": "AcceptPlayerSession", "GameSessionId": arn, "PlayerSessionId": seat});
    assert_eq!(process.request(accept).await["StatusCode"], 200);

    let found = client
        .search_game_sessions()
        .fleet_id(emulator.fleet_id())
        .filter_expression("hasAvailablePlayerSessions=true AND gameSessionProperties.map='dust'")
        .send()
        .await
        .unwrap();
    assert_eq!(found.game_sessions()[0].current_player_session_count(), Some(1));

    let ended = client
        .terminate_game_session()
        .game_session_id(&arn)
        .termination_mode(TerminationMode::TriggerOnProcessTerminate)
        .send()
        .await
        .unwrap();
    assert_eq!(
        ended.game_session().unwrap().status(),
        Some(&GameSessionStatus::Terminating)
    );
    assert_eq!(process.push().await["Action"], "TerminateProcess");
    assert_eq!(
        process.request(json!({"Action": "TerminateServerProcess"})).await["StatusCode"],
        200
    );

    let players = client
        .describe_player_sessions()
        .player_session_id(&seat)
        .send()
        .await
        .unwrap();
    assert_eq!(
        players.player_sessions()[0].status(),
        Some(&PlayerSessionStatus::Completed)
    );
    let sessions = client
        .describe_game_sessions()
        .game_session_id(&arn)
        .send()
        .await
        .unwrap();
    assert_eq!(
        sessions.game_sessions()[0].status(),
        Some(&GameSessionStatus::Terminated)
    );
    assert_eq!(
        emulator.calls(),
        [
            "CreateGameSession",
            "CreatePlayerSession",
            "SearchGameSessions",
            "TerminateGameSession",
            "DescribePlayerSessions",
            "DescribeGameSessions"
        ]
    );
    emulator.reset_calls();
    assert!(emulator.calls().is_empty());
}

#[tokio::test]
async fn a_launcher_gets_all_it_needs_from_the_api() {
    let emulator = emulator().await;
    let client = client(&emulator);

    let fleets = client.list_fleets().send().await.unwrap();
    assert_eq!(fleets.fleet_ids(), [emulator.fleet_id()]);
    let described = client.describe_fleet_attributes().send().await.unwrap();
    assert_eq!(described.fleet_attributes()[0].status().unwrap().as_str(), "ACTIVE");
    let compute = client
        .register_compute()
        .fleet_id(emulator.fleet_id())
        .compute_name("machine-1")
        .ip_address("127.0.0.1")
        .location(emulator.location())
        .send()
        .await
        .unwrap();
    let url = emulator.websocket_url();
    assert_eq!(
        compute.compute().unwrap().game_lift_service_sdk_endpoint(),
        Some(url.as_str())
    );
    let token = client
        .get_compute_auth_token()
        .fleet_id(emulator.fleet_id())
        .compute_name("machine-1")
        .send()
        .await
        .unwrap();
    assert!(token.expiration_timestamp().is_some());
    let query = format!(
        "Authorization={}&ComputeId=machine-1&FleetId={}&pID=p",
        token.auth_token().unwrap(),
        emulator.fleet_id()
    );
    drop(Process::connect_with(&emulator, &query).await.unwrap());

    let listed = client
        .list_compute()
        .fleet_id(emulator.fleet_id())
        .send()
        .await
        .unwrap();
    assert_eq!(listed.compute_list().len(), 1);
    let deregister = client
        .deregister_compute()
        .fleet_id(emulator.fleet_id())
        .compute_name("machine-1");
    deregister.send().await.unwrap();
    let gone = client
        .describe_compute()
        .fleet_id(emulator.fleet_id())
        .compute_name("machine-1")
        .send()
        .await;
    assert!(gone.unwrap_err().into_service_error().is_not_found_exception());
    assert!(
        Process::connect_with(&emulator, &query).await.is_err(),
        "its token is good no more"
    );
}

#[tokio::test]
async fn the_same_token_is_the_same_game_session() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut one = Process::healthy(&emulator, "process-1", 7001).await;
    let _other = Process::healthy(&emulator, "process-2", 7002).await;

    let first = create(&client, &emulator, "same").send().await.unwrap();
    let arn = first.game_session().unwrap().game_session_id().unwrap().to_owned();
    one.push().await;
    one.request(json!({"Action": "ActivateGameSession", "GameSessionId": arn}))
        .await;
    let again = create(&client, &emulator, "same").send().await.unwrap();
    let again = again.game_session().unwrap();
    assert_eq!(again.game_session_id(), Some(arn.as_str()));
    assert_eq!(again.status(), Some(&GameSessionStatus::Active), "its present status");
    let changed = create(&client, &emulator, "same")
        .name("other")
        .send()
        .await
        .unwrap_err();
    assert!(
        changed
            .into_service_error()
            .is_idempotent_parameter_mismatch_exception()
    );
    assert_eq!(emulator.snapshot().game_sessions.len(), 1);
}

#[tokio::test]
async fn a_process_hosts_one_game_session_in_its_life() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;

    create(&client, &emulator, "one").send().await.unwrap();
    process.push().await;
    let second = create(&client, &emulator, "two").send().await.unwrap_err();
    assert!(second.into_service_error().is_fleet_capacity_exceeded_exception());
    process.request(json!({"Action": "TerminateServerProcess"})).await;
    let third = create(&client, &emulator, "three").send().await.unwrap_err();
    assert!(third.into_service_error().is_fleet_capacity_exceeded_exception());

    let mut replacement = Process::healthy(&emulator, "process-2", 7002).await;
    create(&client, &emulator, "four").send().await.unwrap();
    assert_eq!(replacement.push().await["Port"], 7002);
    let snapshot = emulator
        .wait_until(|snapshot| snapshot.processes[0].status == ProcessStatus::Ended, LIMIT)
        .await
        .unwrap();
    assert_eq!(snapshot.game_sessions.len(), 2);
}
