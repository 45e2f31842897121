//! What server processes measure of themselves: the side channel of server SDK 5.4 and later, gathered for each process.
//!
//! A line says by its tags whose it is: the process id of the environment, the game session, the number of the operating
//! system's process. Lines of nobody who is known wait for a while: a process may say later which game session it hosts.

mod line;

use std::collections::BTreeMap;

use self::line::{Kind, Line};
use super::{
    World,
    chronicle::{About, Level},
    keys::ProcessKey,
};
use crate::{
    model::{status::ProcessStatus, timestamp::Timestamp},
    snapshot::{CrashReporterStatus, MetricSnapshot, MetricsSnapshot},
};

/// The longest datagram that is read.
pub(crate) const MAX_DATAGRAM: usize = 8 * 1024;
/// Series of one process; those beyond are counted.
const MAX_SERIES: usize = 256;
/// Operating system processes of no server process that is known (yet).
const MAX_STRANGERS: usize = 64;
/// Operating system processes whose server process is remembered.
const MAX_PIDS: usize = 4_096;

/// A word to the crash reporter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CrashReport {
    Register,
    Update { session_id: String },
    Deregister,
}

/// Everything that was measured.
#[derive(Default)]
pub(super) struct Metrics {
    by_process: BTreeMap<ProcessKey, Measured>,
    strangers: BTreeMap<u32, Measured>,
    by_pid: BTreeMap<u32, ProcessKey>,
    lines: u64,
    junk: u64,
    left_out: u64,
}

/// What one process measured.
#[derive(Default)]
pub(super) struct Measured {
    pub(super) pid: Option<u32>,
    pub(super) crash_reporter: CrashReporterStatus,
    series: BTreeMap<String, Series>,
    pub(super) heard: Timestamp,
}

/// All values of one name.
enum Series {
    Gauge(f64),
    Counter(f64),
    Timer {
        count: f64,
        last: f64,
        least: f64,
        most: f64,
        sum: f64,
    },
}

impl Series {
    fn start(kind: Kind) -> Self {
        match kind {
            Kind::Gauge | Kind::GaugeChange => Self::Gauge(0.0),
            Kind::Counter => Self::Counter(0.0),
            Kind::Timer => Self::Timer {
                count: 0.0,
                last: 0.0,
                least: f64::INFINITY,
                most: f64::NEG_INFINITY,
                sum: 0.0,
            },
        }
    }

    /// Takes a value; whether it is of this kind.
    fn take(&mut self, line: &Line<'_>) -> bool {
        let (value, stands_for) = (line.value, 1.0 / line.rate);
        match (self, line.kind) {
            (Self::Gauge(now), Kind::Gauge) => *now = value,
            (Self::Gauge(now), Kind::GaugeChange) => *now += value,
            (Self::Counter(total), Kind::Counter) => *total += value * stands_for,
            (
                Self::Timer {
                    count,
                    last,
                    least,
                    most,
                    sum,
                },
                Kind::Timer,
            ) => {
                *count += stands_for;
                *last = value;
                *least = least.min(value);
                *most = most.max(value);
                *sum += value * stands_for;
            }
            _ => return false,
        }
        true
    }

    fn snapshot(&self, name: &str) -> MetricSnapshot {
        let one = |kind: &str, value: f64| MetricSnapshot {
            name: name.to_owned(),
            kind: kind.to_owned(),
            value,
            count: None,
            least: None,
            mean: None,
            most: None,
        };
        match *self {
            Self::Gauge(value) => one("gauge", value),
            Self::Counter(total) => one("counter", total),
            Self::Timer {
                count,
                last,
                least,
                most,
                sum,
            } => MetricSnapshot {
                count: Some(count),
                least: Some(least),
                mean: Some(sum / count),
                most: Some(most),
                ..one("timer", last)
            },
        }
    }
}

impl Measured {
    /// Takes a value; whether there was room for it and it fits those before.
    fn take(&mut self, line: &Line<'_>, now: Timestamp) -> bool {
        self.heard = now;
        let name = line.series();
        if self.series.len() >= MAX_SERIES && !self.series.contains_key(&name) {
            return false;
        }
        let series = self.series.entry(name).or_insert_with(|| Series::start(line.kind));
        series.take(line)
    }

    /// All values, by name.
    pub(super) fn snapshots(&self) -> Vec<MetricSnapshot> {
        self.series.iter().map(|(name, series)| series.snapshot(name)).collect()
    }
}

impl World {
    /// Takes a datagram of a `StatsD` client.
    pub(crate) fn handle_metrics(&mut self, datagram: &[u8], now: Timestamp) {
        let text = (datagram.len() <= MAX_DATAGRAM).then(|| std::str::from_utf8(datagram).ok());
        let Some(text) = text.flatten() else {
            self.metrics.junk += 1;
            return;
        };
        // one SDK ends its datagrams as C ends its strings
        for text in text.trim_end_matches('\0').lines().filter(|text| !text.is_empty()) {
            match Line::read(text) {
                Some(line) => self.take_metric(&line, now),
                None => self.metrics.junk += 1,
            }
        }
    }

    fn take_metric(&mut self, line: &Line<'_>, now: Timestamp) {
        self.metrics.lines += 1;
        let owner = self.owner_of(line.process_pid, line.process_id, line.session_id);
        let measured = match (owner, line.process_pid) {
            (Some(key), pid) => self.measured_by(key, pid, now),
            (None, Some(pid)) => self.metrics.stranger(pid),
            (None, None) => {
                self.metrics.left_out += 1;
                return;
            }
        };
        if !measured.take(line, now) {
            self.metrics.left_out += 1;
        }
    }

