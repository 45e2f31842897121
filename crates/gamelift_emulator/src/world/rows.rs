//! The world as rows for a store: those that changed go out, all of them come in again.
//!
//! What can be computed from the records is not a row: indexes, free processes, timers. Sockets are not rows either: a
//! restored process has none, and is given time to come back.

use std::{collections::BTreeSet, time::Duration};

use gamelift_server_sdk::proto::message::{Push, TerminateProcess};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use thiserror::Error;

use super::{Beacons, Ids, Settings, World, kept::Kept, timers::Timer};
use crate::model::{
    status::{GameSessionStatus, PlacementStatus, PlayerSessionStatus, ProcessStatus},
    timestamp::Timestamp,
};

/// How long processes have to come back after a restart, at least.
const RETURN_TIME: Duration = Duration::from_secs(30);
/// The layout of the rows.
const LAYOUT: u32 = 1;
/// The row of what is no record.
const META: &str = "meta";

/// One record: its name, and its value, or nothing when it is gone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) value: Option<Vec<u8>>,
}

/// Why rows are no world.
#[derive(Debug, Error)]
pub(crate) enum RowError {
    #[error(
        "it has layout {0}, this emulator knows layout {LAYOUT}: use another directory, or the emulator that made it"
    )]
    Layout(u32),
    #[error("its row {name} is damaged: {source}")]
    Damaged { name: String, source: serde_json::Error },
    #[error("its row {0} is of no known kind")]
    Unknown(String),
}

#[derive(Serialize, Deserialize)]
struct Meta {
    layout: u32,
    serial: u64,
    now: Timestamp,
    #[serde(default)]
    default_fleet: String,
}

/// Keys as they are part of a row's name: in the order of their creation.
pub(super) trait RowKey: Ord + Clone + Sized {
    fn text(&self) -> String;
    fn read(text: &str) -> Option<Self>;
}

impl RowKey for u64 {
    fn text(&self) -> String {
        format!("{self:016x}")
    }

    fn read(text: &str) -> Option<Self> {
        Self::from_str_radix(text, 16).ok()
    }
}

impl RowKey for String {
    fn text(&self) -> String {
        self.clone()
    }

