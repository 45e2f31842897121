//! A transport whose thread has ended by itself.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::task::{Context, Waker};

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_server::{HostFailed, ServerSessionState, SessionServerPlugin};
use bevy_renet::renet::ConnectionConfig;
use bevy_state::app::StatesPlugin;
use bevy_state::prelude::State;
use bevy_time::TimePlugin;
use game_session_protocol::{CreateGameSession, HostLifetime, InMemoryOrchestrator, Progress, SessionService as _};

use super::players::Transport;
use crate::TravelPlugin;
use crate::line::Line;

fn until(app: &mut App, state: ServerSessionState) {
    for _ in 0..10_000 {
        app.update();
        if *app.world().resource::<State<ServerSessionState>>().get() == state {
            return;
        }
        std::thread::yield_now();
    }
    panic!("the server does not become {state:?}");
}

#[test]
fn a_transport_whose_thread_panicked_is_told_once_and_ends_the_game_session() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, SessionServerPlugin::new(orchestrator.host())))
        .add_plugins(TravelPlugin::new(|_| ConnectionConfig::default()));
    app.finish();
    app.cleanup();
    until(&mut app, ServerSessionState::Ready);
    let request = CreateGameSession::new("Friday", 4, "dev".parse().unwrap());
    let mut seat = orchestrator
        .service("anna".parse().unwrap())
        .create(request, Progress::ignored());
    assert!(seat.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    until(&mut app, ServerSessionState::Active);
    app.world_mut().resource_mut::<Transport>().line = Line::start("a test", 1, |_| panic!("of a test")).unwrap();
    app.add_observer(|_: On<HostFailed>, mut told: ResMut<Told>| told.0 += 1)
        .init_resource::<Told>();
    until(&mut app, ServerSessionState::Ready);
    assert_eq!(app.world().resource::<Told>().0, 1);
}

#[derive(Resource, Default)]
struct Told(usize);
