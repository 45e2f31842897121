//! The backend on a real socket, with the AWS SDK against the emulator.

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Keyring, Limits};
use game_session_protocol::requests::GuestIdentity;
use game_session_protocol::{ErrorBody, ErrorCode, GameSessionPage, Seat};
use gamelift_emulator::{Emulator, EmulatorConfig};
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};
use reqwest::{Client, RequestBuilder, Response, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::client::body;

const LIMIT: Duration = Duration::from_secs(30);

pub(crate) struct Stack {
    pub(crate) emulator: Emulator,
    pub(crate) backend: Backend,
}

impl Stack {
    async fn start(limits: Limits) -> Self {
        let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
        let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()).region(emulator.region()))
            .fleet(FleetTarget::new(emulator.fleet_id()).location(emulator.location()))
            .keyring(Keyring::random())
            .limits(limits);
        Self {
            emulator,
            backend: Backend::start(config).await.unwrap(),
        }
    }

    /// A server process that takes a game session.
    pub(crate) async fn process(&self, id: &str) -> GameLiftServer {
        let mut parameters = ServerParameters::default();
        for (name, value) in self.emulator.server_environment(id) {
            parameters = match name.as_str() {
                "GAMELIFT_SDK_WEBSOCKET_URL" => parameters.websocket_url(value),
                "GAMELIFT_SDK_PROCESS_ID" => parameters.process_id(value),
                "GAMELIFT_SDK_HOST_ID" => parameters.host_id(value),
                "GAMELIFT_SDK_FLEET_ID" => parameters.fleet_id(value),
                _ => parameters.auth_token(value),
            };
        }
        let server = GameLiftServer::init(parameters).await.unwrap();
        let port = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))
            .unwrap()
            .local_addr()
            .unwrap()
            .port()
            .min(60_000);
        server.process_ready(ProcessParameters::new(port)).await.unwrap();
        let placeable = |world: &gamelift_emulator::Snapshot| {
            world
                .processes
                .iter()
                .any(|process| process.process_id == id && process.placeable)
        };
        self.emulator.wait_until(placeable, LIMIT).await.unwrap();
        server
    }

    pub(crate) async fn guest(&self) -> Player {
        let http = Client::new();
        let url = self.backend.url();
        let guest = http.post(format!("{url}/v1/guests")).send().await.unwrap();
        Player {
            http,
            url,
            guest: guest.json().await.unwrap(),
        }
    }
}

pub(crate) struct Player {
    pub(crate) http: Client,
    pub(crate) url: String,
    guest: GuestIdentity,
}

impl Player {
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.signed(self.http.post(format!("{}{path}", self.url)))
    }

    pub(crate) fn signed(&self, request: RequestBuilder) -> RequestBuilder {
        request.bearer_auth(self.guest.access_token.expose())
    }

    pub(crate) async fn create(&self, click: &str, wait: u32) -> Response {
        let request = self
            .post(&format!("/v1/game-sessions?wait={wait}"))
            .header("idempotency-key", click);
        request.json(&body()).send().await.unwrap()
    }
}

async fn code(response: Response) -> ErrorCode {
    let status = response.status();
    let body: ErrorBody = response.json().await.unwrap();
    assert_eq!(status.as_u16(), body.code.http_status());
    body.code
}

