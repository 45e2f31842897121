//! The process around the app: its loop and its parent. Real time, real threads, no sleeps.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common_process;

use bevy_app::AppExit;
use bevy_game_session_server::*;
use common_process::{create, process};
use game_session_protocol::in_memory::{InMemoryOrchestrator, ProcessStatus};

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
