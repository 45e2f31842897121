//! The dedicated server alone: `cargo run --example server`.
//!
//! For a fleet it is built lean, with no window, GPU or HTTP in it:
//! `cargo build --release -p bevy_game_session_examples --example server --no-default-features --features server`

use std::process::ExitCode;

use bevy_game_session_examples::cli::ServerArgs;
use clap::Parser;

fn main() -> ExitCode {
    bevy_game_session_examples::roles::serve(ServerArgs::parse())
}
