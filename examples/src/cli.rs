//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Ships on a round arena gather stars: the example game of `bevy_game_session`.
#[derive(Debug, Parser)]
#[command(name = "client", version)]
pub struct Cli {
    /// What this process is; the client when left out.
    #[command(subcommand)]
    pub role: Option<Role>,
    /// How to be a client.
    #[command(flatten)]
    pub client: ClientArgs,
}

/// The roles besides the client.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// The dedicated server: no window, configured by the official `GAMELIFT_SDK_*` environment variables.
    Server(ServerArgs),
}

/// How to be a client.
#[derive(Debug, Clone, Args)]
pub struct ClientArgs {
    /// Run without a window: print the steps with milliseconds, play a little, leave.
    #[arg(long)]
    pub headless: bool,
    /// Use the backend at this address, find a session there and join it; without it the client starts emulator,
    /// backend and a dedicated server itself and creates a session.
    #[arg(long, value_name = "URL")]
    pub backend: Option<String>,
    /// Create a session even though `--backend` is given.
    #[arg(long, requires = "backend")]
    pub create: bool,
    /// The name of the session to create, or the only one to join.
    #[arg(long, value_name = "NAME")]
    pub session: Option<String>,
    /// How long a headless client plays, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub play: f32,
    /// At the end of play, end the session for everyone instead of just leaving it.
    #[arg(long)]
    pub end: bool,
}

impl ClientArgs {
    /// How long a headless client plays; nothing sensible given counts as not at all.
    pub fn play_time(&self) -> Duration {
        Duration::try_from_secs_f32(self.play).unwrap_or_default()
    }
}

/// How to be a dedicated server.
#[derive(Debug, Clone, Copy, Parser)]
pub struct ServerArgs {
    /// The UDP port for players; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    pub port: u16,
}
