//! One server process in detail: where it is, what it measures of itself, what it told the crash reporter.

use serde::Serialize;

use crate::{
    model::status::ProcessStatus,
    snapshot::{CrashReporterStatus, MetricSnapshot},
    world::{World, keys::ProcessKey, metrics::Measured},
};

/// A server process in detail.
#[derive(Debug, Serialize)]
pub(super) struct ProcessDetail {
    key: u64,
    id: String,
    status: &'static str,
    fleet: String,
    compute: String,
    location: String,
    port: u16,
    sdk: String,
    sdk_version: String,
    tool: String,
    log_paths: Vec<String>,
    sockets: usize,
    over: bool,
    /// When it was healthy last, in milliseconds since the Unix epoch.
    healthy: u64,
    game_session: Option<String>,
    game_session_name: Option<String>,
    operating_system_pid: Option<u32>,
    crash_reporter: CrashReporterStatus,
    /// When it told a value last.
    measured: Option<u64>,
    metrics: Vec<MetricSnapshot>,
}

impl World {
    pub(super) fn process_detail(&self, number: u64) -> Option<ProcessDetail> {
        let key = ProcessKey::numbered(number);
        let process = self.processes.get(&key)?;
        let session = process.game_session.and_then(|key| self.game_sessions.get(&key));
        let measured = self.measured(key);
        Some(ProcessDetail {
            key: number,
            id: process.name.process_id.clone(),
            status: process.word(),
            fleet: process.name.fleet_id.clone(),
            compute: process.name.compute_name.clone(),
            location: process.location.clone(),
            port: process.port,
            sdk: process.sdk_language.clone(),
            sdk_version: process.sdk.version.clone(),
            tool: process.sdk.tool.clone(),
            log_paths: process.sdk.log_paths.clone(),
            sockets: process.sockets.len(),
            over: process.status == ProcessStatus::Ended,
            healthy: process.last_healthy.as_millis(),
            game_session: session.map(|session| session.arn.clone()),
            game_session_name: session.and_then(|session| session.name.clone()),
            operating_system_pid: measured.and_then(|measured| measured.pid),
            crash_reporter: measured.map(|measured| measured.crash_reporter).unwrap_or_default(),
            measured: measured.map(|measured| measured.heard.as_millis()),
            metrics: measured.map(Measured::snapshots).unwrap_or_default(),
        })
    }
}
