//! Backend, AWS SDK and emulator together: how often GameLift is asked, and what its limits do.

use std::collections::BTreeSet;
use std::time::Duration;

use axum::http::StatusCode;
use game_session_protocol::ErrorCode;
use gamelift_emulator::{EmulatorConfig, Fault, PlayerSessionStatus};
use tokio::time::Instant;

use super::Stage;

#[tokio::test(start_paused = true)]
async fn a_create_is_exactly_three_calls_through_the_aws_sdk() {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    stage.have_free_processes(1).await;
    let ann = stage.instances[0].guest().await;
    stage.emulator.reset_calls();
    ann.create("click-1", "20").await.seat();
    assert_eq!(
        stage.emulator.calls(),
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_thousand_clients_at_a_throttled_gamelift_are_told_to_come_back_and_make_no_storm_of_retries() {
    let mut stage = Stage::new(EmulatorConfig::default().throttled()).await;
    stage.have_free_processes(8).await;
    stage.instances[0].fake.note_no_more();
    let mut clients = Vec::new();
    for _ in 0..1_000 {
        clients.push(stage.instances[0].guest().await);
    }
    stage.emulator.reset_calls();
    let asks: Vec<_> = clients
        .into_iter()
        .map(|client| {
            tokio::spawn(async move {
                let started = Instant::now();
                let answer = client.create("click-1", "0").await;
                assert!(started.elapsed() < Duration::from_secs(30));
                answer
            })
        })
        .collect();
    let (mut placed, mut busy) = (0, 0);
    for ask in asks {
        let answer = ask.await.unwrap();
        match answer.status {
            StatusCode::ACCEPTED => placed += 1,
            StatusCode::TOO_MANY_REQUESTS => {
                assert_eq!(answer.header("retry-after"), Some("2"));
                busy += 1;
            }
            _ => assert_eq!(answer.code(), ErrorCode::NoCapacity),
        }
    }
    let calls = stage.calls("CreateGameSession");
    assert!((1_000..=1_120).contains(&calls), "{calls} calls for 1000 requests");
    assert!(placed == 8 && busy > 900, "{placed} placed, {busy} sent away");
}

#[tokio::test(start_paused = true)]
async fn fifty_quick_joins_at_once_end_in_as_many_game_sessions_as_their_seats_need() {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    stage.have_free_processes(20).await;
    let mut joins = Vec::new();
    for click in 0..50 {
        let player = stage.instances[0].guest().await;
        joins.push(tokio::spawn(async move {
            player.quick_join(&format!("click-{click}")).await.seat()
        }));
    }
    let mut ids = BTreeSet::new();
    for join in joins {
        ids.insert(join.await.unwrap().game_session.id);
    }
    assert_eq!(ids.len(), 50usize.div_ceil(4));
    assert_eq!(stage.emulator.snapshot().player_sessions.len(), 50);
}

#[tokio::test(start_paused = true)]
async fn who_comes_back_gets_the_same_seat_while_it_is_theirs_and_a_new_one_after() {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    stage.have_free_processes(1).await;
    let (ann, bob) = (stage.instances[0].guest().await, stage.instances[0].guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let first = bob.join(&id).await.seat();
    let seat_is = |status: PlayerSessionStatus| {
        let seat = first.player_session_id.to_string();
        move |world: &gamelift_emulator::Snapshot| {
            world
                .player_sessions
                .iter()
                .any(|it| it.player_session_id == seat && it.status == status)
        }
    };
    let seat = first.player_session_id.as_str();
    stage.processes.arrive(seat);
    let wait = |status| stage.emulator.wait_until(seat_is(status), super::LIMIT);
    wait(PlayerSessionStatus::Active).await.unwrap();
    for takeover in [bob.join(&id).await.seat(), bob.seat(&id, "0").await.seat()] {
        assert_eq!(takeover.player_session_id, first.player_session_id);
        assert!(
            takeover.ticket != first.ticket,
            "a fresh ticket for the seat that is taken"
        );
    }
    stage.processes.leave(seat);
    wait(PlayerSessionStatus::Completed).await.unwrap();
    let anew = bob.at(&stage.instances[1]).seat(&id, "0").await.seat();
    assert_ne!(anew.player_session_id, first.player_session_id);
}

#[tokio::test(start_paused = true)]
async fn a_reservation_that_nobody_used_lapses_and_is_made_anew() {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    stage.have_free_processes(1).await;
    let ann = stage.instances[0].guest().await;
    let first = ann.create("click-1", "20").await.seat();
    tokio::time::sleep(Duration::from_secs(61)).await;
    let again = ann.seat(&first.game_session.id, "0").await.seat();
    assert_ne!(again.player_session_id, first.player_session_id);
    let world = stage.emulator.snapshot();
    assert_eq!(
        world.player_sessions.iter().map(|it| it.status).collect::<Vec<_>>(),
        [PlayerSessionStatus::TimedOut, PlayerSessionStatus::Reserved]
    );
}

#[tokio::test(start_paused = true)]
async fn a_gamelift_that_hangs_is_a_time_out_within_the_deadline_and_the_next_try_finds_its_game_session() {
    let mut stage = Stage::new(EmulatorConfig::default()).await;
    stage.have_free_processes(1).await;
    let ann = stage.instances[0].guest().await;
    let hangs = Fault::DelayCalls {
        operation: Some("CreateGameSession".to_owned()),
        millis: 300_000,
        times: 3,
    };
    stage.emulator.inject(hangs).unwrap();
    let started = Instant::now();
    assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(35), "{:?}", started.elapsed());
    ann.create("click-1", "20").await.seat();
    assert_eq!(stage.emulator.snapshot().game_sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_or_unreadable_answer_to_a_create_call_makes_no_second_game_session() {
    for lost in [true, false] {
        let mut stage = Stage::new(EmulatorConfig::default()).await;
        stage.have_free_processes(2).await;
        let ann = stage.instances[0].guest().await;
        if lost {
            stage.pipe.lose_answer("CreateGameSession");
        } else {
            stage.pipe.spoil_answer("CreateGameSession");
        }
        ann.create("click-1", "20").await.seat();
        assert_eq!(stage.calls("CreateGameSession"), 2);
        assert_eq!(stage.emulator.snapshot().game_sessions.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_or_unreadable_answer_to_a_reservation_makes_no_second_seat() {
    for lost in [true, false] {
        let mut stage = Stage::new(EmulatorConfig::default()).await;
        stage.have_free_processes(1).await;
        let (ann, bob) = (stage.instances[0].guest().await, stage.instances[0].guest().await);
        let id = ann.create("click-1", "20").await.seat().game_session.id;
        if lost {
            stage.pipe.lose_answer("CreatePlayerSession");
        } else {
            stage.pipe.spoil_answer("CreatePlayerSession");
        }
        let code = bob.join(&id).await.code();
        assert!(matches!(code, ErrorCode::TimedOut | ErrorCode::Unavailable), "{code}");
        bob.at(&stage.instances[1]).join(&id).await.seat();
        assert_eq!(stage.emulator.snapshot().player_sessions.len(), 2);
    }
}
