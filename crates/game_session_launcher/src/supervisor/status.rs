//! What a supervisor is doing, to look at.

use crate::roster::ProcessNumber;

/// What runs at one place of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerStatus {
    /// A process is being started.
    Starting {
        /// Its number, the N of `[server N]`.
        number: ProcessNumber,
    },
    /// A process runs.
    Running {
        /// Its number, the N of `[server N]`.
        number: ProcessNumber,
        /// What the orchestrator knows it by.
        process_id: String,
        /// What the operating system knows it by.
        os_id: u32,
    },
    /// The last process failed; its replacement waits.
    Waiting {
        /// How many failed in a row.
        failures: u32,
        /// How the last one ended.
        reason: String,
    },
    /// Nothing runs, and nothing will.
    Closed,
}

/// What a supervisor is doing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SupervisorStatus {
    /// What runs at each place.
    pub servers: Vec<ServerStatus>,
    /// Whether the program of the command does not exist.
    pub program_missing: bool,
}

impl SupervisorStatus {
    /// The failures in a row and the last reason of the place that fails most, if any does.
    pub fn worst_failure(&self) -> Option<(u32, &str)> {
        let failing = self.servers.iter().filter_map(|server| match server {
            ServerStatus::Waiting { failures, reason } => Some((*failures, reason.as_str())),
            _ => None,
        });
        failing.max_by_key(|(failures, _)| *failures)
    }
}
