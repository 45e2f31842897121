//! What holds for every route: who may ask, the shape of refusals, bounds, and GameLift's errors as stable codes.

use std::time::Duration;

use crate::support::client::{NOW_MS, body};
use crate::support::{Activation, Fake, Harness};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use game_session_backend::gamelift::GameLiftErrorKind as Kind;
use game_session_backend::{Keyring, Limits, Rate};
use game_session_protocol::ErrorCode;
use game_session_protocol::requests::GuestIdentity;
use serde_json::{Value, json};

#[tokio::test]
async fn a_guest_is_a_new_player_with_a_token_that_ends() {
    let limits = Limits::default().access_token_life(Duration::from_mins(10));
    let harness = Harness::with_limits(limits);
    let answer = harness.anonymous().send("POST", "/v1/guests", None, None).await;
    let guest: GuestIdentity = answer.json();
    assert_eq!(guest.expires_at, NOW_MS / 1000 + 600);
    let ann = harness.guest().await;
    assert_ne!(guest.player_id.as_str(), ann.player_id());
    assert_eq!(ann.browse("").await.status, StatusCode::OK);
    harness.clock.advance(Duration::from_mins(10));
    assert_eq!(ann.browse("").await.code(), ErrorCode::Unauthorized);
}

#[tokio::test]
async fn no_route_but_guests_answers_without_a_token_and_nothing_reaches_gamelift() {
    let harness = Harness::new();
    let foreign = Harness::over(Fake::new(NOW_MS), Keyring::random(), Limits::default())
        .guest()
        .await;
    let nobody = harness.anonymous();
    for client in [nobody.clone(), nobody.with_token("junk"), foreign.at(&harness)] {
        for (method, path) in [
            ("POST", "/v1/game-sessions"),
            ("GET", "/v1/game-sessions"),
            ("GET", "/v1/game-sessions/x/seat"),
            ("POST", "/v1/game-sessions/x/player-sessions"),
            ("POST", "/v1/quick-join"),
            ("PATCH", "/v1/game-sessions/x"),
            ("DELETE", "/v1/game-sessions/x"),
        ] {
            let answer = client.send(method, path, Some("click"), Some(body())).await;
            assert_eq!(answer.code(), ErrorCode::Unauthorized, "{method} {path}");
        }
    }
    assert!(harness.fake.calls().is_empty());
}

#[tokio::test]
async fn unknown_routes_and_methods_are_refused_in_the_same_shape() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    for path in ["/", "/v1", "/v2/guests", "/create_session", "/v1/game-sessions/"] {
        assert_eq!(
            ann.send("GET", path, None, None).await.code(),
            ErrorCode::NotFound,
            "{path}"
        );
    }
    let answer = ann.send("DELETE", "/v1/guests", None, None).await;
    assert_eq!(answer.code(), ErrorCode::MethodNotAllowed);
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[tokio::test]
async fn a_forged_id_is_not_found_before_gamelift_is_asked() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    for id in ["x", "k1.AAAA", "arn:aws:gamelift", "%FF", "..%2F..", &"a".repeat(600)] {
        let path = format!("/v1/game-sessions/{id}");
        for answer in [
            ann.send("GET", &format!("{path}/seat"), None, None).await,
            ann.send(
                "POST",
                &format!("{path}/player-sessions"),
                None,
                Some(json!({"build": "v1"})),
            )
            .await,
            ann.send("DELETE", &path, None, None).await,
        ] {
            assert_eq!(answer.code(), ErrorCode::NotFound, "{id}");
        }
    }
    assert!(harness.fake.calls().is_empty());
}

