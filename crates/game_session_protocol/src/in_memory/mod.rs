//! An orchestrator in memory: the test double for games and for every crate of this project.
//!
//! It keeps the rules of the real one - seats are reserved, taken up and freed, a process hosts one game session at
//! a time, everything ends - but has no threads, sockets or clock. Time passes only by
//! [`InMemoryOrchestrator::advance`], and its futures run on any executor.
//!
//! ```
//! use futures_lite::future::{block_on, poll_once};
//! use game_session_protocol::*;
//!
//! let orchestrator = InMemoryOrchestrator::new();
//! let host = orchestrator.host();
//! block_on(host.ready(ReadyProcess { port: 7777, log_paths: vec![] })).unwrap();
//!
//! let alice = orchestrator.service("alice".parse().unwrap());
//! let mut seat = alice.create(CreateGameSession {
//!     idempotency_key: IdempotencyKey::random(),
//!     name: "Friday".into(),
//!     max_players: 4,
//!     build: "dev".parse().unwrap(),
//!     properties: GameProperties::new(),
//!     privacy: Privacy::Listed,
//!     password: None,
//!     latencies: Latencies::default(),
//! }, Progress::ignored());
//! assert!(block_on(poll_once(&mut seat)).is_none(), "it waits for the server process");
//!
//! let HostEvent::GameSessionStarted(session) = block_on(std::future::poll_fn(|cx| host.poll_event(cx))) else { panic!() };
//! block_on(host.activate(session.id)).unwrap();
//! let seat = block_on(seat).unwrap();
//! block_on(host.accept_player(seat.player_session_id)).unwrap();
//! ```

mod codes;
mod host;
mod joining;
mod seats;
mod service;
mod shared;
mod snapshot;
mod ticket;
mod world;

#[cfg(test)]
mod histories;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

pub use host::InMemoryHost;
pub use service::InMemoryService;
pub use snapshot::{
    GameSessionSnapshot, GameSessionStatus, ProcessNumber, ProcessSnapshot, ProcessStatus, SeatSnapshot, SeatStatus,
    Snapshot,
};
pub use ticket::{make_ticket, read_ticket};

use crate::error::{HostError, ServiceError};
use crate::host::{HostEvent, HostLifetime};
use crate::ids::{GameSessionId, PlayerId};
use crate::keys::SessionKey;
use crate::ticket::{Ticket, TicketClaims};
use shared::Shared;

/// Makes the ticket of a seat from its claims, the session's key and the server's address.
pub type TicketMinter = Arc<dyn Fn(&TicketClaims, &SessionKey, SocketAddr) -> Ticket + Send + Sync>;

/// An orchestrator in memory. Cheap to clone: all clones and handles share one state.
#[derive(Clone)]
pub struct InMemoryOrchestrator(Arc<Shared>);

impl InMemoryOrchestrator {
    /// An orchestrator without any server process. Its processes host one game session each.
    pub fn new() -> Self {
        Self(Arc::new(Shared::new()))
    }

    /// How many game sessions each process hosts in its life; [`HostLifetime::OneSession`] unless said otherwise.
    #[must_use]
    pub fn with_host_lifetime(self, lifetime: HostLifetime) -> Self {
        self.0.with(|world| world.settings.lifetime = lifetime);
        self
    }

    /// How tickets are made; by [`make_ticket`] unless said otherwise.
    #[must_use]
    pub fn with_ticket_minter(self, minter: TicketMinter) -> Self {
        self.0.with(|world| world.settings.minter = minter);
        self
    }

    /// How long a seat stays reserved without being taken up; 60 s unless said otherwise.
    #[must_use]
    pub fn with_reservation_time(self, time: Duration) -> Self {
        self.0.with(|world| world.settings.reservation_ms = millis(time));
        self
    }

    /// How long a server process may take to activate a game session; 60 s unless said otherwise.
    #[must_use]
    pub fn with_activation_time(self, time: Duration) -> Self {
        self.0.with(|world| world.settings.activation_ms = millis(time));
        self
    }

    /// The orchestrator as `player` sees it.
    pub fn service(&self, player: PlayerId) -> InMemoryService {
        InMemoryService::new(self.0.clone(), player)
    }

