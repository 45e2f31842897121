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
mod keys;
mod legacy;
mod locations;
mod page;
mod place_order;
mod placement;
mod placement_events;
mod placements;
mod player_sessions;
mod processes;
mod queues;
mod reports;
mod requests;
mod search;
mod session_requests;
mod settings;
mod sigv4;
mod sockets;
mod story;
mod tags;
mod timers;
mod views;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use gamelift_server_sdk::proto::message::{Push, Reply};
use uuid::Uuid;

use crate::{
    model::{aliases::Alias, queues::GameSessionQueue, timestamp::Timestamp},
    snapshot::PlacementEventSnapshot,
    throttle::Throttle,
};

pub(crate) use self::{
    beacons::Beacons,
    board::{Ask, Board},
    chronicle::{About, Caller, Level},
    keys::SocketId,
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
    fleets: BTreeMap<u64, Fleet>,
    locations: BTreeMap<u64, String>,
    computes: BTreeMap<u64, Compute>,
    grants: HashMap<String, Grant>,
    sockets: HashMap<SocketId, Socket>,
    processes: BTreeMap<ProcessKey, Process>,
    live_processes: HashMap<ProcessName, ProcessKey>,
    ended_processes: VecDeque<ProcessKey>,
    idle: BTreeMap<(String, String), BTreeSet<ProcessKey>>,
    game_sessions: BTreeMap<GameSessionKey, GameSession>,
    game_session_arns: HashMap<String, GameSessionKey>,
    ended_game_sessions: VecDeque<GameSessionKey>,
    search: Search,
    player_sessions: BTreeMap<PlayerSessionKey, PlayerSession>,
    player_session_ids: HashMap<String, PlayerSessionKey>,
    aliases: BTreeMap<u64, Alias>,
    queues: BTreeMap<u64, GameSessionQueue>,
    placements: BTreeMap<PlacementKey, Placement>,
    placement_ids: HashMap<String, PlacementKey>,
    placement_of: HashMap<GameSessionKey, PlacementKey>,
    pending_placements: BTreeSet<PlacementKey>,
    ended_placements: VecDeque<PlacementKey>,
    /// Something changed that may let a waiting placement go on.
    retry_placements: bool,
    /// Activations of game sessions that are still to be refused on purpose.
    refused_activations: u32,
    placement_events: VecDeque<PlacementEventSnapshot>,
    /// Tags by the ARN of what they are on.
    tags: HashMap<String, BTreeMap<String, String>>,
    timers: Timers,
    /// The turns of server processes, if they are throttled.
    turns: Throttle,
    outbox: VecDeque<Outgoing>,
    fleet_events: VecDeque<FleetEvent>,
    chronicle: Chronicle,
    /// Who makes the call that is being carried out.
    caller: Caller,
}

impl World {
    /// A world with one Anywhere fleet in one location, and nothing else.
    pub(crate) fn new(settings: Settings, ids: Ids, beacons: Box<dyn Beacons>, now: Timestamp) -> Self {
        let mut world = Self {
            settings,
            ids,
            beacons,
            serial: 0,
            fleets: BTreeMap::new(),
            locations: BTreeMap::new(),
            computes: BTreeMap::new(),
            grants: HashMap::new(),
            sockets: HashMap::new(),
            processes: BTreeMap::new(),
            live_processes: HashMap::new(),
            ended_processes: VecDeque::new(),
            idle: BTreeMap::new(),
            game_sessions: BTreeMap::new(),
            game_session_arns: HashMap::new(),
            ended_game_sessions: VecDeque::new(),
            search: Search::default(),
            player_sessions: BTreeMap::new(),
            player_session_ids: HashMap::new(),
            aliases: BTreeMap::new(),
            queues: BTreeMap::new(),
            placements: BTreeMap::new(),
            placement_ids: HashMap::new(),
            placement_of: HashMap::new(),
            pending_placements: BTreeSet::new(),
            ended_placements: VecDeque::new(),
            retry_placements: false,
            refused_activations: 0,
            placement_events: VecDeque::new(),
            tags: HashMap::new(),
            timers: Timers::default(),
            turns: Throttle::default(),
            outbox: VecDeque::new(),
            fleet_events: VecDeque::new(),
            chronicle: Chronicle::default(),
            caller: Caller::default(),
        };
        world.add_default_fleet(now);
        world
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
