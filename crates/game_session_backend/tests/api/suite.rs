//! The contract: one list of requests and expected answers with every error code, against the router in process and the
//! plain server on a socket.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use game_session_backend::gamelift::{GameLiftErrorKind as Kind, GameSessionStatus};
use game_session_backend::{AppState, AwsTarget, Backend, BackendConfig, Clock, Keyring, Limits, Rate, app};
use game_session_protocol::requests::GuestIdentity;
use game_session_protocol::{ErrorBody, ErrorCode, GameSessionData};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::client::{NOW_MS, body};
use crate::support::{Activation, Fake, log};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    Ann,
    Bob,
    /// A new guest each time.
    New,
}

/// What must come back.
enum Expect {
    Status(u16),
    Code(ErrorCode),
}

/// One request. `{id}` in its path is Ann's game session.
struct Case {
    script: fn(&Fake),
    who: Who,
    method: &'static str,
    path: &'static str,
    click: &'static str,
    body: Value,
    expect: Expect,
}

enum Home {
    InProcess(Router),
    Socket(reqwest::Client, Backend),
}

impl Home {
    async fn send(&self, method: &str, path: &str, token: Option<&str>, click: &str, body: &Value) -> (u16, String) {
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        match self {
            Self::InProcess(router) => {
                let mut request = Request::builder().method(method).uri(path);
                if let Some(token) = token {
                    request = request.header("authorization", format!("Bearer {token}"));
                }
                if !click.is_empty() {
                    request = request.header("idempotency-key", click);
                }
                let request = request
                    .header("content-type", "application/json")
                    .body(Body::from(text))
                    .unwrap();
                let answer = router.clone().oneshot(request).await.unwrap();
                let status = answer.status().as_u16();
                let bytes = answer.into_body().collect().await.unwrap().to_bytes();
                (status, String::from_utf8(bytes.to_vec()).unwrap())
            }
            Self::Socket(http, backend) => {
                let url = format!("{}{path}", backend.url());
                let mut request = http.request(method.parse().unwrap(), url).body(text);
                if let Some(token) = token {
                    request = request.bearer_auth(token);
                }
                if !click.is_empty() {
                    request = request.header("idempotency-key", click);
                }
                let answer = request.header("content-type", "application/json").send().await.unwrap();
                (answer.status().as_u16(), answer.text().await.unwrap())
            }
        }
    }

    async fn guest(&self) -> GuestIdentity {
        let (_, text) = self.send("POST", "/v1/guests", None, "", &Value::Null).await;
        serde_json::from_str(&text).unwrap()
    }
}

fn quiet(_: &Fake) {}

fn case(who: Who, method: &'static str, path: &'static str, click: &'static str, body: Value, expect: Expect) -> Case {
    Case {
        script: quiet,
        who,
        method,
        path,
        click,
        body,
        expect,
    }
}

