//! A server process: an app with its own loop.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use bevy_app::App;
use bevy_game_session_server::*;
use bevy_state::app::StatesPlugin;
use bevy_time::TimePlugin;
use futures_lite::future::block_on;
use game_session_protocol::in_memory::InMemoryOrchestrator;
use game_session_protocol::*;

pub(crate) fn process(orchestrator: &InMemoryOrchestrator, signals: ProcessSignalsPlugin) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, SessionServerRunnerPlugin::at_hz(100.0)))
        .add_plugins((SessionServerPlugin::new(orchestrator.host()), signals))
        .insert_resource(ListenPort(7777));
    app
}

/// Creates a game session, waiting for a process that becomes ready.
pub(crate) fn create(orchestrator: &InMemoryOrchestrator) -> Seat {
    loop {
        let request = CreateGameSession {
            idempotency_key: IdempotencyKey::random(),
            name: "Friday".into(),
            max_players: 2,
            build: "dev".parse().unwrap(),
            properties: GameProperties::new(),
            privacy: Privacy::Listed,
            password: None,
            latencies: game_session_protocol::Latencies::default(),
        };
        let service = orchestrator.service("alice".parse().unwrap());
        match block_on(service.create(request, Progress::ignored())) {
            Ok(seat) => return seat,
            Err(error) if error.code() == Some(&ErrorCode::NoCapacity) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}
