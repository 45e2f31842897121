//! Two headless apps over loopback on an orchestrator in memory, pumped until something holds.

#![allow(dead_code, reason = "each test file uses its own part of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod relay;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_ecs::system::RunSystemOnce as _;
use bevy_game_session_client::{
    SessionArrived, SessionClientPlugin, SessionDisconnected, SessionFailed, SessionPhase, SessionSettings,
    SessionTravelFailed, Sessions, TravelPolicy,
};
use bevy_game_session_renet::{PlayerConnection, TravelPlugin};
use bevy_game_session_server::{
    AcceptedPlayer, HostFailed, ListenPort, PlayerLost, PlayerRejected, PlayerReturned, ServerPolicies,
    ServerSessionState, SessionServerPlugin,
};
use bevy_renet::renet::ConnectionConfig;
use bevy_state::app::StatesPlugin;
use bevy_state::prelude::State;
use bevy_time::TimePlugin;
use game_session_protocol::in_memory::{SeatStatus, TicketMinter};
use game_session_protocol::{
    FindGameSessions, HostLifetime, InMemoryOrchestrator, SessionKey, Ticket, TicketClaims, netcode_ticket,
};

const LIMIT: Duration = Duration::from_secs(20);

/// What an app heard, in order, as text.
#[derive(Resource, Debug, Default)]
pub(crate) struct Heard(pub(crate) Vec<String>);

pub(crate) struct Stage {
    pub(crate) orchestrator: InMemoryOrchestrator,
    pub(crate) server: App,
    pub(crate) clients: Vec<App>,
    players: usize,
    plugins: fn(&mut App),
}

/// Real tickets.
pub(crate) fn mint(claims: &TicketClaims, key: &SessionKey, address: SocketAddr) -> Ticket {
    netcode_ticket::mint(claims, key, address, address).unwrap()
}

