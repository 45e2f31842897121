//! The tables of the dashboard: searched, filtered and cut into pages here, so that a page costs the same whatever there
//! is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Ask;
use crate::{
    model::status::{GameSessionStatus, PlayerSessionStatus, ProcessStatus},
    world::{World, computes::Compute, fleets::Fleet, keys::ProcessKey, processes::Process},
};

/// Rows on a page, if the question does not say.
const PAGE: usize = 25;
/// The most rows on a page.
const MAX_PAGE: usize = 200;

/// The tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Table {
    #[default]
    GameSessions,
    PlayerSessions,
    Processes,
    Placements,
    Fleets,
    Computes,
}

/// One page of a table.
#[derive(Debug, Serialize)]
#[expect(clippy::struct_field_names, reason = "the names are those of the JSON")]
pub(super) struct Page {
    table: Table,
    rows: Vec<Value>,
    /// The page this is; not the one asked for when there are not so many.
    page: usize,
    pages: usize,
    /// Rows that the search finds, whatever their status.
    found: usize,
    /// Of these, how many have which status.
    statuses: BTreeMap<&'static str, usize>,
}

impl World {
    pub(super) fn table_page(&self, ask: &Ask) -> Page {
        let process_id = |key| {
            self.processes
                .get(&key)
                .map_or("", |process| process.name.process_id.as_str())
        };
        match ask.table {
            Table::GameSessions => page(
                ask,
                self.game_sessions.values().rev(),
                |session| session.status.word(),
                |session, has| {
                    has(&session.arn)
                        || has(session.name.as_deref().unwrap_or_default())
                        || has(process_id(session.process))
                },
                |session| {
                    json!({
                        "id": session.arn, "name": session.name, "status": session.status.word(),
                        "fleet": session.fleet_id, "location": session.location, "process": process_id(session.process),
                        "taken": session.seats_taken, "maximum": session.maximum, "open": session.accepts_players,
                        "created": session.created.as_millis(), "reason": session.status_reason,
                        "over": session.status == GameSessionStatus::Terminated,
                    })
                },
            ),
            Table::PlayerSessions => page(
                ask,
                self.player_sessions.values().rev(),
                |player| player.status.word(),
                |player, has| {
                    let session = self.game_sessions.get(&player.game_session);
                    has(&player.id) || has(&player.player_id) || session.is_some_and(|session| has(&session.arn))
                },
                |player| {
                    let session = self.game_sessions.get(&player.game_session);
                    json!({
                        "id": player.id, "player": player.player_id, "status": player.status.word(),
                        "game_session": session.map(|session| &session.arn),
                        "game_session_name": session.and_then(|session| session.name.as_ref()),
                        "created": player.created.as_millis(),
                        "accepted": player.story.accepted.map(|at| at.since(player.created).as_millis()),
                        "over": !matches!(player.status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active),
                    })
                },
            ),
            Table::Processes => page(
                ask,
                self.processes.iter().rev(),
                |(_, process)| process.word(),
                |(_, process), has| {
                    has(&process.name.process_id) || has(&process.name.compute_name) || has(&process.sdk_language)
                },
                |(key, process)| self.process_row(*key, process),
            ),
            Table::Placements => page(
                ask,
                self.placements.values().rev(),
                |placement| placement.status.word(),
                |placement, has| has(&placement.call.placement_id) || has(&placement.queue),
                |placement| {
                    let session = placement.game_session.and_then(|key| self.game_sessions.get(&key));
                    json!({
                        "id": placement.call.placement_id, "queue": placement.queue, "status": placement.status.word(),
                        "created": placement.started.as_millis(),
                        "took": placement.ended.map(|at| at.since(placement.started).as_millis()),
                        "game_session": session.map(|session| &session.arn),
                        "players": placement.call.desired_player_sessions.as_ref().map_or(0, Vec::len),
                    })
                },
            ),
            Table::Fleets => page(
                ask,
                self.fleets.values(),
                |_| "ACTIVE",
                |fleet, has| has(&fleet.id) || has(&fleet.name),
                |fleet| self.fleet_row(fleet),
            ),
            Table::Computes => page(
                ask,
                self.computes.values(),
                |_| "ACTIVE",
                |compute, has| has(&compute.name) || has(&compute.fleet_id) || has(&compute.location),
                |compute| self.compute_row(compute),
            ),
        }
    }

