//! The local stack with real processes: this executable runs the tests, and itself again as server and as parent.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod roles;
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

/// A small stand-in for the usual harness: names to choose by, one test after the other.
#[cfg(unix)]
fn run_tests(arguments: impl Iterator<Item = String>) -> ExitCode {
    let (options, wanted): (Vec<_>, Vec<_>) = arguments.partition(|argument| argument.starts_with('-'));
    let chosen = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let tests: Vec<_> = story::TESTS.iter().filter(|(name, _)| chosen(name)).collect();
    if options.iter().any(|option| option == "--list") {
        for (name, _) in tests {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    let mut failed = Vec::new();
    for (name, test) in tests {
        let ok = std::panic::catch_unwind(test).is_ok();
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
        if !ok {
            failed.push(*name);
        }
    }
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

#[cfg(not(unix))]
fn run_tests(_: impl Iterator<Item = String>) -> ExitCode {
    println!("these tests kill processes by signals, which this system does not have");
    ExitCode::SUCCESS
}
