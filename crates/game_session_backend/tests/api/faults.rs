//! The rows of the project's fault table that name the backend or the orchestrator, a test each.

use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::gamelift::{GameLiftErrorKind as Kind, GameSessionStatus, PlayerSessionStatus};
use game_session_backend::{Keyring, Limits, QueueTarget};
use game_session_protocol::ErrorCode;
use serde_json::json;

use crate::support::client::{NOW_MS, body};
use crate::support::{Activation, Fake, Harness};

#[tokio::test(start_paused = true)]
async fn throttling_is_backed_off_within_the_deadline_and_then_told_without_a_storm_of_retries() {
    let harness = Harness::new();
    harness.fake.fail_always("CreateGameSession", Some(Kind::Throttled));
    let mut asks = Vec::new();
    for click in 0..50 {
        let player = harness.guest().await;
        asks.push(tokio::spawn(async move {
            player.create(&format!("click-{click}"), "20").await
        }));
    }
    for ask in asks {
        let answer = ask.await.unwrap();
        assert_eq!(
            (answer.code(), answer.header("retry-after")),
            (ErrorCode::Throttled, Some("2"))
        );
    }
    let calls = harness.fake.calls().len();
    let most = 50 + 20 + 50 / 10;
    assert!(
        (51..=most).contains(&calls),
        "{calls}: a tenth more than was asked for, and a few in reserve"
    );
}

#[tokio::test(start_paused = true)]
async fn fleet_capacity_not_found_conflict_and_parameter_mismatch_have_stable_codes() {
    for (kind, code) in [
        (Kind::NoCapacity, ErrorCode::NoCapacity),
        (Kind::NotFound, ErrorCode::Unavailable),
        (Kind::Conflict, ErrorCode::Unavailable),
        (Kind::ParameterMismatch, ErrorCode::IdempotencyMismatch),
    ] {
        let harness = Harness::new();
        harness.fake.fail_always("CreateGameSession", Some(kind));
        assert_eq!(harness.guest().await.create("click-1", "20").await.code(), code);
    }
}

#[tokio::test(start_paused = true)]
async fn activate_game_session_never_called_is_an_activation_failure_and_not_a_success() {
    let limits = Limits::default().placement_deadline(Duration::from_secs(10));
    let harness = Harness::with_limits(limits);
    harness.fake.activation(Activation::Never);
    let ann = harness.guest().await;
    assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::ActivationFailed);
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Terminated]);
    assert!(harness.fake.seats().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_server_process_that_crashes_before_active_is_told_and_a_new_click_makes_a_new_game_session() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    harness.fake.activation(Activation::Ends(GameSessionStatus::Error));
    let refused = ann.create("click-1", "20").await;
    assert_eq!(
        (refused.code(), refused.header("retry-after")),
        (ErrorCode::ActivationFailed, Some("1"))
    );
    harness.fake.activation(Activation::AtFirstPoll);
    ann.create("click-2", "20").await.seat();
    assert_eq!(harness.fake.statuses().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_crash_after_active_with_players_is_a_session_that_ended() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    harness.fake.change(|record| record.status = GameSessionStatus::Error);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionEnded);
    assert_eq!(ann.seat(&id, "20").await.code(), ErrorCode::SessionEnded);
    assert_eq!(ann.create("click-1", "20").await.code(), ErrorCode::SessionEnded);
}

#[tokio::test(start_paused = true)]
async fn of_many_joins_that_race_for_the_last_slot_exactly_one_wins() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let mut small = body();
    small["max_players"] = json!(2);
    let id = ann.create_with("click-1", "20", small).await.seat().game_session.id;
    let mut joins = Vec::new();
    for _ in 0..10 {
        let (player, id) = (harness.guest().await, id.clone());
        joins.push(tokio::spawn(async move { player.join(&id).await }));
    }
    let mut won = 0;
    for join in joins {
        let answer = join.await.unwrap();
        if answer.status == StatusCode::OK {
            won += 1;
        } else {
            assert_eq!(answer.code(), ErrorCode::SessionFull);
        }
    }
    assert_eq!((won, harness.fake.seats().len()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_double_start_with_the_same_key_is_the_same_session_also_over_two_instances() {
    for activation in [Activation::AtFirstPoll, Activation::AfterPolls(3), Activation::AtOnce] {
        let [harness, other] = Harness::pair(|config| config);
        harness.fake.activation(activation);
        let ann = harness.guest().await;
        let (here, there) = (ann.clone(), ann.at(&other));
        let here = tokio::spawn(async move { here.create("click-1", "20").await.seat() });
        let there = tokio::spawn(async move { there.create("click-1", "20").await.seat() });
        let (here, there) = (here.await.unwrap(), there.await.unwrap());
        assert_eq!(here.game_session.id, there.game_session.id);
        assert_eq!(here.player_session_id, there.player_session_id);
        assert_eq!((harness.fake.statuses().len(), harness.fake.seats().len()), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_create_with_the_same_key_and_a_different_body_is_a_mismatch() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    ann.create("click-1", "20").await.seat();
    for (field, value) in [
        ("name", json!("x")),
        ("build", json!("v2")),
        ("privacy", json!("private")),
    ] {
        let mut other = body();
        other[field] = value;
        let answer = ann.create_with("click-1", "20", other).await;
        assert_eq!(answer.code(), ErrorCode::IdempotencyMismatch, "{field}");
    }
    assert_eq!(harness.fake.statuses().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_client_killed_while_reserved_leaves_a_slot_that_comes_back() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut small = body();
    small["max_players"] = json!(1);
    let id = ann.create_with("click-1", "20", small).await.seat().game_session.id;
    assert_eq!(bob.join(&id).await.code(), ErrorCode::SessionFull);
    harness.fake.move_on_seats(PlayerSessionStatus::TimedOut);
    bob.join(&id).await.seat();
}

#[tokio::test(start_paused = true)]
async fn a_backend_whose_clock_is_five_minutes_off_still_places_and_ends_what_never_activates() {
    for (queue, refusal) in [(false, ErrorCode::ActivationFailed), (true, ErrorCode::NoCapacity)] {
        for (behind, ahead) in [(5, 0), (0, 0), (0, 5)] {
            let fake = Fake::new(NOW_MS + behind * 60_000);
            let harness = Harness::configured(fake, Keyring::random(), |config| {
                if queue {
                    config.queue(QueueTarget::new("arena"))
                } else {
                    config
                }
            });
            harness.clock.advance(Duration::from_mins(ahead));
            let pass = async |seconds| {
                harness.clock.advance(Duration::from_secs(seconds));
                tokio::time::advance(Duration::from_secs(seconds)).await;
            };
            let ann = harness.guest().await;
            harness.fake.activation(Activation::AfterPolls(3));
            ann.create("click-1", "20").await.seat();
            harness.fake.activation(Activation::Never);
            let id = ann.create("click-2", "0").await.placing().id;
            pass(119).await;
            assert_eq!(ann.seat(&id, "0").await.placing().id, id, "it has a second left");
            assert_eq!(ann.create("click-2", "0").await.placing().id, id);
            pass(1).await;
            assert_eq!(ann.seat(&id, "1").await.code(), refusal);
        }
    }
}
