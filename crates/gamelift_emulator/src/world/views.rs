//! Looking at the world from outside, and the short cuts of its owner.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use super::{
    SocketId, World,
    computes::Compute,
    keys::ProcessKey,
    metrics::Measured,
    processes::{EndReason, Process, ProcessName},
};
use crate::{
    model::{error::ApiError, fleets::RegisterComputeInput, status::ProcessStatus, timestamp::Timestamp},
    snapshot::{
        FleetEventSnapshot, GameSessionSnapshot, PlacementSnapshot, PlayerSessionSnapshot, ProcessSnapshot, Snapshot,
    },
};

impl World {
    /// Everything the world knows, as plain data.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let arn = |key| self.game_sessions.get(&key).map(|session| session.arn.clone());
        let processes = self.processes.iter().map(|(key, process)| ProcessSnapshot {
            process_id: process.name.process_id.clone(),
            fleet_id: process.name.fleet_id.clone(),
            compute_name: process.name.compute_name.clone(),
            location: process.location.clone(),
            port: process.port,
            status: process.status,
            placeable: process.is_placeable(),
            game_session_id: process.game_session.and_then(arn),
            open_sockets: process.sockets.len(),
            metrics: self.measured(*key).map(Measured::snapshots).unwrap_or_default(),
            crash_reporter: self
                .measured(*key)
                .map(|measured| measured.crash_reporter)
                .unwrap_or_default(),
            operating_system_pid: self.measured(*key).and_then(|measured| measured.pid),
        });
        let game_sessions = self.game_sessions.values().map(|session| GameSessionSnapshot {
            game_session_id: session.arn.clone(),
            name: session.name.clone(),
            status: session.status,
            process_id: self
                .processes
                .get(&session.process)
                .map_or_else(String::new, |process| process.name.process_id.clone()),
            seats_taken: session.seats_taken,
            maximum_player_session_count: session.maximum,
            accepts_players: session.accepts_players,
        });
        let player_sessions = self.player_sessions.values().map(|player| PlayerSessionSnapshot {
            player_session_id: player.id.clone(),
            player_id: player.player_id.clone(),
            game_session_id: arn(player.game_session).unwrap_or_default(),
            status: player.status,
        });
        let fleet_events = self.fleet_events.values().map(|event| FleetEventSnapshot {
            fleet_id: event.fleet_id.clone(),
            code: event.code.0.to_owned(),
            message: event.message.clone(),
            epoch_millis: event.time.as_millis(),
        });
        let placements = self.placements.values().map(|placement| PlacementSnapshot {
            placement_id: placement.call.placement_id.clone(),
            queue: placement.queue.clone(),
            status: placement.status,
            game_session_id: placement.game_session.and_then(arn),
        });
        Snapshot {
            placements: placements.collect(),
            placement_events: self.placement_events.values().cloned().collect(),
            processes: processes.collect(),
            game_sessions: game_sessions.collect(),
            player_sessions: player_sessions.collect(),
            open_sockets: self.sockets.len(),
            fleet_events: fleet_events.collect(),
            metrics: self.metrics_snapshot(),
        }
    }

    /// The open sockets of the processes with this id, or of all.
    pub(crate) fn sockets_of(&self, process_id: Option<&str>) -> Vec<SocketId> {
        self.named(process_id)
            .flat_map(|(_, process)| process.sockets.iter().copied())
            .collect()
    }

    /// Asks the processes with this id, or all, to open a new connection with a new token of their compute.
    pub(crate) fn refresh_connections(&mut self, process_id: Option<&str>, now: Timestamp) {
        let mut fresh = HashMap::new();
        for key in self.ready(process_id) {
            let Some(ProcessName {
                fleet_id, compute_name, ..
            }) = self.processes.get(&key).map(|process| process.name.clone())
            else {
                continue;
            };
            let token = fresh
                .entry((fleet_id.clone(), compute_name.clone()))
                .or_insert_with(|| self.fresh_token(&fleet_id, &compute_name, now).0);
            let token = token.clone();
            self.refresh_connection(key, token, now);
        }
    }

    /// Tells the processes with this id, or all, to end, as before an instance is taken away.
    pub(crate) fn interrupt(&mut self, process_id: Option<&str>, now: Timestamp) {
        self.interrupt_within(process_id, self.settings.terminate_grace, now);
    }

    /// The same with a deadline of its own. Each compute counts as one instance.
    pub(crate) fn interrupt_within(&mut self, process_id: Option<&str>, within: Duration, now: Timestamp) {
        let mut instances = BTreeSet::new();
        for key in self.ready(process_id) {
            let Some(process) = self.processes.get_mut(&key) else {
                continue;
            };
            if process.terminate_at.is_none() {
                process.interrupted = true;
                instances.insert((process.name.fleet_id.clone(), process.name.compute_name.clone()));
            }
            self.ask_to_end_within(key, within, now);
        }
        for (fleet_id, compute_name) in instances {
            let message = format!("the instance {compute_name} is taken away");
            self.record_event(&fleet_id, "INSTANCE_INTERRUPTED", &message, now);
        }
    }

    /// The processes with this id, or all, are gone without a word.
    pub(crate) fn crash(&mut self, process_id: Option<&str>, now: Timestamp) {
        for key in self.ready(process_id) {
            self.end_process(key, EndReason::Crashed, now);
        }
    }

    /// The next activations of game sessions are refused.
    pub(crate) fn refuse_activations(&mut self, times: u32) {
        self.refused_activations = times;
    }

    /// Answers of ping beacons take so long, or as long as at the start.
    pub(crate) fn delay_pings(&mut self, location: Option<&str>, by: Option<Duration>) {
        self.beacons.delay(location, by);
    }

    /// The locations whose beacons were told to answer at another time, and how late they answer.
    pub(crate) fn delayed_pings(&self) -> Vec<(String, Duration)> {
        self.beacons.delayed()
    }

    /// Whether a process with this id lives.
    pub(crate) fn has_process(&self, process_id: &str) -> bool {
        self.named(Some(process_id)).next().is_some()
    }

    /// Whether there is this location.
    pub(crate) fn has_location(&self, name: &str) -> bool {
        self.locations.values().any(|known| known == name)
    }

    /// No token is good any more.
    pub(crate) fn expire_tokens(&mut self) {
        self.grants.clear();
    }

    /// SDKs take no message before they are ready.
    fn ready(&self, process_id: Option<&str>) -> Vec<ProcessKey> {
        let ready = self
            .named(process_id)
            .filter(|(_, process)| process.status != ProcessStatus::Connected);
        ready.map(|(key, _)| key).collect()
    }

    fn named(&self, process_id: Option<&str>) -> impl Iterator<Item = (ProcessKey, &Process)> {
        self.live_processes
            .iter()
            .filter(move |(name, _)| process_id.is_none_or(|id| id == name.process_id))
            .filter_map(|(_, key)| Some((*key, self.processes.get(key)?)))
    }

    /// A token for a process on this machine, whose compute is registered if it is not yet.
    pub(crate) fn local_token(&mut self, compute_name: &str, now: Timestamp) -> Result<String, ApiError> {
        let fleet_id = self.settings.fleet_id.clone();
        if self.find_compute(&fleet_id, compute_name).is_none() {
            let input = RegisterComputeInput {
                fleet_id: fleet_id.clone(),
                compute_name: compute_name.to_owned(),
                certificate_path: None,
                dns_name: None,
                ip_address: Some("127.0.0.1".into()),
                location: Some(self.settings.location.clone()),
            };
            self.register_compute(input, now)?;
        }
        let name = self
            .find_compute(&fleet_id, compute_name)
            .map(|Compute { name, .. }| name.clone());
        let name = name.unwrap_or_else(|| compute_name.to_owned());
        if let Some(token) = &self.settings.fixed_token {
            return Ok(token.clone());
        }
        Ok(self.grant_token(&fleet_id, &name, now).0)
    }
}
