//! `game-session`: dedicated servers on this machine, from the command line.

mod signals;

use std::error::Error;
use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use game_session_launcher::{LauncherError, LocalStack, PortRange, ServerCommand};

use signals::Signals;

/// How long the first server process may take until it is ready; longer is told, and waited for.
const READY_WITHIN: Duration = Duration::from_mins(1);

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
    Local(Local),
}

#[derive(Args)]
struct Local {
    /// The TCP port of the emulated GameLift; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The TCP port of the backend, for the clients; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    backend_port: u16,
    /// How many server processes are kept: so many game sessions can there be at once.
    #[arg(long, default_value_t = 1)]
    servers: usize,
    /// The UDP ports for `{port}` in the command, like 7777-7800; any free ones if absent.
    #[arg(long, value_parser = parse_ports)]
    server_ports: Option<PortRange>,
    /// The server program and its arguments; `{port}` stands for a free UDP port.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
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
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    let colours = std::io::stderr().is_terminal();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours);
    log.compact().init();
    let Command::Local(arguments) = Arguments::parse().command;
    match local(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("game-session: {error}");
            for cause in std::iter::successors(error.source(), |cause| (*cause).source()) {
                eprintln!("  because {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn local(arguments: Local) -> Result<(), LauncherError> {
    // before anything starts, so that a signal at any moment ends what has started
    let signals = Signals::listen()?;
    let mut words = arguments.command.into_iter();
    let program = words.next().unwrap_or_default();
    let stack = LocalStack::builder(ServerCommand::new(program).args(words))
        .emulator_port(arguments.port)
        .backend_port(arguments.backend_port)
        .servers(arguments.servers)
        .server_ports(arguments.server_ports.unwrap_or_default())
        .start()?;
    print_addresses(&stack);
    wait(&stack, &signals);
    println!("stopping");
    stack.stop();
    Ok(())
}

/// Waits for a signal, and tells meanwhile when the first server is ready or why none is.
fn wait(stack: &LocalStack, signals: &Signals) {
    let mut waited = Duration::ZERO;
    let slice = Duration::from_millis(100);
    loop {
        if signals.came_within(Duration::ZERO) {
            return;
        }
        match stack.wait_until_ready(slice) {
            Ok(()) => {
                println!("ready     clients can create a game session");
                break;
            }
            Err(LauncherError::NotReady { .. }) if waited < READY_WITHIN => waited += slice,
            Err(LauncherError::NotReady { .. }) => {
                eprintln!("game-session: {}", LauncherError::NotReady { after: READY_WITHIN });
                break;
            }
            Err(error) => {
                eprintln!("game-session: {error}");
                break;
            }
        }
    }
    while !signals.came_within(Duration::from_hours(1)) {}
}

fn print_addresses(stack: &LocalStack) {
    println!("backend   {}", stack.backend_url());
    println!("emulator  {}", stack.emulator_url());
    println!("fleet     {}", stack.fleet_id());
    println!("location  {}", stack.location());
    println!();
    println!("# for a backend, the AWS command line or a tool of your own against this emulator:");
    println!("export AWS_ENDPOINT_URL_GAMELIFT={}", stack.emulator_url());
    println!(
        "export AWS_REGION={} AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local",
        stack.emulator().region()
    );
    println!();
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
        let Command::Local(local) = Arguments::try_parse_from(words).unwrap().command;
        assert_eq!((local.servers, local.command.len()), (2, 3));
        assert!(
            Arguments::try_parse_from(["game-session", "local"]).is_err(),
            "a command is required"
        );
    }

    #[test]
    fn a_port_range_that_is_none_is_refused_with_what_is_wanted() {
        assert_eq!(parse_ports("7777-7800"), Ok(PortRange::new(7777, 7800).unwrap()));
        assert!(parse_ports("7777").unwrap_err().contains("7777-7800"));
        assert!(parse_ports("7777-x").unwrap_err().contains("\"x\" is no port"));
        assert!(parse_ports("2-1").unwrap_err().contains("2-1"));
    }
}
