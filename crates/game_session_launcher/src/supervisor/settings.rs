//! What a supervisor keeps running, and how.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crate::command::{PortRange, ServerCommand};
use crate::error::LauncherError;
use crate::lines::LineSink;
use crate::roster::Settings;

/// The most processes one supervisor keeps.
pub const MOST_SERVERS: usize = 64;

/// What a [`Supervisor`](crate::Supervisor) keeps running, and how.
#[derive(Clone)]
pub struct SupervisorSettings {
    pub(crate) command: ServerCommand,
    pub(crate) rules: Settings,
    pub(crate) ports: PortRange,
    pub(crate) sink: LineSink,
    pub(crate) name: String,
}

impl SupervisorSettings {
    /// One process of `command`, its lines on the standard error output.
    pub fn new(command: ServerCommand) -> Self {
        Self {
            command,
            rules: Settings::default(),
            ports: PortRange::any(),
            sink: Arc::new(|line| {
                // nobody may be there to read it any more, and that is no reason to stop
                let _ = writeln!(std::io::stderr(), "{line}");
            }),
            name: "server".to_owned(),
        }
    }

    /// How many processes are kept, 1 to [`MOST_SERVERS`].
    #[must_use]
    pub fn servers(mut self, count: usize) -> Self {
        self.rules.places = count;
        self
    }

    /// Where the ports for `{port}` in the command come from.
    #[must_use]
    pub fn ports(mut self, ports: PortRange) -> Self {
        self.ports = ports;
        self
    }

    /// Takes the lines of output, each with a prefix like `[server 1]`. It is called on a thread of its own; when it
    /// is too slow, lines are dropped and it is told how many.
    #[must_use]
    pub fn on_line(mut self, sink: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.sink = Arc::new(sink);
        self
    }

    /// How every process id begins, letters, digits and dashes. Choose what no other run has.
    #[must_use]
    pub fn process_id_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.name = prefix.into();
        self
    }

    /// Whether a supervisor would start with these settings.
    pub(crate) fn check(&self) -> Result<(), LauncherError> {
        match self.rules.places {
            1..=MOST_SERVERS => Ok(()),
            count => Err(LauncherError::InvalidServerCount(count)),
        }
    }

    /// How many UDP ports the servers want to be told, and how many of those there are free.
    pub(crate) fn ports_wanted_and_free(&self) -> (usize, usize) {
        if !self.command.wants_port() {
            return (0, 0);
        }
        let mut taken = std::collections::BTreeSet::new();
        while taken.len() < self.rules.places
            && let Ok(port) = self.ports.free_port(&taken)
        {
            taken.insert(port);
        }
        (self.rules.places, taken.len())
    }

    /// The program that is started.
    pub fn program(&self) -> &std::path::Path {
        self.command.program()
    }

    /// How long a process may take to end after its pipe was closed, before it is killed.
    #[must_use]
    pub fn grace(mut self, grace: Duration) -> Self {
        self.rules.grace = grace;
        self
    }
}

impl std::fmt::Debug for SupervisorSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SupervisorSettings")
            .field("command", &self.command)
            .field("rules", &self.rules)
            .finish_non_exhaustive()
    }
}
