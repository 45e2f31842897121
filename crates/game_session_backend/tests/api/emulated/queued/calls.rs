//! How often GameLift is asked in queue mode, and that an id is good from the first answer on.

use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::Keyring;
use game_session_protocol::ErrorCode;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::super::process::Serve;
use super::{Delivery, Queued, Told};
use crate::support::client::body;

#[tokio::test(start_paused = true)]
async fn a_create_with_events_is_two_calls_one_fewer_than_allowed() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued.stage.have_free_processes(1).await;
    let _postman = queued.postman(vec![]);
    let ann = queued.stage.instances[0].guest().await;
    queued.stage.emulator.reset_calls();
    let seat = ann.create("click-1", "20").await.seat();
    assert_eq!(
        queued.stage.emulator.calls(),
        ["StartGameSessionPlacement", "DescribeGameSessions"]
    );
    let world = queued.stage.emulator.snapshot();
    assert_eq!(world.player_sessions.len(), 1, "the seat came with the placement");
    assert_eq!(
        world.player_sessions[0].player_session_id,
        seat.player_session_id.to_string()
    );
    assert_eq!(world.player_sessions[0].player_id, ann.player_id());
}

#[tokio::test(start_paused = true)]
async fn a_click_that_is_repeated_across_a_rotation_of_the_keyring_is_one_placement() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.have_free_processes(2).await;
    let before = &queued.stage.instances[0];
    let ring = format!("{},{}", Keyring::new_key_text("k2"), queued.ring);
    let after = queued.another_instance(&ring);
    let ann = before.guest().await;
    let made = ann.create("click-1", "20").await.seat();
    let again = ann.at(&after).create("click-1", "20").await.seat();
    assert_eq!(again.game_session.id, made.game_session.id);
    assert_eq!(again.player_session_id, made.player_session_id);
    let other = ann.at(&after).create("click-2", "20").await.seat();
    assert_ne!(other.game_session.id, made.game_session.id);
    assert_eq!(queued.stage.calls("StartGameSessionPlacement"), 3);
}

#[tokio::test(start_paused = true)]
async fn many_who_wait_for_placements_ask_at_most_a_few_times_a_second_together() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.processes.serve(Serve::Never);
    queued.stage.have_free_processes(1).await;
    let mut waiting = Vec::new();
    for _ in 0..200 {
        let client = queued.stage.instances[0].guest().await;
        waiting.push(tokio::spawn(
            async move { client.create("click-1", "20").await.placing() },
        ));
    }
    queued.stage.emulator.reset_calls();
    for wait in waiting {
        wait.await.unwrap();
    }
    let looks = queued.stage.calls("DescribeGameSessionPlacement");
    // 8 each half second, for 20 s.
    assert!((1..=8 * 41).contains(&looks), "{looks} looks");
}

