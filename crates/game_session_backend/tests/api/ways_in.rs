//! Join codes, passwords, and the property keys that a deployment allows.

use std::time::Duration;

use axum::http::StatusCode;
use game_session_backend::gamelift::{GameSessionStatus, PlayerSessionStatus};
use game_session_backend::{Keyring, Limits, Rate};
use game_session_protocol::requests::JoinCode;
use game_session_protocol::{ErrorCode, GameSessionId};
use serde_json::json;

use crate::support::client::{Client, NOW_MS, body};
use crate::support::{Fake, Harness, log};

const PASSWORD: &str = "xyzzy-canary-password";

async fn locked(ann: &Client) -> GameSessionId {
    let mut locked = body();
    locked["password"] = json!(PASSWORD);
    ann.create_with("click-1", "20", locked).await.seat().game_session.id
}

#[tokio::test(start_paused = true)]
async fn a_code_leads_into_a_private_game_session_however_it_is_written() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut private = body();
    private["privacy"] = json!("private");
    let id = ann.create_with("click-1", "20", private).await.seat().game_session.id;
    let code: JoinCode = ann.join_code(&id).await.json();
    assert_eq!((code.join_code.len(), code.expires_at), (8, NOW_MS / 1000 + 24 * 3600));
    assert_eq!(ann.join_code(&id).await.json::<JoinCode>(), code, "the same for a day");
    let (head, tail) = code.join_code.split_at(4);
    let seat = bob
        .join_by_code(&format!(" {}-{} ", head.to_lowercase(), tail))
        .await
        .seat();
    assert_eq!(seat.game_session.id, id);
    assert_eq!(
        bob.join_by_code(&code.join_code).await.seat().player_session_id,
        seat.player_session_id
    );
}

#[tokio::test(start_paused = true)]
async fn only_the_owner_and_who_has_a_seat_learn_the_code() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    assert_eq!(bob.join_code(&id).await.code(), ErrorCode::Forbidden);
    bob.join(&id).await.seat();
    let code: JoinCode = bob.join_code(&id).await.json();
    assert_eq!(ann.join_code(&id).await.json::<JoinCode>(), code);
    harness.fake.set_seats(PlayerSessionStatus::Completed);
    assert_eq!(bob.join_code(&id).await.code(), ErrorCode::Forbidden, "he has left");
    harness
        .fake
        .change(|record| record.status = GameSessionStatus::Terminated);
    assert_eq!(ann.join_code(&id).await.code(), ErrorCode::SessionEnded);
}