    fn read(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

macro_rules! kinds {
    ($($field:ident,)+) => {
        impl World {
            /// From now on changes are remembered for [`World::take_changes`]; everything there is counts as changed,
            /// unless the world was restored.
            pub(crate) fn watch_changes(&mut self) {
                if !std::mem::replace(&mut self.watched, true) {
                    $(self.$field.watch();)+
                }
            }

            /// The store has everything there is: only what changes from now on is for it.
            fn watch_further_changes(&mut self) {
                self.watched = true;
                $(self.$field.watch_further();)+
            }

            /// The rows that changed since the last time.
            pub(crate) fn take_changes(&mut self, now: Timestamp) -> Vec<Row> {
                let mut rows = Vec::new();
                if !self.watched {
                    return rows;
                }
                $(changed(stringify!($field), &mut self.$field, &mut rows);)+
                if !rows.is_empty() {
                    let default_fleet = self.default_fleet.clone();
                    let meta = Meta { layout: LAYOUT, serial: self.serial, now, default_fleet };
                    rows.push(Row { name: META.to_owned(), value: encoded(&meta) });
                }
                rows
            }

            fn read_row(&mut self, name: &str, value: &[u8]) -> Result<(), RowError> {
                let (kind, key) = name.split_once('/').unwrap_or((name, ""));
                match kind {
                    $(stringify!($field) => restored(&mut self.$field, name, key, value),)+
                    _ => Err(RowError::Unknown(name.to_owned())),
                }
            }
        }
    };
}

kinds! {
    fleets,
    locations,
    computes,
    grants,
    processes,
    game_sessions,
    player_sessions,
    aliases,
    queues,
    placements,
    tags,
    fleet_events,
    placement_events,
}

fn changed<K: RowKey, V: Serialize>(kind: &str, map: &mut Kept<K, V>, rows: &mut Vec<Row>) {
    for key in map.take_touched() {
        rows.push(Row {
            name: format!("{kind}/{}", key.text()),
            value: map.get(&key).and_then(encoded),
        });
    }
}

fn encoded<V: Serialize>(value: &V) -> Option<Vec<u8>> {
    let encoded = serde_json::to_vec(value);
    if let Err(error) = &encoded {
        tracing::error!(%error, "a record cannot be written down");
    }
    encoded.ok()
}

fn restored<K: RowKey, V: DeserializeOwned>(
    map: &mut Kept<K, V>,
    name: &str,
    key: &str,
    value: &[u8],
) -> Result<(), RowError> {
    let key = K::read(key).ok_or_else(|| RowError::Unknown(name.to_owned()))?;
    map.insert(key, read(name, value)?);
    Ok(())
}

fn read<V: DeserializeOwned>(name: &str, value: &[u8]) -> Result<V, RowError> {
    serde_json::from_slice(value).map_err(|source| RowError::Damaged {
        name: name.to_owned(),
        source,
    })
}

/// The time until which the rows tell of the world.
pub(crate) fn time_of(rows: &[(String, Vec<u8>)]) -> Option<Timestamp> {
    let (name, value) = rows.iter().find(|(name, _)| name == META)?;
    read::<Meta>(name, value).ok().map(|meta| meta.now)
}

impl World {
    /// The world that the rows tell of, some time later.
    pub(crate) fn restore(
        settings: Settings,
        ids: Ids,
        beacons: Box<dyn Beacons>,
        rows: &[(String, Vec<u8>)],
        now: Timestamp,
    ) -> Result<Self, RowError> {
        let mut world = Self::empty(settings, ids, beacons);
        for (name, value) in rows {
            if name == META {
                let meta: Meta = read(name, value)?;
                if meta.layout != LAYOUT {
                    return Err(RowError::Layout(meta.layout));
                }
                world.serial = meta.serial;
                world.default_fleet = meta.default_fleet;
            } else {
                world.read_row(name, value)?;
            }
        }
        world.watch_further_changes();
        let known: Vec<String> = world.locations.values().cloned().collect();
        for location in &known {
            world.beacons.open(location);
        }
        // one that was deleted stays away
        if world.default_fleet != world.settings.fleet_id && world.fleet(&world.settings.fleet_id).is_err() {
            world.add_default_fleet(now);
        }
        world.restore_processes(now);
        world.restore_game_sessions(now);
        world.restore_placements();
        Ok(world)
    }

    fn restore_processes(&mut self, now: Timestamp) {
        // nothing depends on one that never became ready
        self.processes
            .retain(|_, process| process.status != ProcessStatus::Connected);
        let grace = self.settings.socket_loss_grace;
        let until = now + grace.max(RETURN_TIME);
        let (ended, living): (Vec<_>, Vec<_>) =
            (self.processes.iter()).partition(|(_, process)| process.status == ProcessStatus::Ended);
        let living: Vec<_> = living.into_iter().map(|(key, _)| *key).collect();
        self.ended_processes.extend(ended.into_iter().map(|(key, _)| *key));
        for key in living {
            let Some(process) = self.processes.get_mut(&key) else {
                continue;
            };
            self.live_processes.insert(process.name.clone(), key);
            process.alone_since = Some(until.back(grace));
            process.last_healthy = now;
            self.timers.set(until, Timer::SocketLoss(key));
            self.timers
                .set(now + self.settings.unhealthy_after, Timer::Silence(key));
            if let Some(at) = process.renew_token_at {
                self.timers.set(at, Timer::TokenRenewal(key));
            }
            if let Some(at) = process.terminate_at {
                // whether it was told is not known; to be told twice does no harm
                let termination_time = i64::try_from(at.as_millis()).ok();
                let push = Push::TerminateProcess(TerminateProcess { termination_time });
                process.undelivered.push(push);
                self.timers.set(at, Timer::Termination(key));
            }
        }
    }

    fn restore_game_sessions(&mut self, now: Timestamp) {
        let mut ended = BTreeSet::new();
        for (key, player) in &self.player_sessions {
            if let Some(session) = self.game_sessions.get_unkept(&player.game_session) {
                session.player_sessions.push(*key);
                session.seats_taken += u32::from(player.status.holds_a_seat());
            }
        }
        for (key, session) in &self.game_sessions {
            self.game_session_arns.insert(session.arn.clone(), *key);
            match session.status {
                GameSessionStatus::Terminated => {
                    ended.insert((session.ended, *key));
                }
                GameSessionStatus::Activating => self.timers.set(session.activate_until, Timer::Activation(*key)),
                GameSessionStatus::Active | GameSessionStatus::Terminating => {}
            }
        }
        let keys: Vec<_> = self.game_sessions.keys().copied().collect();
        for key in keys {
            self.note_for_search(key, now);
        }
        self.ended_game_sessions.extend(ended.into_iter().map(|(_, key)| key));
        for (key, player) in &self.player_sessions {
            self.player_session_ids.insert(player.id.clone(), *key);
            if player.status == PlayerSessionStatus::Reserved {
                self.timers.set(player.reserved_until, Timer::Reservation(*key));
            }
        }
    }

    fn restore_placements(&mut self) {
        let mut ended = BTreeSet::new();
        for (key, placement) in &self.placements {
            self.placement_ids.insert(placement.call.placement_id.clone(), *key);
            if placement.status == PlacementStatus::Pending {
                self.pending_placements.insert(*key);
                self.timers.set(placement.deadline, Timer::Placement(*key));
            } else {
                ended.insert((placement.ended, *key));
            }
            let session = placement.game_session;
            let living = session.filter(|key| {
                let session = self.game_sessions.get(key);
                session.is_some_and(|session| session.status != GameSessionStatus::Terminated)
            });
            if let Some(session) = living {
                self.placement_of.insert(session, *key);
            }
        }
        self.ended_placements.extend(ended.into_iter().map(|(_, key)| key));
        self.reconsider_placements();
    }
}
