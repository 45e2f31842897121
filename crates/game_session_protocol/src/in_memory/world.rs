//! The state of the in-memory orchestrator: processes and game sessions, and all that changes them.
//!
//! Rules: a process hosts at most one game session at a time, in [`HostLifetime::OneSession`] one in its life. A game
//! session goes from activating to active to terminating to terminated, or to error. Seats have their rules in
//! `seats.rs`. One game session per player and idempotency key.

use std::collections::{HashMap, VecDeque};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use super::seats::Seats;
use super::shared::Waiting;
use super::snapshot::{
    GameSessionSnapshot, GameSessionStatus, ProcessNumber, ProcessSnapshot, ProcessStatus, Snapshot,
};
use super::{TicketMinter, make_ticket};
use crate::error::{HostError, ServiceError};
use crate::game_session::{GameProperties, PlayerSessionPolicy, Privacy};
use crate::host::{HostEvent, HostLifetime, HostedGameSession, SecretText};
use crate::ids::{BuildId, GameSessionId, IdempotencyKey, PlayerId};
use crate::keys::SessionKey;
use crate::requests::{CreateGameSession, Password};

/// How much time a process gets to finish when its game session is ended.
const TIME_TO_FINISH: Duration = Duration::from_secs(30);
/// How long after its connection was lost a process counts as crashed.
const MISSING_AFTER_MS: u64 = 60_000;
/// The world begins here: 2023-11-14T22:13:20Z.
const BEGIN_MS: u64 = 1_700_000_000_000;

pub(super) struct World {
    pub(super) now_ms: u64,
    pub(super) settings: Settings,
    pub(super) faults: Faults,
    pub(super) waiting: Waiting,
    pub(super) processes: Vec<Process>,
    pub(super) sessions: Vec<Session>,
    pub(super) clicks: HashMap<(PlayerId, IdempotencyKey), (Draft, GameSessionId)>,
    pub(super) codes: HashMap<String, GameSessionId>,
    pub(super) pings: HashMap<GameSessionId, Duration>,
    pub(super) seats_made: u64,
}

pub(super) struct Settings {
    pub(super) lifetime: HostLifetime,
    pub(super) minter: TicketMinter,
    pub(super) reservation_ms: u64,
    pub(super) activation_ms: u64,
}

#[derive(Default)]
pub(super) struct Faults {
    pub(super) service: VecDeque<ServiceError>,
    pub(super) accept: VecDeque<HostError>,
    pub(super) remove: VecDeque<HostError>,
    pub(super) policy: VecDeque<HostError>,
    pub(super) activate: VecDeque<HostError>,
    pub(super) session_data: VecDeque<String>,
    pub(super) clients_held: bool,
    pub(super) hosts_held: bool,
}

pub(super) struct Process {
    pub(super) status: ProcessStatus,
    pub(super) port: u16,
    pub(super) log_paths: Vec<String>,
    pub(super) beats: u64,
    pub(super) events: VecDeque<HostEvent>,
    pub(super) waker: Option<Waker>,
    cut_off_at_ms: Option<u64>,
}

/// What a click asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) name: String,
    pub(super) max_players: u16,
    pub(super) build: BuildId,
    pub(super) properties: GameProperties,
    pub(super) privacy: Privacy,
    pub(super) password: Option<Password>,
}

impl Draft {
    /// The click, and what it asks for.
    pub(super) fn of(request: CreateGameSession) -> (IdempotencyKey, Self) {
        let CreateGameSession {
            idempotency_key,
            name,
            max_players,
            build,
            properties,
            privacy,
            password,
            // One process: there is nothing to choose between.
            latencies: _,
        } = request;
        let draft = Self {
            name,
            max_players,
            build,
            properties,
            privacy,
            password,
        };
        (idempotency_key, draft)
    }
}

pub(super) struct Session {
    pub(super) id: GameSessionId,
    pub(super) draft: Draft,
    pub(super) owner: PlayerId,
    pub(super) status: GameSessionStatus,
    pub(super) policy: PlayerSessionPolicy,
    pub(super) process: ProcessNumber,
    pub(super) key: SessionKey,
    pub(super) data: SecretText,
    pub(super) placed_at_ms: u64,
    /// Nobody activated it in time.
    pub(super) failed: bool,
    pub(super) seats: Seats,
}

