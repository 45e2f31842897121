//! A session from its creation to its end, through server SDK, emulator and backend over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::Services;
use game_session_protocol::GameSessionData;
use gamelift_emulator::{GameSessionStatus, PlayerSessionStatus, ProcessStatus};
use gamelift_server_sdk::Event;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_players_create_find_join_and_play_until_the_owner_ends_it() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let (owner, friend) = (services.guest().await, services.guest().await);

    let (seat, session) = tokio::join!(owner.create("Arena", 2), process.host());
    let seat = seat.unwrap();
    assert_eq!(
        (seat.game_session.name.as_str(), seat.game_session.max_players),
        ("Arena", 2)
    );
    assert_eq!(seat.address.port(), process.port);
    let claims = process.open_ticket(&session, &seat);
    assert_eq!(claims.player_session_id, seat.player_session_id);
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();

    let found = friend.find().await.game_sessions;
    assert_eq!(
        found.iter().map(|session| session.name.as_str()).collect::<Vec<_>>(),
        ["Arena"]
    );
    assert_eq!((&found[0].id, found[0].current_players), (&seat.game_session.id, 1));
    let other = friend.join(&found[0].id).await.unwrap();
    assert_ne!(other.player_session_id, seat.player_session_id);
    let claims = process.open_ticket(&session, &other);
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();
    process
        .server
        .remove_player_session(other.player_session_id.as_str())
        .await
        .unwrap();
    services
        .until("the friend's seat is free", |world| {
            world.game_sessions[0].seats_taken == 1
        })
        .await;

    assert_eq!(
        friend.end(&found[0].id).await.unwrap_err().status,
        403,
        "only the owner may end it"
    );
    owner.end(&seat.game_session.id).await.unwrap();
    assert!(matches!(process.next_event().await, Event::ProcessTerminate { .. }));
    process.server.process_ending().await.unwrap();
    process.server.destroy().await.unwrap();
    services
        .until("everything is over", |world| {
            world.game_sessions[0].status == GameSessionStatus::Terminated
                && world.processes[0].status == ProcessStatus::Ended
                && world
                    .player_sessions
                    .iter()
                    .all(|player| player.status == PlayerSessionStatus::Completed)
                && world.open_sockets == 0
        })
        .await;
    friend.finds_nothing_before_long().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn creating_is_one_create_one_seat_and_nothing_but_looks_between() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let owner = services.guest().await;
    services.emulator.reset_calls();
    let (seat, _) = tokio::join!(owner.create("Arena", 2), process.host());
    seat.unwrap();
    let mut calls = services.emulator.calls();
    calls.dedup(); // one that activates for longer is looked at more than once
    assert_eq!(
        calls,
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_server_is_told_the_owner_and_the_build_privately_and_others_are_not() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let owner = services.guest().await;
    let (seat, session) = tokio::join!(owner.create("Arena", 2), process.host());
    let data = GameSessionData::parse(session.game_session_data()).unwrap();
    assert_eq!(data.build.as_str(), "dev");
    let seen = serde_json::to_string(&services.guest().await.find().await).unwrap();
    for secret in [data.owner.as_str(), data.token.as_str(), session.id()] {
        assert!(!seen.contains(secret), "{secret} is shown in {seen}");
    }
    assert!(seen.contains(seat.unwrap().game_session.id.as_str()));
}
