//! Replies end calls, pushes become events.

use std::time::Duration;

use super::{Answer, Core, Output, Phase};
use crate::{
    Error, Event, GameSession, GameSessionUpdate, ServiceErrorKind,
    proto::{
        Authorization, Endpoint, Handshake, Secret,
        calls::Pending,
        link::Identity,
        message::{CreateGameSession, Push, RefreshConnection, Reply},
    },
};

impl Core {
    pub(super) fn answered(&mut self, pending: Pending, reply: Reply, now: Duration) {
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

    pub(super) fn failed(&mut self, pending: &Pending, error: Error) {
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

    pub(super) fn pushed(&mut self, push: Push, now: Duration) {
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
        let endpoint = match refresh.refresh_connection_endpoint.parse::<Endpoint>() {
            Ok(endpoint) if old.endpoint.is_secure() && !endpoint.is_secure() => {
                tracing::warn!("a refresh to a connection without encryption was refused");
                return;
            }
            Ok(endpoint) if !endpoint.may_replace(&self.config.handshake.endpoint) => {
                tracing::warn!(%endpoint, "a refresh to a host that is not GameLift's was refused");
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
}
