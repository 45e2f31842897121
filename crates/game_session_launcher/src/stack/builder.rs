//! How to start a local stack, by value.

use std::time::Duration;

use gamelift_emulator::EmulatorConfig;

use crate::command::{PortRange, ServerCommand};
use crate::supervisor::SupervisorSettings;

/// How to start a [`LocalStack`](super::LocalStack), by value.
#[derive(Debug, Clone)]
pub struct LocalStackBuilder {
    pub(super) servers: SupervisorSettings,
    pub(super) emulator: EmulatorConfig,
    pub(super) emulator_port: u16,
    pub(super) backend_port: u16,
    pub(super) grace: Duration,
}

impl LocalStackBuilder {
    pub(super) fn new(command: ServerCommand) -> Self {
        Self {
            servers: SupervisorSettings::new(command),
            emulator: EmulatorConfig::default(),
            emulator_port: 0,
            backend_port: 0,
            grace: Duration::from_secs(5),
        }
    }

    /// How many server processes are kept, 1 unless told.
    #[must_use]
    pub fn servers(mut self, count: usize) -> Self {
        self.servers = self.servers.servers(count);
        self
    }

    /// The TCP port of the emulator, any unless told.
    #[must_use]
    pub fn emulator_port(mut self, port: u16) -> Self {
        self.emulator_port = port;
        self
    }

    /// The TCP port of the backend, any unless told.
    #[must_use]
    pub fn backend_port(mut self, port: u16) -> Self {
        self.backend_port = port;
        self
    }

    /// Where the UDP ports for `{port}` in the server's command come from, any unless told.
    #[must_use]
    pub fn server_ports(mut self, ports: PortRange) -> Self {
        self.servers = self.servers.ports(ports);
        self
    }

    /// Takes the output of the server processes, line by line with a prefix like `[server 1]`; without this it goes
    /// to the standard error output.
    #[must_use]
    pub fn on_line(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.servers = self.servers.on_line(sink);
        self
    }

    /// How long a server may take to activate a game session before the emulator gives it up.
    #[must_use]
    pub fn activation_timeout(mut self, timeout: Duration) -> Self {
        self.emulator = self.emulator.activation_timeout(timeout);
        self
    }

    /// How long a server process may take to end by itself at a stop, before it is killed; 5 s unless told.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.servers = self.servers.grace(grace);
        self.grace = grace;
        self
    }
}
