//! The contract: one list of requests and expected answers with every error code. Each home of the backend runs all of
//! it.

use game_session_protocol::requests::GuestIdentity;
use game_session_protocol::{ErrorBody, ErrorCode};
use serde_json::{Value, json};

/// A backend somewhere, the GameLift behind it, and its log.
pub(crate) trait Home {
    /// Whether a process that crashes takes the game session that it was given with it. A queue looks for another process
    /// instead, for as long as its time-out.
    const A_CRASH_IS_THE_END: bool = true;

    /// Asks, and gives the status and the text of the answer.
    async fn send(&self, ask: &Ask<'_>) -> (u16, String);

    /// What GameLift does from now on.
    async fn play(&mut self, scene: Scene);

    /// The session keys and tokens of all game sessions so far: no answer and no line of the log may hold them.
    async fn secrets(&self) -> Vec<String>;

    /// Whether a text was logged.
    async fn logged(&self, text: &str) -> bool;
}

/// One request, always with a body of JSON.
pub(crate) struct Ask<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) token: Option<&'a str>,
    /// The idempotency key, unless empty.
    pub(crate) click: &'a str,
    /// Nothing if null.
    pub(crate) body: &'a Value,
}

impl Ask<'_> {
    /// The headers, with small names.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![("content-type", "application/json".to_owned())];
        headers.extend(self.token.map(|token| ("authorization", format!("Bearer {token}"))));
        if !self.click.is_empty() {
            headers.push(("idempotency-key", self.click.to_owned()));
        }
        headers
    }

    pub(crate) fn text(&self) -> String {
        if self.body.is_null() {
            String::new()
        } else {
            self.body.to_string()
        }
    }
}

/// What GameLift does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    /// There are free processes, which activate game sessions at once.
    AllIsWell,
    /// Every create call fails.
    CreatesFail(Failure),
    /// Game sessions are placed and never activated.
    NeverActive,
    /// Processes crash when they are given a game session.
    Crashing,
}

/// How a create call fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    NoCapacity,
    LimitExceeded,
    Unauthorized,
    InvalidRequest,
    TimedOut,
}

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
    scene: Scene,
    who: Who,
    method: &'static str,
    path: &'static str,
    click: &'static str,
    body: Value,
    expect: Expect,
}

fn case(who: Who, method: &'static str, path: &'static str, click: &'static str, body: Value, expect: Expect) -> Case {
    Case {
        scene: Scene::AllIsWell,
        who,
        method,
        path,
        click,
        body,
        expect,
    }
}

fn during(scene: Scene, case: Case) -> Case {
    Case { scene, ..case }
}

/// The body of a create request.
fn body() -> Value {
    json!({"name": "Ann's game", "max_players": 4, "build": "v1", "properties": {"map": "x"}})
}

#[expect(clippy::too_many_lines, reason = "it is a table")]
fn cases() -> Vec<Case> {
    use ErrorCode as E;
    use Expect::{Code, Status};
    use Who::{Ann, Bob, New, Nobody};
    let (create, at_once) = ("/v1/game-sessions?wait=20", "/v1/game-sessions");
    let join = "/v1/game-sessions/{id}/player-sessions";
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
        case(Ann, "PUT", at_once, "click", body(), Code(E::MethodNotAllowed)),
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
        case(Bob, "GET", at_once, "", none.clone(), Status(200)),
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
        case(
            New,
            "POST",
            "/v1/quick-join?wait=20",
            "quick",
            body_of_quick(),
            Status(201),
        ),
        during(
            Scene::CreatesFail(Failure::NoCapacity),
            case(New, "POST", create, "c", body(), Code(E::NoCapacity)),
        ),
        during(
            Scene::CreatesFail(Failure::LimitExceeded),
            case(New, "POST", create, "c", body(), Code(E::Throttled)),
        ),
        during(
            Scene::CreatesFail(Failure::Unauthorized),
            case(New, "POST", create, "c", body(), Code(E::Unavailable)),
        ),
        during(
            Scene::CreatesFail(Failure::InvalidRequest),
            case(New, "POST", create, "c", body(), Code(E::Internal)),
        ),
        during(
            Scene::CreatesFail(Failure::TimedOut),
            case(New, "POST", create, "c", body(), Code(E::TimedOut)),
        ),
        during(Scene::NeverActive, case(New, "POST", at_once, "c", body(), Status(202))),
        during(
            Scene::Crashing,
            case(New, "POST", create, "c", body(), Code(E::ActivationFailed)),
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

/// Runs the whole list.
pub(crate) async fn run<H: Home>(mut home: H) {
    home.play(Scene::AllIsWell).await;
    let (ann, bob) = (guest(&home).await, guest(&home).await);
    let mut id = String::new();
    let (mut codes, mut secrets) = (Vec::new(), Vec::new());
    for (number, case) in cases().into_iter().enumerate() {
        home.play(case.scene).await;
        let guest = match case.who {
            Who::Nobody => None,
            Who::Ann => Some(ann.clone()),
            Who::Bob => Some(bob.clone()),
            Who::New => Some(guest(&home).await),
        };
        let ask = Ask {
            method: case.method,
            path: &case.path.replace("{id}", &id),
            token: guest.as_ref().map(|guest| guest.access_token.expose()),
            click: case.click,
            body: &case.body,
        };
        let (status, text) = home.send(&ask).await;
        let what = format!("case {number}: {} {}: {status} {text}", case.method, case.path);
        let expect = match case.scene {
            Scene::Crashing if !H::A_CRASH_IS_THE_END => Expect::Status(202),
            _ => case.expect,
        };
        match expect {
            Expect::Status(expected) => assert_eq!(status, expected, "{what}"),
            Expect::Code(expected) => {
                let refusal: ErrorBody = serde_json::from_str(&text).expect(&what);
                assert_eq!((&refusal.code, status), (&expected, expected.http_status()), "{what}");
                codes.push(expected);
            }
        }
        if id.is_empty() && status == 201 && case.path.starts_with("/v1/game-sessions") {
            let seat: Value = serde_json::from_str(&text).unwrap();
            seat["game_session"]["id"].as_str().unwrap().clone_into(&mut id);
        }
        secrets = home.secrets().await;
        assert!(
            secrets.iter().all(|secret| !text.contains(secret)),
            "a secret leaked: {what}"
        );
    }
    assert!(!secrets.is_empty(), "there were game sessions");
    let tokens = [&ann, &bob].map(|guest| guest.access_token.expose().to_owned());
    for secret in secrets.iter().chain(&tokens) {
        assert!(!home.logged(secret).await, "a secret leaked into the log");
    }
    if !H::A_CRASH_IS_THE_END {
        codes.push(ErrorCode::ActivationFailed);
    }
    for known in ErrorCode::KNOWN {
        assert!(
            codes.contains(known),
            "no request of the contract is refused with {known}"
        );
    }
}

async fn guest(home: &impl Home) -> GuestIdentity {
    let ask = Ask {
        method: "POST",
        path: "/v1/guests",
        token: None,
        click: "",
        body: &Value::Null,
    };
    let (status, text) = home.send(&ask).await;
    assert_eq!(status, 201, "{text}");
    serde_json::from_str(&text).unwrap()
}
