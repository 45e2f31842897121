//! `game-session doctor`: what keeps a set-up from working, and how to mend it.

use std::error::Error;
use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use clap::Args;
use game_session_launcher::anywhere::{Account, ComputeName};
use game_session_launcher::doctor::{Patient, Verdict, examine};
use game_session_launcher::{PortRange, ServerCommand};

use crate::parse_ports;

#[derive(Args)]
pub(crate) struct Doctor {
    /// The custom location, if there should be one.
    #[arg(long)]
    location: Option<String>,
    /// The id of the fleet, if it is to be a certain one.
    #[arg(long)]
    fleet: Option<String>,
    /// This machine's name in the fleet; its host name unless told.
    #[arg(long)]
    compute: Option<ComputeName>,
    /// The IP address at which players reach this machine; the one on its own network unless told.
    #[arg(long)]
    address: Option<IpAddr>,
    /// The URL of an emulator, asked with dummy credentials; without it the usual AWS variables and profiles count.
    #[arg(long, env = "GAME_SESSION_EMULATOR")]
    emulator: Option<String>,
    /// How many server processes there will be.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    servers: u16,
    /// The UDP ports of the servers, like 7777-7800.
    #[arg(long, value_parser = parse_ports)]
    server_ports: Option<PortRange>,
    /// The address of the backend that clients are given, like `http://127.0.0.1:8080`.
    #[arg(long)]
    backend: Option<String>,
    /// The TCP port that a backend would listen on; 0 for any.
    #[arg(long, default_value_t = 8080)]
    backend_port: u16,
    /// How many seconds the server may take until it is ready.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=600))]
    ready_within: u64,
    /// The server program and its arguments: it is run under an emulator of its own.
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0} of the things looked at will not work: each says above how to mend it")]
struct Problems(usize);

pub(crate) fn run(arguments: Doctor) -> Result<(), Box<dyn Error>> {
    let account = arguments.emulator.map_or_else(Account::from_env, Account::emulator);
    let mut patient = Patient::new(account)
        .ports(arguments.server_ports.unwrap_or_default(), arguments.servers.into())
        .backend_port(arguments.backend_port);
    if let Some(location) = arguments.location {
        patient = patient.location(location);
    }
    if let Some(fleet) = arguments.fleet {
        patient = patient.fleet(fleet);
    }
    if let Some(name) = arguments.compute {
        patient = patient.compute(name);
    }
    if let Some(address) = arguments.address {
        patient = patient.address(address);
    }
    if let Some(url) = arguments.backend {
        patient = patient.backend(url);
    }
    let mut words = arguments.command.into_iter();
    if let Some(program) = words.next() {
        let within = Duration::from_secs(arguments.ready_within);
        patient = patient.server(ServerCommand::new(program).args(words), within);
    }
    let findings = examine(&patient, |finding| println!("{finding}"))?;
    match findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Problem)
        .count()
    {
        0 => Ok(()),
        count => Err(Problems(count).into()),
    }
}
