//! Signals, in a process of their own because they reach every server in it. Real time, real threads, no sleeps.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common_process;

use bevy_app::AppExit;
use bevy_game_session_server::*;
use common_process::{create, process};
use game_session_protocol::in_memory::{InMemoryOrchestrator, ProcessStatus};

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
