//! `game-session local`: GameLift, the backend and the servers on this machine.

use std::ffi::OsString;
use std::time::Duration;

use clap::Args;
use game_session_launcher::{LauncherError, LocalStack, PortRange, ServerCommand};

use crate::parse_ports;
use crate::signals::Signals;

/// How long the first server process may take until it is ready; longer is told, and waited for.
const READY_WITHIN: Duration = Duration::from_mins(1);

#[derive(Args)]
pub(crate) struct Local {
    /// The TCP port of the emulated GameLift; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The TCP port of the backend, for the clients; 0 picks a free one.
    #[arg(long, default_value_t = 0)]
    backend_port: u16,
    /// How many server processes are kept: so many game sessions can there be at once.
    #[arg(long, default_value_t = 1)]
    pub(crate) servers: usize,
    /// The UDP ports for `{port}` in the command, like 7777-7800; any free ones if absent.
    #[arg(long, value_parser = parse_ports)]
    server_ports: Option<PortRange>,
    /// The server program and its arguments; `{port}` stands for a free UDP port.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

pub(crate) fn run(arguments: Local) -> Result<(), LauncherError> {
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
