//! The whole process end as one machine: phases, calls, pushes, health and the connection.
//!
//! Phases: *starting* (no connection yet) - *initialized* - *activating* (`process_ready` asked) - *ready* - *ending*
//! (`process_ending` asked) - *ended* (answered) - *destroyed*. Heartbeats run from *ready* to *ending*. A failed
//! `process_ready` goes back to *initialized*. Pushes other than a refresh count only while *ready* or *ending*.

use std::{collections::VecDeque, time::Duration};

use super::{
    Authorization, Config, ConnectFailure, Handshake, Random, Secret, SocketId,
    calls::{Calls, Pending},
    health::{Beat, Health},
    link::{Failed, Identity, Link, Step},
    message::{
        AcceptPlayerSession, ActivateGameSession, ActivateServerProcess, CreateGameSession, DecodeError,
        DescribePlayerSessions, FromService, GetComputeCertificate, GetFleetRoleCredentials, HeartbeatServerProcess,
        PlayerSessionCreationPolicy, Push, RefreshConnection, RemovePlayerSession, Reply, Request, StartMatchBackfill,
        StopMatchBackfill, TerminateServerProcess, UpdatePlayerSessionCreationPolicy,
    },
    validate::validate,
};
use crate::{Error, Event, GameSession, GameSessionUpdate, ServiceErrorKind};

/// Names one call of the user. The caller chooses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u64);

/// What a user can ask for.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Call {
    /// The process can host a game session.
    ProcessReady(ActivateServerProcess),
    /// The game session is ready for players.
    ActivateGameSession,
    /// A player has come.
    AcceptPlayerSession(String),
    /// A player has gone.
    RemovePlayerSession(String),
    /// Opens or closes the game session for new players.
    UpdatePlayerSessionCreationPolicy(PlayerSessionCreationPolicy),
    /// Asks for player sessions.
    DescribePlayerSessions(DescribePlayerSessions),
    /// Asks for more players.
    StartMatchBackfill(StartMatchBackfill),
    /// Takes that back.
    StopMatchBackfill(StopMatchBackfill),
    /// Asks for the compute's TLS certificate.
    GetComputeCertificate,
    /// Asks for credentials of a role.
    GetFleetRoleCredentials(GetFleetRoleCredentials),
    /// The process is about to exit.
    ProcessEnding,
    /// Closes the connection for good.
    Destroy,
}

/// How a call succeeded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Answer {
    /// It is done.
    Done,
    /// The service said this; read it with [`Reply::result`].
    Reply(Reply),
}

/// What the driver is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Transmit {
    /// Open a websocket, then `handle_connected` or `handle_connect_failed`.
    Connect {
        /// The new connection's name.
        socket: SocketId,
        /// Where to, and as whom: see [`Handshake::url`].
        handshake: Handshake,
        /// Goes into the URL.
        idempotency_token: String,
    },
    /// Send this text frame.
    Send {
        /// On which connection.
        socket: SocketId,
        /// The frame.
        text: String,
    },
    /// Close this connection with code 1000, or give the attempt up. Nothing more is to be reported of it.
    Close {
        /// Which one.
        socket: SocketId,
    },
    /// Ask the game whether it is well, then `handle_health`.
    AskHealth {
        /// Repeated in the answer.
        id: u64,
    },
}

/// What the user is to hear.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Output {
    /// The first connection is there, or will never be.
    Initialized(Result<(), Error>),
    /// A call ended. Every call does so exactly once.
    Done {
        /// Which call.
        call: CallId,
        /// How it ended.
        result: Result<Answer, Error>,
    },
    /// Something happened, in the order in which the service said it.
    Event(Event),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Starting,
    Initialized,
    Activating,
    Ready,
    Ending,
    Ended,
    Destroyed,
}

/// The machine. Nothing in it waits; time is counted from any fixed moment.
#[derive(Debug)]
pub struct Core {
    config: Config,
    phase: Phase,
    link: Link,
    calls: Calls,
    health: Health,
    heartbeat_lost: bool,
    game_session_id: Option<String>,
    transmits: VecDeque<Transmit>,
    outputs: VecDeque<Output>,
    random: Random,
    ignored: u64,
}

