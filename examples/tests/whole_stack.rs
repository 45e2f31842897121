//! The whole stack with real processes: this test binary starts emulator and backend, and becomes the dedicated server
//! and the clients by executing itself again.
//!
//! Two players arrive, play, one leaves, the owner ends the session, the server process is replaced, and everything is
//! back at its baseline. Any warning of ours on the way fails it.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::ExitCode;

use bevy_game_session_examples::roles;

mod story;

/// Set in the processes that this test starts: they play a role instead of testing.
const ROLE: &str = "WHOLE_STACK_ROLE";
/// The role of a dedicated server whose log is full and never read, and of one whose log is closed.
const UNREAD: &str = "server with an unread log";
const CLOSED: &str = "server with a closed log";

fn main() -> ExitCode {
    match std::env::var(ROLE).as_deref() {
        Ok(log @ (UNREAD | CLOSED)) => return story::serve_with_a_bad_log(log),
        Ok(_) => return roles::main(),
        Err(_) => {}
    }
    if std::env::args().any(|arg| arg == "--list") {
        for (name, _) in story::TESTS {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let filter = std::env::args().skip(1).find(|arg| !arg.starts_with('-'));
    let chosen = story::TESTS
        .iter()
        .filter(|(name, _)| filter.as_deref().is_none_or(|wanted| name.contains(wanted)));
    let mut passed = 0;
    let mut failed = 0;
    for (name, test) in chosen {
        let verdict = if std::panic::catch_unwind(test).is_ok() {
            passed += 1;
            "ok"
        } else {
            failed += 1;
            "FAILED"
        };
        println!("test {name} ... {verdict}");
    }
    let verdict = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {verdict}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out\n");
    if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
