//! `game-session anywhere`: this machine as a GameLift Anywhere compute.

use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use game_session_launcher::anywhere::{
    self, Account, AnywhereError, ComputeName, FleetChoice, LocationName, Place, StateDir, Up, UpSettings,
};
use game_session_launcher::{LauncherError, PortRange, ServerCommand, SupervisorSettings};
use tokio::runtime::Runtime;

use crate::parse_ports;
use crate::signals::Signals;

#[derive(Subcommand)]
pub(crate) enum Anywhere {
    /// Makes location, fleet and registration where they are not there yet, and runs the servers and a backend, until
    /// Ctrl-C. It may be run again at any time.
    Up(UpArguments),
    /// Removes from the account what `up` made, and nothing else.
    Down(DownArguments),
    /// Shows what there is.
    Status(PlaceArguments),
}

#[derive(Args)]
pub(crate) struct PlaceArguments {
    /// The custom location: letters, digits and dashes; `custom-` may be left out.
    #[arg(long)]
    location: LocationName,
    /// The URL of an emulator, asked with dummy credentials; without it the usual AWS variables and profiles count.
    #[arg(long, env = "GAME_SESSION_EMULATOR")]
    emulator: Option<String>,
    /// Where it is kept what was made; the user's own directory for such things unless told.
    #[arg(long, env = "GAME_SESSION_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct UpArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// The id of the Anywhere fleet to join; the one that `up` made, or the only one at the location, unless told.
    #[arg(long, conflicts_with = "create")]
    fleet: Option<String>,
    /// Makes an Anywhere fleet if `up` did not make one before.
    #[arg(long)]
    create: bool,
    /// This machine's name in the fleet; its host name unless told.
    #[arg(long)]
    compute: Option<ComputeName>,
    /// The IP address at which players reach this machine; the one on its own network unless told.
    #[arg(long)]
    address: Option<IpAddr>,
    /// How many server processes are kept: so many game sessions can there be at once.
    #[arg(long, default_value_t = 1)]
    servers: usize,
    /// The UDP ports for `{port}` in the command, like 7777-7800; any free ones if absent.
    #[arg(long, value_parser = parse_ports)]
    server_ports: Option<PortRange>,
    /// The TCP port of the backend, for clients on this machine; 0 picks a free one.
    #[arg(long, default_value_t = 8080)]
    backend_port: u16,
    /// Runs no backend.
    #[arg(long)]
    no_backend: bool,
    /// How many seconds the first server may take until it is ready.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    ready_within: u64,
    /// The server program and its arguments; `{port}` stands for a free UDP port.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Args)]
pub(crate) struct DownArguments {
    #[command(flatten)]
    place: PlaceArguments,
    /// How many seconds GameLift is given to let go: it counts processes for a while after their end.
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(0..=3600))]
    wait: u64,
}

impl PlaceArguments {
    fn place(self) -> Result<Place, AnywhereError> {
        let account = self.emulator.map_or_else(Account::from_env, Account::emulator);
        let state = self
            .state_dir
            .map_or_else(StateDir::of_user, |path| Ok(StateDir::at(path)))?;
        Ok(Place::new(account, self.location, state))
    }
}

pub(crate) fn run(arguments: Anywhere) -> Result<(), AnywhereError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build();
    let runtime = runtime.map_err(LauncherError::Runtime)?;
    match arguments {
        Anywhere::Up(arguments) => up(&runtime, arguments),
        Anywhere::Down(arguments) => down(&runtime, arguments),
        Anywhere::Status(arguments) => status(&runtime, arguments),
    }
}

fn up(runtime: &Runtime, arguments: UpArguments) -> Result<(), AnywhereError> {
    // before anything is made, so that a signal at any moment finds somebody
    let mut signals = Signals::listen()?.forward()?;
    let ready_within = Duration::from_secs(arguments.ready_within);
    let settings = settings(arguments)?;
    runtime.block_on(async {
        let mut up = tokio::select! {
            up = anywhere::up(settings) => up?,
            _ = signals.recv() => return Err(AnywhereError::Interrupted),
        };
        print(&up);
        let ready = tokio::select! {
            ready = up.ready(ready_within) => Some(ready),
            _ = signals.recv() => None,
        };
        match ready {
            Some(Err(error)) => {
                up.undo().await;
                return Err(error);
            }
            Some(Ok(())) => {
                println!("ready     clients can create a game session");
                signals.recv().await;
            }
            None => {}
        }
        println!("stopping");
        up.stop().await;
        Ok(())
    })
}

fn settings(arguments: UpArguments) -> Result<UpSettings, AnywhereError> {
    let mut words = arguments.command.into_iter();
    let program = words.next().unwrap_or_default();
    let servers = SupervisorSettings::new(ServerCommand::new(program).args(words))
        .servers(arguments.servers)
        .ports(arguments.server_ports.unwrap_or_default());
    let fleet = match arguments.fleet {
        Some(id) => FleetChoice::Named(id),
        None if arguments.create => FleetChoice::Created,
        None => FleetChoice::Found,
    };
    let mut settings = UpSettings::new(arguments.place.place()?, servers).fleet(fleet);
    if let Some(name) = arguments.compute {
        settings = settings.compute(name);
    }
    if let Some(address) = arguments.address {
        settings = settings.address(address);
    }
    let backend = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.backend_port));
    Ok(if arguments.no_backend {
        settings.without_backend()
    } else {
        settings.backend(backend)
    })
}

fn print(up: &Up) {
    for thing in up.made() {
        println!("made      {thing}");
    }
    println!("location  {}", up.location());
    println!("fleet     {}", up.fleet_id());
    println!("compute   {} at {}", up.compute(), up.address());
    if let Some(url) = up.backend_url() {
        println!("backend   {url}");
    }
}

fn down(runtime: &Runtime, arguments: DownArguments) -> Result<(), AnywhereError> {
    let place = arguments.place.place()?;
    let removed = runtime.block_on(anywhere::down(&place, Duration::from_secs(arguments.wait)))?;
    for thing in &removed {
        println!("removed   {thing}");
    }
    if removed.is_empty() {
        println!("nothing of this user's was there");
    }
    Ok(())
}

fn status(runtime: &Runtime, arguments: PlaceArguments) -> Result<(), AnywhereError> {
    let location = arguments.location.clone();
    let status = runtime.block_on(anywhere::status(&arguments.place()?))?;
    let there = if status.location_exists { "" } else { " (not there)" };
    println!("location  {location}{there}");
    println!("fleet     {}", status.fleet_id.as_deref().unwrap_or("none"));
    match &status.compute {
        Some((name, address)) => println!("compute   {name} at {address}"),
        None => println!("compute   not registered"),
    }
    if let Some(count) = status.processes {
        println!("processes {count}");
    }
    match status.running {
        Some(0) => println!("up        runs"),
        Some(pid) => println!("up        runs (process {pid})"),
        None => println!("up        does not run"),
    }
    if let Some(url) = &status.backend_url {
        println!("backend   {url}");
    }
    for thing in &status.made {
        println!("ours      {thing}");
    }
    Ok(())
}
