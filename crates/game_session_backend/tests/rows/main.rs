//! Shared rows in the memory of one process.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod suite;

use game_session_backend::shared_state::InMemoryState;

#[tokio::test(start_paused = true)]
async fn rows_in_memory_do_what_shared_rows_must_do() {
    let rows = InMemoryState::default();
    let stage = suite::Stage {
        rows: &rows,
        pass: &|time| Box::pin(tokio::time::advance(time)),
    };
    suite::the_whole_suite(&stage).await;
}