#[tokio::test]
async fn a_body_out_of_bounds_is_refused_before_gamelift_is_asked() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let with = |field: &str, value: Value| {
        let mut body = body();
        body[field] = value;
        body
    };
    let fifteen: serde_json::Map<_, _> = (0..15).map(|n| (format!("k{n}"), json!("v"))).collect();
    for wrong in [
        json!(null),
        json!([]),
        json!({}),
        with("player_id", json!("me")),
        with("uuid", json!("me")),
        with("name", json!("")),
        with("name", json!("   ")),
        with("name", json!("a\u{7}b")),
        with("name", json!("x".repeat(65))),
        with("max_players", json!(0)),
        with("max_players", json!(201)),
        with("max_players", json!(-1)),
        with("build", json!("v 1")),
        with("privacy", json!("secret")),
        with("properties", json!({"gs_listed": "1"})),
        with("properties", json!({"a.b": "1"})),
        with("properties", json!({"a": "x".repeat(97)})),
        with("properties", json!({"a": ""})),
        with("properties", Value::Object(fifteen)),
    ] {
        let answer = ann.create_with("click-1", "0", wrong.clone()).await;
        assert_eq!(answer.code(), ErrorCode::InvalidRequest, "{wrong}");
    }
    for (click, path) in [
        (None, "/v1/game-sessions"),
        (Some("a b"), "/v1/game-sessions"),
        (Some("click"), "/v1/game-sessions?wait=-1"),
        (Some("click"), "/v1/game-sessions?wait=NaN"),
        (Some("click"), "/v1/game-sessions?wait=1&wait=2"),
        (Some("click"), "/v1/game-sessions?who=me"),
    ] {
        let answer = ann.send("POST", path, click, Some(body())).await;
        assert_eq!(answer.code(), ErrorCode::InvalidRequest, "{path}");
    }
    for query in [
        "?limit=0",
        "?limit=21",
        "?limit=x",
        "?build=a%20b",
        "?who=me",
        "?build=a&build=b",
    ] {
        assert_eq!(ann.browse(query).await.code(), ErrorCode::InvalidRequest, "{query}");
    }
    assert!(harness.fake.calls().is_empty());
}

#[tokio::test]
async fn a_body_that_is_too_large_or_no_json_is_refused() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let mut large = body();
    large["name"] = json!("x".repeat(17 * 1024));
    assert_eq!(ann.create_with("click-1", "0", large).await.code(), ErrorCode::TooLarge);
    for kind in ["text/plain", ""] {
        let token = harness
            .anonymous()
            .send("POST", "/v1/guests", None, None)
            .await
            .json::<GuestIdentity>();
        let request = Request::post("/v1/game-sessions")
            .header("authorization", format!("Bearer {}", token.access_token.expose()))
            .header("idempotency-key", "click")
            .header("content-type", kind)
            .body(Body::from(body().to_string()))
            .unwrap();
        assert_eq!(ann.raw(request).await.code(), ErrorCode::InvalidRequest);
    }
}

#[tokio::test(start_paused = true)]
async fn every_error_of_gamelift_comes_out_of_a_create_as_a_stable_code() {
    let table = [
        (Kind::NoCapacity, ErrorCode::NoCapacity, Some("5")),
        (Kind::Throttled, ErrorCode::Throttled, Some("2")),
        (Kind::LimitExceeded, ErrorCode::Throttled, Some("1")),
        (Kind::Conflict, ErrorCode::Unavailable, Some("2")),
        (Kind::ParameterMismatch, ErrorCode::IdempotencyMismatch, None),
        (Kind::NotFound, ErrorCode::Unavailable, Some("30")),
        (Kind::WrongFleetStatus, ErrorCode::Unavailable, Some("30")),
        (Kind::NotReady, ErrorCode::Unavailable, Some("30")),
        (Kind::AliasEnds, ErrorCode::Unavailable, Some("30")),
        (Kind::Unauthorized, ErrorCode::Unavailable, Some("30")),
        (Kind::WrongRegion, ErrorCode::Unavailable, Some("30")),
        (Kind::InvalidRequest, ErrorCode::Internal, None),
        (Kind::Internal, ErrorCode::Unavailable, Some("2")),
        (Kind::Unreachable, ErrorCode::Unavailable, Some("2")),
        (Kind::TimedOut, ErrorCode::TimedOut, None),
    ];
    for (kind, code, retry_after) in table {
        let harness = Harness::new();
        harness.fake.fail_always("CreateGameSession", Some(kind));
        let answer = harness.guest().await.create("click-1", "20").await;
        assert_eq!(
            (answer.code(), answer.header("retry-after")),
            (code, retry_after),
            "{kind:?}"
        );
        harness.fake.fail_always("CreateGameSession", None);
    }
}

