//! The process around the app: its loop, its signals and its parent. Real time, real threads, no sleeps.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bevy_app::{App, AppExit};
use bevy_game_session_server::*;
use bevy_state::app::StatesPlugin;
use bevy_time::TimePlugin;
use futures_lite::future::block_on;
use game_session_protocol::in_memory::{InMemoryOrchestrator, ProcessStatus};
use game_session_protocol::*;

fn process(orchestrator: &InMemoryOrchestrator, signals: ProcessSignalsPlugin) -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, SessionServerRunnerPlugin::at_hz(100.0)))
        .add_plugins((SessionServerPlugin::new(orchestrator.host()), signals))
        .insert_resource(ListenPort(7777));
    app
}

/// Creates a game session, waiting for a process that becomes ready.
fn create(orchestrator: &InMemoryOrchestrator) -> Seat {
    loop {
        let request = CreateGameSession {
            idempotency_key: IdempotencyKey::random(),
            name: "Friday".into(),
            max_players: 2,
            build: "dev".parse().unwrap(),
            properties: GameProperties::new(),
            privacy: Privacy::Listed,
        };
        let service = orchestrator.service("alice".parse().unwrap());
        match block_on(service.create(request, Progress::ignored())) {
            Ok(seat) => return seat,
            Err(error) if error.code() == Some(&ErrorCode::NoCapacity) => std::thread::yield_now(),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn a_parked_server_wakes_for_a_game_session_and_for_its_parents_end() {
    let orchestrator = InMemoryOrchestrator::new();
    let (from_parent, to_child) = std::io::pipe().unwrap();
    let outside = std::thread::spawn({
        let orchestrator = orchestrator.clone();
        move || {
            create(&orchestrator);
            drop(to_child);
        }
    });
    let exit = process(&orchestrator, ProcessSignalsPlugin::with_parent_pipe(from_parent)).run();
    outside.join().unwrap();
    assert_eq!(exit, AppExit::Success);
    assert_eq!(orchestrator.snapshot().processes[0].status, ProcessStatus::Ended);
}

#[test]
fn sigterm_ends_the_process_in_order() {
    let orchestrator = InMemoryOrchestrator::new();
    let mut app = process(&orchestrator, ProcessSignalsPlugin::signals_only());
    let outside = std::thread::spawn({
        let orchestrator = orchestrator.clone();
        move || {
            create(&orchestrator);
            signal_hook::low_level::raise(signal_hook::consts::SIGTERM).unwrap();
        }
    });
    let exit = app.run();
    outside.join().unwrap();
    assert_eq!(exit, AppExit::Success);
    assert_eq!(orchestrator.snapshot().processes[0].status, ProcessStatus::Ended);
}
