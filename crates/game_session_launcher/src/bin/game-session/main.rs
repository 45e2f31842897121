//! `game-session`: dedicated servers on this machine, from the command line.

mod anywhere;
mod doctor;
mod local;
mod signals;

use std::error::Error;
use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use game_session_launcher::PortRange;

/// Starts dedicated game servers and keeps them running.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs GameLift, the backend and the servers on this machine, until Ctrl-C.
    Local(local::Local),
    /// Makes this machine a GameLift Anywhere compute, and takes that back.
    #[command(subcommand)]
    Anywhere(anywhere::Anywhere),
    /// Looks for what keeps a set-up from working, and says how to mend it.
    Doctor(doctor::Doctor),
}

fn parse_ports(text: &str) -> Result<PortRange, String> {
    let (first, last) = text.split_once('-').ok_or("a range like 7777-7800 is wanted")?;
    let port = |text: &str| {
        text.trim()
            .parse::<u16>()
            .map_err(|error| format!("{text:?} is no port: {error}"))
    };
    PortRange::new(port(first)?, port(last)?).map_err(|error| error.to_string())
}

fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| "info,aws_config=warn,netcode=warn".into());
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    log.compact().init();
    let outcome = match Arguments::parse().command {
        Command::Local(arguments) => local::run(arguments).map_err(Into::into),
        Command::Anywhere(arguments) => anywhere::run(arguments).map_err(Into::into),
        Command::Doctor(arguments) => doctor::run(arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&*error);
            ExitCode::FAILURE
        }
    }
}

/// What went wrong, on the standard error output.
fn tell(error: &dyn Error) {
    eprintln!("game-session: {error}");
    let mut said = error.to_string();
    for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
        if cause.to_string() != said {
            eprintln!("  because {cause}");
        }
        said = cause.to_string();
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn everything_after_the_dashes_is_the_server_command() {
        let words = [
            "game-session",
            "local",
            "--servers",
            "2",
            "--",
            "./server",
            "--port",
            "{port}",
        ];
        let Command::Local(local) = Arguments::try_parse_from(words).unwrap().command else {
            panic!("this is local")
        };
        assert_eq!((local.servers, local.command.len()), (2, 3));
        assert!(
            Arguments::try_parse_from(["game-session", "local"]).is_err(),
            "a command is required"
        );
    }

    #[test]
    fn a_bad_location_and_two_wishes_for_a_fleet_are_refused_before_anything_is_asked() {
        let up = |more: &[&str]| {
            let words = ["game-session", "anywhere", "up"]
                .into_iter()
                .chain(more.iter().copied());
            Arguments::try_parse_from(words.chain(["--", "./server"])).map(drop)
        };
        assert!(up(&["--location", "home", "--create"]).is_ok());
        let error = up(&["--location", "my_home"]).unwrap_err().to_string();
        assert!(error.contains("letters, digits and dashes, no underscores"), "{error}");
        assert!(up(&["--location", "home", "--create", "--fleet", "fleet-1"]).is_err());
        assert!(up(&["--create"]).is_err(), "a location is required");
    }

    #[test]
    fn a_port_range_that_is_none_is_refused_with_what_is_wanted() {
        assert_eq!(parse_ports("7777-7800"), Ok(PortRange::new(7777, 7800).unwrap()));
        assert!(parse_ports("7777").unwrap_err().contains("7777-7800"));
        assert!(parse_ports("7777-x").unwrap_err().contains("\"x\" is no port"));
        assert!(parse_ports("2-1").unwrap_err().contains("2-1"));
    }
}