#[tokio::test(start_paused = true)]
async fn every_error_of_gamelift_comes_out_of_a_join_as_a_stable_code() {
    let table = [
        (Kind::NotFound, ErrorCode::NotFound),
        (Kind::Full, ErrorCode::SessionFull),
        (Kind::WrongSessionStatus, ErrorCode::NotAccepting),
        (Kind::Throttled, ErrorCode::Throttled),
        (Kind::Unauthorized, ErrorCode::Unavailable),
        (Kind::Internal, ErrorCode::Unavailable),
        (Kind::InvalidRequest, ErrorCode::Internal),
        (Kind::TimedOut, ErrorCode::TimedOut),
    ];
    let harness = Harness::new();
    let id = harness
        .guest()
        .await
        .create("click-1", "20")
        .await
        .seat()
        .game_session
        .id;
    for (kind, code) in table {
        harness.fake.fail_always("CreatePlayerSession", Some(kind));
        assert_eq!(harness.guest().await.join(&id).await.code(), code, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_by_itself_is_repeated_and_a_creators_limit_is_not() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    harness.fake.fail_next("CreateGameSession", Kind::Throttled);
    harness.fake.fail_next("CreateGameSession", Kind::Internal);
    assert_eq!(ann.create("click-1", "20").await.status, StatusCode::CREATED);
    harness.fake.forget_calls();
    harness.fake.fail_next("CreateGameSession", Kind::LimitExceeded);
    assert_eq!(ann.create("click-2", "20").await.code(), ErrorCode::Throttled);
    assert_eq!(harness.fake.calls(), ["CreateGameSession"]);
}

#[tokio::test(start_paused = true)]
async fn a_player_who_asks_too_often_is_told_to_wait() {
    let harness = Harness::with_limits(Limits::default().per_player(Rate {
        burst: 3,
        per_second: 1,
    }));
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    for _ in 0..3 {
        assert_eq!(ann.browse("").await.status, StatusCode::OK);
    }
    let answer = ann.browse("").await;
    assert_eq!(
        (answer.code(), answer.header("retry-after")),
        (ErrorCode::Throttled, Some("1"))
    );
    assert_eq!(bob.browse("").await.status, StatusCode::OK, "others are not held up");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(ann.browse("").await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_asks_too_often_is_told_to_wait_also_for_guests() {
    let harness = Harness::with_limits(Limits::default().per_address(Rate {
        burst: 3,
        per_second: 1,
    }));
    let here = harness.anonymous().from("192.0.2.1");
    for _ in 0..3 {
        assert_eq!(
            here.send("POST", "/v1/guests", None, None).await.status,
            StatusCode::CREATED
        );
    }
    let answer = here.send("POST", "/v1/guests", None, None).await;
    assert_eq!(
        (answer.code(), answer.header("retry-after")),
        (ErrorCode::Throttled, Some("1"))
    );
    let there = harness.anonymous().from("192.0.2.2");
    assert_eq!(
        there.send("POST", "/v1/guests", None, None).await.status,
        StatusCode::CREATED
    );
}

#[tokio::test(start_paused = true)]
async fn requests_in_progress_are_bounded() {
    let harness = Harness::with_limits(Limits::default().concurrent_requests(1));
    harness.fake.activation(Activation::Never);
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let waiting = tokio::spawn(async move { ann.create("click-1", "20").await.placing() });
    while harness.fake.calls().is_empty() {
        tokio::task::yield_now().await;
    }
    assert_eq!(bob.browse("").await.code(), ErrorCode::Unavailable);
    assert_eq!(bob.send("GET", "/healthz", None, None).await.status, StatusCode::OK);
    waiting.await.unwrap();
    assert_eq!(bob.browse("").await.status, StatusCode::OK);
}
