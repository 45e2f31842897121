//! The rows of the OWASP API Security Top 10 (2023) that apply, a test each.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use game_session_backend::gamelift::PlayerSessionStatus;
use game_session_backend::shared_state::InMemoryState;
use game_session_backend::{AwsTarget, Backend, BackendConfig, Clock, FleetTarget, Keyring, Limits, QueueTarget, Rate};
use game_session_protocol::ErrorCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::client::{NOW_MS, body};
use crate::support::{Activation, Fake, Harness};

#[tokio::test(start_paused = true)]
async fn api1_nobody_reads_changes_or_ends_what_is_anothers() {
    let harness = Harness::new();
    let (ann, eve) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    assert_eq!(eve.end(&id).await.code(), ErrorCode::Forbidden);
    assert_eq!(
        eve.update(&id, json!({"name": "mine"})).await.code(),
        ErrorCode::Forbidden
    );
    assert_eq!(eve.join_code(&id).await.code(), ErrorCode::Forbidden);
    assert_eq!(eve.seat(&id, "0").await.code(), ErrorCode::NotFound);
    assert_eq!(
        eve.create("click-1", "20").await.status,
        StatusCode::CREATED,
        "her own, though the key is the same"
    );
    assert_eq!(harness.fake.statuses().len(), 2);
}

#[tokio::test]
async fn api2_a_player_is_who_the_token_says_and_nothing_else() {
    let harness = Harness::new();
    let (ann, eve) = (harness.guest().await, harness.guest().await);
    for field in ["player_id", "uuid", "owner", "sub"] {
        let mut forged = body();
        forged[field] = json!(ann.player_id());
        assert_eq!(
            eve.create_with("click-1", "0", forged).await.code(),
            ErrorCode::InvalidRequest
        );
    }
    let in_url = format!("/v1/game-sessions?access_token={}", ann.refresh_token());
    assert_eq!(
        harness.anonymous().send("GET", &in_url, None, None).await.code(),
        ErrorCode::Unauthorized
    );
}

#[tokio::test(start_paused = true)]
async fn api3_answers_hold_only_what_they_should() {
    let harness = Harness::new();
    let ann = harness.guest().await;
    let seat: Value = ann.create("click-1", "20").await.json();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        keys(&seat),
        ["address", "game_session", "player_session_id", "ticket", "timings"]
    );
    let listed: Value = ann.browse("").await.json();
    let seen = [
        "build",
        "current_players",
        "id",
        "max_players",
        "name",
        "owner",
        "policy",
        "properties",
    ];
    assert_eq!(keys(&seat["game_session"]), seen);
    assert_eq!(
        keys(&listed["game_sessions"][0]),
        seen,
        "no address before there is a seat"
    );
}

#[tokio::test(start_paused = true)]
async fn api4_and_api6_one_player_holds_one_seat_and_asks_so_often_only() {
    let rate = Rate {
        burst: 20,
        per_second: 1,
    };
    let harness = Harness::with_limits(Limits::default().per_player(rate));
    let (ann, bot) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    for _ in 0..20 {
        bot.join(&id).await.seat();
    }
    assert_eq!(bot.join(&id).await.code(), ErrorCode::Throttled);
    let live = |status| matches!(status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active);
    let seats = harness.fake.seats();
    assert_eq!(
        seats
            .iter()
            .filter(|it| it.player == bot.player_id() && live(it.status))
            .count(),
        1
    );
}

#[tokio::test(start_paused = true)]
async fn api4_in_queue_mode_one_player_makes_so_many_game_sessions_only_at_all_instances_together() {
    const PERIOD: Duration = Duration::from_mins(10);
    let (fake, clock, rows) = (
        Fake::new(NOW_MS),
        Clock::fixed(NOW_MS),
        Arc::new(InMemoryState::default()),
    );
    fake.activation(Activation::AtOnce);
    let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
    let config = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .keyring(ring.clone())
        .queue(QueueTarget::new("arena"))
        .shared_state(rows)
        .limits(Limits::default().creates_per_player(2, PERIOD));
    let instance = || {
        Harness::asking(
            Arc::new(fake.clone()),
            fake.clone(),
            ring.clone(),
            clock.clone(),
            &config,
        )
    };
    let (here, there) = (instance(), instance());
    let (ann, bob) = (here.guest().await, here.guest().await);
    ann.create("click-1", "20").await.seat();
    ann.at(&there).create("click-2", "20").await.seat();
    for instance in [&here, &there] {
        let refused = ann.at(instance).create("click-3", "20").await;
        assert_eq!(refused.code(), ErrorCode::Throttled);
        let pause: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=PERIOD.as_secs()).contains(&pause), "{pause}");
    }
    ann.at(&there).create("click-1", "20").await.seat();
    bob.create("click-1", "20").await.seat();
    assert_eq!(fake.statuses().len(), 3, "a click that came before makes nothing");
    clock.advance(PERIOD);
    ann.refreshed().await.create("click-3", "20").await.seat();
}

