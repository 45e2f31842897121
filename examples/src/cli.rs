//! The command line.

use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// Star Gatherers: ships on a round arena gather stars and steal them. The example game of `bevy_game_session`.
#[derive(Debug, Parser)]
#[command(name = "client", version, after_help = EXAMPLES)]
pub struct Cli {
    /// What this process is; the client when left out.
    #[command(subcommand)]
    pub role: Option<Role>,
    /// How to be a client.
    #[command(flatten)]
    pub client: ClientArgs,
}

const EXAMPLES: &str = "\
Examples:
  client                                     the game in a window, all else started on this machine
  client --host --lan                        straight into a session of your own on the local network
  client --backend URL --join K7QMPX2A       straight into a friend's session, by its code
  client --headless --backend URL --browse   the sessions there are, on the terminal
  client --headless --bots 8 --play 30       eight players without a window, as load

Keys: WASD or arrow keys fly, Space dashes into others to steal their stars, Esc opens the menu. In menus the arrow
keys or Tab move, Enter presses, Esc goes back.";

/// The roles besides the client.
#[derive(Debug, Subcommand)]
pub enum Role {
    /// The dedicated server: no window, configured by the official `GAMELIFT_SDK_*` environment variables.
    Server(ServerArgs),
}

/// How to be a client.
#[derive(Debug, Clone, Args)]
#[expect(clippy::struct_excessive_bools, reason = "these are the switches of a command line")]
pub struct ClientArgs {
    /// Run without a window: print the steps with milliseconds, play a little, leave.
    #[arg(long)]
    pub headless: bool,
    /// Use the backend at this address; without it the client starts emulator, backend and dedicated servers itself.
    #[arg(long, value_name = "URL")]
    pub backend: Option<String>,
    /// Create a session at once.
    #[arg(long, alias = "create", conflicts_with_all = ["join", "browse"])]
    pub host: bool,
    /// Join the session behind this code at once.
    #[arg(long, value_name = "CODE", conflicts_with = "browse")]
    pub join: Option<String>,
    /// Show the sessions there are, online and on the local network; without a window print them and end.
    #[arg(long, conflicts_with = "bots")]
    pub browse: bool,
    /// Only the local network: no backend is needed.
    #[arg(long, conflicts_with = "backend")]
    pub lan: bool,
    /// Of the local network only this machine: to try it with yourself.
    #[arg(long)]
    pub loopback: bool,
    /// What other players call you; of a crowd each has a number behind it.
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// The name of the session to create, or the only one to join or to list.
    #[arg(long, value_name = "NAME")]
    pub session: Option<String>,
    /// Without a window: run so many players of the real protocol in this process, and sum up what they saw.
    #[arg(long, value_name = "N", requires = "headless", value_parser = clap::value_parser!(u16).range(1..=200))]
    pub bots: Option<u16>,
    /// How long a client without a window plays, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 3.0)]
    pub play: f32,
    /// At the end of that, end the session for everyone instead of just leaving it.
    #[arg(long)]
    pub end: bool,
    /// Print a line whenever something on the screen or in the game changes, for scripts.
    #[arg(long)]
    pub log_state: bool,
    /// The size of the window, such as 960x540.
    #[arg(long, value_name = "WxH", value_parser = parse_size, default_value = "1280x720")]
    pub window: (u32, u32),
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

fn parse_size(text: &str) -> Result<(u32, u32), String> {
    let sizes = text.split_once('x').and_then(|(width, height)| {
        let in_bounds = |size: &str| size.parse().ok().filter(|size| (200..=8192).contains(size));
        Some((in_bounds(width)?, in_bounds(height)?))
    });
    sizes.ok_or_else(|| "give width and height in pixels, such as 960x540".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn the_ways_in_exclude_each_other_and_bots_have_no_window() {
        let parse = |args: &[&str]| Cli::try_parse_from([&["client"], args].concat()).is_ok();
        assert!(
            parse(&["--host", "--lan"]) && parse(&["--headless", "--bots", "8"]) && parse(&["--window", "640x360"])
        );
        assert!(!parse(&["--headless", "--bots", "8", "--browse"]) && parse(&["--headless", "--lan", "--browse"]));
        assert!(!parse(&["--host", "--browse"]) && !parse(&["--bots", "8"]) && !parse(&["--window", "7x7"]));
    }
}