    fn process_row(&self, key: ProcessKey, process: &Process) -> Value {
        let session = process.game_session.and_then(|key| self.game_sessions.get(&key));
        json!({
            "id": process.name.process_id, "key": key.number(), "status": process.word(), "fleet": process.name.fleet_id,
            "compute": process.name.compute_name, "location": process.location, "port": process.port,
            "sdk": process.sdk_language, "sockets": process.sockets.len(), "heard": process.last_healthy.as_millis(),
            "game_session": session.map(|session| &session.arn),
            "game_session_name": session.and_then(|session| session.name.as_ref()),
            "metrics": self.measured(key).map(|measured| measured.snapshots().len()),
            "over": process.status == ProcessStatus::Ended,
        })
    }

    fn fleet_row(&self, fleet: &Fleet) -> Value {
        let alive = self.live_processes.keys().filter(|name| name.fleet_id == fleet.id);
        let idle = self.idle.iter().filter(|((id, _), _)| *id == fleet.id);
        let running = self
            .game_sessions
            .values()
            .filter(|session| session.fleet_id == fleet.id);
        json!({
            "id": fleet.id, "name": fleet.name, "status": "ACTIVE", "locations": fleet.locations, "cost": fleet.cost,
            "processes": alive.count(), "free": idle.map(|(_, idle)| idle.len()).sum::<usize>(),
            "game_sessions": running.filter(|session| session.ended.is_none()).count(),
        })
    }

    fn compute_row(&self, compute: &Compute) -> Value {
        let at_home = |name: &&super::super::processes::ProcessName| {
            name.fleet_id == compute.fleet_id && name.compute_name == compute.name
        };
        json!({
            "id": format!("{}/{}", compute.fleet_id, compute.name), "name": compute.name, "fleet": compute.fleet_id,
            "status": "ACTIVE", "location": compute.location,
            "address": compute.ip_address.as_ref().or(compute.dns_name.as_ref()),
            "processes": self.live_processes.keys().filter(at_home).count(),
        })
    }
}

impl Process {
    /// The status as the dashboard says it.
    pub(super) fn word(&self) -> &'static str {
        match self.status {
            ProcessStatus::Connected => "CONNECTED",
            ProcessStatus::Ready => "READY",
            ProcessStatus::Active if self.game_session.is_some() => "HOSTING",
            ProcessStatus::Active if self.sockets.is_empty() => "LOST",
            ProcessStatus::Active if self.unproven => "RETURNING",
            ProcessStatus::Active => "FREE",
            ProcessStatus::Ending => "ENDING",
            ProcessStatus::Ended => "ENDED",
        }
    }
}

fn page<T>(
    ask: &Ask,
    records: impl Iterator<Item = T>,
    status: impl Fn(&T) -> &'static str,
    finds: impl Fn(&T, &dyn Fn(&str) -> bool) -> bool,
    row: impl Fn(T) -> Value,
) -> Page {
    let has = |text: &str| contains(text, &ask.search);
    let mut statuses = BTreeMap::new();
    let mut found = 0;
    let mut fitting = Vec::new();
    for record in records.filter(|record| ask.search.is_empty() || finds(record, &has)) {
        let word = status(&record);
        *statuses.entry(word).or_insert(0) += 1;
        found += 1;
        if ask.status.is_empty() || ask.status == word {
            fitting.push(record);
        }
    }
    let size = if ask.size == 0 { PAGE } else { ask.size.min(MAX_PAGE) };
    let pages = fitting.len().div_ceil(size).max(1);
    let page = ask.page.min(pages - 1);
    Page {
        table: ask.table,
        rows: fitting.into_iter().skip(page * size).take(size).map(row).collect(),
        page,
        pages,
        found,
        statuses,
    }
}

/// Whether a text has another in it; the case of ASCII letters does not matter.
fn contains(text: &str, part: &str) -> bool {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    part.is_empty() || text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part))
}
