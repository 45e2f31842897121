//! Tests of the core in virtual time, against a service that the test plays itself.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod connection;
mod health;
mod life;
mod limits;
mod requests;
mod storm;

use std::time::Duration;

use serde_json::Value;

use super::{
    message::{ActivateServerProcess, CreateGameSession, Push, RefreshConnection, Reply, RequestFrame},
    *,
};
use crate::{Error, Event};

const GAME: &str = "arn:aws:gamelift:us-west-2::gamesession/fleet-1/custom-loc/gsess-1";

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// The core, its clock, and everything it wanted so far.
struct World {
    core: Core,
    now: Duration,
    connects: Vec<(SocketId, Duration, String, String)>,
    sent: Vec<(SocketId, Duration, String)>,
    closed: Vec<SocketId>,
    asked: Vec<(u64, Duration)>,
    outputs: Vec<Output>,
    /// When each of them came.
    told_at: Vec<Duration>,
    renewals: u32,
    calls: u64,
    /// What the game answers when it is asked for its health; `None` is silence.
    health: Option<bool>,
}

impl World {
    fn new() -> Self {
        Self::with(|_| {}, 7)
    }

    fn with(change: impl FnOnce(&mut Config), seed: u128) -> Self {
        let mut config = Config::new(Handshake {
            endpoint: "ws://service:1/".parse().unwrap(),
            process_id: "proc-1".into(),
            host_id: "host-1".into(),
            fleet_id: "fleet-1".into(),
            authorization: Authorization::Token("token".into()),
        });
        change(&mut config);
        let mut world = Self {
            core: Core::new(config, Duration::ZERO, seed),
            now: Duration::ZERO,
            connects: Vec::new(),
            sent: Vec::new(),
            closed: Vec::new(),
            asked: Vec::new(),
            outputs: Vec::new(),
            told_at: Vec::new(),
            renewals: 0,
            calls: 0,
            health: Some(true),
        };
        world.pump();
        world
    }

    /// Connected, nothing said yet.
    fn connected() -> Self {
        let mut world = Self::new();
        world.accept();
        world
    }

    /// Ready, its first heartbeat answered, nothing kept in the books.
    fn ready() -> Self {
        let mut world = Self::connected();
        let call = world.call(ready(7777));
        world.answer_all();
        assert_eq!(world.result(call), Ok(Answer::Done));
        world.forget();
        world
    }

    /// Ready and with a game session.
    fn hosting() -> Self {
        let mut world = Self::ready();
        world.push(&game_session(GAME));
        world.forget();
        world
    }

    fn forget(&mut self) {
        self.connects.clear();
        self.sent.clear();
        self.closed.clear();
        self.asked.clear();
        self.outputs.clear();
        self.told_at.clear();
    }

    fn pump(&mut self) {
        loop {
            while let Some(output) = self.core.poll_event() {
                self.outputs.push(output);
                self.told_at.push(self.now);
            }
            let Some(transmit) = self.core.poll_transmit() else {
                break;
            };
            match transmit {
                Transmit::Connect {
                    socket,
                    handshake,
                    idempotency_token,
                } => {
                    let endpoint = handshake.endpoint.to_string();
                    self.connects.push((socket, self.now, endpoint, idempotency_token));
                }
                Transmit::Send { socket, text } => self.sent.push((socket, self.now, text)),
                Transmit::Close { socket } => self.closed.push(socket),
                Transmit::RenewToken => self.renewals += 1,
                Transmit::AskHealth { id } => {
                    self.asked.push((id, self.now));
                    if let Some(healthy) = self.health {
                        self.core.handle_health(id, healthy, self.now);
                    }
                }
            }
        }
    }