    /// Takes a word to the crash reporter from a process of the operating system.
    pub(crate) fn crash_report(&mut self, pid: u32, report: &CrashReport, now: Timestamp) {
        let session_id = match report {
            CrashReport::Update { session_id } => session_id.as_str(),
            CrashReport::Register | CrashReport::Deregister => "",
        };
        let owner = self.owner_of(Some(pid), "", session_id);
        let measured = match owner {
            Some(key) => self.measured_by(key, Some(pid), now),
            None => self.metrics.stranger(pid),
        };
        measured.heard = now;
        measured.crash_reporter = match report {
            CrashReport::Deregister => CrashReporterStatus::Deregistered,
            CrashReport::Register | CrashReport::Update { .. } => CrashReporterStatus::Registered,
        };
        let words = match report {
            CrashReport::Register => "registered with the crash reporter",
            CrashReport::Update { .. } => "told the crash reporter its game session",
            CrashReport::Deregister => "deregistered from the crash reporter",
        };
        let who = owner.and_then(|key| self.processes.get(&key));
        let who = who.map_or_else(|| format!("pid {pid}"), |process| process.name.process_id.clone());
        self.tell(now, (Level::Info, About::Process), &who, words);
    }

    /// Something came to the sink that nobody can read.
    pub(crate) fn count_metrics_junk(&mut self) {
        self.metrics.junk += 1;
    }

    /// What a process measured, if anything.
    pub(super) fn measured(&self, key: ProcessKey) -> Option<&Measured> {
        self.metrics.by_process.get(&key)
    }

    pub(super) fn metrics_snapshot(&self) -> MetricsSnapshot {
        MetricsSnapshot {
            lines: self.metrics.lines,
            junk: self.metrics.junk,
            left_out: self.metrics.left_out,
            strangers: self.metrics.strangers.keys().copied().collect(),
        }
    }

    /// The process is remembered no more.
    pub(super) fn forget_metrics(&mut self, key: ProcessKey) {
        self.metrics.by_process.remove(&key);
        self.metrics.by_pid.retain(|_, known| *known != key);
    }

    /// Whose a line is: of the process that it names, else of the one that hosts its game session, else of the one whose
    /// lines came from there before.
    fn owner_of(&self, pid: Option<u32>, process_id: &str, session_id: &str) -> Option<ProcessKey> {
        let before = pid.and_then(|pid| self.metrics.by_pid.get(&pid).copied());
        if !process_id.is_empty() {
            let is_named = |key: &ProcessKey| {
                let process = self.processes.get(key);
                process.is_some_and(|process| process.name.process_id == process_id)
            };
            let lives = |key: &ProcessKey| {
                let process = self.processes.get(key);
                process.is_some_and(|process| process.status != ProcessStatus::Ended)
            };
            let before = before.filter(is_named);
            if before.is_some_and(|key| lives(&key)) {
                return before;
            }
            let living = self.live_processes.iter();
            let living = living.filter(|(name, _)| name.process_id == process_id);
            let newest = living.map(|(_, key)| *key).max();
            let ended = || self.ended_processes.iter().rev().copied().find(is_named);
            return newest.or(before).or_else(ended);
        }
        let hosting = self.game_session_arns.get(session_id);
        let hosting = hosting.and_then(|key| Some(self.game_sessions.get(key)?.process));
        let known = |key: &ProcessKey| self.processes.contains_key(key);
        hosting.filter(known).or(before.filter(known))
    }

    /// What a process measured, with what came before it was known that it was this one.
    fn measured_by(&mut self, key: ProcessKey, pid: Option<u32>, now: Timestamp) -> &mut Measured {
        if !self.metrics.by_process.contains_key(&key) {
            let id = self.processes.get(&key).map(|process| process.name.process_id.clone());
            self.tell(
                now,
                (Level::Info, About::Process),
                &id.unwrap_or_default(),
                "sends metrics",
            );
        }
        let metrics = &mut self.metrics;
        let earlier = pid.and_then(|pid| metrics.strangers.remove(&pid));
        if let Some(pid) = pid
            && metrics.by_pid.insert(pid, key).is_none()
            && metrics.by_pid.len() > MAX_PIDS
        {
            // a number is known anew with its next line
            metrics.by_pid.pop_first();
        }
        let measured = metrics.by_process.entry(key).or_default();
        measured.pid = pid.or(measured.pid);
        if let Some(earlier) = earlier {
            measured.crash_reporter = earlier.crash_reporter;
            for (name, series) in earlier.series {
                measured.series.entry(name).or_insert(series);
            }
        }
        measured
    }
}

impl Metrics {
    /// What somebody measured who is not known; of too many the one that was silent longest is forgotten.
    fn stranger(&mut self, pid: u32) -> &mut Measured {
        if self.strangers.len() >= MAX_STRANGERS && !self.strangers.contains_key(&pid) {
            let silent = self.strangers.iter().min_by_key(|(_, measured)| measured.heard);
            if let Some(silent) = silent.map(|(pid, _)| *pid) {
                self.strangers.remove(&silent);
            }
        }
        let stranger = self.strangers.entry(pid).or_default();
        stranger.pid = Some(pid);
        stranger
    }
}