    /// The orchestrator as a new server process sees it.
    pub fn host(&self) -> InMemoryHost {
        InMemoryHost::new(self.0.clone())
    }

    /// The orchestrator's time, milliseconds since the Unix epoch. It only moves by [`Self::advance`].
    pub fn now_ms(&self) -> u64 {
        self.0.with(|world| world.now_ms)
    }

    /// Lets time pass: reserved seats lapse, and game sessions that nobody activated fail.
    pub fn advance(&self, time: Duration) {
        self.0.with(|world| world.advance(millis(time)));
    }

    /// All that there is, for assertions.
    pub fn snapshot(&self) -> Snapshot {
        self.0.with(|world| world.snapshot())
    }

    /// Makes the next request of a client fail. Called again, it adds a failure for the request after.
    pub fn fail_next(&self, error: ServiceError) {
        self.0.with(|world| world.faults.service.push_back(error));
    }

    /// Makes the next [`accept_player`](crate::SessionHost::accept_player) of any process fail. Called again, it adds
    /// a failure for the one after.
    pub fn refuse_next_accept(&self, error: HostError) {
        self.0.with(|world| world.faults.accept.push_back(error));
    }

    /// Makes the next [`remove_player`](crate::SessionHost::remove_player) of any process fail. Called again, it adds
    /// a failure for the one after.
    pub fn refuse_next_remove(&self, error: HostError) {
        self.0.with(|world| world.faults.remove.push_back(error));
    }

    /// Makes the next [`set_policy`](crate::SessionHost::set_policy) of any process fail.
    pub fn refuse_next_policy(&self, error: HostError) {
        self.0.with(|world| world.faults.policy.push_back(error));
    }

    /// Makes the next [`activate`](crate::SessionHost::activate) of any process fail.
    pub fn refuse_next_activation(&self, error: HostError) {
        self.0.with(|world| world.faults.activate.push_back(error));
    }

    /// Says how far away a game session is: what [`SessionService::ping`](crate::SessionService::ping) of any player
    /// answers from now on. Nobody knows before.
    pub fn set_ping(&self, game_session: GameSessionId, ping: Duration) {
        self.0.with(|world| world.pings.insert(game_session, ping));
    }

    /// Gives the next game session this text in place of its [`GameSessionData`](crate::GameSessionData).
    pub fn replace_next_session_data(&self, text: impl Into<String>) {
        let text = text.into();
        self.0.with(|world| world.faults.session_data.push_back(text));
    }

    /// Holds back all answers to clients; what they asked for still happens.
    pub fn hold(&self) {
        self.0.with(|world| world.faults.clients_held = true);
    }

    /// Lets the answers to clients go.
    pub fn release(&self) {
        self.0.with(|world| world.faults.clients_held = false);
    }

    /// Holds back all answers to server processes; what they asked for still happens. Events still come.
    pub fn hold_hosts(&self) {
        self.0.with(|world| world.faults.hosts_held = true);
    }

    /// Lets the answers to server processes go.
    pub fn release_hosts(&self) {
        self.0.with(|world| world.faults.hosts_held = false);
    }

    /// Ends a server process without any goodbye: its game session is over, its handle is told that it is lost.
    pub fn crash_host(&self, process: ProcessNumber) {
        self.0.with(|world| world.crash(process));
    }

    /// Tells a server process that it must be gone.
    pub fn request_shutdown(&self, process: ProcessNumber, time_left: Option<Duration>) {
        self.0.with(|world| world.request_shutdown(process, time_left));
    }

    /// Sends an event to a server process as it is, whatever the rules say: one that comes twice, late or for another
    /// process, or a matchmaker's push.
    pub fn send_event(&self, process: ProcessNumber, event: HostEvent) {
        self.0.with(|world| world.tell(process, event));
    }

    /// Cuts a server process off for good. Its game session goes on until the process is found missing, after 60 s.
    pub fn lose_connection(&self, process: ProcessNumber) {
        self.0.with(|world| world.lose(process));
    }
}

impl Default for InMemoryOrchestrator {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for InMemoryOrchestrator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("InMemoryOrchestrator")
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
