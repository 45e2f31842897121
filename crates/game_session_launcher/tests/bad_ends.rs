//! What players hear when servers fail them, and that the next session works.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use common::Services;
use game_session_protocol::ErrorCode;
use gamelift_emulator::{EmulatorConfig, GameSessionStatus};

/// A session on a new process works from create to accept: what every bad end must leave possible.
async fn the_next_session_works(services: &Services) {
    let process = services.process("process-next").await;
    let player = services.guest().await;
    let (seat, session) = tokio::join!(player.create("Next", 2), process.host());
    let claims = process.open_ticket(&session, &seat.unwrap());
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_free_server_process_there_is_no_capacity() {
    let services = Services::start().await;
    let player = services.guest().await;
    let refused = player.create("Arena", 2).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NoCapacity, "{refused:?}");
    assert!(!refused.message.is_empty());
    the_next_session_works(&services).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_hosts_one_session_and_the_second_create_finds_no_capacity() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let player = services.guest().await;
    let (seat, _) = tokio::join!(player.create("Arena", 2), process.host());
    seat.unwrap();
    assert_eq!(
        services.guest().await.create("Second", 2).await.unwrap_err().code,
        ErrorCode::NoCapacity
    );
    the_next_session_works(&services).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_never_activates_ends_in_activation_failed() {
    let config = EmulatorConfig::default().activation_timeout(Duration::from_millis(300));
    let services = Services::start_with(config).await;
    let process = services.process("process-1").await;
    let player = services.guest().await;
    let (refused, _) = tokio::join!(player.create("Arena", 2), process.game_session());
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ActivationFailed, "{refused:?}");
    assert!(
        services.emulator.snapshot().player_sessions.is_empty(),
        "no seat was reserved"
    );
    process.server.destroy().await.unwrap();
    the_next_session_works(&services).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_before_it_activates_ends_in_activation_failed() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let player = services.guest().await;
    let dies = async {
        process.game_session().await;
        drop(process);
    };
    let (refused, ()) = tokio::join!(player.create("Arena", 2), dies);
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ActivationFailed, "{refused:?}");
    services
        .until("the session is over", |world| is_over(world.game_sessions[0].status))
        .await;
    the_next_session_works(&services).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_after_it_activated_ends_the_session_and_every_seat() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let player = services.guest().await;
    let (seat, session) = tokio::join!(player.create("Arena", 2), process.host());
    let seat = seat.unwrap();
    let claims = process.open_ticket(&session, &seat);
    process
        .server
        .accept_player_session(claims.player_session_id.as_str())
        .await
        .unwrap();
    drop(process);
    services
        .until("the session and its seats are over", |world| {
            is_over(world.game_sessions[0].status) && world.game_sessions[0].seats_taken == 0
        })
        .await;
    let refused = player.seat(&seat.game_session.id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::SessionEnded, "{refused:?}");
    let refused = services.guest().await.join(&seat.game_session.id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::SessionEnded, "{refused:?}");
    assert!(player.find().await.game_sessions.is_empty());
    the_next_session_works(&services).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_session_is_said_to_be_full_and_whoever_has_a_seat_keeps_it() {
    let services = Services::start().await;
    let process = services.process("process-1").await;
    let (owner, friend) = (services.guest().await, services.guest().await);
    let (seat, _) = tokio::join!(owner.create("Arena", 1), process.host());
    let seat = seat.unwrap();
    let refused = friend.join(&seat.game_session.id).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::SessionFull, "{refused:?}");
    let again = owner.join(&seat.game_session.id).await.unwrap();
    assert_eq!(again.player_session_id, seat.player_session_id);
    assert_ne!(again.ticket, seat.ticket, "a fresh ticket for the same seat");
    assert!(
        friend.find().await.game_sessions.is_empty(),
        "only sessions with open seats are found"
    );
}

fn is_over(status: GameSessionStatus) -> bool {
    status == GameSessionStatus::Terminated
}
