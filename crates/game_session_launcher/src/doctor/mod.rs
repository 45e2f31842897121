//! Looks for what keeps a set-up from working, and says how to mend it.
//!
//! | file | what is looked at |
//! |---|---|
//! | `machine` | toolchain, display, ports, clock, a netcode round trip |
//! | `account` | credentials, rights, quotas, location, fleet, compute, endpoint, auth token |
//! | `pasted` | `GAMELIFT_SDK_*` variables that were set by hand |
//! | `server` | the server program under an emulator of its own |
//! | `backend` | the backend's configuration and whether it answers |
//!
//! Nothing is changed: calls that need a right are tried on things that do not exist.

mod account;
mod backend;
mod finding;
mod machine;
mod pasted;
mod server;

use std::net::IpAddr;
use std::time::Duration;

pub use finding::{Finding, Verdict};

use crate::anywhere::{Account, ComputeName};
use crate::command::{PortRange, ServerCommand};
use crate::error::LauncherError;

/// What the doctor looks at. What is not named is not looked at, where it cannot be guessed.
#[derive(Debug, Clone)]
pub struct Patient {
    account: Account,
    location: Option<String>,
    fleet: Option<String>,
    compute: Option<ComputeName>,
    address: Option<IpAddr>,
    ports: PortRange,
    servers: usize,
    backend_port: u16,
    backend: Option<String>,
    server: Option<ServerCommand>,
    ready_within: Duration,
}

impl Patient {
    /// This account, and the machine that this runs on.
    pub fn new(account: Account) -> Self {
        Self {
            account,
            location: None,
            fleet: None,
            compute: None,
            address: None,
            ports: PortRange::any(),
            servers: 1,
            backend_port: 8080,
            backend: None,
            server: None,
            ready_within: Duration::from_secs(30),
        }
    }

    /// The custom location, as it was written down.
    #[must_use]
    pub fn location(mut self, name: impl Into<String>) -> Self {
        self.location = Some(name.into());
        self
    }

    /// The id of the fleet.
    #[must_use]
    pub fn fleet(mut self, id: impl Into<String>) -> Self {
        self.fleet = Some(id.into());
        self
    }

    /// This machine's name in the fleet; its host name unless told.
    #[must_use]
    pub fn compute(mut self, name: ComputeName) -> Self {
        self.compute = Some(name);
        self
    }

    /// The address at which players reach this machine, if it is not the one on its network.
    #[must_use]
    pub fn address(mut self, address: IpAddr) -> Self {
        self.address = Some(address);
        self
    }

    /// The UDP ports of so many servers.
    #[must_use]
    pub fn ports(mut self, ports: PortRange, servers: usize) -> Self {
        self.ports = ports;
        self.servers = servers;
        self
    }

    /// The TCP port that a backend would listen on.
    #[must_use]
    pub fn backend_port(mut self, port: u16) -> Self {
        self.backend_port = port;
        self
    }

    /// The address of the backend that clients are given.
    #[must_use]
    pub fn backend(mut self, url: impl Into<String>) -> Self {
        self.backend = Some(url.into());
        self
    }

    /// The server program, and how long it may take until it is ready.
    #[must_use]
    pub fn server(mut self, command: ServerCommand, ready_within: Duration) -> Self {
        self.server = Some(command);
        self.ready_within = ready_within;
        self
    }
}

/// Looks at everything and gives each finding out as soon as there is one. Must not be called within an async runtime.
///
/// # Errors
/// [`LauncherError::Runtime`] when the operating system refuses an event loop.
pub fn examine(patient: &Patient, mut say: impl FnMut(&Finding)) -> Result<Vec<Finding>, LauncherError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(LauncherError::Runtime)?;
    let mut findings = vec![
        machine::toolchain(),
        machine::display(),
        machine::server_ports(patient.ports, patient.servers),
    ];
    match &patient.backend {
        Some(url) => findings.push(runtime.block_on(backend::answers(url))),
        None if patient.backend_port != 0 => findings.push(machine::backend_port(patient.backend_port)),
        None => {}
    }
    findings.push(backend::configuration(|name| std::env::var(name).ok()));
    findings.push(machine::round_trip(patient.ports));
    findings.iter().for_each(&mut say);
    let mut told = findings.len();
    findings.extend(runtime.block_on(pasted::variables()));
    runtime.block_on(account::examine(patient, &mut findings));
    findings[told..].iter().for_each(&mut say);
    told = findings.len();
    if let Some(command) = &patient.server {
        server::examine(command.clone(), patient.ports, patient.ready_within, &mut findings);
    }
    findings[told..].iter().for_each(&mut say);
    Ok(findings)
}
