//! Our own server SDK against the emulator.

use std::collections::HashMap;

use gamelift_emulator::{Emulator, GameSessionStatus, PlayerSessionStatus, ProcessStatus};
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};
use tokio::time::timeout;

use crate::{
    aws_sdk::{client, create},
    process::{LIMIT, emulator},
};

pub(crate) async fn server(emulator: &Emulator, process_id: &str) -> GameLiftServer {
    let variables: HashMap<_, _> = emulator.server_environment(process_id).into_iter().collect();
    let value = |name: &str| variables[&format!("GAMELIFT_SDK_{name}")].clone();
    let parameters = ServerParameters::default()
        .websocket_url(value("WEBSOCKET_URL"))
        .process_id(value("PROCESS_ID"))
        .host_id(value("HOST_ID"))
        .fleet_id(value("FLEET_ID"))
        .auth_token(value("AUTH_TOKEN"));
    GameLiftServer::init(parameters).await.unwrap()
}

#[tokio::test]
async fn our_server_sdk_hosts_a_game_session_to_its_end() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let server = server(&emulator, "process-1").await;
    server.process_ready(ProcessParameters::new(7777)).await.unwrap();
    emulator
        .wait_until(|snapshot| snapshot.processes[0].placeable, LIMIT)
        .await
        .unwrap();

    let created = create(&client, &emulator, "t").name("room").send().await.unwrap();
    let arn = created.game_session().unwrap().game_session_id().unwrap().to_owned();
    let event = timeout(LIMIT, server.next_event()).await.unwrap().unwrap();
    let Event::StartGameSession(session) = event else {
        panic!("another event: {event:?}");
    };
    assert_eq!((session.id(), session.name()), (arn.as_str(), "room"));
    server.activate_game_session().await.unwrap();
    assert_eq!(emulator.snapshot().game_sessions[0].status, GameSessionStatus::Active);

    let seat = client
        .create_player_session()
        .game_session_id(&arn)
        .player_id("ann")
        .send()
        .await
        .unwrap();
    let seat = seat.player_session().unwrap().player_session_id().unwrap().to_owned();
    server.accept_player_session(&seat).await.unwrap();
    assert!(
        server.accept_player_session(&seat).await.is_err(),
        "a seat is taken once"
    );
    assert!(server.accept_player_session("psess-made-up").await.is_err());
    server.remove_player_session(&seat).await.unwrap();
    assert_eq!(
        emulator.snapshot().player_sessions[0].status,
        PlayerSessionStatus::Completed
    );

    server.process_ending().await.unwrap();
    server.destroy().await.unwrap();
    let ended = |snapshot: &gamelift_emulator::Snapshot| {
        snapshot.open_sockets == 0 && snapshot.processes[0].status == ProcessStatus::Ended
    };
    let snapshot = emulator.wait_until(ended, LIMIT).await.unwrap();
    assert_eq!(snapshot.game_sessions[0].status, GameSessionStatus::Terminated);
    assert!(
        snapshot.fleet_events.is_empty(),
        "an orderly end: {:?}",
        snapshot.fleet_events
    );
}
