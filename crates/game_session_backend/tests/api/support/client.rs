//! Calls the router directly, and looks at every answer for what no answer may hold.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use game_session_backend::gamelift::GameLift;
use game_session_backend::shared_state::InMemoryState;
use game_session_backend::{AppState, AwsTarget, BackendConfig, Clock, CreatorLimit, Keyring, Limits, Peer, app};
use game_session_protocol::requests::GuestIdentity;
use game_session_protocol::{ErrorBody, ErrorCode, GameSessionData, GameSessionId, GameSessionPage, Placing, Seat};
use http_body_util::BodyExt as _;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::fake::{AWS_TEXT, Fake};
use super::log;

pub(crate) const NOW_MS: u64 = 1_800_000_000_000;

/// A router over a fake, with a clock that stands still.
pub(crate) struct Harness {
    pub(crate) router: Router,
    pub(crate) state: AppState,
    pub(crate) fake: Fake,
    pub(crate) clock: Clock,
    pub(crate) ring: Keyring,
    tokens: Mutex<Vec<String>>,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        let ring = Keyring::new_key_text("k1").parse().unwrap();
        Self::over(Fake::new(NOW_MS), ring, limits)
    }

    pub(crate) fn over(fake: Fake, ring: Keyring, limits: Limits) -> Self {
        Self::configured(fake, ring, |config| config.limits(limits))
    }

    pub(crate) fn configured(fake: Fake, ring: Keyring, more: impl FnOnce(BackendConfig) -> BackendConfig) -> Self {
        let config = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"))
            .keyring(ring.clone())
            .creator_limit(CreatorLimit::Fleet);
        let gamelift = Arc::new(fake.clone());
        Self::asking(gamelift, fake, ring, Clock::fixed(NOW_MS), &more(config))
    }

    /// Over another GameLift; the fake only knows what went there.
    pub(crate) fn asking(
        gamelift: Arc<dyn GameLift>,
        fake: Fake,
        ring: Keyring,
        clock: Clock,
        config: &BackendConfig,
    ) -> Self {
        log::record();
        let state = AppState::new(config, gamelift, clock.clone());
        Self {
            router: app(state.clone()),
            state,
            fake,
            clock,
            ring,
            tokens: Mutex::default(),
        }
    }

    /// Another backend over the same GameLift and keyring.
    pub(crate) fn another_instance(&self) -> Self {
        Self::over(self.fake.clone(), self.ring.clone(), Limits::default())
    }

    /// Two instances over the same GameLift, keyring and rows.
    pub(crate) fn pair(more: impl Fn(BackendConfig) -> BackendConfig) -> [Self; 2] {
        let ring: Keyring = Keyring::new_key_text("k1").parse().unwrap();
        let (fake, rows) = (Fake::new(NOW_MS), Arc::new(InMemoryState::default()));
        [(); 2].map(|()| {
            Self::configured(fake.clone(), ring.clone(), |config| {
                more(config.shared_state(Arc::clone(&rows) as _))
            })
        })
    }

    pub(crate) fn anonymous(&self) -> Client {
        Client {
            router: self.router.clone(),
            fake: self.fake.clone(),
            token: None,
            guest: Arc::default(),
            address: None,
        }
    }

    pub(crate) async fn guest(&self) -> Client {
        let client = self.anonymous();
        let answer = client.send("POST", "/v1/guests", None, None).await;
        assert_eq!(answer.status, StatusCode::CREATED);
        let guest: GuestIdentity = answer.json();
        let token = guest.access_token.expose().to_owned();
        let refresh = guest.refresh_token.as_ref().unwrap().expose().to_owned();
        self.tokens.lock().unwrap().extend([token.clone(), refresh]);
        Client {
            token: Some(token),
            guest: Arc::new(Mutex::new(Some(guest))),
            ..client
        }
    }
}

/// The log of a whole test holds no key, session token, player id or access token.
impl Drop for Harness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let mut secrets = self.tokens.lock().unwrap().clone();
        for request in self.fake.requests() {
            // what the original contract makes has no private data
            let Ok(data) = GameSessionData::parse(request.session_data.expose()) else {
                continue;
            };
            let key = serde_json::to_value(&data.key).unwrap().as_str().unwrap().to_owned();
            secrets.extend([key, data.token, data.owner.to_string()]);
        }
        for secret in secrets {
            assert!(!log::holds(&secret), "{secret} leaked into the log");
        }
    }
}

