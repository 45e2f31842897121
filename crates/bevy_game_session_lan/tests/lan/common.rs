//! A network of its own for each test: hosts and players that see only each other.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use bevy_game_session_lan::{Lan, LanConfig, LanDoor, LanHost};
use game_session_protocol::*;

/// Longer than anything takes on the slowest machine.
const LIMIT: Duration = Duration::from_mins(1);

/// Fails where a test would hang.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("it ends in time")
}

/// One loopback network.
#[derive(Clone, Copy)]
pub(crate) struct Network {
    group: u16,
}

impl Network {
    pub(crate) fn new() -> Self {
        Self { group: free_port() }
    }

    pub(crate) fn config(self, door: LanDoor) -> LanConfig {
        LanConfig::new("test", door)
            .on_loopback()
            .group_port(self.group)
            .door_ports(0..=0)
    }

    /// Where searches of the whole network are heard.
    pub(crate) fn group(self) -> u16 {
        self.group
    }

    pub(crate) fn player(self) -> Lan {
        Lan::new(self.config(LanDoor::Open)).unwrap()
    }

    /// A process that is ready to host.
    pub(crate) async fn host(self, door: LanDoor) -> Hosting {
        Hosting::of(Lan::new(self.config(door)).unwrap()).await
    }
}

pub(crate) fn free_port() -> u16 {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap().port()
}

/// A process that hosts.
pub(crate) struct Hosting {
    pub(crate) lan: Lan,
    pub(crate) host: LanHost,
    pub(crate) port: u16,
}

impl Hosting {
    pub(crate) async fn of(lan: Lan) -> Self {
        let (host, port) = (lan.host(), free_port());
        let process = ReadyProcess {
            port,
            log_paths: vec![],
        };
        within(host.ready(process)).await.unwrap();
        Self { lan, host, port }
    }

    pub(crate) async fn event(&self) -> HostEvent {
        within(std::future::poll_fn(|cx| self.host.poll_event(cx))).await
    }

    /// Waits for the game session that was asked for, and activates it.
    pub(crate) async fn activate(&self) -> HostedGameSession {
        let HostEvent::GameSessionStarted(session) = self.event().await else {
            panic!("no game session started")
        };
        self.host.activate(session.id.clone()).await.unwrap();
        session
    }

    /// Starts a game session and gives the owner's seat.
    pub(crate) async fn start(&self, request: CreateGameSession) -> Seat {
        let seat = self.lan.service().create(request, Progress::ignored());
        self.activate().await;
        within(seat).await.unwrap()
    }

    /// The code by which friends of the owner join.
    pub(crate) async fn code(&self, own: &Seat) -> String {
        let code = self.lan.service().join_code(own.game_session.id.clone());
        within(code).await.unwrap().join_code
    }

    pub(crate) fn door(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.lan.door_port().unwrap()).into()
    }
}

pub(crate) fn build() -> BuildId {
    "dev".parse().unwrap()
}

pub(crate) fn named(name: &str, seats: u16) -> CreateGameSession {
    CreateGameSession::new(name, seats, build())
}

/// Searches until as many were found, page by page and search by search.
pub(crate) async fn find(lan: &Lan, wanted: usize) -> Vec<GameSession> {
    find_until(lan, |found| found.len() >= wanted).await
}

pub(crate) async fn find_until(lan: &Lan, done: impl Fn(&[GameSession]) -> bool) -> Vec<GameSession> {
    within(async {
        loop {
            let page = lan.service().find(FindGameSessions::default()).await.unwrap();
            if done(&page.game_sessions) {
                return page.game_sessions;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

pub(crate) async fn join(lan: &Lan, found: &GameSession) -> Result<Seat, ServiceError> {
    let request = JoinGameSession::new(found.id.clone(), build());
    within(lan.service().join(request, Progress::ignored())).await
}

pub(crate) fn code_of<T: std::fmt::Debug>(answer: Result<T, ServiceError>) -> ErrorCode {
    answer.unwrap_err().code().unwrap().clone()
}
