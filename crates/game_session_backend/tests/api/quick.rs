//! Quick joins: one game session per click, and nobody waits long for one that does not come.

use std::time::Duration;

use game_session_backend::gamelift::{GameLiftErrorKind, GameSessionStatus};
use game_session_protocol::ErrorCode;
use serde_json::json;

use crate::support::client::body;
use crate::support::{Activation, Harness};

#[tokio::test(start_paused = true)]
async fn a_quick_join_that_is_repeated_later_or_elsewhere_leads_to_the_same_seat() {
    let [here, there] = Harness::pair(|config| config);
    let (ann, bob) = (here.guest().await, here.guest().await);
    let running = bob.create("click-1", "20").await.seat().game_session.id;
    let first = ann.quick_join("click-2").await.seat();
    assert_eq!(first.game_session.id, running);
    // Others fill it up, and the next ones go elsewhere.
    let mut last = None;
    for click in 0..3 {
        let player = here.guest().await;
        last = Some(
            player
                .quick_join(&format!("other-{click}"))
                .await
                .seat()
                .game_session
                .id,
        );
    }
    assert_ne!(last, Some(running));
    for instance in [&here, &there] {
        let again = ann.at(instance).quick_join("click-2").await.seat();
        assert_eq!(again.game_session.id, first.game_session.id);
        assert_eq!(again.player_session_id, first.player_session_id);
    }
    let another = ann.quick_join("click-3").await.seat();
    assert_eq!(Some(another.game_session.id), last, "another click is another matter");
}

#[tokio::test(start_paused = true)]
async fn parallel_quick_joins_of_one_click_over_two_instances_come_to_one_seat() {
    for running in [0, 1, 2] {
        let instances = Harness::pair(|config| config);
        let (ann, bob) = (instances[0].guest().await, instances[0].guest().await);
        for click in 0..running {
            bob.create(&format!("click-{click}"), "20").await.seat();
        }
        let joins: Vec<_> = (0..6)
            .map(|join| {
                let ann = ann.at(&instances[join % 2]);
                tokio::spawn(async move { ann.quick_join("click-1").await.seat().player_session_id })
            })
            .collect();
        let mut given = Vec::new();
        for join in joins {
            given.push(join.await.unwrap());
        }
        given.dedup();
        assert_eq!(given.len(), 1);
        let seats = instances[0].fake.seats();
        assert_eq!(seats.iter().filter(|seat| seat.player == ann.player_id()).count(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_click_that_found_no_capacity_takes_a_seat_elsewhere_when_there_is_one() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    harness
        .fake
        .fail_next("CreateGameSession", GameLiftErrorKind::NoCapacity);
    assert_eq!(ann.quick_join("click-1").await.code(), ErrorCode::NoCapacity);
    let id = bob.create("click-2", "20").await.seat().game_session.id;
    assert_eq!(ann.quick_join("click-1").await.seat().game_session.id, id);
}

#[tokio::test(start_paused = true)]
async fn a_click_of_another_build_is_not_led_where_it_led_before() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    bob.create("click-1", "20").await.seat();
    ann.quick_join("click-2").await.seat();
    let mut other = body();
    other["build"] = json!("v2");
    let answer = ann.send("POST", "/v1/quick-join", Some("click-2"), Some(other)).await;
    assert_eq!(answer.code(), ErrorCode::IdempotencyMismatch);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_never_activates_holds_the_next_quick_joins_up_for_half_a_minute_at_most() {
    let harness = Harness::new();
    harness.fake.activation(Activation::Never);
    let (ann, bob, eve) = (harness.guest().await, harness.guest().await, harness.guest().await);
    let stuck = ann.quick_join("click-1").await.placing().id;
    // 20 s have passed, and it is followed for 10 s more.
    let started = tokio::time::Instant::now();
    let other = bob.quick_join("click-2").await.placing().id;
    assert_ne!(other, stuck);
    assert_eq!(
        started.elapsed(),
        Duration::from_secs(20),
        "10 s there, 10 s for its own"
    );
    assert_eq!(harness.fake.statuses(), [GameSessionStatus::Activating; 2]);
    let refused = eve.quick_join("click-3").await;
    assert!(matches!(refused.status.as_u16(), 202 | 503));
}

#[tokio::test(start_paused = true)]
async fn a_quick_join_that_comes_upon_a_game_session_whose_time_is_up_ends_it_and_makes_another() {
    let harness = Harness::new();
    harness.fake.activation(Activation::Never);
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let stuck = ann.quick_join("click-1").await.placing().id;
    tokio::time::advance(Duration::from_secs(101)).await;
    assert_ne!(bob.quick_join("click-2").await.placing().id, stuck);
    let mut statuses = harness.fake.statuses();
    statuses.sort_unstable_by_key(|status| *status == GameSessionStatus::Activating);
    assert_eq!(statuses, [GameSessionStatus::Terminated, GameSessionStatus::Activating]);
    assert_eq!(ann.quick_join("click-1").await.code(), ErrorCode::ActivationFailed);
}