fn after(script: fn(&Fake), case: Case) -> Case {
    Case { script, ..case }
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<Case> {
    use ErrorCode as E;
    use Expect::{Code, Status};
    use Who::{Ann, Bob, New, Nobody};
    let (create, join) = ("/v1/game-sessions", "/v1/game-sessions/{id}/player-sessions");
    let (one, seat, code) = (
        "/v1/game-sessions/{id}",
        "/v1/game-sessions/{id}/seat",
        "/v1/game-sessions/{id}/join-code",
    );
    let (none, v1) = (Value::Null, json!({"build": "v1", "password": "xyzzy"}));
    let mut locked = body();
    locked["password"] = json!("xyzzy");
    let mut other = locked.clone();
    other["max_players"] = json!(5);
    let mut large = body();
    large["name"] = json!("x".repeat(17_000));
    vec![
        case(Nobody, "GET", "/healthz", "", none.clone(), Status(200)),
        case(Nobody, "GET", "/readyz", "", none.clone(), Status(200)),
        case(Nobody, "GET", "/.well-known/jwks.json", "", none.clone(), Status(200)),
        case(Nobody, "GET", "/v1/openapi.json", "", none.clone(), Status(200)),
        case(Nobody, "POST", "/v1/guests", "", none.clone(), Status(201)),
        case(
            Nobody,
            "POST",
            "/v1/guests/refresh",
            "",
            json!({"refresh_token": "x"}),
            Code(E::Unauthorized),
        ),
        case(Nobody, "POST", create, "click", body(), Code(E::Unauthorized)),
        case(Ann, "PUT", create, "click", body(), Code(E::MethodNotAllowed)),
        case(Ann, "POST", create, "", body(), Code(E::InvalidRequest)),
        case(Ann, "POST", create, "large", large, Code(E::TooLarge)),
        case(Ann, "POST", create, "click-1", locked.clone(), Status(201)),
        case(Ann, "POST", create, "click-1", locked, Status(201)),
        case(Ann, "POST", create, "click-1", other, Code(E::IdempotencyMismatch)),
        case(Ann, "GET", seat, "", none.clone(), Status(200)),
        case(Bob, "GET", seat, "", none.clone(), Code(E::NotFound)),
        case(Bob, "POST", join, "", json!({"build": "v2"}), Code(E::VersionMismatch)),
        case(Bob, "POST", join, "", json!({"build": "v1"}), Code(E::WrongPassword)),
        case(Bob, "POST", join, "", v1.clone(), Status(200)),
        case(Bob, "GET", create, "", none.clone(), Status(200)),
        case(Bob, "GET", "/v1/game-sessions?sort=name", "", none.clone(), Status(200)),
        case(
            Bob,
            "GET",
            "/v1/game-sessions?sort=x",
            "",
            none.clone(),
            Code(E::InvalidRequest),
        ),
        case(New, "POST", code, "", none.clone(), Code(E::Forbidden)),
        case(Bob, "POST", code, "", none.clone(), Status(200)),
        case(Ann, "POST", code, "", none.clone(), Status(200)),
        case(
            Bob,
            "POST",
            "/v1/join-by-code",
            "",
            json!({"build": "v1", "join_code": "AAAAAAAA"}),
            Code(E::NotFound),
        ),
        case(Bob, "PATCH", one, "", json!({"name": "x"}), Code(E::Forbidden)),
        case(
            Ann,
            "PATCH",
            one,
            "",
            json!({"name": "x", "max_players": 2}),
            Status(200),
        ),
        case(New, "POST", join, "", v1.clone(), Code(E::SessionFull)),
        case(Ann, "PATCH", one, "", json!({"policy": "deny_all"}), Status(200)),
        case(New, "POST", join, "", v1.clone(), Code(E::NotAccepting)),
        case(New, "POST", "/v1/quick-join", "quick", body_of_quick(), Status(201)),
        after(
            |fake| fake.fail_always("CreateGameSession", Some(Kind::NoCapacity)),
            case(New, "POST", create, "c", body(), Code(E::NoCapacity)),
        ),
        after(
            |fake| fake.fail_always("CreateGameSession", Some(Kind::LimitExceeded)),
            case(New, "POST", create, "c", body(), Code(E::Throttled)),
        ),
        after(
            |fake| fake.fail_always("CreateGameSession", Some(Kind::Unauthorized)),
            case(New, "POST", create, "c", body(), Code(E::Unavailable)),
        ),
        after(
            |fake| fake.fail_always("CreateGameSession", Some(Kind::InvalidRequest)),
            case(New, "POST", create, "c", body(), Code(E::Internal)),
        ),
        after(
            |fake| fake.fail_always("CreateGameSession", Some(Kind::TimedOut)),
            case(New, "POST", create, "c", body(), Code(E::TimedOut)),
        ),
        after(
            |fake| {
                fake.fail_always("CreateGameSession", None);
                fake.activation(Activation::Never);
            },
            case(New, "POST", create, "c", body(), Status(202)),
        ),
        after(
            |fake| fake.activation(Activation::Ends(GameSessionStatus::Error)),
            case(
                New,
                "POST",
                "/v1/game-sessions?wait=5",
                "c",
                body(),
                Code(E::ActivationFailed),
            ),
        ),
        case(Ann, "DELETE", one, "", none.clone(), Status(204)),
        case(Ann, "DELETE", one, "", none.clone(), Status(204)),
        case(Bob, "POST", join, "", v1, Code(E::SessionEnded)),
        case(Ann, "GET", seat, "", none, Code(E::SessionEnded)),
    ]
}

fn body_of_quick() -> Value {
    json!({"name": "quick", "max_players": 4, "build": "v1"})
}

fn config() -> BackendConfig {
    let rate = Rate {
        burst: 1000,
        per_second: 1000,
    };
    BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
        .keyring(Keyring::new_key_text("k1").parse().unwrap())
        .limits(Limits::default().per_player(rate))
}

async fn run(home: Home, fake: Fake) {
    log::record();
    fake.activation(Activation::AtOnce);
    let (ann, bob) = (home.guest().await, home.guest().await);
    let mut id = String::new();
    let (mut codes, mut secrets) = (Vec::new(), Vec::new());
    for (number, case) in cases().into_iter().enumerate() {
        (case.script)(&fake);
        let guest = match case.who {
            Who::Nobody => None,
            Who::Ann => Some(ann.clone()),
            Who::Bob => Some(bob.clone()),
            Who::New => Some(home.guest().await),
        };
        let token = guest.as_ref().map(|guest| guest.access_token.expose());
        let path = case.path.replace("{id}", &id);
        let (status, text) = home.send(case.method, &path, token, case.click, &case.body).await;
        let what = format!("case {number}: {} {}: {status} {text}", case.method, case.path);
        match case.expect {
            Expect::Status(expected) => assert_eq!(status, expected, "{what}"),
            Expect::Code(expected) => {
                let refusal: ErrorBody = serde_json::from_str(&text).expect(&what);
                assert_eq!((&refusal.code, status), (&expected, expected.http_status()), "{what}");
                codes.push(expected);
            }
        }
        if id.is_empty() && status == 201 && case.path == "/v1/game-sessions" {
            let seat: Value = serde_json::from_str(&text).unwrap();
            seat["game_session"]["id"].as_str().unwrap().clone_into(&mut id);
        }
        for request in fake.requests() {
            let data = GameSessionData::parse(request.session_data.expose()).unwrap();
            let key = serde_json::to_value(&data.key).unwrap().as_str().unwrap().to_owned();
            secrets.extend([key, data.token]);
        }
        secrets.dedup();
        assert!(
            secrets.iter().all(|secret| !text.contains(secret)),
            "a secret leaked: {what}"
        );
    }
    for secret in secrets {
        assert!(!log::holds(&secret), "a secret leaked into the log");
    }
    for known in ErrorCode::KNOWN {
        assert!(
            codes.contains(known),
            "no request of the contract is refused with {known}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn the_contract_holds_in_process() {
    let fake = Fake::new(NOW_MS);
    let state = AppState::new(&config(), Arc::new(fake.clone()), Clock::fixed(NOW_MS));
    run(Home::InProcess(app(state)), fake).await;
}

#[tokio::test]
async fn the_contract_holds_on_a_socket() {
    let fake = Fake::new(NOW_MS);
    let backend = Backend::start_with(config(), Arc::new(fake.clone()), Clock::fixed(NOW_MS))
        .await
        .unwrap();
    let http = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap();
    run(Home::Socket(http, backend), fake).await;
}
