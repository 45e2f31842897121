//! Websockets of server processes: who may open one, and what their coming and going means.
//!
//! A process may have several sockets; what it is told goes to the newest. It is known by fleet, compute and process id,
//! not by its socket: losing the last one starts a grace time, and coming back within it changes nothing.

use std::{mem::discriminant, time::Duration};

use gamelift_server_sdk::proto::message::{Push, RefreshConnection};
use thiserror::Error;

use super::{
    Outgoing, World,
    access::RENEWAL_MARGIN,
    chronicle::{About, Level},
    keys::{ProcessKey, SocketId},
    processes::{EndReason, ProcessName},
    sigv4::{self, SigV4},
    timers::Timer,
};
use crate::model::{fleets::RegisterComputeInput, status::ProcessStatus, timestamp::Timestamp};

/// After this time a process that was asked to open a new connection, and did not, is asked again.
const ASK_AGAIN: Duration = Duration::from_mins(1);

/// What a process says about itself when it opens a socket.
#[derive(Clone, Default)]
pub(crate) struct Handshake {
    pub(crate) process_id: String,
    pub(crate) fleet_id: String,
    pub(crate) compute_name: String,
    /// The readings of the token: SDKs do not agree on what `+` means in a query.
    pub(crate) tokens: Vec<String>,
    pub(crate) idempotency_token: String,
    pub(crate) sdk_language: String,
    pub(crate) sigv4: Option<SigV4>,
    /// Whether the socket goes through TLS.
    pub(crate) secure: bool,
}

/// Why a socket was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum Refused {
    #[error("the handshake must name a process id (pID) of 1 to 1024 characters")]
    NoProcessId,
    #[error("the auth token is not one of this fleet's compute, or has expired: get one with GetComputeAuthToken")]
    BadToken,
    #[error("Rate exceeded: a process opens connections seldom")]
    TooMany,
    #[error("too many sockets are open already")]
    NoRoom,
}

pub(super) struct Socket {
    pub(super) process: ProcessKey,
    /// New for each SDK instance, the same when one reconnects.
    pub(super) idempotency_token: String,
    /// Whether a ready process spoke through it.
    pub(super) proven: bool,
    secure: bool,
}

impl World {
    /// Opens a socket for a process.
    pub(crate) fn connect(&mut self, handshake: Handshake, now: Timestamp) -> Result<SocketId, Refused> {
        if handshake.process_id.is_empty() || handshake.process_id.len() > 1024 {
            return Err(Refused::NoProcessId);
        }
        if self.sockets.len() >= self.settings.max_sockets {
            return Err(Refused::NoRoom);
        }
        let signed = self.is_signed(&handshake, now);
        if signed {
            self.register_container(&handshake, now);
        }
        let name = ProcessName {
            fleet_id: handshake.fleet_id,
            compute_name: handshake.compute_name,
            process_id: handshake.process_id,
        };
        let expires = handshake
            .tokens
            .iter()
            .find_map(|token| self.token_expiry(token, &name.fleet_id, &name.compute_name, now));
        let known = self.live_processes.get(&name).copied();
        let tokenless =
            known.filter(|_| self.settings.tokenless_reconnects && handshake.tokens.iter().all(String::is_empty));
        if expires.is_none() && tokenless.is_none() && !signed {
            return Err(Refused::BadToken);
        }
        let id = name.process_id.clone();
        let who = format!("{}/{}/{}", name.fleet_id, name.compute_name, name.process_id);
        if self.settings.throttled && !self.turns.allows_connection(&who, now) {
            return Err(Refused::TooMany);
        }
        let process = known.unwrap_or_else(|| self.add_process(name, handshake.sdk_language, now));
        let socket = SocketId(self.next_serial());
        self.doubt(process, &handshake.idempotency_token);
        self.sockets.insert(
            socket,
            Socket {
                process,
                idempotency_token: handshake.idempotency_token,
                proven: false,
                secure: handshake.secure,
            },
        );
        self.attach(process, socket);
        self.tell(now, (Level::Info, About::Process), &id, "socket opened");
        self.settle_renewal(process, socket, expires, now);
        Ok(socket)
    }

    fn is_signed(&self, handshake: &Handshake, now: Timestamp) -> bool {
        handshake.sigv4.as_ref().is_some_and(|sigv4| {
            self.fleet(&handshake.fleet_id).is_ok()
                && sigv4::is_good(handshake, sigv4, self.settings.credentials.as_ref(), now)
        })
    }

    /// A container is a compute that nobody registers.
    fn register_container(&mut self, handshake: &Handshake, now: Timestamp) {
        let location = self.fleet(&handshake.fleet_id).ok();
        let location = location.and_then(|fleet| fleet.locations.first().cloned());
        if self
            .find_compute(&handshake.fleet_id, &handshake.compute_name)
            .is_some()
        {
            return;
        }
        let input = RegisterComputeInput {
            fleet_id: handshake.fleet_id.clone(),
            compute_name: handshake.compute_name.clone(),
            certificate_path: None,
            dns_name: None,
            ip_address: Some("127.0.0.1".into()),
            location,
        };
        if let Err(error) = self.register_compute(input, now) {
            tracing::warn!(%error, "the compute of a signed handshake cannot be registered");
        }
    }

