//! A player who speaks HTTP, a server process in this process, and the door that opens tickets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "not every test needs everything")]

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Keyring};
use game_session_protocol::{
    ErrorBody, ErrorCode, GameSessionData, GameSessionId, GameSessionPage, GuestIdentity, IdempotencyKey, Placing,
    Seat, TicketClaims, TicketStamp, netcode_ticket::PROTOCOL_ID, routes,
};
use gamelift_emulator::{Emulator, EmulatorConfig};
use gamelift_server_sdk::{Event, GameLiftServer, GameSession, ProcessParameters, ServerParameters};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

/// The longest that any one thing may take on a slow, busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Emulator and backend.
pub(crate) struct Services {
    pub(crate) backend: Backend,
    pub(crate) emulator: Emulator,
}

impl Services {
    pub(crate) async fn start() -> Self {
        Self::start_with(EmulatorConfig::default()).await
    }

    pub(crate) async fn start_with(config: EmulatorConfig) -> Self {
        let emulator = Emulator::start(config).await.unwrap();
        let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()))
            .fleet(FleetTarget::new(emulator.fleet_id()).location(emulator.location()))
            .keyring(Keyring::random());
        Self {
            backend: Backend::start(config).await.unwrap(),
            emulator,
        }
    }

    /// As the old local tool was: five calls, a fixed fleet, no location; with the original's routes.
    pub(crate) async fn legacy() -> Self {
        let emulator = Emulator::start(EmulatorConfig::default().legacy()).await.unwrap();
        let config = BackendConfig::new(AwsTarget::endpoint(emulator.endpoint()))
            .fleet(FleetTarget::new("fleet-123"))
            .legacy_endpoint()
            .original_contract()
            .keyring(Keyring::random());
        Self {
            backend: Backend::start(config).await.unwrap(),
            emulator,
        }
    }

    pub(crate) async fn guest(&self) -> Player {
        Player::guest(&self.backend.url()).await
    }

    /// A server process that is ready, with a port that is its own for now.
    pub(crate) async fn process(&self, id: &str) -> Process {
        let mut parameters = ServerParameters::default();
        for (name, value) in self.emulator.server_environment(id) {
            parameters = match name.as_str() {
                "GAMELIFT_SDK_WEBSOCKET_URL" => parameters.websocket_url(value),
                "GAMELIFT_SDK_PROCESS_ID" => parameters.process_id(value),
                "GAMELIFT_SDK_HOST_ID" => parameters.host_id(value),
                "GAMELIFT_SDK_FLEET_ID" => parameters.fleet_id(value),
                "GAMELIFT_SDK_AUTH_TOKEN" => parameters.auth_token(value),
                other => panic!("{other} is no official variable"),
            };
        }
        let process = Process::ready(parameters).await;
        let placeable = |world: &gamelift_emulator::Snapshot| {
            world
                .processes
                .iter()
                .any(|process| process.process_id == id && process.placeable)
        };
        self.until("the process is healthy", placeable).await;
        process
    }

    /// Waits until the emulator's world is as wanted.
    pub(crate) async fn until(&self, what: &str, holds: impl Fn(&gamelift_emulator::Snapshot) -> bool) {
        until(&self.emulator, what, holds).await;
    }
}

pub(crate) async fn until(emulator: &Emulator, what: &str, holds: impl Fn(&gamelift_emulator::Snapshot) -> bool) {
    let reached = emulator.wait_until(holds, LIMIT).await;
    assert!(
        reached.is_ok(),
        "in vain waited for: {what}\n{:#?}",
        emulator.snapshot()
    );
}

/// A server process, played by the test itself.
pub(crate) struct Process {
    pub(crate) server: GameLiftServer,
    pub(crate) port: u16,
}

impl Process {
    async fn ready(parameters: ServerParameters) -> Self {
        let server = GameLiftServer::init(parameters).await.unwrap();
        let port = free_udp_port();
        server.process_ready(ProcessParameters::new(port)).await.unwrap();
        Self { server, port }
    }

    pub(crate) async fn next_event(&self) -> Event {
        let event = tokio::time::timeout(LIMIT, self.server.next_event())
            .await
            .expect("an event came in time");
        event.expect("the connection is there")
    }

    pub(crate) async fn game_session(&self) -> GameSession {
        match self.next_event().await {
            Event::StartGameSession(session) => session,
            other => panic!("a game session was expected: {other:?}"),
        }
    }

    /// Takes the game session that comes and activates it.
    pub(crate) async fn host(&self) -> GameSession {
        let session = self.game_session().await;
        self.server.activate_game_session().await.unwrap();
        session
    }

