//! The local stack with real processes: this executable runs the tests, and itself again as server and as parent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod roles;
#[path = "../common/run.rs"]
mod run;
mod stage;
#[cfg(unix)]
mod story;

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(roles::SERVER) => roles::server(),
        Some(roles::PARENT) => roles::parent(),
        first => run_tests(first.into_iter().map(str::to_owned).chain(arguments)),
    }
}

#[cfg(unix)]
fn run_tests(arguments: impl Iterator<Item = String>) -> ExitCode {
    run::run(story::TESTS, arguments)
}

#[cfg(not(unix))]
fn run_tests(_: impl Iterator<Item = String>) -> ExitCode {
    println!("these tests kill processes by signals, which this system does not have");
    ExitCode::SUCCESS
}