    /// Lets time pass, stopping wherever the core wants to be woken.
    fn advance(&mut self, by: Duration) {
        let end = self.now + by;
        while let Some(at) = self.core.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.core.handle_timeout(self.now);
            self.pump();
        }
        self.now = end;
    }

    fn last_connect(&self) -> SocketId {
        self.connects.last().unwrap().0
    }

    /// The newest attempt to connect succeeds.
    fn accept(&mut self) -> SocketId {
        let socket = self.last_connect();
        self.core.handle_connected(socket, self.now);
        self.pump();
        socket
    }

    /// The newest attempt to connect fails.
    fn refuse(&mut self, http_status: Option<u16>) {
        let socket = self.last_connect();
        let failure = ConnectFailure {
            http_status,
            cause: "no".to_owned(),
        };
        self.core.handle_connect_failed(socket, failure, self.now);
        self.pump();
    }

    /// The newest attempt fails, and so do all until `failures` of them have; the last wait passes too.
    fn refuse_again(&mut self, failures: usize, http_status: Option<u16>) {
        for _ in 0..failures {
            self.refuse(http_status);
            let attempts = self.connects.len();
            for _ in 0..40 {
                if self.connects.len() == attempts && !self.core.is_finished() {
                    self.advance(secs(1));
                }
            }
        }
    }

    fn close(&mut self, socket: SocketId, code: Option<u16>) {
        self.core.handle_closed(socket, code, self.now);
        self.pump();
    }

    fn socket(&self) -> SocketId {
        self.core.link().current.unwrap()
    }

    fn text(&mut self, text: &str) {
        let socket = self.socket();
        self.text_on(socket, text);
    }

    fn text_on(&mut self, socket: SocketId, text: &str) {
        self.core.handle_text(socket, text, self.now);
        self.pump();
    }

    fn push(&mut self, push: &Push) {
        self.text(&push.encode());
    }

    fn call(&mut self, call: Call) -> CallId {
        self.calls += 1;
        let id = CallId(self.calls);
        self.core.handle_call(id, call, self.now);
        self.pump();
        id
    }

    /// The requests sent so far.
    fn requests(&self) -> Vec<RequestFrame> {
        self.sent
            .iter()
            .map(|(_, _, text)| RequestFrame::decode(text).unwrap())
            .collect()
    }

    fn actions(&self) -> Vec<&'static str> {
        self.requests().iter().map(|frame| frame.request.action()).collect()
    }

    fn reply(&mut self, reply: &Reply) {
        self.text(&reply.encode());
    }

    /// Answers all requests, also those that the answers bring about.
    fn answer_all(&mut self) {
        let mut answered = 0;
        while answered < self.sent.len() {
            let frame = self.requests().swap_remove(answered);
            answered += 1;
            self.reply(&Reply::success(frame.request.action(), &frame.request_id));
        }
    }

    /// Answers the newest request with a JSON text whose `ID` is replaced.
    fn answer_last(&mut self, json: &str) {
        let id = self.requests().last().unwrap().request_id.clone();
        self.text(&json.replace("ID", &id));
    }

    /// How the call ended. Fails unless it ended exactly once.
    fn result(&self, id: CallId) -> Result<Answer, Error> {
        let mut results = self.results(id);
        assert_eq!(results.len(), 1, "a call ends exactly once: {results:?}");
        results.remove(0)
    }

    fn results(&self, id: CallId) -> Vec<Result<Answer, Error>> {
        let results = self.outputs.iter().filter_map(|output| match output {
            Output::Done { call, result } if *call == id => Some(result.clone()),
            _ => None,
        });
        results.collect()
    }

    fn events(&self) -> Vec<Event> {
        let events = self.outputs.iter().filter_map(|output| match output {
            Output::Event(event) => Some(event.clone()),
            _ => None,
        });
        events.collect()
    }

    fn heartbeats(&self) -> Vec<(Duration, bool)> {
        let beats = self.sent.iter().filter_map(|(_, at, text)| {
            let json: Value = serde_json::from_str(text).unwrap();
            json["HealthStatus"].as_bool().map(|healthy| (*at, healthy))
        });
        beats.collect()
    }
}

fn ready(port: u16) -> Call {
    Call::ProcessReady(ActivateServerProcess {
        port,
        ..ActivateServerProcess::default()
    })
}

fn accept(seat: &str) -> Call {
    Call::AcceptPlayerSession(seat.to_owned())
}

fn game_session(id: &str) -> Push {
    Push::CreateGameSession(CreateGameSession {
        game_session_id: id.to_owned(),
        ..CreateGameSession::default()
    })
}

fn refresh(endpoint: &str) -> Push {
    Push::RefreshConnection(RefreshConnection {
        refresh_connection_endpoint: endpoint.to_owned(),
        auth_token: "token-2".into(),
    })
}
