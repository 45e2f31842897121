//! The connection: opened, lost, opened again, replaced. One attempt at a time.
//!
//! Rules:
//! - The first attempt is made at once, the following ones after 4, 8, 16 and then 32 s.
//! - A lost connection is reopened at once; one that the service closed politely (1000, 1001) after the first wait; one
//!   that keeps getting lost within seconds after longer and longer waits. (Staying away after a polite close, as
//!   official SDKs do, would make the process deaf for good.)
//! - A refresh, or doubt about the connection, opens the new one beside the old one. The old one stays until the new one
//!   is open, and if that fails, for good.

use std::time::Duration;

use super::Handshake;

/// Names one connection, from the attempt to open it to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SocketId(pub u64);

/// Why an attempt to connect failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectFailure {
    /// The status with which the service refused, if it did.
    pub http_status: Option<u16>,
    /// What happened, without secrets.
    pub cause: String,
}

/// The waits between attempts.
const WAITS: [u64; 4] = [4, 8, 16, 32];
/// A connection that is lost this soon does not count as a good one.
const SHORT_LIFE: Duration = Duration::from_secs(5);
/// Replies missing in a row that make a connection doubtful.
const DOUBT: u32 = 2;

fn wait_after(failures: u32) -> Duration {
    let at = usize::try_from(failures)
        .unwrap_or(usize::MAX)
        .saturating_sub(1)
        .min(WAITS.len() - 1);
    Duration::from_secs(WAITS[at])
}

#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) handshake: Handshake,
    pub(super) idempotency_token: String,
}

/// What the core must do about sockets.
#[derive(Debug)]
pub(super) enum Step {
    Connect { socket: SocketId, identity: Box<Identity> },
    Close { socket: SocketId },
}

#[derive(Debug)]
struct Attempt {
    socket: SocketId,
    identity: Identity,
    is_refresh: bool,
    deadline: Duration,
}

/// What a failed attempt means.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failed {
    /// It was no attempt of ours (any more).
    Stale,
    /// The connection that is open stays.
    OldOneStays,
    /// It is tried again after this wait.
    Again { attempts: u32, wait: Duration },
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) identity: Identity,
    pub(super) current: Option<SocketId>,
    opened_at: Duration,
    draining: Vec<(SocketId, Duration)>,
    attempt: Option<Attempt>,
    retry_at: Option<Duration>,
    failures: u32,
    short_lives: u32,
    missing: u32,
    doubtful: bool,
    next_socket: u64,
    connect_timeout: Duration,
    drain: Duration,
    pub(super) steps: Vec<Step>,
}

impl Link {
    pub(super) fn new(identity: Identity, connect_timeout: Duration, drain: Duration, now: Duration) -> Self {
        let mut link = Self {
            identity,
            current: None,
            opened_at: now,
            draining: Vec::new(),
            attempt: None,
            retry_at: None,
            failures: 0,
            short_lives: 0,
            missing: 0,
            doubtful: false,
            next_socket: 0,
            connect_timeout,
            drain,
            steps: Vec::new(),
        };
        link.try_again(now);
        link
    }

    fn begin(&mut self, identity: Identity, is_refresh: bool, now: Duration) {
        if let Some(old) = self.attempt.take() {
            self.steps.push(Step::Close { socket: old.socket });
        }
        self.retry_at = None;
        self.next_socket += 1;
        let socket = SocketId(self.next_socket);
        self.steps.push(Step::Connect {
            socket,
            identity: Box::new(identity.clone()),
        });
        self.attempt = Some(Attempt {
            socket,
            identity,
            is_refresh,
            deadline: now + self.connect_timeout,
        });
    }

    fn try_again(&mut self, now: Duration) {
        self.begin(self.identity.clone(), false, now);
    }

    /// The service wants a new connection.
    pub(super) fn refresh(&mut self, identity: Identity, now: Duration) {
        self.begin(identity, true, now);
    }

    /// Whether `socket` is one whose frames count.
    pub(super) fn knows(&self, socket: SocketId) -> bool {
        self.current == Some(socket) || self.draining.iter().any(|(draining, _)| *draining == socket)
    }

    /// The attempt succeeded. Returns whether it was ours, and the doubtful connection that it replaced, if any.
    pub(super) fn opened(&mut self, socket: SocketId, now: Duration) -> (bool, Option<SocketId>) {
        let Some(attempt) = self.attempt.take_if(|attempt| attempt.socket == socket) else {
            self.steps.push(Step::Close { socket });
            return (false, None);
        };
        self.identity = attempt.identity;
        let old = self.current.replace(socket);
        let was_doubtful = std::mem::take(&mut self.doubtful);
        self.opened_at = now;
        self.failures = 0;
        self.missing = 0;
        self.retry_at = None;
        match old {
            Some(old) if was_doubtful => {
                self.steps.push(Step::Close { socket: old });
                (true, Some(old))
            }
            Some(old) => {
                self.draining.push((old, now + self.drain));
                (true, None)
            }
            None => (true, None),
        }
    }

