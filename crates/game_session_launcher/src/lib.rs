//! Starts dedicated server processes and keeps them running: on this machine alone, or as a GameLift Anywhere compute.
//!
//! | module | what |
//! |---|---|
//! | [`stack`] | [`LocalStack`]: emulator, backend and servers in one call |
//! | [`anywhere`] | this machine as a compute of an Anywhere fleet, in one call |
//! | [`doctor`] | looks for what keeps a set-up from working |
//! | [`supervisor`] | keeps a number of server processes running, one per game session |
//! | [`roster`] | the supervisor's rules, without clock, process or socket |
//! | [`orchestrator`] | what the supervisor asks whoever places game sessions on its processes |
//! | [`command`] | how to start a server process, and where a `{port}` in it comes from |
//! | [`lines`] | the output of the processes, line by line, bounded |
//!
//! A server process is started with the five official `GAMELIFT_SDK_*` variables in its environment and a pipe from
//! its parent as its standard input, announced by [`PARENT_PIPE`]. When the pipe closes - on purpose, or because the
//! parent died however - the process ends by itself. `SessionServerPlugin`'s signals do that for a Bevy server.

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeDocTests;

pub mod anywhere;
pub mod command;
pub mod doctor;
mod emulated;
mod error;
pub mod lines;
pub mod orchestrator;
mod process;
pub mod roster;
pub mod stack;
pub mod supervisor;

pub use command::{PortRange, ServerCommand};
pub use error::LauncherError;
pub use game_session_protocol::host::{PARENT_PIPE, PARENT_PIPE_STDIN};
pub use orchestrator::Orchestrator;
pub use stack::{LocalStack, LocalStackBuilder};
pub use supervisor::{Supervisor, SupervisorSettings};