#[tokio::test]
async fn a_game_session_is_made_found_joined_and_ended_through_the_aws_sdk() {
    let stack = Stack::start(Limits::default()).await;
    let server = stack.process("server-1").await;
    let serving = tokio::spawn(async move {
        while let Some(event) = server.next_event().await {
            match event {
                Event::StartGameSession(_) => server.activate_game_session().await.unwrap(),
                Event::ProcessTerminate { .. } => return server.process_ending().await.unwrap(),
                _ => {}
            }
        }
    });
    let (ann, bob) = (stack.guest().await, stack.guest().await);
    stack.emulator.reset_calls();
    let made = ann.create("click-1", 20).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let seat: Seat = made.json().await.unwrap();
    let mut calls = stack.emulator.calls();
    assert_eq!(
        (calls.remove(0).as_str(), calls.pop().as_deref()),
        ("CreateGameSession", Some("CreatePlayerSession"))
    );
    assert!(
        !calls.is_empty() && calls.iter().all(|call| call == "DescribeGameSessions"),
        "{calls:?}"
    );

    let again: Seat = ann.create("click-1", 20).await.json().await.unwrap();
    assert_eq!(again.player_session_id, seat.player_session_id);
    let mut other = body();
    other["max_players"] = 5.into();
    let other = ann
        .post("/v1/game-sessions")
        .header("idempotency-key", "click-1")
        .json(&other)
        .send()
        .await
        .unwrap();
    assert_eq!(code(other).await, ErrorCode::IdempotencyMismatch);

    let browse = bob
        .http
        .get(format!("{}/v1/game-sessions?build=v1&property.map=x", bob.url));
    let page: GameSessionPage = bob.signed(browse).send().await.unwrap().json().await.unwrap();
    assert_eq!(page.game_sessions.len(), 1);
    assert_eq!(page.game_sessions[0].id, seat.game_session.id);
    let path = format!("/v1/game-sessions/{}", seat.game_session.id);
    let join = bob
        .post(&format!("{path}/player-sessions"))
        .json(&serde_json::json!({"build": "v1"}));
    let joined: Seat = join.send().await.unwrap().json().await.unwrap();
    assert_ne!(joined.player_session_id, seat.player_session_id);
    assert_eq!((joined.address, joined.game_session.current_players), (seat.address, 2));

    let renaming = ann
        .http
        .patch(format!("{}{path}", ann.url))
        .json(&serde_json::json!({"name": "renamed"}));
    assert_eq!(ann.signed(renaming).send().await.unwrap().status(), StatusCode::OK);
    let end = ann.http.delete(format!("{}{path}", ann.url));
    assert_eq!(ann.signed(end).send().await.unwrap().status(), StatusCode::NO_CONTENT);
    tokio::time::timeout(LIMIT, serving)
        .await
        .expect("the process is told to end")
        .unwrap();
    let path = format!("{path}/player-sessions");
    let late = bob
        .post(&path)
        .json(&serde_json::json!({"build": "v1"}))
        .send()
        .await
        .unwrap();
    assert_eq!(code(late).await, ErrorCode::SessionEnded);
}

#[tokio::test]
async fn no_free_process_and_no_gamelift_are_told_apart() {
    let stack = Stack::start(Limits::default()).await;
    let ann = stack.guest().await;
    let refused = ann.create("click-1", 20).await;
    assert_eq!(refused.headers()["retry-after"], "5");
    assert_eq!(code(refused).await, ErrorCode::NoCapacity);
    let Stack {
        emulator,
        backend: _backend,
    } = stack;
    emulator.stop().await;
    assert_eq!(code(ann.create("click-2", 20).await).await, ErrorCode::Unavailable);
}

#[tokio::test]
async fn a_backend_that_stops_answers_those_who_wait_first() {
    let stack = Stack::start(Limits::default()).await;
    let _never_activates = stack.process("server-1").await;
    let ann = stack.guest().await;
    let waiting = tokio::spawn(async move { ann.create("click-1", 20).await.status() });
    let placed = |world: &gamelift_emulator::Snapshot| !world.game_sessions.is_empty();
    stack.emulator.wait_until(placed, LIMIT).await.unwrap();
    let started = Instant::now();
    let url = stack.backend.url();
    stack.backend.stop().await;
    assert_eq!(waiting.await.unwrap(), StatusCode::ACCEPTED);
    assert!(
        started.elapsed() < Duration::from_secs(9),
        "the wait of 20 s was cut short"
    );
    assert!(
        Client::new().get(format!("{url}/healthz")).send().await.is_err(),
        "the socket is closed"
    );
}

#[tokio::test]
async fn a_web_page_cannot_ask_a_backend_on_loopback() {
    let stack = Stack::start(Limits::default()).await;
    let url = format!("{}/v1/guests", stack.backend.url());
    let http = Client::new();
    let foreign = http
        .post(&url)
        .header("origin", "http://evil.example")
        .send()
        .await
        .unwrap();
    assert_eq!(code(foreign).await, ErrorCode::Forbidden);
    let rebound = http.post(&url).header("host", "evil.example").send().await.unwrap();
    assert_eq!(code(rebound).await, ErrorCode::Forbidden);
    assert_eq!(http.post(&url).send().await.unwrap().status(), StatusCode::CREATED);
}

#[tokio::test]
async fn slowloris_connections_that_never_finish_their_head_are_closed_and_others_are_served() {
    let stack = Stack::start(Limits::default().header_timeout(Duration::from_millis(200))).await;
    let mut slow = Vec::new();
    for _ in 0..1_000 {
        let mut stream = TcpStream::connect(stack.backend.address()).await.unwrap();
        stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: local").await.unwrap();
        slow.push(stream);
    }
    let health = Client::new()
        .get(format!("{}/healthz", stack.backend.url()))
        .send()
        .await
        .unwrap();
    assert_eq!(health.status(), StatusCode::OK);
    for mut stream in slow {
        let mut rest = Vec::new();
        let closed = tokio::time::timeout(LIMIT, stream.read_to_end(&mut rest)).await;
        assert!(closed.is_ok(), "the connection was not closed");
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
}