impl Session {
    pub(super) fn is_over(&self) -> bool {
        !matches!(self.status, GameSessionStatus::Activating | GameSessionStatus::Active)
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            now_ms: BEGIN_MS,
            settings: Settings {
                lifetime: HostLifetime::OneSession,
                minter: Arc::new(|claims, key, _| make_ticket(claims, key)),
                reservation_ms: 60_000,
                activation_ms: 60_000,
            },
            faults: Faults::default(),
            waiting: Waiting::default(),
            processes: Vec::new(),
            sessions: Vec::new(),
            clicks: HashMap::new(),
            codes: HashMap::new(),
            pings: HashMap::new(),
            seats_made: 0,
        }
    }

    pub(super) fn add_process(&mut self) -> ProcessNumber {
        self.processes.push(Process {
            status: ProcessStatus::Started,
            port: 0,
            log_paths: Vec::new(),
            beats: 0,
            events: VecDeque::new(),
            waker: None,
            cut_off_at_ms: None,
        });
        ProcessNumber(u32::try_from(self.processes.len()).expect("memory ends before the numbers do"))
    }

    pub(super) fn process(&mut self, number: ProcessNumber) -> &mut Process {
        let index = number.0 as usize - 1;
        self.processes
            .get_mut(index)
            .expect("the number is from this orchestrator, and processes are never removed")
    }

    pub(super) fn session(&mut self, id: &GameSessionId) -> Option<&mut Session> {
        self.sessions.iter_mut().find(|session| session.id == *id)
    }

    /// The game session that a process has and that is not over for it.
    pub(super) fn session_of(&mut self, process: ProcessNumber) -> Option<&mut Session> {
        let over = [GameSessionStatus::Terminated, GameSessionStatus::Error];
        self.sessions
            .iter_mut()
            .find(|session| session.process == process && !over.contains(&session.status))
    }

    pub(super) fn address_of(&mut self, process: ProcessNumber) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.process(process).port).into()
    }

    /// Queues an event for a process that still listens.
    pub(super) fn tell(&mut self, number: ProcessNumber, event: HostEvent) {
        let process = self.process(number);
        process.events.push_back(event);
        if let Some(waker) = process.waker.take() {
            waker.wake();
        }
    }

    pub(super) fn hosted(&mut self, id: &GameSessionId) -> Option<HostedGameSession> {
        let process = self.session(id)?.process;
        let address = self.address_of(process);
        let session = self.session(id)?;
        Some(HostedGameSession {
            id: session.id.clone(),
            name: session.draft.name.clone(),
            max_players: session.draft.max_players,
            properties: session.draft.properties.clone(),
            public_address: Some(address),
            matchmaker_data: None,
            session_data: session.data.clone(),
        })
    }

    /// The owner's end, or a start that was cancelled or not answered: the process is asked to finish.
    pub(super) fn terminate(&mut self, id: &GameSessionId) {
        let Some(session) = self.session(id) else { return };
        if session.is_over() {
            return;
        }
        session.status = GameSessionStatus::Terminating;
        let process = session.process;
        let event = match self.settings.lifetime {
            HostLifetime::OneSession => HostEvent::ShutdownRequested {
                time_left: Some(TIME_TO_FINISH),
            },
            HostLifetime::ManySessions => HostEvent::GameSessionEndRequested,
        };
        self.tell(process, event);
    }

    /// The game session of a process is over for good, in one of the two last states.
    pub(super) fn finish_session_of(&mut self, process: ProcessNumber, status: GameSessionStatus) {
        if let Some(session) = self.session_of(process) {
            session.status = status;
            session.seats.end_all();
        }
    }

    pub(super) fn crash(&mut self, number: ProcessNumber) {
        if matches!(
            self.process(number).status,
            ProcessStatus::Ended | ProcessStatus::Crashed
        ) {
            return;
        }
        let was_cut_off = self.process(number).status == ProcessStatus::CutOff;
        self.process(number).status = ProcessStatus::Crashed;
        self.finish_session_of(number, GameSessionStatus::Error);
        if !was_cut_off {
            self.tell(number, HostEvent::Lost(lost()));
        }
    }

    pub(super) fn lose(&mut self, number: ProcessNumber) {
        let now = self.now_ms;
        let process = self.process(number);
        if matches!(
            process.status,
            ProcessStatus::Ended | ProcessStatus::Crashed | ProcessStatus::CutOff
        ) {
            return;
        }
        process.status = ProcessStatus::CutOff;
        process.cut_off_at_ms = Some(now);
        self.tell(number, HostEvent::Lost(lost()));
    }

    pub(super) fn request_shutdown(&mut self, number: ProcessNumber, time_left: Option<Duration>) {
        if !matches!(
            self.process(number).status,
            ProcessStatus::Ended | ProcessStatus::Crashed | ProcessStatus::CutOff
        ) {
            self.tell(number, HostEvent::ShutdownRequested { time_left });
        }
    }

    pub(super) fn advance(&mut self, ms: u64) {
        self.now_ms = self.now_ms.saturating_add(ms);
        let now = self.now_ms;
        let mut too_slow = Vec::new();
        for session in &mut self.sessions {
            session.seats.lapse(now);
            let waited = now - session.placed_at_ms;
            if session.status == GameSessionStatus::Activating && waited >= self.settings.activation_ms {
                session.failed = true;
                too_slow.push(session.id.clone());
            }
        }
        for id in &too_slow {
            self.terminate(id);
        }
        for index in 0..self.processes.len() {
            if self.processes[index]
                .cut_off_at_ms
                .is_some_and(|at| now - at >= MISSING_AFTER_MS)
            {
                self.crash(ProcessNumber(
                    u32::try_from(index + 1).expect("memory ends before the numbers do"),
                ));
            }
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let processes = self.processes.iter().zip(1..).map(|(process, number)| ProcessSnapshot {
            number: ProcessNumber(number),
            status: process.status,
            port: process.port,
            log_paths: process.log_paths.clone(),
            beats: process.beats,
        });
        let game_sessions = self.sessions.iter().map(|session| GameSessionSnapshot {
            id: session.id.clone(),
            name: session.draft.name.clone(),
            status: session.status,
            process: session.process,
            owner: session.owner.clone(),
            policy: session.policy,
            max_players: session.draft.max_players,
            properties: session.draft.properties.clone(),
            seats: session.seats.snapshot(),
        });
        Snapshot {
            processes: processes.collect(),
            game_sessions: game_sessions.collect(),
        }
    }
}

pub(super) fn lost() -> HostError {
    HostError::Unavailable {
        action: "listen",
        message: "the connection is lost".into(),
    }
}
