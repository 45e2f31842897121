//! The whole process end as one machine: phases, calls, pushes, health and the connection.
//!
//! Phases: *starting* (no connection yet) - *initialized* - *activating* (`process_ready` asked) - *ready* - *ending*
//! (`process_ending` asked) - *ended* (answered) - *destroyed*. Heartbeats run from *ready* to *ending*. A failed
//! `process_ready` goes back to *initialized*. Pushes other than a refresh count only while *ready* or *ending*.

mod incoming;
mod outgoing;
mod vocabulary;

use std::{collections::VecDeque, time::Duration};

pub use self::vocabulary::{Answer, Call, CallId, Output, Transmit};
use super::{
    Authorization, Config, ConnectFailure, Random, Secret, SocketId,
    calls::Calls,
    health::{Beat, Health},
    link::{Failed, Identity, Link, Step},
    message::{DecodeError, FromService},
};
use crate::{Error, Event};

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
            if refused {
                self.transmits.push_back(Transmit::RenewToken);
            }
            if attempts == self.config.connect_attempts {
                self.outputs.push_back(Output::Event(Event::ConnectionLost(error)));
            }
        }
    }

    /// The game has a new auth token, in answer to [`Transmit::RenewToken`] or of its own. It is used from the next attempt
    /// to connect on, which is made at once if there is no connection.
    pub fn handle_token(&mut self, token: Secret, now: Duration) {
        self.handle_authorization(Authorization::Token(token), now);
    }

    /// The same, where AWS credentials may have taken the place of a token.
    pub fn handle_authorization(&mut self, authorization: Authorization, now: Duration) {
        let empty = matches!(&authorization, Authorization::Token(token) if token.is_empty());
        if self.phase < Phase::Ended && !empty {
            self.link.identity.handshake.authorization = authorization;
            self.link.identity.idempotency_token = self.random.uuid();
            self.link.retry_now(now);
        }
        self.settle(now);
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

    /// `socket` will bring no more replies.
    fn requeue(&mut self, socket: SocketId) {
        for pending in self.calls.lost(socket) {
            let error = Error::Disconnected { action: pending.action };
            self.failed(&pending, error);
        }
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
                    handshake: Box::new(identity.handshake),
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
