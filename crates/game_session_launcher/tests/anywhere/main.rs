//! GameLift Anywhere with real processes against the emulator: this executable runs the tests, and itself again as
//! server and as an emulator that can be killed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../local_stack/roles.rs"]
mod roles;
#[path = "../common/run.rs"]
mod run;
#[path = "../local_stack/stage.rs"]
mod stage;

mod account;
#[cfg(unix)]
mod bad_input;
#[cfg(unix)]
mod doctor;
#[cfg(unix)]
mod kills;
mod servers;
#[cfg(unix)]
mod steps;

use std::process::ExitCode;

/// The argument that makes it an emulator.
const EMULATOR: &str = "role-emulator";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    match arguments.next().as_deref() {
        Some(roles::SERVER) => {
            println!("pid {}", std::process::id());
            roles::server()
        }
        Some(roles::PARENT) => roles::parent(),
        Some(servers::GOOD) => servers::good(),
        Some(servers::SILENT) => servers::silent(),
        Some(servers::IDLE) => servers::idle(),
        Some(EMULATOR) => account::emulator_process(arguments.next().unwrap().parse().unwrap()),
        first => run_tests(first.into_iter().map(str::to_owned).chain(arguments)),
    }
}

#[cfg(unix)]
fn run_tests(arguments: impl Iterator<Item = String>) -> ExitCode {
    let tests = [steps::TESTS, kills::TESTS, bad_input::TESTS, doctor::TESTS].concat();
    run::run(&tests, arguments)
}

#[cfg(not(unix))]
fn run_tests(_: impl Iterator<Item = String>) -> ExitCode {
    println!("these tests kill processes by signals, which this system does not have");
    ExitCode::SUCCESS
}