/// One player.
#[derive(Clone)]
pub(crate) struct Client {
    router: Router,
    fake: Fake,
    token: Option<String>,
    address: Option<IpAddr>,
    guest: Arc<Mutex<Option<GuestIdentity>>>,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error} in {} {}", self.status, String::from_utf8_lossy(&self.body)))
    }

    pub(crate) fn seat(&self) -> Seat {
        assert!(
            self.status.is_success(),
            "{} {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    pub(crate) fn placing(&self) -> Placing {
        assert_eq!(
            self.status,
            StatusCode::ACCEPTED,
            "{}",
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    /// The code of a refusal, after a look at its shape.
    pub(crate) fn code(&self) -> ErrorCode {
        let body: ErrorBody = self.json();
        assert_eq!(self.status.as_u16(), body.code.http_status(), "{body:?}");
        assert!(!matches!(body.code, ErrorCode::Unknown(_)), "{body:?}");
        assert!(!body.message.is_empty());
        assert_eq!(self.headers["x-request-id"], body.request_id.as_str());
        body.code
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

impl Client {
    pub(crate) fn player_id(&self) -> String {
        self.guest.lock().unwrap().as_ref().unwrap().player_id.to_string()
    }

    pub(crate) fn refresh_token(&self) -> String {
        let guest = self.guest.lock().unwrap();
        guest
            .as_ref()
            .unwrap()
            .refresh_token
            .as_ref()
            .unwrap()
            .expose()
            .to_owned()
    }

    /// The same player with new tokens.
    pub(crate) async fn refreshed(&self) -> Self {
        let body = json!({"refresh_token": self.refresh_token()});
        let answer = self.send("POST", "/v1/guests/refresh", None, Some(body)).await;
        assert_eq!(answer.status, StatusCode::OK);
        let guest: GuestIdentity = answer.json();
        Self {
            token: Some(guest.access_token.expose().to_owned()),
            guest: Arc::new(Mutex::new(Some(guest))),
            ..self.clone()
        }
    }

    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.to_owned()),
            ..self.clone()
        }
    }

    /// The same player at this address; else the address is not known.
    pub(crate) fn from(&self, address: &str) -> Self {
        Self {
            address: Some(address.parse().unwrap()),
            ..self.clone()
        }
    }

    /// The same player at another instance.
    pub(crate) fn at(&self, harness: &Harness) -> Self {
        Self {
            router: harness.router.clone(),
            ..self.clone()
        }
    }

    pub(crate) async fn send(&self, method: &str, path: &str, click: Option<&str>, body: Option<Value>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if let Some(click) = click {
            request = request.header("idempotency-key", click);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.raw(request.body(body).unwrap()).await
    }

    pub(crate) async fn raw(&self, mut request: Request<Body>) -> Answer {
        if let Some(address) = self.address {
            request.extensions_mut().insert(Peer(address));
        }
        let answer = tokio::time::timeout(Duration::from_mins(10), self.router.clone().oneshot(request)).await;
        let (parts, body) = answer.expect("every request ends").unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let answer = Answer {
            status: parts.status,
            headers: parts.headers,
            body,
        };
        self.look_for_secrets(&answer);
        answer
    }

    /// No answer holds a session key, a session token, an ARN, a player id of someone else, or GameLift's words.
    fn look_for_secrets(&self, answer: &Answer) {
        let text = format!("{:?} {}", answer.headers, String::from_utf8_lossy(&answer.body));
        for request in self.fake.requests() {
            // what the original contract makes has no private data
            let Ok(data) = GameSessionData::parse(request.session_data.expose()) else {
                continue;
            };
            let key = serde_json::to_value(&data.key).unwrap();
            for secret in [key.as_str().unwrap(), data.token.as_str()] {
                assert!(!text.contains(secret), "a secret leaked: {text}");
            }
            if !text.contains("access_token") {
                assert!(!text.contains(data.owner.as_str()), "a player id leaked: {text}");
            }
        }
        for secret in [AWS_TEXT, "arn:aws", "gs_build", "gs_listed", "GameLift", "gamelift"] {
            assert!(!text.contains(secret), "{secret} leaked: {text}");
        }
    }

    pub(crate) async fn create(&self, click: &str, wait: &str) -> Answer {
        self.create_with(click, wait, body()).await
    }

    pub(crate) async fn create_with(&self, click: &str, wait: &str, body: Value) -> Answer {
        self.send(
            "POST",
            &format!("/v1/game-sessions?wait={wait}"),
            Some(click),
            Some(body),
        )
        .await
    }

    pub(crate) async fn seat(&self, id: &GameSessionId, wait: &str) -> Answer {
        self.send("GET", &format!("/v1/game-sessions/{id}/seat?wait={wait}"), None, None)
            .await
    }

    pub(crate) async fn join(&self, id: &GameSessionId) -> Answer {
        let path = format!("/v1/game-sessions/{id}/player-sessions");
        self.send("POST", &path, None, Some(json!({"build": "v1"}))).await
    }

    pub(crate) async fn join_with(&self, id: &GameSessionId, password: &str) -> Answer {
        let path = format!("/v1/game-sessions/{id}/player-sessions");
        let body = json!({"build": "v1", "password": password});
        self.send("POST", &path, None, Some(body)).await
    }

    pub(crate) async fn join_code(&self, id: &GameSessionId) -> Answer {
        let path = format!("/v1/game-sessions/{id}/join-code");
        self.send("POST", &path, None, None).await
    }

    pub(crate) async fn join_by_code(&self, code: &str) -> Answer {
        let body = json!({"build": "v1", "join_code": code});
        self.send("POST", "/v1/join-by-code", None, Some(body)).await
    }

    pub(crate) async fn quick_join(&self, click: &str) -> Answer {
        let body = json!({"name": "quick", "max_players": 4, "build": "v1"});
        self.send("POST", "/v1/quick-join?wait=20", Some(click), Some(body))
            .await
    }

    pub(crate) async fn browse(&self, query: &str) -> Answer {
        self.send("GET", &format!("/v1/game-sessions{query}"), None, None).await
    }

    pub(crate) async fn page(&self, query: &str) -> GameSessionPage {
        let answer = self.browse(query).await;
        assert_eq!(
            answer.status,
            StatusCode::OK,
            "{}",
            String::from_utf8_lossy(&answer.body)
        );
        answer.json()
    }

    pub(crate) async fn end(&self, id: &GameSessionId) -> Answer {
        self.send("DELETE", &format!("/v1/game-sessions/{id}"), None, None)
            .await
    }

    pub(crate) async fn update(&self, id: &GameSessionId, body: Value) -> Answer {
        self.send("PATCH", &format!("/v1/game-sessions/{id}"), None, Some(body))
            .await
    }
}

/// The body of a create request.
pub(crate) fn body() -> Value {
    json!({"name": "Ann's game", "max_players": 4, "build": "v1", "properties": {"map": "x"}})
}
