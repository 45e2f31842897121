//! Bounds that no caller gets around: searches, bodies, addresses, and what may be changed.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Request, StatusCode};
use futures_util::{StreamExt as _, stream};
use game_session_backend::gamelift::GameLiftErrorKind;
use game_session_backend::{Limits, Rate};
use game_session_protocol::ErrorCode;
use serde_json::json;

use crate::support::Harness;
use crate::support::client::body;

#[tokio::test(start_paused = true)]
async fn however_much_changes_a_question_is_searched_for_four_times_a_second() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let mut large = body();
    large["max_players"] = json!(200);
    let id = ann.create_with("click-1", "20", large).await.seat().game_session.id;
    harness.fake.forget_calls();
    for _ in 0..40 {
        harness.guest().await.join(&id).await.seat();
        assert_eq!(bob.page("?build=v1").await.game_sessions.len(), 1);
        tokio::time::advance(Duration::from_millis(25)).await;
    }
    let calls = harness.fake.calls();
    assert_eq!(calls.iter().filter(|call| **call == "SearchGameSessions").count(), 4);
    tokio::time::advance(Duration::from_millis(225)).await;
    assert_eq!(bob.page("?build=v1").await.game_sessions[0].current_players, 41);
}

#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_within_ten_seconds_is_waited_for_no_longer() {
    let harness = Harness::new();
    let started = tokio::time::Instant::now();
    let request = Request::post("/v1/guests/refresh").header("content-type", "application/json");
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"{"))]);
    let body = Body::from_stream(begun.chain(stream::pending()));
    let answer = harness.anonymous().raw(request.body(body).unwrap()).await;
    assert_eq!(answer.code(), ErrorCode::TimedOut);
    assert_eq!(started.elapsed(), Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn all_addresses_of_one_network_share_the_limit_of_an_address() {
    let two = Rate {
        burst: 2,
        per_second: 1,
    };
    let harness = Harness::with_limits(Limits::default().per_address(two));
    let status = async |address: &str| {
        let client = harness.anonymous().from(address);
        client.send("GET", "/.well-known/jwks.json", None, None).await.status
    };
    assert_eq!(status("2001:db8:1:2::1").await, StatusCode::OK);
    assert_eq!(status("2001:db8:1:2:ffff::2").await, StatusCode::OK);
    assert_eq!(status("2001:db8:1:2::3").await, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(status("2001:db8:1:3::1").await, StatusCode::OK);
    for address in ["192.0.2.1", "::ffff:192.0.2.1"] {
        assert_eq!(status(address).await, StatusCode::OK);
    }
    assert_eq!(status("192.0.2.1").await, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn wrong_codes_from_one_network_count_together() {
    let many = Rate {
        burst: 1_000,
        per_second: 1_000,
    };
    let harness = Harness::with_limits(Limits::default().per_address(many));
    for host in 0..10 {
        let eve = harness.guest().await.from(&format!("2001:db8::{host}"));
        assert_eq!(eve.join_by_code("AAAAAAAA").await.code(), ErrorCode::NotFound);
    }
    let another = harness.guest().await;
    let refused = another.from("2001:db8::ffff:ffff").join_by_code("AAAAAAAA").await;
    assert_eq!(refused.code(), ErrorCode::Throttled);
    let elsewhere = another.from("2001:db8:0:1::1").join_by_code("AAAAAAAA").await;
    assert_eq!(elsewhere.code(), ErrorCode::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_gamelift_would_refuse_is_a_typed_refusal() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    bob.join(&id).await.seat();
    let keys = |count: usize| {
        let properties = (0..count).map(|key| (format!("key-{key}"), json!("x")));
        json!({"properties": properties.collect::<serde_json::Map<_, _>>()})
    };
    assert_eq!(ann.update(&id, keys(13)).await.status, StatusCode::OK);
    let refused = ann.update(&id, json!({"properties": {"one-more": "x"}})).await;
    assert_eq!(refused.code(), ErrorCode::InvalidRequest);
    assert_eq!(ann.update(&id, keys(13)).await.status, StatusCode::OK, "no key is new");
    let refused = ann.update(&id, json!({"max_players": 1})).await;
    assert_eq!(refused.code(), ErrorCode::NotAccepting);
    assert_eq!(ann.update(&id, json!({"max_players": 2})).await.status, StatusCode::OK);
    // Someone was quicker.
    harness
        .fake
        .fail_next("UpdateGameSession", GameLiftErrorKind::InvalidRequest);
    let refused = ann.update(&id, json!({"max_players": 2})).await;
    assert_eq!(refused.code(), ErrorCode::NotAccepting);
}
