//! Server processes: ready, healthy, asked to end, ended.
//!
//! A game session is placed on a process only after its first healthy heartbeat, while it has a socket, and never twice.

use serde::{Deserialize, Serialize};

use std::{collections::VecDeque, time::Duration};

use gamelift_server_sdk::proto::message::{ActivateServerProcess, Push, Reply, TerminateProcess};

use super::{
    World,
    chronicle::{About, Level, cut},
    keys::{GameSessionKey, ProcessKey, SocketId},
    requests::{Answer, Answered, Failure},
    timers::Timer,
};
use crate::model::{
    status::{ProcessEvent, ProcessStatus},
    timestamp::Timestamp,
};

/// Unhealthy heartbeats in a row that end a process.
const UNHEALTHY_HEARTBEATS: u8 = 3;
/// The highest port that every server SDK takes.
const MAX_PORT: u16 = 60_000;
/// Log paths of a process that are remembered.
const MAX_LOG_PATHS: usize = 10;
/// Ended processes that are remembered.
const MAX_ENDED: usize = 1_000;

/// What a process is known by while it lives.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(super) struct ProcessName {
    pub(super) fleet_id: String,
    pub(super) compute_name: String,
    pub(super) process_id: String,
}

/// A server process.
#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Process {
    pub(super) name: ProcessName,
    pub(super) location: String,
    pub(super) ip_address: Option<String>,
    pub(super) dns_name: Option<String>,
    pub(super) status: ProcessStatus,
    pub(super) port: u16,
    pub(super) sdk_language: String,
    #[serde(default)]
    pub(super) sdk: SdkFacts,
    /// Its open sockets, the newest last.
    #[serde(skip)]
    pub(super) sockets: Vec<SocketId>,
    /// Since when it has no socket.
    pub(super) alone_since: Option<Timestamp>,
    /// The SDK instance that became ready, and the socket on which it did.
    #[serde(with = "super::process_rows::ready_as")]
    pub(super) ready_as: (String, Option<SocketId>),
    /// Whether nothing came through its sockets yet that only a ready process sends. Until then it is told nothing.
    #[serde(skip)]
    pub(super) unproven: bool,
    pub(super) healthy: bool,
    unhealthy_in_a_row: u8,
    pub(super) last_healthy: Timestamp,
    /// The one game session of its life.
    pub(super) game_session: Option<GameSessionKey>,
    pub(super) terminate_at: Option<Timestamp>,
    /// Whether its instance is taken away.
    #[serde(default)]
    pub(super) interrupted: bool,
    pub(super) renew_token_at: Option<Timestamp>,
    /// Whether it was asked to open a new connection and has not done so yet.
    #[serde(skip)]
    pub(super) asked_to_refresh: bool,
    #[serde(skip)]
    pub(super) undelivered: Vec<Push>,
    /// The last replies, to be repeated for a repeated request.
    #[serde(with = "super::process_rows::replies")]
    pub(super) replies: VecDeque<Reply>,
}

/// What a process says of its SDK and its logs with `ProcessReady`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct SdkFacts {
    pub(super) version: String,
    /// The engine plugin or the like, with its version.
    pub(super) tool: String,
    pub(super) log_paths: Vec<String>,
}

impl SdkFacts {
    fn of(request: &ActivateServerProcess) -> Self {
        let tool = request.sdk_tool_name.iter().chain(&request.sdk_tool_version);
        let tool: Vec<&str> = tool.map(String::as_str).collect();
        let paths = request.log_paths.iter().take(MAX_LOG_PATHS);
        Self {
            version: cut(&request.sdk_version).to_owned(),
            tool: cut(&tool.join(" ")).to_owned(),
            log_paths: paths.map(|path| cut(path).to_owned()).collect(),
        }
    }
}

/// Why a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndReason {
    /// It said so.
    ProcessEnding,
    Crashed,
    Unhealthy,
    ExitTimeout,
}