#[tokio::test(start_paused = true)]
async fn parallel_askers_agree_on_one_code() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let asks: Vec<_> = (0..8)
        .map(|_| {
            let (ann, id) = (ann.clone(), id.clone());
            tokio::spawn(async move { ann.join_code(&id).await.json::<JoinCode>() })
        })
        .collect();
    let mut codes = Vec::new();
    for ask in asks {
        codes.push(ask.await.unwrap().join_code);
    }
    codes.dedup();
    assert_eq!(codes.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_code_and_one_of_a_game_session_that_is_over_answer_alike_and_as_slowly() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let code: JoinCode = ann.join_code(&id).await.json();
    harness
        .fake
        .change(|record| record.status = GameSessionStatus::Terminated);
    let mut answers = Vec::new();
    for code in [code.join_code.as_str(), "AAAAAAAA", "short", ""] {
        let started = tokio::time::Instant::now();
        let answer = bob.join_by_code(code).await;
        assert_eq!(started.elapsed(), Duration::from_millis(500));
        assert_eq!(answer.code(), ErrorCode::NotFound);
        answers.push(answer.json::<game_session_protocol::ErrorBody>().message);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn ten_wrong_codes_in_a_minute_are_enough_for_a_player() {
    let harness = Harness::new();
    let (ann, bob, eve) = (harness.guest().await, harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let code: JoinCode = ann.join_code(&id).await.json();
    for _ in 0..10 {
        assert_eq!(eve.join_by_code("AAAAAAAA").await.code(), ErrorCode::NotFound);
    }
    let refused = eve.join_by_code(&code.join_code).await;
    assert_eq!(
        (refused.code(), refused.header("retry-after")),
        (ErrorCode::Throttled, Some("60"))
    );
    bob.join_by_code(&code.join_code).await.seat();
    tokio::time::advance(Duration::from_mins(1)).await;
    eve.join_by_code(&code.join_code).await.seat();
}

#[tokio::test(start_paused = true)]
async fn of_many_parallel_tries_ten_are_looked_at_over_two_instances_too() {
    let instances = Harness::pair(|config| config);
    let eve = instances[0].guest().await;
    let tries: Vec<_> = (0..50)
        .map(|at| {
            let eve = eve.at(&instances[at % 2]);
            tokio::spawn(async move { eve.join_by_code("AAAAAAAA").await.code() })
        })
        .collect();
    let mut looked_at = 0;
    for one in tries {
        match one.await.unwrap() {
            ErrorCode::NotFound => looked_at += 1,
            code => assert_eq!(code, ErrorCode::Throttled),
        }
    }
    assert_eq!(looked_at, 10);
}

#[tokio::test(start_paused = true)]
async fn a_try_that_is_right_does_not_count() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let code = ann.join_code(&id).await.json::<JoinCode>().join_code;
    for wrong in 0..10 {
        bob.join_by_code(&code).await.seat();
        assert_eq!(
            bob.join_by_code("AAAAAAAA").await.code(),
            ErrorCode::NotFound,
            "{wrong}"
        );
    }
    assert_eq!(bob.join_by_code(&code).await.code(), ErrorCode::Throttled);
}

#[tokio::test(start_paused = true)]
async fn ten_wrong_codes_in_a_minute_are_enough_for_an_address_whoever_asks_from_there() {
    let many = Rate {
        burst: 1_000,
        per_second: 1_000,
    };
    let harness = Harness::with_limits(Limits::default().per_address(many));
    let ann = harness.guest().await;
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let code = ann.join_code(&id).await.json::<JoinCode>().join_code;
    for _ in 0..10 {
        let eve = harness.guest().await.from("192.0.2.66");
        assert_eq!(eve.join_by_code("AAAAAAAA").await.code(), ErrorCode::NotFound);
    }
    let another = harness.guest().await;
    let refused = another.from("192.0.2.66").join_by_code(&code).await;
    assert_eq!(
        (refused.code(), refused.header("retry-after")),
        (ErrorCode::Throttled, Some("60"))
    );
    another.from("192.0.2.67").join_by_code(&code).await.seat();
    tokio::time::advance(Duration::from_mins(1)).await;
    another.from("192.0.2.66").join_by_code(&code).await.seat();
}

#[tokio::test(start_paused = true)]
async fn a_password_is_asked_for_before_a_seat_is_reserved_and_its_owner_needs_none() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = locked(&ann).await;
    assert_eq!(bob.join(&id).await.code(), ErrorCode::WrongPassword);
    assert_eq!(bob.join_with(&id, "wrong").await.code(), ErrorCode::WrongPassword);
    assert_eq!(harness.fake.seats().len(), 1, "no seat was reserved");
    bob.join_with(&id, PASSWORD).await.seat();
    harness.fake.set_seats(PlayerSessionStatus::Completed);
    ann.join(&id).await.seat();
    let data = harness.fake.requests()[0].session_data.expose().to_owned();
    assert!(
        data.contains("password_hash") && !data.contains(PASSWORD),
        "only its hash is kept"
    );
    assert!(!log::holds(PASSWORD));
}

#[tokio::test(start_paused = true)]
async fn who_has_a_seat_in_a_locked_game_session_comes_back_without_the_password() {
    let harness = Harness::new();
    let (ann, bob, eve) = (harness.guest().await, harness.guest().await, harness.guest().await);
    let id = locked(&ann).await;
    let first = bob.join_with(&id, PASSWORD).await.seat();
    harness.fake.set_seats(PlayerSessionStatus::Active);
    for again in [bob.join(&id).await, bob.at(&harness.another_instance()).join(&id).await] {
        assert_eq!(again.seat().player_session_id, first.player_session_id);
    }
    assert_eq!(eve.join(&id).await.code(), ErrorCode::WrongPassword);
    harness.fake.set_seats(PlayerSessionStatus::Completed);
    assert_eq!(bob.join(&id).await.code(), ErrorCode::WrongPassword, "the seat is over");
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_and_wrong_passwords_count_together() {
    let harness = Harness::new();
    let (ann, eve) = (harness.guest().await, harness.guest().await);
    let id = locked(&ann).await;
    for _ in 0..9 {
        assert_eq!(eve.join_by_code("AAAAAAAA").await.code(), ErrorCode::NotFound);
    }
    assert_eq!(eve.join_with(&id, "wrong").await.code(), ErrorCode::WrongPassword);
    assert_eq!(eve.join_with(&id, PASSWORD).await.code(), ErrorCode::Throttled);
}

#[tokio::test(start_paused = true)]
async fn a_retry_with_the_same_password_is_the_same_call_and_with_another_one_a_mismatch() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let id = locked(&ann).await;
    assert_eq!(locked(&ann.at(&harness.another_instance())).await, id);
    let [first, again] = harness.fake.requests().try_into().unwrap();
    assert_eq!(first, again);
    let mut other = body();
    for password in [json!("another"), json!(null)] {
        other["password"] = password;
        let answer = ann.create_with("click-1", "20", other.clone()).await;
        assert_eq!(answer.code(), ErrorCode::IdempotencyMismatch);
    }
    for wrong in [json!(""), json!("x".repeat(65)), json!(7)] {
        other["password"] = wrong;
        assert_eq!(
            ann.create_with("click-2", "20", other.clone()).await.code(),
            ErrorCode::InvalidRequest
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_quick_join_does_not_lead_into_a_locked_game_session() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = locked(&ann).await;
    let answer = bob.quick_join("click-2").await;
    assert_eq!(answer.status, StatusCode::CREATED);
    assert_ne!(answer.seat().game_session.id, id);
}

#[tokio::test(start_paused = true)]
async fn only_allowed_property_keys_are_taken() {
    let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
    let harness = Harness::configured(Fake::new(NOW_MS), ring, |config| {
        config.property_keys(["map".to_owned()])
    });
    let ann = harness.guest().await;
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    let mut other = body();
    other["properties"] = json!({"mode": "x"});
    assert_eq!(
        ann.create_with("click-2", "20", other.clone()).await.code(),
        ErrorCode::InvalidRequest
    );
    assert_eq!(
        ann.update(&id, json!({"properties": {"mode": "x"}})).await.code(),
        ErrorCode::InvalidRequest
    );
    assert_eq!(ann.browse("?property.mode=x").await.code(), ErrorCode::InvalidRequest);
    let quick = ann.send("POST", "/v1/quick-join", Some("click-3"), Some(other)).await;
    assert_eq!(quick.code(), ErrorCode::InvalidRequest);
    assert_eq!(ann.page("?property.map=x").await.game_sessions.len(), 1);
}