    /// The attempt failed.
    pub(super) fn failed(&mut self, socket: SocketId, now: Duration) -> Failed {
        let Some(attempt) = self.attempt.take_if(|attempt| attempt.socket == socket) else {
            return Failed::Stale;
        };
        if attempt.is_refresh {
            if self.current.is_some() {
                return Failed::OldOneStays;
            }
            // The old one died while the new one was tried: back to where we were.
            self.try_again(now);
            return Failed::OldOneStays;
        }
        self.failures = self.failures.saturating_add(1);
        let wait = wait_after(self.failures);
        self.retry_at = Some(now + wait);
        Failed::Again {
            attempts: self.failures,
            wait,
        }
    }

    /// A connection ended. Returns whether it was one of ours.
    pub(super) fn closed(&mut self, socket: SocketId, code: Option<u16>, now: Duration) -> bool {
        if let Some(at) = self.draining.iter().position(|(draining, _)| *draining == socket) {
            self.draining.swap_remove(at);
            return true;
        }
        if self.current != Some(socket) {
            return false;
        }
        self.current = None;
        self.missing = 0;
        self.doubtful = false;
        let short = now.saturating_sub(self.opened_at) < SHORT_LIFE;
        self.short_lives = if short { self.short_lives.saturating_add(1) } else { 0 };
        if self.attempt.is_some() {
            return true;
        }
        let polite = matches!(code, Some(1000 | 1001));
        if polite {
            self.retry_at = Some(now + wait_after(self.short_lives.max(1)));
        } else if self.short_lives > 1 {
            self.retry_at = Some(now + wait_after(self.short_lives - 1));
        } else {
            self.try_again(now);
        }
        true
    }

    /// Something came in on a socket: the connection is not in doubt.
    pub(super) fn heard(&mut self, socket: SocketId) {
        if self.current == Some(socket) {
            self.missing = 0;
            if std::mem::take(&mut self.doubtful) {
                self.retry_at = None;
                self.failures = 0;
                if let Some(attempt) = self.attempt.take_if(|attempt| !attempt.is_refresh) {
                    self.steps.push(Step::Close { socket: attempt.socket });
                }
            }
        }
    }

    /// A reply did not come in time on a socket.
    pub(super) fn missed(&mut self, socket: SocketId, now: Duration) {
        if self.current != Some(socket) {
            return;
        }
        self.missing += 1;
        if self.missing >= DOUBT && self.attempt.is_none() && self.retry_at.is_none() {
            self.doubtful = true;
            self.try_again(now);
        }
    }

    pub(super) fn timeout(&self) -> Option<Duration> {
        let draining = self.draining.iter().map(|(_, until)| *until).min();
        [
            self.retry_at,
            self.attempt.as_ref().map(|attempt| attempt.deadline),
            draining,
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The attempt that has taken too long, if it has.
    pub(super) fn overdue_attempt(&self, now: Duration) -> Option<SocketId> {
        self.attempt
            .as_ref()
            .filter(|attempt| attempt.deadline <= now)
            .map(|attempt| attempt.socket)
    }

    pub(super) fn retry_if_due(&mut self, now: Duration) {
        if self.retry_at.is_some_and(|at| at <= now) {
            self.try_again(now);
        }
    }

    /// Does not wait any longer, if it waits.
    pub(super) fn retry_now(&mut self, now: Duration) {
        if self.retry_at.is_some() {
            self.try_again(now);
        }
    }

    /// Lets the replaced connections go that nobody needs any more, or that have had their time; returns them.
    pub(super) fn drained(&mut self, now: Duration, mut needed: impl FnMut(SocketId) -> bool) -> Vec<SocketId> {
        let steps = &mut self.steps;
        let mut gone = Vec::new();
        self.draining.retain(|(socket, until)| {
            let keep = *until > now && needed(*socket);
            if !keep {
                steps.push(Step::Close { socket: *socket });
                gone.push(*socket);
            }
            keep
        });
        gone
    }

    /// The end: closes everything and tries nothing more.
    pub(super) fn stop(&mut self) {
        let attempt = self.attempt.take().map(|attempt| attempt.socket);
        let draining = std::mem::take(&mut self.draining);
        let sockets = self
            .current
            .take()
            .into_iter()
            .chain(attempt)
            .chain(draining.into_iter().map(|(socket, _)| socket));
        self.steps.extend(sockets.map(|socket| Step::Close { socket }));
        self.retry_at = None;
    }
}