#[tokio::test(start_paused = true)]
async fn with_events_gamelift_is_not_asked_for_placements_until_one_is_missing() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued
        .stage
        .processes
        .serve(Serve::ActivateAfter(Duration::from_secs(8)));
    queued.stage.have_free_processes(1).await;
    let _postman = queued.postman(vec![Delivery::Lost]);
    let ann = queued.stage.instances[0].guest().await;
    let started = Instant::now();
    ann.create("click-1", "20").await.seat();
    assert!(started.elapsed() >= Duration::from_secs(10), "{:?}", started.elapsed());
    assert_eq!(queued.stage.calls("DescribeGameSessionPlacement"), 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_is_good_from_the_first_answer_on_and_is_what_others_find() {
    for told in [Told::ByEvents, Told::Never] {
        let mut queued = Queued::new(told).await;
        queued
            .stage
            .processes
            .serve(Serve::ActivateAfter(Duration::from_secs(5)));
        queued.stage.have_free_processes(1).await;
        let _postman = queued.postman(vec![]);
        let [here, there] = &queued.stage.instances;
        let (ann, bob) = (here.guest().await, here.guest().await);
        let id = ann.create("click-1", "0").await.placing().id;
        assert_eq!(ann.seat(&id, "0").await.placing().id, id);
        assert_eq!(ann.at(there).seat(&id, "0").await.placing().id, id);
        assert_eq!(ann.create("click-1", "0").await.placing().id, id, "a click again");
        assert_eq!(bob.seat(&id, "0").await.code(), ErrorCode::NotAccepting);
        assert_eq!(bob.join(&id).await.code(), ErrorCode::NotAccepting);
        let seat = ann.at(there).seat(&id, "20").await.seat();
        assert_eq!(seat.game_session.id, id);
        let again = ann.seat(&id, "0").await.seat();
        assert_eq!(
            again.player_session_id, seat.player_session_id,
            "the same seat, a fresh ticket"
        );
        assert_eq!(bob.page("").await.game_sessions[0].id, id);
        assert_eq!(bob.join(&id).await.seat().game_session.id, id);
        let code: serde_json::Value = bob.join_code(&id).await.json();
        let carl = there.guest().await;
        let seat = carl.join_by_code(code["join_code"].as_str().unwrap()).await.seat();
        assert_eq!(seat.game_session.id, id);
        assert_eq!(ann.update(&id, json!({"name": "x"})).await.status, StatusCode::OK);
        assert_eq!(bob.end(&id).await.code(), ErrorCode::Forbidden);
        assert_eq!(ann.end(&id).await.status, StatusCode::NO_CONTENT);
        assert_eq!(queued.stage.emulator.snapshot().game_sessions.len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_outlives_its_rows() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued.stage.have_free_processes(1).await;
    let _postman = queued.postman(vec![]);
    let (ann, bob) = {
        let here = &queued.stage.instances[0];
        (here.guest().await, here.guest().await)
    };
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let seats = queued.stage.emulator.snapshot().player_sessions;
    queued.stage.processes.arrive(&seats[0].player_session_id);
    sleep(Duration::from_hours(3)).await;
    queued.stage.emulator.reset_calls();
    // The other instance never heard of it.
    let (ann, bob) = (ann.refreshed().await, bob.refreshed().await);
    let there = &queued.stage.instances[1];
    bob.at(there).join(&id).await.seat();
    ann.at(there).seat(&id, "0").await.seat();
    assert_eq!(queued.stage.calls("DescribeGameSessionPlacement"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_click_with_another_body_is_refused_and_a_lost_answer_makes_no_second_game_session() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.have_free_processes(2).await;
    let ann = queued.stage.instances[0].guest().await;
    queued.stage.pipe.lose_answer("StartGameSessionPlacement");
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    assert_eq!(queued.stage.calls("StartGameSessionPlacement"), 2);
    assert_eq!(ann.create("click-1", "20").await.seat().game_session.id, id);
    let mut near = body();
    near["latencies"] = json!({"custom-home": 20});
    let again = ann.create_with("click-1", "20", near).await.seat();
    assert_eq!(again.game_session.id, id, "latencies are measured anew");
    let mut other = body();
    other["max_players"] = json!(5);
    let code = ann.create_with("click-1", "0", other).await.code();
    assert_eq!(code, ErrorCode::IdempotencyMismatch);
    assert_eq!(queued.stage.emulator.snapshot().game_sessions.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_quick_join_follows_the_one_before_into_what_is_still_placed() {
    let mut queued = Queued::new(Told::ByEvents).await;
    queued
        .stage
        .processes
        .serve(Serve::ActivateAfter(Duration::from_secs(3)));
    queued.stage.have_free_processes(3).await;
    let _postman = queued.postman(vec![]);
    let mut asks = Vec::new();
    for _ in 0..4 {
        let client = queued.stage.instances[0].guest().await;
        asks.push(tokio::spawn(async move { client.quick_join("quick-1").await.seat() }));
    }
    let mut ids = Vec::new();
    for ask in asks {
        ids.push(ask.await.unwrap().game_session.id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 1, "four seats, four players, one game session");
    assert_eq!(queued.stage.calls("StartGameSessionPlacement"), 1);
}

#[tokio::test(start_paused = true)]
async fn latencies_reach_the_queue() {
    let mut queued = Queued::new(Told::Never).await;
    queued.stage.have_free_processes(1).await;
    let location = queued.stage.emulator.location();
    let policy = aws_sdk_gamelift::types::PlayerLatencyPolicy::builder()
        .maximum_individual_player_latency_milliseconds(50)
        .build();
    let update = queued
        .stage
        .pipe
        .client()
        .update_game_session_queue()
        .name(super::QUEUE);
    update.player_latency_policies(policy).send().await.unwrap();
    let ann = queued.stage.instances[0].guest().await;
    let mut far = body();
    far["latencies"] = json!({ location.as_str(): 80 });
    ann.create_with("far", "5", far).await.placing();
    let mut near = body();
    near["latencies"] = json!({ location.as_str(): 20 });
    ann.create_with("near", "5", near).await.seat();
    let mut wrong = body();
    wrong["latencies"] = json!({"custom home": 20});
    assert_eq!(
        ann.create_with("wrong", "0", wrong).await.code(),
        ErrorCode::InvalidRequest
    );
}