impl Core {
    /// Starts to connect at once. The seed makes request ids and jitter; take a random one.
    pub fn new(config: Config, now: Duration, seed: u128) -> Self {
        let mut random = Random::new(seed);
        let identity = Identity {
            handshake: config.handshake.clone(),
            idempotency_token: random.uuid(),
        };
        let link = Link::new(identity, config.connect_timeout, config.drain, now);
        let mut core = Self {
            config,
            phase: Phase::Starting,
            link,
            calls: Calls::default(),
            health: Health::default(),
            heartbeat_lost: false,
            game_session_id: None,
            transmits: VecDeque::new(),
            outputs: VecDeque::new(),
            random,
            ignored: 0,
        };
        core.settle(now);
        core
    }

    /// What to do next; call until it returns `None`.
    pub fn poll_transmit(&mut self) -> Option<Transmit> {
        self.transmits.pop_front()
    }

    /// What to tell the user next; call until it returns `None`.
    pub fn poll_event(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle_timeout`, if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Duration> {
        [self.link.timeout(), self.calls.timeout(), self.health.timeout()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether it is over: destroyed, or the first connect failed for good.
    pub fn is_finished(&self) -> bool {
        self.phase == Phase::Destroyed
    }

    /// How many frames were ignored because they made no sense: broken JSON, unknown actions, late or doubled replies.
    pub fn ignored_frames(&self) -> u64 {
        self.ignored
    }

    #[cfg(test)]
    pub(super) fn link(&self) -> &Link {
        &self.link
    }

    /// The user calls.
    pub fn handle_call(&mut self, call: CallId, what: Call, now: Duration) {
        let result = match what {
            Call::Destroy => {
                self.destroy();
                Ok(true)
            }
            Call::ProcessEnding if self.phase == Phase::Ended => Ok(true),
            what => self.start_call(call, what, now).map(|()| false),
        };
        match result {
            Ok(true) => self.done(Some(call), Ok(Answer::Done)),
            Ok(false) => {}
            Err(error) => self.done(Some(call), Err(error)),
        }
        self.settle(now);
    }

    /// Nobody can call any more.
    pub fn handle_abandoned(&mut self, now: Duration) {
        self.destroy();
        self.settle(now);
    }

    /// An attempt to connect succeeded.
    pub fn handle_connected(&mut self, socket: SocketId, now: Duration) {
        let (ours, replaced) = self.link.opened(socket, now);
        if let Some(replaced) = replaced {
            self.requeue(replaced);
        }
        if ours {
            if self.phase == Phase::Starting {
                self.phase = Phase::Initialized;
                self.outputs.push_back(Output::Initialized(Ok(())));
            }
            if std::mem::take(&mut self.heartbeat_lost) {
                self.health.make_up(now);
            }
            tracing::debug!(endpoint = %self.link.identity.handshake.endpoint, "connected to GameLift");
        }
        self.settle(now);
    }

    /// An attempt to connect failed.
    pub fn handle_connect_failed(&mut self, socket: SocketId, failure: ConnectFailure, now: Duration) {
        match self.link.failed(socket, now) {
            Failed::Stale => {}
            Failed::OldOneStays => {
                tracing::warn!(cause = %failure.cause, "the new connection to GameLift failed; the old one stays");
            }
            Failed::Again { attempts, wait } => self.connect_failed(failure, attempts, wait),
        }
        self.settle(now);
    }

    fn connect_failed(&mut self, failure: ConnectFailure, attempts: u32, wait: Duration) {
        let starting = self.phase == Phase::Starting;
        let refused = matches!(failure.http_status, Some(401 | 403));
        let last = attempts >= self.config.connect_attempts || (starting && refused);
        let handshake = &self.link.identity.handshake;
        let error = Error::Connect {
            endpoint: handshake.endpoint.to_string(),
            fleet_id: handshake.fleet_id.clone(),
            host_id: handshake.host_id.clone(),
            attempts,
            next_wait: (!(starting && last)).then_some(wait),
            http_status: failure.http_status,
            cause: failure.cause,
        };
        if starting && last {
            self.outputs.push_back(Output::Initialized(Err(error)));
            self.destroy();
        } else {
            tracing::warn!(%error, next_wait = ?wait, "cannot reach GameLift");
            if attempts == self.config.connect_attempts {
                self.outputs.push_back(Output::Event(Event::ConnectionLost(error)));
            }
        }
    }

    /// A connection ended, with the close code if there was one.
    pub fn handle_closed(&mut self, socket: SocketId, code: Option<u16>, now: Duration) {
        if self.phase == Phase::Ended {
            // Nothing is left to be said.
            self.link.stop();
        }
        let was_current = self.link.current == Some(socket);
        if self.link.closed(socket, code, now) {
            if was_current {
                tracing::debug!(?code, "the connection to GameLift was lost");
            }
            self.requeue(socket);
        }
        self.settle(now);
    }

    /// A frame came that has no meaning here but shows that the other side lives: ping, pong, binary.
    pub fn handle_activity(&mut self, socket: SocketId, now: Duration) {
        self.link.heard(socket);
        self.settle(now);
    }

    /// A text frame came.
    pub fn handle_text(&mut self, socket: SocketId, text: &str, now: Duration) {
        if !self.link.knows(socket) {
            return;
        }
        self.link.heard(socket);
        match FromService::decode(text) {
            Ok(FromService::Reply(reply)) => match self.calls.answer(&reply.request_id) {
                Some(pending) => self.answered(pending, reply, now),
                None => self.ignore("a reply that nothing waits for"),
            },
            Ok(FromService::Push(push)) => self.pushed(push, now),
            Err(error @ DecodeError::BadField { .. }) => {
                tracing::warn!(%error, "a message of GameLift cannot be read");
                self.ignored += 1;
            }
            Err(_) => self.ignore("a frame that is no message of the protocol"),
        }
        self.settle(now);
    }

    /// The game answered [`Transmit::AskHealth`].
    pub fn handle_health(&mut self, id: u64, healthy: bool, now: Duration) {
        if self.health.answered(id) {
            self.heartbeat(healthy, now);
        }
        self.settle(now);
    }

    /// The time of `poll_timeout` has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        while let Some(pending) = self.calls.expired(now) {
            if let Some(socket) = pending.sent_on {
                self.link.missed(socket, now);
            }
            let error = Error::Timeout {
                action: pending.action,
                after: self.config.call_timeout,
            };
            self.failed(&pending, error);
        }
        if let Some(socket) = self.link.overdue_attempt(now) {
            self.transmits.push_back(Transmit::Close { socket });
            let cause = format!(
                "no answer within {:?}; is the address right?",
                self.config.connect_timeout
            );
            self.handle_connect_failed(
                socket,
                ConnectFailure {
                    http_status: None,
                    cause,
                },
                now,
            );
        }
        self.link.retry_if_due(now);
        let patience = self
            .config
            .heartbeat_interval
            .saturating_sub(self.config.heartbeat_jitter);
        loop {
            let (config, random) = (&self.config, &mut self.random);
            let next = || random.around(config.heartbeat_interval, config.heartbeat_jitter);
            match self.health.beat(now, patience, next) {
                Some(Beat::Ask(id)) => self.transmits.push_back(Transmit::AskHealth { id }),
                Some(Beat::Report(healthy)) => self.heartbeat(healthy, now),
                None => break,
            }
        }
        self.settle(now);
    }

    fn start_call(&mut self, call: CallId, what: Call, now: Duration) -> Result<(), Error> {
        let request = self.request(what)?;
        validate(&request)?;
        if self.calls.len() >= self.config.max_calls {
            return Err(Error::Busy);
        }
        let (before, repeatable) = (self.phase, self.is_repeatable(&request));
        let next = match &request {
            Request::ActivateServerProcess(_) => Phase::Activating,
            Request::TerminateServerProcess(_) => Phase::Ending,
            _ => before,
        };
        self.enqueue(Some(call), &request, repeatable, now)?;
        self.phase = next;
        if next == Phase::Ending {
            self.health.stop();
        }
        Ok(())
    }

    /// What is sent for a call, if the phase allows it.
    fn request(&self, what: Call) -> Result<Request, Error> {
        let phase = self.phase;
        match what {
            Call::ProcessEnding => match phase {
                Phase::Starting => Err(Error::NotReady {
                    action: "TerminateServerProcess",
                }),
                Phase::Destroyed => Err(Error::Ended),
                _ => Ok(TerminateServerProcess {}.into()),
            },
            Call::ProcessReady(ready) => match phase {
                Phase::Starting => Err(Error::NotReady {
                    action: "ActivateServerProcess",
                }),
                Phase::Initialized => Ok(ready.into()),
                Phase::Activating | Phase::Ready => Err(Error::AlreadyReady),
                Phase::Ending | Phase::Ended | Phase::Destroyed => Err(Error::Ended),
            },
            what => {
                let request = self.request_of_ready_process(what)?;
                match phase {
                    Phase::Ready => Ok(request),
                    Phase::Ending | Phase::Ended | Phase::Destroyed => Err(Error::Ended),
                    Phase::Starting | Phase::Initialized | Phase::Activating => Err(Error::NotReady {
                        action: request.action(),
                    }),
                }
            }
        }
    }

    fn request_of_ready_process(&self, what: Call) -> Result<Request, Error> {
        let ready = self.phase == Phase::Ready;
        let session = |action: &'static str| match &self.game_session_id {
            Some(id) => Ok(id.clone()),
            None if ready => Err(Error::NoGameSession { action }),
            None => Ok(String::new()),
        };
        Ok(match what {
            Call::ActivateGameSession => ActivateGameSession {
                game_session_id: session("ActivateGameSession")?,
            }
            .into(),
            Call::AcceptPlayerSession(player_session_id) => AcceptPlayerSession {
                game_session_id: session("AcceptPlayerSession")?,
                player_session_id,
            }
            .into(),
            Call::RemovePlayerSession(player_session_id) => RemovePlayerSession {
                game_session_id: session("RemovePlayerSession")?,
                player_session_id,
            }
            .into(),
            Call::UpdatePlayerSessionCreationPolicy(player_session_policy) => UpdatePlayerSessionCreationPolicy {
                game_session_id: session("UpdatePlayerSessionCreationPolicy")?,
                player_session_policy,
            }
            .into(),
            Call::DescribePlayerSessions(describe) => describe.into(),
            Call::StartMatchBackfill(start) => start.into(),
            Call::StopMatchBackfill(stop) => stop.into(),
            Call::GetComputeCertificate => GetComputeCertificate {}.into(),
            Call::GetFleetRoleCredentials(get) => get.into(),
            Call::ProcessReady(_) | Call::ProcessEnding | Call::Destroy => return Err(Error::Ended),
        })
    }

    /// The service remembers request ids and repeats its reply. Only a backfill without a ticket id of its own would
    /// leave two tickets behind if it did not.
    #[expect(clippy::unused_self, reason = "a rule of the machine")]
    fn is_repeatable(&self, request: &Request) -> bool {
        !matches!(request, Request::StartMatchBackfill(start) if start.ticket_id.is_empty())
    }

    fn enqueue(
        &mut self,
        call: Option<CallId>,
        request: &Request,
        repeatable: bool,
        now: Duration,
    ) -> Result<(), Error> {
        let request_id = self.random.uuid();
        let text = request.encode(&request_id);
        if text.len() > self.config.max_request_bytes {
            let reason = format!("it has more than {} bytes", self.config.max_request_bytes);
            return Err(Error::Validation {
                field: "request",
                reason,
            });
        }
        let deadline = now + self.config.call_timeout;
        let action = request.action();
        self.calls.push(Pending {
            call,
            action,
            request_id,
            text,
            repeatable,
            sent_on: None,
            deadline,
        });
        Ok(())
    }

    fn heartbeat(&mut self, healthy: bool, now: Duration) {
        let request = HeartbeatServerProcess { health_status: healthy }.into();
        if let Err(error) = self.enqueue(None, &request, true, now) {
            tracing::warn!(%error, "a heartbeat cannot be sent");
        }
    }

    /// `socket` will bring no more replies.
    fn requeue(&mut self, socket: SocketId) {
        for pending in self.calls.lost(socket) {
            let error = Error::Disconnected { action: pending.action };
            self.failed(&pending, error);
        }
    }

    fn answered(&mut self, pending: Pending, reply: Reply, now: Duration) {
        if reply.status_code != Some(200) {
            let kind = ServiceErrorKind::of(reply.status_code);
            let message = reply.error_message.unwrap_or_else(|| kind.default_message().to_owned());
            let error = Error::Service {
                action: pending.action,
                status: reply.status_code,
                kind,
                message,
            };
            return self.failed(&pending, error);
        }
        match pending.action {
            "ActivateServerProcess" if self.phase == Phase::Activating => {
                self.phase = Phase::Ready;
                self.health.start(now);
                self.done(pending.call, Ok(Answer::Done));
                // The first heartbeat goes at once, not at the next timeout.
                return self.handle_timeout(now);
            }
            "TerminateServerProcess" if self.phase == Phase::Ending => self.phase = Phase::Ended,
            _ => {}
        }
        self.done(pending.call, Ok(Answer::Reply(reply)));
    }

    fn failed(&mut self, pending: &Pending, error: Error) {
        match pending.action {
            "ActivateServerProcess" if self.phase == Phase::Activating => self.phase = Phase::Initialized,
            "HeartbeatServerProcess" => {
                self.heartbeat_lost |= pending.sent_on.is_none();
                tracing::warn!(%error, "a heartbeat failed");
            }
            _ => {}
        }
        self.done(pending.call, Err(error));
    }

    fn done(&mut self, call: Option<CallId>, result: Result<Answer, Error>) {
        if let Some(call) = call {
            self.outputs.push_back(Output::Done { call, result });
        }
    }

    fn ignore(&mut self, what: &'static str) {
        self.ignored += 1;
        tracing::trace!(what, "ignored");
    }

    fn pushed(&mut self, push: Push, now: Duration) {
        let ready = matches!(self.phase, Phase::Ready | Phase::Ending);
        match push {
            Push::RefreshConnection(refresh) => self.refresh(refresh, now),
            _ if !ready => self.ignore("a push outside the time between process_ready and process_ending"),
            Push::CreateGameSession(create) => self.game_session(create),
            Push::UpdateGameSession(update) => {
                let update = GameSessionUpdate::new(update, &self.config.handshake.fleet_id);
                self.outputs.push_back(Output::Event(Event::UpdateGameSession(update)));
            }
            Push::TerminateProcess(terminate) => {
                self.outputs.push_back(Output::Event(Event::terminate(&terminate)));
            }
        }
    }

    /// One process hosts one game session in its life.
    fn game_session(&mut self, create: CreateGameSession) {
        if create.game_session_id.is_empty() {
            return self.ignore("a game session without an id");
        }
        if let Some(id) = &self.game_session_id {
            if *id != create.game_session_id {
                tracing::warn!(
                    new = create.game_session_id,
                    "a second game session was placed on this process; ignored"
                );
            }
            return self.ignore("a game session while there is one");
        }
        self.game_session_id = Some(create.game_session_id.clone());
        let session = GameSession::created(create, &self.config.handshake.fleet_id);
        self.outputs.push_back(Output::Event(Event::StartGameSession(session)));
    }

    fn refresh(&mut self, refresh: RefreshConnection, now: Duration) {
        let old = &self.link.identity.handshake;
        let endpoint = match refresh.refresh_connection_endpoint.parse::<super::Endpoint>() {
            Ok(endpoint) if old.endpoint.is_secure() && !endpoint.is_secure() => {
                tracing::warn!("a refresh to a connection without encryption was refused");
                return;
            }
            Ok(endpoint) => endpoint,
            Err(error) => {
                tracing::warn!(%error, "a refresh cannot be followed; the connection stays");
                return;
            }
        };
        let token: Secret = refresh.auth_token;
        if self.phase >= Phase::Ended || token.is_empty() {
            return self.ignore("a refresh without a token, or after the end");
        }
        let handshake = Handshake {
            endpoint,
            authorization: Authorization::Token(token),
            ..old.clone()
        };
        let identity = Identity {
            handshake,
            idempotency_token: self.random.uuid(),
        };
        self.link.refresh(identity, now);
    }

    fn destroy(&mut self) {
        self.phase = Phase::Destroyed;
        self.health.stop();
        self.link.stop();
        for pending in self.calls.take_all() {
            self.done(pending.call, Err(Error::Ended));
        }
    }

    /// Brings out what the parts want done. Last in every `handle_*`.
    fn settle(&mut self, now: Duration) {
        let calls = &self.calls;
        for socket in self.link.drained(now, |socket| calls.any_on(socket)) {
            self.requeue(socket);
        }
        for step in self.link.steps.drain(..) {
            self.transmits.push_back(match step {
                Step::Connect { socket, identity } => Transmit::Connect {
                    socket,
                    handshake: identity.handshake,
                    idempotency_token: identity.idempotency_token,
                },
                Step::Close { socket } => Transmit::Close { socket },
            });
        }
        if let Some(socket) = self.link.current {
            let texts = self.calls.send_all(socket);
            self.transmits
                .extend(texts.into_iter().map(|text| Transmit::Send { socket, text }));
        }
    }
}
