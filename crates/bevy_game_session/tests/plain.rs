//! A dedicated server that GameLift has not started: the same app, with a LAN for its orchestrator.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use bevy::MinimalPlugins;
use bevy::app::App;
use bevy::ecs::prelude::*;
use bevy::state::app::StatesPlugin;
use bevy::state::prelude::State;
use bevy_game_session::prelude::*;
use bevy_game_session::protocol::{CreateGameSession, FindGameSessions};
use bevy_game_session::server::GameLiftHost;
use bevy_renet::renet::ConnectionConfig;
use futures_lite::future::{block_on, poll_once};

const LIMIT: Duration = Duration::from_mins(1);

fn network(group: u16) -> Lan {
    let config = LanConfig::new("plain", LanDoor::Open).on_loopback();
    Lan::new(config.group_port(group).door_ports(0..=0)).unwrap()
}

fn app(add: impl FnOnce(&mut App)) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, StatesPlugin));
    add(&mut app);
    app.add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
    app.finish();
    app.cleanup();
    app
}

/// Turns the apps until something comes of it.
fn turn<T>(apps: &mut [App], what: &str, mut done: impl FnMut(&mut [App]) -> Option<T>) -> T {
    let end = Instant::now() + LIMIT;
    loop {
        apps.iter_mut().for_each(App::update);
        if let Some(done) = done(apps) {
            return done;
        }
        assert!(Instant::now() < end, "not in time: {what}");
        std::thread::yield_now();
    }
}

fn is(app: &App, state: ServerSessionState) -> Option<()> {
    (*app.world().resource::<State<ServerSessionState>>().get() == state).then_some(())
}

#[test]
fn a_server_started_outside_gamelift_serves_plainly_on_the_lan() {
    let free = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let group = free.local_addr().unwrap().port();
    drop(free);
    assert!(GameLiftHost::detect().unwrap().is_none(), "nothing of GameLift is here");
    let (here, there) = (network(group), network(group));
    let server = app(|app| {
        app.add_plugins(SessionServerPlugin::new(here.host()));
    });
    let client = app(|app| {
        app.add_plugins(SessionClientPlugin::lan_only(there.service()))
            .add_systems(bevy::app::Startup, |mut sessions: Sessions| {
                sessions.find(SessionQuery::from(FindGameSessions::default()).refresh_every(Duration::from_secs(5)));
            })
            .add_observer(|found: On<SessionsFound>, mut sessions: Sessions| {
                if let (Some(session), None) = (found.sessions.first(), sessions.get("game")) {
                    sessions.join("game", session);
                }
            });
    });
    let mut apps = [server, client];
    turn(&mut apps[..1], "the server is ready", |apps| {
        is(&apps[0], ServerSessionState::Ready)
    });
    let request = CreateGameSession::new("Plain", 4, "dev".parse().unwrap());
    let mut hosted = here.host_game_session(request);
    let hosted = turn(&mut apps[..1], "it hosts a game session", |_| {
        block_on(poll_once(&mut hosted))
    });
    hosted.unwrap();
    turn(&mut apps[..1], "it is active", |apps| {
        is(&apps[0], ServerSessionState::Active)
    });
    turn(&mut apps, "a player is in", |apps| {
        let world = apps[0].world_mut();
        world.query::<&AcceptedPlayer>().iter(world).next().map(drop)
    });
}
