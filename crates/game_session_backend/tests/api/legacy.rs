//! The original system's HTTP contract: its fields, its limits, and that it is off.

use std::collections::BTreeSet;

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use game_session_backend::gamelift::GameLiftErrorKind;
use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Keyring};
use game_session_protocol::{GameSessionPage, Seat};
use gamelift_emulator::{Emulator, EmulatorConfig};
use gamelift_server_sdk::Event;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::socket::Stack;
use crate::support::client::NOW_MS;
use crate::support::{Activation, Fake, Harness};

const FORMS: [&str; 2] = ["", "_local"];

fn on() -> Harness {
    let ring = Keyring::new_key_text("k1").parse().unwrap();
    Harness::configured(Fake::new(NOW_MS), ring, BackendConfig::original_contract)
}

async fn ask(router: &Router, method: Method, path: &str, body: Option<Value>) -> (StatusCode, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let answer = router.clone().oneshot(request.body(body).unwrap()).await.unwrap();
    let status = answer.status();
    let bytes = answer.into_body().collect().await.unwrap().to_bytes();
    for secret in [
        "GameSessionData",
        "MatchmakerData",
        "CreatorId",
        "arn:aws:gamelift:us-east-1::gamesession",
    ] {
        assert!(
            !String::from_utf8_lossy(&bytes).contains(secret),
            "{secret} in an answer of {path}"
        );
    }
    (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

async fn create(harness: &Harness, form: &str) -> (StatusCode, Value) {
    let body =
        json!({ "session_name": "Sam's Session", "build_id": 1_234_567.0, "uuid": "SAM-0A1B", "num_connections": 4 });
    ask(
        &harness.router,
        Method::POST,
        &format!("/create_session{form}"),
        Some(body),
    )
    .await
}

async fn find(harness: &Harness, form: &str) -> Value {
    let (status, found) = ask(&harness.router, Method::GET, &format!("/find_session{form}"), None).await;
    assert_eq!(status, StatusCode::OK, "{found}");
    found
}

async fn join(harness: &Harness, form: &str, id: &Value) -> (StatusCode, Value) {
    let body = json!({ "GameSessionId": id, "uuid": "KIM-77" });
    ask(
        &harness.router,
        Method::POST,
        &format!("/join_session{form}"),
        Some(body),
    )
    .await
}

fn fields(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test(start_paused = true)]
async fn the_original_client_creates_finds_and_joins_with_the_fields_it_knows() {
    let seat = BTreeSet::from([
        "PlayerSessionId",
        "PlayerId",
        "GameSessionId",
        "FleetId",
        "FleetArn",
        "CreationTime",
        "Status",
        "IpAddress",
        "Port",
    ]);
    let session = BTreeSet::from([
        "GameSessionId",
        "Name",
        "FleetId",
        "FleetArn",
        "CreationTime",
        "CurrentPlayerSessionCount",
        "MaximumPlayerSessionCount",
        "Status",
        "GameProperties",
        "IpAddress",
        "Port",
        "PlayerSessionCreationPolicy",
    ]);
    for form in FORMS {
        let harness = on();
        let (status, made) = create(&harness, form).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert_eq!(fields(&made), seat);
        assert_eq!(
            (&made["PlayerId"], &made["Status"]),
            (&json!("SAM-0A1B"), &json!("RESERVED"))
        );
        assert_eq!((&made["IpAddress"], &made["Port"]), (&json!("127.0.0.1"), &json!(7000)));
        assert_eq!(made["FleetId"], "fleet-1");
        let found = find(&harness, form).await;
        assert_eq!(found.as_array().unwrap().len(), 1);
        assert_eq!(fields(&found[0]), session);
        assert_eq!(
            (&found[0]["Name"], &found[0]["MaximumPlayerSessionCount"]),
            (&json!("Sam's Session"), &json!(4))
        );
        assert_eq!(
            (&found[0]["CurrentPlayerSessionCount"], &found[0]["GameProperties"]),
            (&json!(1), &json!([]))
        );
        assert_eq!(found[0]["GameSessionId"], made["GameSessionId"]);
        let (status, seated) = join(&harness, form, &found[0]["GameSessionId"]).await;
        assert_eq!((status, fields(&seated)), (StatusCode::OK, seat.clone()), "{seated}");
        assert_ne!(seated["PlayerSessionId"], made["PlayerSessionId"]);
    }
}

#[tokio::test]
async fn the_routes_are_not_there_unless_they_are_turned_on_which_is_told_loudly() {
    let harness = Harness::new();
    for form in FORMS {
        assert_eq!(create(&harness, form).await.0, StatusCode::NOT_FOUND);
        assert_eq!(join(&harness, form, &json!("x")).await.0, StatusCode::NOT_FOUND);
        let found = ask(&harness.router, Method::GET, &format!("/find_session{form}"), None).await;
        assert_eq!(found.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(harness.fake.calls(), Vec::<&str>::new());
    drop(on());
    assert!(crate::support::log::holds_together(
        "WARN",
        "the original HTTP contract is on"
    ));
}

#[tokio::test(start_paused = true)]
async fn a_ticketed_game_session_is_neither_found_nor_joined_nor_the_other_way_round() {
    let harness = on();
    let owner = harness.guest().await;
    let ticketed = owner.create("click-1", "5").await.seat();
    assert_eq!(find(&harness, "").await, json!([]));
    let seats = harness.fake.seats().len();
    let (status, refused) = join(&harness, "", &json!(ticketed.game_session.id.as_str())).await;
    assert_eq!(status, StatusCode::NOT_FOUND, "{refused}");
    assert_eq!(harness.fake.seats().len(), seats, "nothing was reserved");
    let (_, made) = create(&harness, "").await;
    let id = made["GameSessionId"].as_str().unwrap();
    let path = format!("/v1/game-sessions/{id}/seat");
    let status = owner.send("GET", &path, None, None).await.status;
    assert_eq!(status, StatusCode::NOT_FOUND, "version 1 knows nothing of it");
    tokio::time::advance(std::time::Duration::from_secs(2)).await;
    assert_eq!(find(&harness, "").await.as_array().unwrap().len(), 1, "only its own");
}

#[tokio::test(start_paused = true)]
async fn a_forged_id_a_bad_body_and_a_session_that_is_full_are_refused_with_the_field_that_the_client_reads() {
    let harness = on();
    for (path, body) in [
        (
            "/join_session",
            json!({ "GameSessionId": "arn:aws:gamelift:us-east-1::x", "uuid": "KIM" }),
        ),
        ("/join_session", json!({ "GameSessionId": "k1.AAAA", "uuid": "KIM" })),
        ("/join_session", json!({ "uuid": "KIM" })),
        (
            "/create_session",
            json!({ "session_name": "", "uuid": "SAM", "num_connections": 2 }),
        ),
        (
            "/create_session",
            json!({ "session_name": "A", "uuid": "", "num_connections": 2 }),
        ),
        (
            "/create_session",
            json!({ "session_name": "A", "uuid": "SAM", "num_connections": 2.5 }),
        ),
        (
            "/create_session",
            json!({ "session_name": "A", "uuid": "SAM", "num_connections": 201 }),
        ),
        ("/create_session", json!("A")),
    ] {
        let (status, answer) = ask(&harness.router, Method::POST, path, Some(body)).await;
        assert!(
            status == StatusCode::BAD_REQUEST || status == StatusCode::NOT_FOUND,
            "{path}: {answer}"
        );
        assert!(
            answer["error"].as_str().is_some_and(|text| !text.is_empty()),
            "{answer}"
        );
    }
    assert_eq!(harness.fake.calls(), Vec::<&str>::new(), "GameLift was not asked");
    let (_, made) = create(&harness, "").await;
    harness.fake.fail_next("CreatePlayerSession", GameLiftErrorKind::Full);
    let (status, full) = join(&harness, "", &made["GameSessionId"]).await;
    assert_eq!(
        (status, &full["error"]),
        (StatusCode::CONFLICT, &full["message"]),
        "{full}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_activate_is_an_answer_in_time_and_not_a_hang() {
    let harness = on();
    harness.fake.activation(Activation::Never);
    let (status, answer) = create(&harness, "").await;
    assert_eq!(
        (status, &answer["code"]),
        (StatusCode::SERVICE_UNAVAILABLE, &json!("activation_failed"))
    );
    assert!(
        harness.fake.calls().contains(&"TerminateGameSession"),
        "it is not left behind"
    );
    assert!(harness.fake.calls().len() < 20, "{:?}", harness.fake.calls());
}

#[tokio::test]
async fn an_old_endpoint_serves_a_rotated_keyring_and_every_order_of_a_list() {
    let emulator = Emulator::start(EmulatorConfig::default().legacy()).await.unwrap();
    let ring = format!("{},{}", Keyring::new_key_text("k2"), Keyring::new_key_text("k1"));
    let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()))
        .fleet(FleetTarget::new("fleet-123"))
        .legacy_endpoint()
        .keyring(ring.parse().unwrap());
    let backend = Backend::start(config).await.unwrap();
    let stack = Stack { emulator, backend };
    let ann = stack.guest().await;
    for (name, seats) in [("b", 1), ("a", 2), ("c", 0)] {
        let server = stack.process(name).await;
        tokio::spawn(async move {
            while let Some(event) = server.next_event().await {
                if let Event::StartGameSession(_) = event {
                    server.activate_game_session().await.unwrap();
                }
            }
        });
        let body = json!({"name": name, "max_players": 4, "build": "v1"});
        let create = ann.post("/v1/game-sessions?wait=20").header("idempotency-key", name);
        let made: Seat = create.json(&body).send().await.unwrap().json().await.unwrap();
        let join = format!("/v1/game-sessions/{}/player-sessions", made.game_session.id);
        for _ in 0..seats {
            let join = stack.guest().await.post(&join).json(&json!({"build": "v1"}));
            assert_eq!(join.send().await.unwrap().status(), StatusCode::OK);
        }
    }
    for (order, expected) in [
        ("newest", ["c", "a", "b"]),
        ("oldest", ["b", "a", "c"]),
        ("most_players", ["a", "b", "c"]),
        ("fewest_players", ["c", "b", "a"]),
        ("name", ["a", "b", "c"]),
    ] {
        let list = ann.http.get(format!("{}/v1/game-sessions?sort={order}", ann.url));
        let page: GameSessionPage = ann.signed(list).send().await.unwrap().json().await.unwrap();
        let names: Vec<_> = page.game_sessions.into_iter().map(|it| it.name).collect();
        assert_eq!(names, expected, "{order}");
    }
    let quick = ann.post("/v1/quick-join").header("idempotency-key", "quick");
    let quick = quick.json(&json!({"name": "d", "max_players": 4, "build": "v1"}));
    assert_eq!(quick.send().await.unwrap().status(), StatusCode::OK);
}
