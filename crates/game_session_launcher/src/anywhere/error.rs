//! What can go wrong with an Anywhere compute, each in one sentence with what to do about it.

use std::path::PathBuf;
use std::time::Duration;

use super::aws::CloudError;
use crate::error::LauncherError;

/// Why `up`, `down` or `status` did not do what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnywhereError {
    /// A call to GameLift failed.
    #[error(transparent)]
    Cloud(#[from] CloudError),
    /// Servers, the backend or their settings.
    #[error(transparent)]
    Launcher(#[from] LauncherError),
    /// Another one has the place.
    #[error("another `anywhere` command{} works on {location}: stop it first", pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Busy {
        /// Which location.
        location: String,
        /// The other process, if it said.
        pid: Option<u32>,
    },
    /// The state cannot be kept.
    #[error("the state in {} cannot be read or written: check it, or choose another place with --state-dir", path.display())]
    State {
        /// Which file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The user has no directory for it.
    #[error("no directory for the state is known: choose one with --state-dir")]
    NoStateDir,
    /// No address of this machine is known.
    #[error("this machine has no network address that could be registered: give one with --address")]
    NoAddress,
    /// The named fleet is not there.
    #[error("there is no fleet {id} in {whereabouts}: check the id and AWS_REGION, or let --create make one")]
    NoSuchFleet {
        /// Its id.
        id: String,
        /// Where it was looked for.
        whereabouts: String,
    },
    /// The named fleet is of another kind.
    #[error("fleet {0} is no Anywhere fleet: name another, or let --create make one")]
    NotAnywhere(String),
    /// The fleet cannot be used now.
    #[error("fleet {id} is {status}, not ACTIVE: wait, or name another")]
    FleetNotActive {
        /// Its id.
        id: String,
        /// What it is.
        status: String,
    },
    /// No fleet was named, and none fits.
    #[error("no Anywhere fleet has the location {0} yet: name one with --fleet, or let --create make one")]
    NoFleet(String),
    /// No fleet was named, and several fit.
    #[error("several Anywhere fleets have the location {location} ({}): name one with --fleet", fleets.join(", "))]
    SeveralFleets {
        /// The location.
        location: String,
        /// The fleets.
        fleets: Vec<String>,
    },
    /// Another machine is registered under the name.
    #[error("the name {name} is taken in fleet {fleet_id} by a compute at {at}: choose another with --compute")]
    NameTaken {
        /// The name.
        name: String,
        /// The fleet.
        fleet_id: String,
        /// The other's address and location.
        at: String,
    },
    /// Something that `down` would remove is used by others.
    #[error("{thing} stays because it is used by {by}: remove that first, then run `down` again")]
    StillUsed {
        /// What stays.
        thing: String,
        /// Who uses it.
        by: String,
    },
    /// GameLift did not let go in time.
    #[error(
        "{thing} could not be removed yet: GameLift still counts processes on it; run `down` again in a few minutes"
    )]
    NotYet {
        /// What stays.
        thing: String,
        /// What GameLift said.
        #[source]
        source: CloudError,
    },
    /// The range of ports is too small for the servers.
    #[error("only {free} of the UDP ports for the servers are free and {wanted} are wanted: widen --server-ports")]
    PortsTaken {
        /// So many are free.
        free: usize,
        /// So many servers.
        wanted: usize,
    },
    /// The port of the backend is taken.
    #[error("the backend cannot listen on {address}: choose another --backend-port, or 0 for any")]
    BackendPort {
        /// Where it would listen.
        address: std::net::SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The keyring of the backend cannot be used.
    #[error("the backend's keyring cannot be used: remove it, and a new one is made")]
    Keyring(#[source] game_session_backend::KeyringError),
    /// No server process got ready.
    #[error(
        "no server process got ready within {} s: does the program call InitSDK and ProcessReady? `game-session doctor` \
         with the same command tells more",
        after.as_secs()
    )]
    NotReady {
        /// How long it was waited for.
        after: Duration,
    },
    /// A signal came before everything was there.
    #[error(
        "stopped before everything was set up: run the same command again to go on, or `game-session anywhere down`"
    )]
    Interrupted,
}