/// A minter whose tickets are made by whatever function is in the slot at the time.
pub(crate) type Slot = Arc<Mutex<TicketMinter>>;

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint)), plain)
    }

    /// A stage whose tickets can be made otherwise later.
    pub(crate) fn with_slot() -> (Self, Slot) {
        let slot: Slot = Arc::new(Mutex::new(Arc::new(mint)));
        let minter = Arc::clone(&slot);
        let orchestrator = InMemoryOrchestrator::new().with_ticket_minter(Arc::new(move |claims, key, address| {
            let mint = minter.lock().unwrap().clone();
            mint(claims, key, address)
        }));
        (Self::with(orchestrator, plain), slot)
    }

    pub(crate) fn with(orchestrator: InMemoryOrchestrator, plugins: fn(&mut App)) -> Self {
        let policies = ServerPolicies::default().wait_for_players_forever();
        Self::with_server(orchestrator, policies, plugins, |_, _| {})
    }

    /// A stage whose server keeps the places of lost players for so long.
    pub(crate) fn with_grace(orchestrator: InMemoryOrchestrator, grace: Duration) -> Self {
        let policies = ServerPolicies::default().wait_for_players_forever();
        Self::with_server(orchestrator, policies.grace_period(grace), plain, |_, _| {})
    }

    /// A stage whose server is a listen server: an app with a player of its own.
    pub(crate) fn listening(orchestrator: InMemoryOrchestrator, plugins: fn(&mut App)) -> Self {
        let orchestrator = orchestrator.with_host_lifetime(HostLifetime::ManySessions);
        let policies = ServerPolicies::default().wait_for_players_forever();
        Self::with_server(orchestrator, policies, plugins, |orchestrator, app| {
            app.add_plugins(SessionClientPlugin::new(orchestrator.service("host".parse().unwrap())));
            hear_as_client(app);
        })
    }

    fn with_server(
        orchestrator: InMemoryOrchestrator,
        policies: ServerPolicies,
        plugins: fn(&mut App),
        more: fn(&InMemoryOrchestrator, &mut App),
    ) -> Self {
        let mut server = App::new();
        let plugin = SessionServerPlugin::new(orchestrator.host()).policies(policies);
        server.add_plugins((TimePlugin, StatesPlugin, plugin));
        server.init_resource::<Heard>();
        more(&orchestrator, &mut server);
        plugins(&mut server);
        hear(&mut server, |rejected: &PlayerRejected| {
            format!("rejected: {:?}", rejected.reason)
        });
        hear(&mut server, |failed: &HostFailed| format!("failed: {}", failed.error));
        hear(&mut server, |_: &PlayerLost| "lost".into());
        hear(&mut server, |_: &PlayerReturned| "returned".into());
        finish(&mut server);
        Self {
            orchestrator,
            server,
            clients: Vec::new(),
            players: 0,
            plugins,
        }
    }

    /// Another server, turned with the apps of the players.
    pub(crate) fn add_server(&mut self) -> usize {
        let policies = ServerPolicies::default().wait_for_players_forever();
        let stage = Self::with_server(self.orchestrator.clone(), policies, self.plugins, |_, _| {});
        self.clients.push(stage.server);
        self.clients.len() - 1
    }

    /// Another player's app.
    pub(crate) fn add_client(&mut self) -> usize {
        self.players += 1;
        self.add_client_of(&format!("player-{}", self.players))
    }

    /// Another app of this player.
    pub(crate) fn add_client_of(&mut self, player: &str) -> usize {
        let mut client = App::new();
        let service = self.orchestrator.service(player.parse().unwrap());
        client.add_plugins((TimePlugin, StatesPlugin, SessionClientPlugin::new(service)));
        (self.plugins)(&mut client);
        client.init_resource::<Heard>();
        hear_as_client(&mut client);
        finish(&mut client);
        self.clients.push(client);
        self.clients.len() - 1
    }

    /// A player who creates the session and stands in it.
    pub(crate) fn host_and_arrive(&mut self) -> usize {
        let client = self.host();
        self.hear_from(client, "arrived");
        client
    }

    /// A player who creates the session and travels.
    pub(crate) fn host(&mut self) -> usize {
        let client = self.add_client();
        self.call(client, |mut sessions| {
            sessions.create("game", SessionSettings::new(4)).unwrap();
            sessions.start("game");
        });
        client
    }

    /// A player who creates the session, has a seat, and does not travel.
    pub(crate) fn host_without_travel(&mut self) -> usize {
        let client = self.host();
        self.clients[client].insert_resource(TravelPolicy::Manual);
        self.pump("the seat is there", |stage| {
            let world = stage.clients[client].world_mut();
            world
                .query::<&SessionPhase>()
                .iter(world)
                .eq([&SessionPhase::InProgress])
        });
        client
    }

    /// Another player, who joins the session and travels.
    pub(crate) fn join(&mut self) -> usize {
        let client = self.add_client();
        self.find_and_join(client);
        client
    }

    /// Joins the session and travels.
    pub(crate) fn find_and_join(&mut self, client: usize) {
        self.call(client, |mut sessions| {
            sessions.find(FindGameSessions::default());
        });
        self.pump("the session is found", |stage| !stage.found(client).is_empty());
        let found = self.found(client).remove(0);
        self.call(client, move |mut sessions| {
            sessions.join("game", &found);
        });
    }

    fn found(&mut self, client: usize) -> Vec<bevy_game_session_client::FoundSession> {
        let world = self.clients[client].world_mut();
        let mut results = world.query::<&bevy_game_session_client::SearchResults>();
        results
            .iter(world)
            .flat_map(|results| results.sessions.clone())
            .collect()
    }

    pub(crate) fn call(&mut self, client: usize, call: impl FnOnce(Sessions) + Send + Sync + 'static) {
        give(&mut self.clients[client], call);
    }

    /// What the player of a listen server does.
    pub(crate) fn call_host(&mut self, call: impl FnOnce(Sessions) + Send + Sync + 'static) {
        give(&mut self.server, call);
    }

    /// The player of a listen server creates a session and stands in it.
    pub(crate) fn host_locally(&mut self) {
        let times = self.count_on_server("arrived here") + 1;
        self.call_host(|mut sessions| {
            sessions.create("game", SessionSettings::new(4)).unwrap();
            sessions.start("game");
        });
        self.pump("the host has arrived", |stage| {
            stage.count_on_server("arrived here") == times
        });
    }

    pub(crate) fn count_on_server(&self, text: &str) -> usize {
        self.server_heard().iter().filter(|heard| *heard == text).count()
    }

    pub(crate) fn count(&self, client: usize, text: &str) -> usize {
        self.heard(client).iter().filter(|heard| *heard == text).count()
    }

    /// Gives a command on the server.
    pub(crate) fn command(&mut self, give: impl FnOnce(&mut Commands)) {
        let world = self.server.world_mut();
        give(&mut world.commands());
        world.flush();
    }

    /// Turns all apps until it holds.
    pub(crate) fn pump(&mut self, what: &str, mut holds: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + LIMIT;
        loop {
            self.server.update();
            for client in &mut self.clients {
                client.update();
            }
            if holds(self) {
                return;
            }
            let heard: Vec<_> = self
                .clients
                .iter()
                .map(|client| &client.world().resource::<Heard>().0)
                .collect();
            let server = &self.server.world().resource::<Heard>().0;
            assert!(
                Instant::now() < end,
                "not in time: {what}; clients heard {heard:?}, the server {server:?}"
            );
            std::thread::yield_now();
        }
    }

    /// Turns all apps until this client heard it.
    pub(crate) fn hear_from(&mut self, client: usize, text: &str) {
        self.pump(text, |stage| stage.heard(client).iter().any(|heard| heard == text));
    }

    pub(crate) fn heard(&self, client: usize) -> &[String] {
        &self.clients[client].world().resource::<Heard>().0
    }

    pub(crate) fn server_heard(&self) -> &[String] {
        &self.server.world().resource::<Heard>().0
    }

    /// The entities of the players on the server.
    pub(crate) fn players(&mut self) -> Vec<Entity> {
        let world = self.server.world_mut();
        let mut players = world.query_filtered::<Entity, (With<AcceptedPlayer>, With<PlayerConnection>)>();
        players.iter(world).collect()
    }

    pub(crate) fn seats(&self, status: SeatStatus) -> usize {
        self.orchestrator.snapshot().seats_that_are(status)
    }

    pub(crate) fn server_is(&self, state: ServerSessionState) -> bool {
        *self.server.world().resource::<State<ServerSessionState>>().get() == state
    }

    pub(crate) fn port(&self) -> u16 {
        self.server.world().resource::<ListenPort>().0
    }
}

/// Travel with renet's own channels.
pub(crate) fn plain(app: &mut App) {
    app.add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
}

fn give(app: &mut App, call: impl FnOnce(Sessions) + Send + Sync + 'static) {
    let mut call = Some(call);
    app.world_mut()
        .run_system_once(move |sessions: Sessions| call.take().unwrap()(sessions))
        .unwrap();
}

fn hear_as_client(app: &mut App) {
    hear(app, |arrived: &SessionArrived| {
        if arrived.local { "arrived here" } else { "arrived" }.into()
    });
    hear(app, |failed: &SessionTravelFailed| {
        format!("travel failed: {:?}", failed.error)
    });
    hear(app, |gone: &SessionDisconnected| {
        format!("disconnected: {:?}", gone.reason)
    });
    hear(app, |failed: &SessionFailed| format!("failed: {:?}", failed.error));
}

fn finish(app: &mut App) {
    app.finish();
    app.cleanup();
}

fn hear<M: Message>(app: &mut App, text: fn(&M) -> String) {
    app.add_systems(Last, move |mut news: MessageReader<M>, mut heard: ResMut<Heard>| {
        heard.0.extend(news.read().map(text));
    });
}