impl EndReason {
    /// The fleet event to record: none for an orderly end.
    const fn event(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::ProcessEnding => None,
            Self::Crashed => Some((
                "SERVER_PROCESS_CRASHED",
                "a server process was gone without calling ProcessEnding",
            )),
            Self::Unhealthy => Some((
                "SERVER_PROCESS_TERMINATED_UNHEALTHY",
                "a server process did not report healthy in time",
            )),
            Self::ExitTimeout => Some((
                "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT",
                "a server process did not end in the time it was given",
            )),
        }
    }
}

impl World {
    pub(super) fn add_process(&mut self, name: ProcessName, sdk_language: String, now: Timestamp) -> ProcessKey {
        let key = ProcessKey(self.next_serial());
        let compute = self.find_compute(&name.fleet_id, &name.compute_name);
        let process = Process {
            location: compute.map_or_else(String::new, |compute| compute.location.clone()),
            ip_address: compute.and_then(|compute| compute.ip_address.clone()),
            dns_name: compute.and_then(|compute| compute.dns_name.clone()),
            name: name.clone(),
            status: ProcessStatus::Connected,
            port: 0,
            sdk_language,
            sdk: SdkFacts::default(),
            sockets: Vec::new(),
            alone_since: None,
            ready_as: (String::new(), None),
            unproven: true,
            healthy: false,
            unhealthy_in_a_row: 0,
            last_healthy: now,
            game_session: None,
            terminate_at: None,
            interrupted: false,
            renew_token_at: None,
            asked_to_refresh: false,
            undelivered: Vec::new(),
            replies: VecDeque::new(),
        };
        self.processes.insert(key, process);
        self.live_processes.insert(name, key);
        self.timers.set(now + self.settings.ready_timeout, Timer::Ready(key));
        key
    }

    /// `ProcessReady`.
    pub(super) fn process_ready(
        &mut self,
        socket: SocketId,
        mut key: ProcessKey,
        request: &ActivateServerProcess,
        now: Timestamp,
    ) -> Answered {
        if request.port == 0 {
            return Err(Failure::bad_request(
                "Port must be the one that players connect to, from 1 to 60000",
            ));
        }
        let open = self.sockets.get(&socket);
        let proven = open.is_some_and(|open| open.proven);
        let token = open.map_or_else(String::new, |open| open.idempotency_token.clone());
        let process = self.process(key)?;
        let same = proven || process.ready_as.1 == Some(socket) || process.became_ready_as(&token);
        if process.status == ProcessStatus::Ended && (same || !process.unproven) {
            return Err(Failure::bad_request("the process has ended"));
        }
        if process.status != ProcessStatus::Connected {
            if same {
                return Ok(Answer::Done);
            }
            if process.sockets.len() > 1 {
                return Err(Failure::conflict(
                    "another process with this process id is ready: give each process its own id",
                ));
            }
            key = self.replace_restarted(key, socket, now);
        }
        let deadline = now + self.settings.unhealthy_after;
        let process = self.process(key)?;
        let Some(status) = process.status.after(ProcessEvent::BecameReady) else {
            return Err(Failure::bad_request("the process cannot become ready now"));
        };
        process.status = status;
        process.port = request.port;
        process.sdk = SdkFacts::of(request);
        process.ready_as = (token, Some(socket));
        process.last_healthy = now;
        if !request.sdk_language.is_empty() {
            process.sdk_language.clone_from(&request.sdk_language);
        }
        tracing::info!(process_id = %process.name.process_id, port = process.port, "process ready");
        let (id, ready) = (
            process.name.process_id.clone(),
            format!("ready, players come to port {}", process.port),
        );
        self.tell(now, (Level::Info, About::Process), &id, ready);
        if request.port > MAX_PORT {
            let high = "some server SDKs refuse ports above 60000: choose a lower one";
            self.tell(now, (Level::Warn, About::Process), &id, high);
        }
        self.timers.set(deadline, Timer::Silence(key));
        Ok(Answer::Done)
    }

