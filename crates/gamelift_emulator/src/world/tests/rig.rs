//! A world with a clock that the test turns, and short names for what tests do.

use std::time::Duration;

use gamelift_server_sdk::proto::message::{
    AcceptPlayerSession, ActivateGameSession, ActivateServerProcess, HeartbeatServerProcess, Push, RemovePlayerSession,
    Reply, Request, TerminateServerProcess,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    api::{codec::Codec, dispatch::dispatch},
    model::{
        error::ApiError,
        game_sessions::{CreateGameSessionInput, GameSession, TerminateGameSessionInput},
        player_sessions::{CreatePlayerSessionInput, PlayerSession},
        status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus},
        timestamp::Timestamp,
    },
    world::{Handshake, Outgoing, Refused, Settings, SocketId, World, beacons::NoBeacons},
};

pub(super) struct Rig {
    pub(super) world: World,
    pub(super) now: Timestamp,
    requests: u64,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let mut count = 0_u128;
        let ids = Box::new(move || {
            count += 1;
            Uuid::from_u128(count)
        });
        Self {
            world: World::new(settings, ids, Box::new(NoBeacons), now),
            now,
            requests: 0,
        }
    }

    /// Lets time pass, firing every timer at its own moment.
    pub(super) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(next) = self.world.poll_timeout().filter(|next| *next <= end) {
            self.now = self.now.max(next);
            self.world.handle_timeout(self.now);
        }
        self.now = end;
    }

    pub(super) fn connect(&mut self, process_id: &str) -> SocketId {
        self.try_connect(process_id).unwrap()
    }

    /// As this SDK instance, known by its idempotency token.
    pub(super) fn connect_with(&mut self, process_id: &str, idempotency_token: &str) -> SocketId {
        let handshake = Handshake {
            idempotency_token: idempotency_token.into(),
            ..self.handshake(process_id)
        };
        self.world.connect(handshake, self.now).unwrap()
    }

    pub(super) fn try_connect(&mut self, process_id: &str) -> Result<SocketId, Refused> {
        let handshake = self.handshake(process_id);
        self.world.connect(handshake, self.now)
    }

    fn handshake(&mut self, process_id: &str) -> Handshake {
        let token = self.world.local_token("local", self.now).unwrap();
        Handshake {
            process_id: process_id.into(),
            fleet_id: "fleet-local".into(),
            compute_name: "local".into(),
            tokens: vec![token],
            ..Handshake::default()
        }
    }

    pub(super) fn connect_as(&mut self, fleet_id: &str, compute: &str, process_id: &str, token: &str) -> SocketId {
        let handshake = Handshake {
            process_id: process_id.into(),
            fleet_id: fleet_id.into(),
            compute_name: compute.into(),
            tokens: vec![token.into()],
            ..Handshake::default()
        };
        self.world.connect(handshake, self.now).unwrap()
    }

    /// Connected, ready, healthy.
    pub(super) fn process(&mut self, process_id: &str) -> SocketId {
        let socket = self.connect(process_id);
        self.ready(socket);
        self.heartbeat(socket, true);
        socket
    }

    pub(super) fn ready(&mut self, socket: SocketId) -> u16 {
        let ready = ActivateServerProcess {
            port: 7777,
            ..ActivateServerProcess::default()
        };
        self.request(socket, ready)
    }

    pub(super) fn heartbeat(&mut self, socket: SocketId, health_status: bool) -> u16 {
        self.request(socket, HeartbeatServerProcess { health_status })
    }

    pub(super) fn ending(&mut self, socket: SocketId) -> u16 {
        self.request(socket, TerminateServerProcess {})
    }

    pub(super) fn activate(&mut self, socket: SocketId, arn: &str) -> u16 {
        self.request(
            socket,
            ActivateGameSession {
                game_session_id: arn.into(),
            },
        )
    }

    pub(super) fn accept(&mut self, socket: SocketId, arn: &str, id: &str) -> u16 {
        self.request(
            socket,
            AcceptPlayerSession {
                game_session_id: arn.into(),
                player_session_id: id.into(),
            },
        )
    }

    pub(super) fn remove(&mut self, socket: SocketId, arn: &str, id: &str) -> u16 {
        self.request(
            socket,
            RemovePlayerSession {
                game_session_id: arn.into(),
                player_session_id: id.into(),
            },
        )
    }

    /// Sends a request; the status of its reply.
    pub(super) fn request(&mut self, socket: SocketId, request: impl Into<Request>) -> u16 {
        self.requests += 1;
        let id = format!("request-{}", self.requests);
        let frame = request.into().encode(&id);
        self.world.handle_frame(socket, &frame, self.now);
        let mut others = Vec::new();
        let mut answer: Option<Reply> = None;
        while let Some(outgoing) = self.world.poll_outgoing() {
            match outgoing {
                Outgoing::Reply(to, reply) if reply.request_id == id => {
                    assert_eq!(to, socket, "a reply goes where its request came from");
                    assert!(answer.is_none(), "two replies to one request");
                    answer = Some(reply);
                }
                other => others.push(other),
            }
        }
        self.world.outbox.extend(others);
        answer.map_or(0, |reply| reply.status_code.unwrap())
    }

    /// What the process of this socket was told since the last look.
    pub(super) fn pushes(&mut self, socket: SocketId) -> Vec<Push> {
        let mut pushes = Vec::new();
        while let Some(outgoing) = self.world.poll_outgoing() {
            match outgoing {
                Outgoing::Push(to, push) if to == socket => pushes.push(push),
                _ => {}
            }
        }
        pushes
    }

    pub(super) fn create(&mut self, token: Option<&str>) -> Result<GameSession, ApiError> {
        let input = CreateGameSessionInput {
            fleet_id: Some("fleet-local".into()),
            alias_id: None,
            maximum_player_session_count: 2,
            name: None,
            game_properties: None,
            creator_id: None,
            game_session_id: None,
            idempotency_token: token.map(Into::into),
            game_session_data: None,
            location: Some("custom-local".into()),
        };
        self.world
            .create_game_session(input, self.now)
            .map(|output| output.game_session)
    }

    pub(super) fn reserve(&mut self, arn: &str) -> Result<PlayerSession, ApiError> {
        let input = CreatePlayerSessionInput {
            game_session_id: arn.into(),
            player_id: "ann".into(),
            player_data: None,
        };
        self.world
            .create_player_session(input, self.now)
            .map(|output| output.player_session)
    }

    pub(super) fn terminate(&mut self, arn: &str) -> Result<GameSession, ApiError> {
        let input = TerminateGameSessionInput {
            game_session_id: arn.into(),
            termination_mode: "TRIGGER_ON_PROCESS_TERMINATE".into(),
        };
        self.world
            .terminate_game_session(input, self.now)
            .map(|output| output.game_session)
    }

    /// Any call of the API, checked and carried out as one that came over the wire.
    pub(super) fn call(&mut self, operation: &str, body: Value) -> Result<Value, ApiError> {
        let answer = dispatch(&mut self.world, operation, body, self.now, Codec::Json)?;
        Ok(serde_json::from_slice(&answer).unwrap())
    }

    /// A process of another compute than the usual one, which is registered for it: connected, ready, healthy.
    pub(super) fn process_of(&mut self, fleet_id: &str, location: &str, process_id: &str) -> SocketId {
        let compute = location.trim_start_matches("custom-").to_owned();
        let names = json!({"FleetId": fleet_id, "ComputeName": compute});
        if self.call("DescribeCompute", names).is_err() {
            let registered =
                json!({"FleetId": fleet_id, "ComputeName": compute, "Location": location, "IpAddress": "127.0.0.1"});
            self.call("RegisterCompute", registered).unwrap();
        }
        let (token, _) = self.world.grant_token(fleet_id, &compute, self.now);
        let socket = self.connect_as(fleet_id, &compute, process_id, &token);
        self.ready(socket);
        self.heartbeat(socket, true);
        socket
    }

    /// A process with an active game session, and that session's ARN.
    pub(super) fn playing(&mut self) -> (SocketId, String) {
        let socket = self.process("process-1");
        let arn = self.create(None).unwrap().game_session_id;
        assert_eq!(self.activate(socket, &arn), 200);
        self.pushes(socket);
        (socket, arn)
    }

    pub(super) fn game_status(&self, arn: &str) -> GameSessionStatus {
        let snapshot = self.world.snapshot();
        snapshot
            .game_sessions
            .iter()
            .find(|session| session.game_session_id == arn)
            .unwrap()
            .status
    }

    pub(super) fn player_status(&self, id: &str) -> PlayerSessionStatus {
        let snapshot = self.world.snapshot();
        snapshot
            .player_sessions
            .iter()
            .find(|player| player.player_session_id == id)
            .unwrap()
            .status
    }

    pub(super) fn process_status(&self, place: usize) -> ProcessStatus {
        self.world.snapshot().processes[place].status
    }

    pub(super) fn events(&self) -> Vec<String> {
        self.world
            .snapshot()
            .fleet_events
            .into_iter()
            .map(|event| event.code)
            .collect()
    }
}
