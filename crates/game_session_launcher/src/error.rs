//! What can go wrong around server processes, each with what to do about it.

use std::path::PathBuf;
use std::time::Duration;

/// Why server processes, or the stack around them, could not be started or kept running.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LauncherError {
    /// There is no such program.
    #[error("the server program {} was not found: check its path, or build it first", program.display())]
    ProgramNotFound {
        /// The program as it was given.
        program: PathBuf,
    },
    /// The path of the running executable is unknown.
    #[error("the path of this executable is unknown: give the server program explicitly")]
    CurrentExecutable(#[source] std::io::Error),
    /// The range of ports is empty, or reaches beyond what GameLift takes.
    #[error("the port range {first}-{last} is not usable: take 1 <= first <= last <= 60000")]
    InvalidPortRange {
        /// The first port.
        first: u16,
        /// The last port.
        last: u16,
    },
    /// No number of servers that makes sense.
    #[error("{0} server processes cannot be kept: take 1 to 64")]
    InvalidServerCount(usize),
    /// The stack's own thread could not be started.
    #[error("the operating system refused a thread or an event loop for the local stack: close some programs")]
    Runtime(#[source] std::io::Error),
    /// The emulator could not be started.
    #[error("the GameLift emulator could not start: if its port is taken, choose another, or 0 for any")]
    Emulator(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The backend could not be started.
    #[error("the backend could not start: if its port is taken, choose another, or 0 for any")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The server processes end again and again without having hosted.
    #[error("the server process ended {failures} times in a row without hosting a game session: {reason}")]
    ServersKeepFailing {
        /// How often in a row.
        failures: u32,
        /// How the last one ended.
        reason: String,
    },
    /// No server process was ready in time.
    #[error(
        "no server process was ready within {} s: does the program connect to GameLift and call ProcessReady? \
         its output, prefixed with [server N], tells more",
        after.as_secs_f32()
    )]
    NotReady {
        /// How long it was waited for.
        after: Duration,
    },
    /// The stack is no longer there.
    #[error("the local stack has stopped: start it again")]
    Stopped,
}