    /// It is on record that the process is late; it may still become ready.
    pub(super) fn ready_timed_out(&mut self, key: ProcessKey, now: Timestamp) {
        const LATE: &str = "a server process did not call ProcessReady in time";
        let Some(process) = self.processes.get(&key) else {
            return;
        };
        // one that was asked to end was ready before
        if process.status != ProcessStatus::Connected || process.terminate_at.is_some() {
            return;
        }
        let name = process.name.clone();
        self.record_event(&name.fleet_id, "SERVER_PROCESS_PROCESS_READY_TIMEOUT", LATE, now);
        self.tell(now, (Level::Warn, About::Process), &name.process_id, LATE);
    }

    /// The process with this id was started anew and its old self is gone: that one crashed.
    fn replace_restarted(&mut self, old: ProcessKey, socket: SocketId, now: Timestamp) -> ProcessKey {
        let Some(process) = self.processes.get_mut(&old) else {
            return old;
        };
        process.sockets.retain(|open| *open != socket);
        let (name, language) = (process.name.clone(), process.sdk_language.clone());
        self.end_process(old, EndReason::Crashed, now);
        let new = self.add_process(name, language, now);
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.process = new;
        }
        self.attach(new, socket);
        new
    }

    pub(super) fn heartbeat(&mut self, key: ProcessKey, healthy: bool, now: Timestamp) -> Answered {
        let process = self.process(key)?;
        match process.status {
            // It was ready before this world knew it: a survivor of an outage that already counts as crashed.
            ProcessStatus::Connected => {
                self.ask_to_end(key, now);
                return Ok(Answer::Done);
            }
            ProcessStatus::Ended => return Ok(Answer::Done),
            ProcessStatus::Ready | ProcessStatus::Active | ProcessStatus::Ending => {}
        }
        process.healthy = healthy;
        if healthy {
            process.unhealthy_in_a_row = 0;
            process.last_healthy = now;
            if let Some(status) = process.status.after(ProcessEvent::WasHealthy) {
                process.status = status;
            }
        } else {
            process.unhealthy_in_a_row = process.unhealthy_in_a_row.saturating_add(1);
            if process.unhealthy_in_a_row >= UNHEALTHY_HEARTBEATS {
                self.end_unhealthy(key, now);
                return Ok(Answer::Done);
            }
        }
        self.refresh_idle(key);
        Ok(Answer::Done)
    }

    pub(super) fn silence_timed_out(&mut self, key: ProcessKey, now: Timestamp) {
        let Some(process) = self.processes.get(&key) else {
            return;
        };
        if process.status == ProcessStatus::Ended {
            return;
        }
        let deadline = process.last_healthy + self.settings.unhealthy_after;
        if deadline <= now {
            self.end_unhealthy(key, now);
        } else {
            self.timers.set(deadline, Timer::Silence(key));
        }
    }

    /// The machine slept, and its processes with it: the time in which they must be heard of begins anew.
    pub(crate) fn slept(&mut self, now: Timestamp) {
        let end = now + self.settings.socket_loss_grace;
        for key in self.live_processes.values() {
            let Some(process) = self.processes.get_mut(key) else {
                continue;
            };
            process.last_healthy = now;
            if process.alone_since.is_some() {
                process.alone_since = Some(now);
                self.timers.set(end, Timer::SocketLoss(*key));
            }
        }
    }

    fn end_unhealthy(&mut self, key: ProcessKey, now: Timestamp) {
        let termination_time = i64::try_from(now.as_millis()).ok();
        self.push(key, Push::TerminateProcess(TerminateProcess { termination_time }));
        self.end_process(key, EndReason::Unhealthy, now);
    }

    /// Tells a process to end, once, and gives it the grace time.
    pub(super) fn ask_to_end(&mut self, key: ProcessKey, now: Timestamp) {
        self.ask_to_end_within(key, self.settings.terminate_grace, now);
    }

    /// The same with a deadline of its own.
    pub(super) fn ask_to_end_within(&mut self, key: ProcessKey, within: Duration, now: Timestamp) {
        let at = now + within;
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        if process.terminate_at.is_some() || process.status == ProcessStatus::Ended {
            return;
        }
        if let Some(status) = process.status.after(ProcessEvent::AskedToEnd) {
            process.status = status;
        }
        process.terminate_at = Some(at);
        let id = process.name.process_id.clone();
        let asked = format!("asked to end within {} s", within.as_secs_f32());
        self.tell(now, (Level::Info, About::Process), &id, asked);
        self.refresh_idle(key);
        let termination_time = i64::try_from(at.as_millis()).ok();
        self.push(key, Push::TerminateProcess(TerminateProcess { termination_time }));
        self.timers.set(at, Timer::Termination(key));
    }

    pub(super) fn termination_timed_out(&mut self, key: ProcessKey, now: Timestamp) {
        let due = self
            .processes
            .get(&key)
            .and_then(|process| process.terminate_at)
            .is_some_and(|at| at <= now);
        if due {
            self.end_process(key, EndReason::ExitTimeout, now);
        }
    }

    /// The process is over, and so is its game session. Ending twice is ending once.
    pub(super) fn end_process(&mut self, key: ProcessKey, reason: EndReason, now: Timestamp) {
        let Some(process) = self.processes.get_mut(&key) else {
            return;
        };
        let Some(status) = process.status.after(ProcessEvent::Ended) else {
            return;
        };
        process.status = status;
        process.alone_since = None;
        if reason == EndReason::ProcessEnding {
            process.unproven = false;
        }
        // what has not proven itself may still have to be told to end
        if process.sockets.is_empty() || !process.unproven {
            process.undelivered.clear();
        }
        let (name, game_session) = (process.name.clone(), process.game_session);
        let reason_of_session = process.interrupted.then_some("INTERRUPTED");
        self.live_processes.remove(&name);
        self.refresh_idle(key);
        match reason.event() {
            None => tracing::info!(process_id = %name.process_id, "process ended"),
            Some((code, message)) => tracing::warn!(process_id = %name.process_id, code, "{message}"),
        }
        if let Some((code, message)) = reason.event() {
            self.record_event(&name.fleet_id, code, message, now);
        }
        let id = &name.process_id;
        match reason.event() {
            None => self.tell(now, (Level::Info, About::Process), id, "ended"),
            Some((_, message)) => self.tell(now, (Level::Error, About::Process), id, message),
        }
        if let Some(game_session) = game_session {
            self.end_game_session(game_session, reason_of_session, now);
        }
        self.ended_processes.push_back(key);
        if self.ended_processes.len() > MAX_ENDED
            && let Some(oldest) = self.ended_processes.pop_front()
        {
            self.processes.remove(&oldest);
            self.forget_metrics(oldest);
        }
    }

    /// Drops a process that never became ready: nothing depends on it.
    pub(super) fn forget_process(&mut self, key: ProcessKey) {
        if let Some(process) = self.processes.remove(&key) {
            self.live_processes.remove(&process.name);
            self.forget_metrics(key);
        }
    }

    pub(super) fn process(&mut self, key: ProcessKey) -> Result<&mut Process, Failure> {
        self.processes
            .get_mut(&key)
            .ok_or_else(|| Failure::bad_request("the process is not known any more"))
    }

    /// Puts a process on the list of free ones, or takes it off.
    pub(super) fn refresh_idle(&mut self, key: ProcessKey) {
        let Some(process) = self.processes.get(&key) else {
            return;
        };
        let place = (process.name.fleet_id.clone(), process.location.clone());
        if process.is_placeable() {
            self.idle.entry(place).or_default().insert(key);
            self.reconsider_placements();
        } else if let Some(idle) = self.idle.get_mut(&place) {
            idle.remove(&key);
        }
    }
}

impl Process {
    /// Whether a game session can be placed on it.
    pub(super) fn is_placeable(&self) -> bool {
        self.status == ProcessStatus::Active
            && self.healthy
            && self.game_session.is_none()
            && !self.sockets.is_empty()
            && !self.unproven
    }

    /// Whether this SDK instance is the one that became ready.
    pub(super) fn became_ready_as(&self, token: &str) -> bool {
        !token.is_empty() && self.ready_as.0 == token
    }
}
