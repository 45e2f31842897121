//! What the service tells the process.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use crate::{
    Error,
    proto::{
        Secret,
        message::{CreateGameSession, TerminateProcess, UpdateGameSession, UpdateReason},
    },
};

/// One thing that happened, in the order in which the service said it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A game session was placed here: load, then call `activate_game_session()`.
    StartGameSession(GameSession),
    /// The game session changed: new matchmaker data, or the end of a backfill.
    UpdateGameSession(GameSessionUpdate),
    /// The process must end: say goodbye, call `process_ending()` and exit.
    ProcessTerminate {
        /// When the process will be killed, if the service says so.
        termination_time: Option<SystemTime>,
    },
    /// The service has not been reachable through a whole round of attempts. It is still tried every 32 s; players who
    /// are connected can play on.
    ConnectionLost(Error),
}

impl Event {
    pub(crate) fn terminate(push: &TerminateProcess) -> Self {
        let time = push
            .termination_time
            .and_then(|ms| u64::try_from(ms).ok())
            .filter(|ms| *ms > 0);
        let termination_time = time.and_then(|ms| SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(ms)));
        Self::ProcessTerminate { termination_time }
    }
}

/// The game session that this process hosts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GameSession {
    id: String,
    name: String,
    fleet_id: String,
    max_players: u32,
    port: u16,
    ip_address: String,
    dns_name: String,
    game_properties: BTreeMap<String, String>,
    private_data: Secret,
    matchmaker_data: String,
}

impl GameSession {
    pub(crate) fn created(push: CreateGameSession, fleet_id: &str) -> Self {
        Self {
            id: push.game_session_id,
            name: push.game_session_name,
            fleet_id: fleet_id.to_owned(),
            max_players: push.maximum_player_session_count,
            port: push.port,
            ip_address: push.ip_address,
            dns_name: push.dns_name,
            game_properties: push.game_properties,
            private_data: push.game_session_data,
            matchmaker_data: push.matchmaker_data,
        }
    }

    /// The game session's ARN.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The fleet it runs on.
    pub fn fleet_id(&self) -> &str {
        &self.fleet_id
    }

    /// How many seats it has.
    pub fn max_players(&self) -> u32 {
        self.max_players
    }

    /// The port players connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The address players connect to.
    pub fn ip_address(&self) -> &str {
        &self.ip_address
    }

    /// The name players connect to on fleets with TLS; else empty.
    pub fn dns_name(&self) -> &str {
        &self.dns_name
    }

    /// What the creator says in public.
    pub fn game_properties(&self) -> &BTreeMap<String, String> {
        &self.game_properties
    }

    /// What the creator says in private. Do not log it; it is not in the `Debug` text.
    pub fn game_session_data(&self) -> &str {
        self.private_data.expose()
    }

    /// What the matchmaker says: JSON, or empty.
    pub fn matchmaker_data(&self) -> &str {
        &self.matchmaker_data
    }
}

/// A change of the game session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameSessionUpdate {
    game_session: GameSession,
    reason: UpdateReason,
    backfill_ticket_id: String,
}

impl GameSessionUpdate {
    pub(crate) fn new(push: UpdateGameSession, fleet_id: &str) -> Self {
        let session = push.game_session;
        let fleet_id = if session.fleet_id.is_empty() {
            fleet_id.to_owned()
        } else {
            session.fleet_id
        };
        let game_session = GameSession {
            id: session.game_session_id,
            name: session.name,
            fleet_id,
            max_players: session.maximum_player_session_count,
            port: session.port,
            ip_address: session.ip_address,
            dns_name: session.dns_name,
            game_properties: session.game_properties,
            private_data: session.game_session_data,
            matchmaker_data: session.matchmaker_data,
        };
        Self {
            game_session,
            reason: push.update_reason,
            backfill_ticket_id: push.backfill_ticket_id,
        }
    }

    /// The game session as it is now.
    pub fn game_session(&self) -> &GameSession {
        &self.game_session
    }

    /// Why the update came.
    pub fn reason(&self) -> &UpdateReason {
        &self.reason
    }

    /// The backfill it belongs to; empty when to none.
    pub fn backfill_ticket_id(&self) -> &str {
        &self.backfill_ticket_id
    }
}