#[tokio::test]
async fn api5_there_are_no_routes_for_operators() {
    let ann = Harness::new().guest().await;
    for path in ["/admin", "/v1/fleets", "/v1/players", "/metrics", "/debug", "/control"] {
        assert_eq!(
            ann.send("GET", path, None, None).await.code(),
            ErrorCode::NotFound,
            "{path}"
        );
    }
}

#[tokio::test]
async fn api7_nothing_that_a_caller_sends_makes_the_backend_call_an_address() {
    // Whoever listens here hears of a call.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let harness = Harness::new();
    let ann = harness.guest().await;
    for header in [
        json!({"alg": "EdDSA", "typ": "JWT", "kid": url, "jku": url, "x5u": url}),
        json!({"alg": "RS256", "typ": "JWT", "kid": "k1-0", "jku": format!("{url}/jwks.json")}),
    ] {
        let part = |value: &Value| data_encoding::BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let claims = json!({"iss": url, "aud": url, "sub": ann.player_id(), "exp": 4_000_000_000_u64});
        let token = format!("{}.{}.{}", part(&header), part(&claims), "A".repeat(86));
        assert_eq!(ann.with_token(&token).browse("").await.code(), ErrorCode::Unauthorized);
    }
    for field in ["endpoint", "callback", "webhook", "url"] {
        let mut order = body();
        order[field] = json!(url);
        assert_eq!(
            ann.create_with("click-1", "0", order).await.code(),
            ErrorCode::InvalidRequest
        );
    }
    // Where an address may stand it is text.
    let mut named = body();
    named["name"] = json!(url);
    named["properties"] = json!({"map": url});
    ann.create_with("click-2", "0", named).await.placing();
    let host = Request::get("/v1/game-sessions")
        .header("host", url.trim_start_matches("http://"))
        .header("x-forwarded-host", &url)
        .body(Body::empty())
        .unwrap();
    assert_eq!(ann.raw(host).await.code(), ErrorCode::Unauthorized);
    let called = tokio::time::timeout(Duration::from_millis(200), listener.accept()).await;
    assert!(called.is_err(), "the backend called an address that a caller named");
}

#[tokio::test]
async fn api8_unsafe_configurations_do_not_start_and_no_page_of_another_origin_is_let_in() {
    let open = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .fleet(FleetTarget::new("fleet-1"))
        .listen("0.0.0.0:0".parse().unwrap())
        .keyring(Keyring::random());
    let refused = Backend::start(open).await.unwrap_err().to_string();
    assert!(refused.contains("needs a lasting keyring"), "{refused}");
    for zero in ["k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "", "k1:c2hvcnQ="] {
        assert!(zero.parse::<Keyring>().is_err(), "{zero}");
    }
    let ann = Harness::new().guest().await;
    for (method, asks_for) in [("GET", None), ("POST", None), ("OPTIONS", Some("POST"))] {
        let mut request = Request::builder()
            .method(method)
            .uri("/v1/guests")
            .header("origin", "https://evil.example");
        if let Some(asked) = asks_for {
            request = request
                .header("access-control-request-method", asked)
                .header("access-control-request-headers", "authorization, idempotency-key");
        }
        let answer = ann.raw(request.body(Body::empty()).unwrap()).await;
        let cors = |name: &axum::http::HeaderName| name.as_str().starts_with("access-control");
        assert!(
            !answer.headers.keys().any(cors),
            "{method}: the page may not read the answer"
        );
        assert_eq!(
            answer.status.is_success(),
            method == "POST",
            "{method}: no preflight succeeds"
        );
    }
}

#[tokio::test]
async fn api9_only_version_1_answers_and_the_original_routes_are_gone() {
    let ann = Harness::new().guest().await;
    for path in [
        "/create_session",
        "/find_session",
        "/join_session",
        "/create_session_local",
        "/v2/game-sessions",
    ] {
        assert_eq!(
            ann.send("POST", path, None, Some(json!({}))).await.code(),
            ErrorCode::NotFound,
            "{path}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn api10_what_the_orchestrator_says_is_checked() {
    let harness = Harness::new();
    let (ann, bob) = (harness.guest().await, harness.guest().await);
    let id = ann.create("click-1", "20").await.seat().game_session.id;
    for address in [None, Some(""), Some("not an address"), Some("999.1.1.1")] {
        harness
            .fake
            .change(|record| record.ip_address = address.map(str::to_owned));
        assert_eq!(bob.join(&id).await.code(), ErrorCode::Internal, "{address:?}");
    }
}
