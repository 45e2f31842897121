//! Whole apps that travel: a host on a loopback network of its own, and its guests.

use std::time::{Duration, Instant};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_ecs::system::RunSystemOnce as _;
use bevy_game_session_client::{
    FoundSession, Reach, SearchResults, SessionArrived, SessionClientPlugin, SessionDisconnected, SessionFailed,
    SessionSettings, SessionTravelFailed, Sessions,
};
use bevy_game_session_lan::{Lan, LanConfig, LanDoor};
use bevy_game_session_renet::TravelPlugin;
use bevy_game_session_server::{AcceptedPlayer, LocalPlayer, ServerSessionState, SessionServerPlugin};
use bevy_renet::renet::ConnectionConfig;
use bevy_state::app::StatesPlugin;
use bevy_state::prelude::State;
use bevy_time::TimePlugin;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::{CreateGameSession, FindGameSessions};

use super::life_cycle::free_port;

/// Longer than anything takes on the slowest machine.
const LIMIT: Duration = Duration::from_mins(1);

/// What an app heard, in order, as text.
#[derive(Resource, Default)]
struct Heard(Vec<String>);

/// A host and its guests.
pub(super) struct Stage {
    group: u16,
    host: Option<App>,
    guests: Vec<App>,
}

impl Stage {
    /// A host without a player, whose game session is active.
    pub(super) fn without_own_player() -> Self {
        let group = free_port();
        let lan = network(group);
        let mut stage = Self::new(group, travelling(SessionServerPlugin::new(lan.host())));
        let mut hosted = lan.host_game_session(CreateGameSession::new("game", 4, "dev".parse().unwrap()));
        stage.pump("it is hosted", |_| {
            block_on(poll_once(&mut hosted)).is_some_and(|id| id.is_ok())
        });
        stage
    }

    /// A listen server: a host with a player of its own, who has started nothing yet.
    pub(super) fn with_own_player() -> Self {
        let group = free_port();
        let lan = network(group);
        let mut app = travelling(SessionServerPlugin::new(lan.host()));
        app.add_plugins(SessionClientPlugin::lan_only(lan.service()));
        hear_all(&mut app);
        Self::new(group, app)
    }

    fn new(group: u16, host: App) -> Self {
        Self {
            group,
            host: Some(ready(host)),
            guests: Vec::new(),
        }
    }

    pub(super) fn host(&mut self) -> &mut App {
        self.host.as_mut().unwrap()
    }

    /// The host's process is gone.
    pub(super) fn lose_host(&mut self) {
        self.host = None;
    }

    /// The host's own player starts a game session and is in it.
    pub(super) fn start(&mut self, name: &str) {
        let settings = SessionSettings::new(4).shown_as(name).reach(Reach::Lan);
        let before = count(self.host(), "arrived here");
        call(self.host(), move |mut sessions| {
            sessions.create("game", settings.clone()).unwrap();
            sessions.start("game");
        });
        self.pump("the host is in", |stage| count(stage.host(), "arrived here") > before);
    }

    /// The host's own player ends it for everyone.
    pub(super) fn end(&mut self) {
        call(self.host(), |mut sessions| sessions.end("game"));
        self.pump("the host is ready again", |stage| {
            let state = stage.host().world().resource::<State<ServerSessionState>>();
            *state.get() == ServerSessionState::Ready
        });
        call(self.host(), |mut sessions| sessions.destroy("game"));
    }

    /// Another player on the network.
    pub(super) fn guest(&mut self) -> usize {
        let service = network(self.group).service();
        let mut guest = travelling(SessionClientPlugin::lan_only(service));
        hear_all(&mut guest);
        self.guests.push(ready(guest));
        self.guests.len() - 1
    }

    /// The guest finds the game session of that name, travels, and is in it.
    pub(super) fn join(&mut self, guest: usize, name: &str) {
        let found = self.find(guest, name);
        let before = count(&self.guests[guest], "arrived");
        call(&mut self.guests[guest], move |mut sessions| {
            sessions.join("game", &found);
        });
        self.pump("the guest is in", |stage| {
            count(&stage.guests[guest], "arrived") > before
        });
    }

    fn find(&mut self, guest: usize, name: &str) -> FoundSession {
        loop {
            let search = call(&mut self.guests[guest], |mut sessions| {
                sessions.find(FindGameSessions::default())
            });
            self.pump("the search is done", |stage| {
                stage.guests[guest].world().get::<SearchResults>(search).is_some()
            });
            let world = self.guests[guest].world_mut();
            let found = world.get::<SearchResults>(search).unwrap().sessions.clone();
            world.despawn(search);
            if let Some(found) = found.into_iter().find(|found| found.game_session.name == name) {
                return found;
            }
        }
    }

    /// The guest forgets the session it was in.
    pub(super) fn forget(&mut self, guest: usize) {
        call(&mut self.guests[guest], |mut sessions| sessions.destroy("game"));
    }

    /// Waits until the guest has heard that, in the words of players.
    #[track_caller]
    pub(super) fn hears(&mut self, guest: usize, what: &str) {
        self.pump(what, |stage| stage.times_heard(guest, what) == 1);
    }

    /// How often the guest has heard that.
    pub(super) fn times_heard(&self, guest: usize, what: &str) -> usize {
        count(&self.guests[guest], what)
    }

    /// How many players the host has: its own, and others.
    pub(super) fn players(&mut self) -> (usize, usize) {
        let world = self.host().world_mut();
        let mut players = world.query_filtered::<Has<LocalPlayer>, With<AcceptedPlayer>>();
        let own = players.iter(world).filter(|own| *own).count();
        (own, players.iter(world).count() - own)
    }

    /// Lets all apps run until something holds.
    #[track_caller]
    pub(super) fn pump(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let end = Instant::now() + LIMIT;
        while !done(self) {
            self.host.iter_mut().chain(&mut self.guests).for_each(App::update);
            let heard: Vec<_> = self.guests.iter().map(heard).collect();
            assert!(Instant::now() < end, "not in time: {what}; the guests heard {heard:?}");
            std::thread::yield_now();
        }
    }
}

fn network(group: u16) -> Lan {
    let config = LanConfig::new("travel", LanDoor::Open).on_loopback();
    Lan::new(config.group_port(group).door_ports(0..=0)).unwrap()
}

fn travelling(plugin: impl Plugin) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, plugin));
    app.add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
    app
}

fn ready(mut app: App) -> App {
    app.finish();
    app.cleanup();
    app
}

fn hear_all(app: &mut App) {
    app.init_resource::<Heard>();
    hear(app, |arrived: &SessionArrived| {
        let arrived = if arrived.local { "arrived here" } else { "arrived" };
        arrived.into()
    });
    hear(app, |failed: &SessionTravelFailed| failed.error.player_message());
    hear(app, |failed: &SessionFailed| failed.error.player_message());
    hear(app, |gone: &SessionDisconnected| gone.reason.player_message());
}

fn hear<M: Message>(app: &mut App, text: fn(&M) -> String) {
    app.add_systems(Last, move |mut news: MessageReader<M>, mut heard: ResMut<Heard>| {
        heard.0.extend(news.read().map(text));
    });
}

fn heard(app: &App) -> &[String] {
    &app.world().resource::<Heard>().0
}

pub(super) fn count(app: &App, what: &str) -> usize {
    heard(app).iter().filter(|heard| *heard == what).count()
}

fn call<T: 'static>(app: &mut App, call: impl FnMut(Sessions) -> T + Send + Sync + 'static) -> T {
    app.world_mut().run_system_once(call).unwrap()
}