    /// Lets a player in as a real server does: the whole handshake with the ticket, then its claims.
    pub(crate) fn open_ticket(&self, session: &GameSession, seat: &Seat) -> TicketClaims {
        let data = GameSessionData::parse(session.game_session_data()).unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let mut door = netcode::Server::new(address, PROTOCOL_ID, data.key.expose(), 0.0).unwrap();
        door.start(1).unwrap();
        let mut guest = netcode::Client::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), 0.0).unwrap();
        guest.connect(seat.ticket.expose().try_into().unwrap()).unwrap();
        let start = Instant::now();
        while !door.client_connected(0) {
            assert!(
                start.elapsed() < LIMIT,
                "the ticket opened no door: {:?}",
                guest.state()
            );
            door.update(start.elapsed().as_secs_f64());
            guest.update(start.elapsed().as_secs_f64());
            std::thread::yield_now();
        }
        let stamp = TicketStamp {
            client_id: door.client_id(0),
            user_data: *door.client_user_data(0).unwrap(),
        };
        TicketClaims::open(&data.key, &stamp).unwrap()
    }
}

/// A port that GameLift takes and that was free a moment ago.
pub(crate) fn free_udp_port() -> u16 {
    let mut held = Vec::new();
    loop {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        held.push(socket);
        if port <= 60_000 {
            return port;
        }
    }
}

/// What a refused player hears.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: StatusCode,
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
}

/// A player who speaks HTTP to the backend.
pub(crate) struct Player {
    http: reqwest::Client,
    backend: String,
    identity: GuestIdentity,
}

impl Player {
    pub(crate) async fn guest(backend: &str) -> Self {
        let http = reqwest::Client::builder().timeout(LIMIT).build().unwrap();
        let answer = http.post(format!("{backend}{}", routes::GUESTS)).send().await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
        Self {
            http,
            backend: backend.to_owned(),
            identity: answer.json().await.unwrap(),
        }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<(StatusCode, String), Refused> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.backend))
            .bearer_auth(self.identity.access_token.expose())
            .header(routes::IDEMPOTENCY_KEY, IdempotencyKey::random().as_str());
        if let Some(body) = body {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        if status.is_success() {
            return Ok((status, text));
        }
        let body: ErrorBody = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{status} {text}: {error}"));
        assert_eq!(body.code.http_status(), status.as_u16(), "{body:?}");
        Err(Refused {
            status,
            code: body.code,
            message: body.message,
        })
    }

    /// Creates and waits for the seat, as long as the backend says that it is still placing.
    pub(crate) async fn create(&self, name: &str, seats: u16) -> Result<Seat, Refused> {
        let body = json!({ "name": name, "max_players": seats, "build": "dev" });
        let path = format!("{}?{}=20", routes::GAME_SESSIONS, routes::WAIT);
        let (mut status, mut text) = self.ask(Method::POST, &path, Some(body)).await?;
        let deadline = Instant::now() + LIMIT;
        while status == StatusCode::ACCEPTED {
            assert!(Instant::now() < deadline, "the seat never came: {text}");
            let placing: Placing = serde_json::from_str(&text).unwrap();
            let path = format!("{}?{}=20", routes::with_id(routes::SEAT, &placing.id), routes::WAIT);
            (status, text) = self.ask(Method::GET, &path, None).await?;
        }
        Ok(serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn find(&self) -> GameSessionPage {
        let (_, text) = self
            .ask(Method::GET, &format!("{}?build=dev", routes::GAME_SESSIONS), None)
            .await
            .unwrap();
        serde_json::from_str(&text).unwrap()
    }

    /// Looks again while what the backend remembers may be older than the last change.
    pub(crate) async fn finds_nothing_before_long(&self) {
        for _ in 0..100 {
            if self.find().await.game_sessions.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?} is still listed", self.find().await.game_sessions);
    }

    pub(crate) async fn join(&self, id: &GameSessionId) -> Result<Seat, Refused> {
        let path = routes::with_id(routes::PLAYER_SESSIONS, id);
        let (_, text) = self.ask(Method::POST, &path, Some(json!({ "build": "dev" }))).await?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn seat(&self, id: &GameSessionId) -> Result<Seat, Refused> {
        let (_, text) = self.ask(Method::GET, &routes::with_id(routes::SEAT, id), None).await?;
        Ok(serde_json::from_str(&text).unwrap())
    }

    pub(crate) async fn end(&self, id: &GameSessionId) -> Result<(), Refused> {
        self.ask(Method::DELETE, &routes::with_id(routes::GAME_SESSION, id), None)
            .await
            .map(drop)
    }
}