    /// A socket is gone.
    pub(crate) fn disconnect(&mut self, socket: SocketId, now: Timestamp) {
        let Some(gone) = self.sockets.remove(&socket) else {
            return;
        };
        let key = gone.process;
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        process.sockets.retain(|open| *open != socket);
        if !process.sockets.is_empty() {
            return;
        }
        let id = process.name.process_id.clone();
        match process.status {
            ProcessStatus::Ended => {}
            ProcessStatus::Connected => self.forget_process(key),
            ProcessStatus::Ready | ProcessStatus::Active | ProcessStatus::Ending => {
                process.alone_since = Some(now);
                let end = now + self.settings.socket_loss_grace;
                self.timers.set(end, Timer::SocketLoss(key));
                self.refresh_idle(key);
                self.tell(now, (Level::Warn, About::Process), &id, "lost its last socket");
            }
        }
    }

    pub(super) fn socket_loss_timed_out(&mut self, key: ProcessKey, now: Timestamp) {
        let grace = self.settings.socket_loss_grace;
        let lost = self.processes.get(&key).and_then(|process| process.alone_since);
        if lost.is_some_and(|since| since + grace <= now) {
            self.end_process(key, EndReason::Crashed, now);
        }
    }

    /// A process that lost all its sockets and comes back may have been started anew: another SDK instance, which is not
    /// ready, has to prove itself.
    fn doubt(&mut self, key: ProcessKey, token: &str) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        let known = process.status > ProcessStatus::Ready && process.became_ready_as(token);
        process.unproven = !known && (process.unproven || process.sockets.is_empty());
    }

    /// Something came through this socket that only a ready process sends: now it is told what it was not told so far.
    pub(super) fn prove(&mut self, socket: SocketId) {
        let Some(open) = self.sockets.get_mut(&socket) else {
            return;
        };
        open.proven = true;
        let key = open.process;
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        if process.sockets.last() == Some(&socket) && process.ready_as.1 != Some(socket) {
            process.ready_as = (open.idempotency_token.clone(), Some(socket));
        }
        if std::mem::take(&mut process.unproven) {
            self.tell_undelivered(key);
            self.refresh_idle(key);
        }
    }

    /// Sends to the newest socket of a process, or keeps the message until it has one again and is known to be ready.
    pub(super) fn push(&mut self, key: ProcessKey, push: Push) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        match process.sockets.last() {
            Some(newest) if !process.unproven => self.outbox.push_back(Outgoing::Push(*newest, push)),
            _ => {
                // one of a kind: the newest counts
                process
                    .undelivered
                    .retain(|held| discriminant(held) != discriminant(&push));
                process.undelivered.push(push);
            }
        }
    }

    pub(super) fn attach(&mut self, key: ProcessKey, socket: SocketId) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        process.sockets.push(socket);
        process.alone_since = None;
        self.tell_undelivered(key);
        self.refresh_idle(key);
    }

    fn tell_undelivered(&mut self, key: ProcessKey) {
        let undelivered = self
            .processes
            .get_mut(&key)
            .map(|process| std::mem::take(&mut process.undelivered));
        for push in undelivered.into_iter().flatten() {
            self.push(key, push);
        }
    }

    /// A new token shortly before the one in use expires.
    fn plan_renewal(&mut self, key: ProcessKey, expires: Timestamp, now: Timestamp) {
        let left = expires.since(now);
        let at = now + left.saturating_sub(RENEWAL_MARGIN.min(left / 2));
        if let Some(process) = self.processes.get_mut(&key) {
            process.renew_token_at = Some(at);
            self.timers.set(at, Timer::TokenRenewal(key));
        }
    }

    /// What is planned for the token that a new socket came with: a process that was asked for this socket is asked no more.
    fn settle_renewal(&mut self, key: ProcessKey, socket: SocketId, expires: Option<Timestamp>, now: Timestamp) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        if std::mem::take(&mut process.asked_to_refresh) {
            process.renew_token_at = None;
            // the process that was asked, not another one under its id
            if process.sockets.len() > 1
                && let Some(open) = self.sockets.get(&socket)
            {
                process.ready_as = (open.idempotency_token.clone(), Some(socket));
            }
        }
        if let Some(expires) = expires {
            self.plan_renewal(key, expires, now);
        }
    }

    pub(super) fn renew_token(&mut self, key: ProcessKey, now: Timestamp) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        if process.status == ProcessStatus::Ended || process.renew_token_at.is_none_or(|at| at > now) {
            return;
        }
        if process.unproven || process.sockets.is_empty() {
            let later = now + ASK_AGAIN;
            process.renew_token_at = Some(later);
            self.timers.set(later, Timer::TokenRenewal(key));
            return;
        }
        let (fleet_id, compute_name) = (process.name.fleet_id.clone(), process.name.compute_name.clone());
        let (token, _) = self.grant_token(&fleet_id, &compute_name, now);
        self.refresh_connection(key, token, now);
    }

    /// Asks the process to open a new socket with this token, and again each minute until it does.
    pub(super) fn refresh_connection(&mut self, key: ProcessKey, token: String, now: Timestamp) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        let again = now + ASK_AGAIN;
        process.asked_to_refresh = true;
        process.renew_token_at = Some(again);
        let (id, newest) = (process.name.process_id.clone(), process.sockets.last().copied());
        self.timers.set(again, Timer::TokenRenewal(key));
        let asked = "asked to open a new connection";
        self.tell(now, (Level::Info, About::Process), &id, asked);
        let secure = newest
            .and_then(|socket| self.sockets.get(&socket))
            .is_some_and(|socket| socket.secure);
        let endpoint = if secure {
            &self.settings.secure_websocket_url
        } else {
            self.settings.advertised_url()
        };
        let refresh = RefreshConnection {
            refresh_connection_endpoint: endpoint.to_owned(),
            auth_token: token.into(),
        };
        self.push(key, Push::RefreshConnection(refresh));
    }
}
