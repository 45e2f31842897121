//! How fast and how small the emulator is: complete flows per second with the load generator on the same cores, searches
//! among 100,000 game sessions beside `SQLite` in memory, and memory per connected server process beside a bare websocket.
//!
//! `cargo bench -p gamelift_emulator --bench emulator`, with `-- flows`, `-- search` or `-- memory` for a part. What is
//! measured runs in a process of its own: this program started again.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

mod flows;
mod http;
mod memory;
mod process;
mod search;
mod served;

use std::env;

/// How much is done: little, unless this is a bench.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    processes: usize,
    flows: usize,
    rounds: usize,
    sessions: usize,
    queries: usize,
}

const EARNEST: Size = Size {
    processes: 1_000,
    flows: 3_000,
    rounds: 3,
    sessions: 100_000,
    queries: 5_000,
};

const QUICK: Size = Size {
    processes: 4,
    flows: 16,
    rounds: 1,
    sessions: 200,
    queries: 20,
};

fn main() {
    if let Ok(what) = env::var(served::WHAT) {
        return runtime().block_on(served::serve(&what));
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let size = if arguments.iter().any(|argument| argument == "--bench") {
        EARNEST
    } else {
        QUICK
    };
    let named: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let wanted = |part: &str| named.is_empty() || named.iter().any(|name| *name == part);
    runtime().block_on(async {
        if wanted("memory") {
            memory::measure(size).await;
        }
        if wanted("flows") {
            flows::measure(size).await;
        }
        if wanted("search") {
            search::measure(size).await;
        }
    });
}

/// One thread on each side: two cores are what there is.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
}
