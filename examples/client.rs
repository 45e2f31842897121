//! The game client: `cargo run --example client`. It starts everything else it needs itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    bevy_game_session_examples::roles::main()
}
