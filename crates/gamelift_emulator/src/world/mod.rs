//! The world: everything GameLift knows, with no socket and no clock in it.
//!
//! Calls and frames go in with the time at which they came; frames to send come out of [`World::poll_outgoing`], and
//! [`World::poll_timeout`] says when [`World::handle_timeout`] has something to do.

mod access;
mod aliases;
mod beacons;
mod board;
mod chronicle;
mod computes;
mod fleet_changes;
mod fleets;
mod game_sessions;
#[cfg(test)]
mod invariants;
mod kept;
mod keys;
mod legacy;
mod locations;
mod metrics;
mod page;
mod place_order;
mod placement;
mod placement_events;
mod placements;
mod player_sessions;
mod process_rows;
mod processes;
mod queues;
mod reports;
mod requests;
mod rows;
mod search;
mod session_requests;
mod settings;
mod sigv4;
mod sockets;
mod story;
mod tags;
mod timers;
mod views;
mod words;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use gamelift_server_sdk::proto::message::{Push, Reply};
use uuid::Uuid;

use crate::{
    model::{aliases::Alias, queues::GameSessionQueue, timestamp::Timestamp},
    notify::PlacementEvent,
    snapshot::PlacementEventSnapshot,
    throttle::Throttle,
};

pub(crate) use self::{
    beacons::Beacons,
    board::{Ask, Board},
    chronicle::{About, Caller, Level},
    keys::SocketId,
    metrics::{CrashReport, MAX_DATAGRAM},
    rows::{Row, time_of},
    search::{reads_filter, reads_sort},
    settings::{Credentials, Profile, Settings},
    sigv4::SigV4,
    sockets::{Handshake, Refused},
    story::is_a_trace,
};

use self::{
    access::Grant,
    chronicle::Chronicle,
    computes::Compute,
    fleets::{Fleet, FleetEvent},
    game_sessions::GameSession,
    kept::Kept,
    keys::{GameSessionKey, PlacementKey, PlayerSessionKey, ProcessKey},
    placements::Placement,
    player_sessions::PlayerSession,
    processes::{Process, ProcessName},
    search::Search,
    sockets::Socket,
    timers::Timers,
};

/// Where ids and tokens come from: random in a program, counted in a test.
pub(crate) type Ids = Box<dyn FnMut() -> Uuid + Send>;

/// A frame for one socket.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Reply(SocketId, Reply),
    Push(SocketId, Push),
}

/// Everything GameLift knows.
pub(crate) struct World {
    settings: Settings,
    ids: Ids,
    beacons: Box<dyn Beacons>,
    serial: u64,
    /// The id of the fleet that was there from the start.
    default_fleet: String,
    fleets: Kept<u64, Fleet>,
    locations: Kept<u64, String>,
    computes: Kept<u64, Compute>,
    grants: Kept<String, Grant>,
    sockets: HashMap<SocketId, Socket>,
    processes: Kept<ProcessKey, Process>,
    live_processes: HashMap<ProcessName, ProcessKey>,
    ended_processes: VecDeque<ProcessKey>,
    idle: BTreeMap<(String, String), BTreeSet<ProcessKey>>,
    game_sessions: Kept<GameSessionKey, GameSession>,
    game_session_arns: HashMap<String, GameSessionKey>,
    ended_game_sessions: VecDeque<GameSessionKey>,
    search: Search,
    player_sessions: Kept<PlayerSessionKey, PlayerSession>,
    player_session_ids: HashMap<String, PlayerSessionKey>,
    aliases: Kept<u64, Alias>,
    queues: Kept<u64, GameSessionQueue>,
    placements: Kept<PlacementKey, Placement>,
    placement_ids: HashMap<String, PlacementKey>,
    placement_of: HashMap<GameSessionKey, PlacementKey>,
    pending_placements: BTreeSet<PlacementKey>,
    ended_placements: VecDeque<PlacementKey>,
    /// Something changed that may let a waiting placement go on.
    retry_placements: bool,
    /// Activations of game sessions that are still to be refused on purpose.
    refused_activations: u32,
    /// Placement events for those outside.
    notices: VecDeque<PlacementEvent>,
    placement_events: Kept<u64, PlacementEventSnapshot>,
    /// Tags by the ARN of what they are on.
    tags: Kept<String, BTreeMap<String, String>>,
    timers: Timers,
    /// The turns of server processes, if they are throttled.
    turns: Throttle,
    outbox: VecDeque<Outgoing>,
    fleet_events: Kept<u64, FleetEvent>,
    chronicle: Chronicle,
    /// What processes measure of themselves; it is not kept.
    metrics: metrics::Metrics,
    /// Who makes the call that is being carried out.
    caller: Caller,
    /// Whether changes are remembered for a store.
    watched: bool,
}

impl World {
    /// A world with one Anywhere fleet in one location, and nothing else.
    pub(crate) fn new(settings: Settings, ids: Ids, beacons: Box<dyn Beacons>, now: Timestamp) -> Self {
        let mut world = Self::empty(settings, ids, beacons);
        world.add_default_fleet(now);
        world
    }

    fn empty(settings: Settings, ids: Ids, beacons: Box<dyn Beacons>) -> Self {
        Self {
            settings,
            ids,
            beacons,
            serial: 0,
            default_fleet: String::new(),
            fleets: Kept::default(),
            locations: Kept::default(),
            computes: Kept::default(),
            grants: Kept::default(),
            sockets: HashMap::new(),
            processes: Kept::default(),
            live_processes: HashMap::new(),
            ended_processes: VecDeque::new(),
            idle: BTreeMap::new(),
            game_sessions: Kept::default(),
            game_session_arns: HashMap::new(),
            ended_game_sessions: VecDeque::new(),
            search: Search::default(),
            player_sessions: Kept::default(),
            player_session_ids: HashMap::new(),
            aliases: Kept::default(),
            queues: Kept::default(),
            placements: Kept::default(),
            placement_ids: HashMap::new(),
            placement_of: HashMap::new(),
            pending_placements: BTreeSet::new(),
            ended_placements: VecDeque::new(),
            retry_placements: false,
            refused_activations: 0,
            notices: VecDeque::new(),
            placement_events: Kept::default(),
            tags: Kept::default(),
            timers: Timers::default(),
            turns: Throttle::default(),
            outbox: VecDeque::new(),
            fleet_events: Kept::default(),
            chronicle: Chronicle::default(),
            metrics: metrics::Metrics::default(),
            caller: Caller::default(),
            watched: false,
        }
    }

    /// The next frame to send.
    pub(crate) fn poll_outgoing(&mut self) -> Option<Outgoing> {
        self.outbox.pop_front()
    }

    /// A number that was never given before in this world, greater than all before.
    fn next_serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn new_id(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", (self.ids)().hyphenated())
    }

    fn arn(&self, resource: &str) -> String {
        format!(
            "arn:aws:gamelift:{}:{}:{resource}",
            self.settings.region, self.settings.account
        )
    }
}
