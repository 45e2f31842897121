//! From nothing to server processes that GameLift can place game sessions on, and back.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use game_session_backend::{Backend, BackendConfig, FleetTarget};
use tokio::time::{Instant, sleep};

use super::aws::{Cloud, CloudErrorKind};
use super::compute::AnywhereCompute;
use super::error::AnywhereError;
use super::settings::{UpSettings, is_loopback, is_private};
use super::setup::{Setup, Site, Wish};
use super::state::{Keeper, Thing};
use super::teardown;
use crate::error::LauncherError;
use crate::supervisor::{ServerStatus, Supervisor};

/// After so many failures in a row, waiting for a server is given up.
const FAILURES_ENDURED: u32 = 3;

/// Servers that run for so long are taken for ready where GameLift cannot tell.
const STEADY: Duration = Duration::from_secs(10);

/// How long GameLift is asked to take back what this run made.
const UNDONE_WITHIN: Duration = Duration::from_secs(30);

/// Server processes of this machine in an Anywhere fleet, and a backend for the game's clients.
///
/// Dropping it kills the processes; [`stop`](Self::stop) ends them in order. What was made in the account stays either
/// way, for the next time, until [`down`](super::down).
pub struct Up {
    supervisor: Supervisor,
    backend: Option<Backend>,
    cloud: Cloud,
    keeper: Arc<Mutex<Keeper>>,
    site: Site,
    made: Vec<Thing>,
    /// The fewest processes of the fleet that were counted: stale ones of an earlier run vanish meanwhile.
    fewest: u32,
    started: Instant,
}

impl std::fmt::Debug for Up {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Up")
            .field("site", &self.site)
            .field("made", &self.made)
            .finish_non_exhaustive()
    }
}

/// Makes what is not there, registers this machine, and starts its servers and the backend.
///
/// # Errors
/// [`AnywhereError`]; what this call had made by then is removed again, as far as GameLift lets it.
pub async fn up(settings: UpSettings) -> Result<Up, AnywhereError> {
    check(&settings)?;
    let place = &settings.place;
    let cloud = Cloud::connect(&place.account).await;
    let mut keeper = Keeper::take(&place.state, &cloud.scope(), &place.location)?;
    let wish = Wish {
        location: place.location.clone(),
        fleet: settings.fleet.clone(),
        compute: settings.compute.clone(),
        address: settings.address_here(&cloud)?,
    };
    if is_private(wish.address) && !cloud.endpoint().is_some_and(is_loopback) {
        tracing::warn!(
            "this machine is registered as {}: players outside its network cannot reach that; give its public address \
             with --address, and forward the servers' UDP ports to it",
            wish.address
        );
    }
    let mut setup = Setup {
        cloud: &cloud,
        keeper: &mut keeper,
        made: Vec::new(),
    };
    let outcome = setup.site(&wish).await;
    let made = setup.made;
    match outcome {
        Ok(site) => start(settings, cloud, keeper, site, made).await,
        Err(error) => {
            undo(&cloud, &mut keeper, made).await;
            Err(error)
        }
    }
}

/// What can be known to fail before anything is made.
fn check(settings: &UpSettings) -> Result<(), AnywhereError> {
    settings.servers.check()?;
    let program = settings.servers.program();
    if !is_there(program) {
        return Err(LauncherError::ProgramNotFound {
            program: program.to_owned(),
        }
        .into());
    }
    let (wanted, free) = settings.servers.ports_wanted_and_free();
    if free < wanted {
        return Err(AnywhereError::PortsTaken { free, wanted });
    }
    match settings.backend {
        Some(address) => TcpListener::bind(address)
            .map(drop)
            .map_err(|source| AnywhereError::BackendPort { address, source }),
        None => Ok(()),
    }
}

/// Whether a shell would find the program.
fn is_there(program: &Path) -> bool {
    if program.components().count() > 1 {
        return program.is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|dir| {
        let file = dir.join(program);
        file.is_file() || file.with_extension("exe").is_file()
    })
}

async fn start(
    settings: UpSettings,
    cloud: Cloud,
    keeper: Keeper,
    site: Site,
    made: Vec<Thing>,
) -> Result<Up, AnywhereError> {
    let fewest = cloud.active_processes(&site.compute.fleet_id).await.unwrap_or(u32::MAX);
    let keeper = Arc::new(Mutex::new(keeper));
    match run(settings, &cloud, &keeper, &site).await {
        Ok((supervisor, backend)) => Ok(Up {
            supervisor,
            backend,
            cloud,
            keeper,
            site,
            made,
            fewest,
            started: Instant::now(),
        }),
        Err(error) => {
            undo_alone(&cloud, keeper, made).await;
            Err(error)
        }
    }
}

/// Starts the backend, then the servers. Where that fails, nothing runs any more.
async fn run(
    settings: UpSettings,
    cloud: &Cloud,
    keeper: &Arc<Mutex<Keeper>>,
    site: &Site,
) -> Result<(Supervisor, Option<Backend>), AnywhereError> {
    let backend = match settings.backend {
        Some(address) => Some(serve(&settings, address, site).await?),
        None => None,
    };
    let url = backend.as_ref().map(Backend::url);
    match supervise(settings, cloud, keeper, site, url) {
        Ok(supervisor) => Ok((supervisor, backend)),
        Err(error) => {
            if let Some(backend) = backend {
                backend.stop().await;
            }
            forget_backend(keeper);
            Err(error)
        }
    }
}

fn supervise(
    settings: UpSettings,
    cloud: &Cloud,
    keeper: &Arc<Mutex<Keeper>>,
    site: &Site,
    backend_url: Option<String>,
) -> Result<Supervisor, AnywhereError> {
    let mut held = keeper.lock().unwrap_or_else(PoisonError::into_inner);
    held.change(|record| record.backend_url = backend_url)?;
    drop(held);
    let compute = AnywhereCompute::new(cloud.clone(), site.clone(), Arc::clone(keeper));
    let servers = settings.servers.process_id_prefix(format!("gs-{}", random_word()));
    Ok(Supervisor::start(servers, Arc::new(compute))?)
}

/// Notes that no backend listens any more.
fn forget_backend(keeper: &Mutex<Keeper>) {
    let mut keeper = keeper.lock().unwrap_or_else(PoisonError::into_inner);
    if let Err(error) = keeper.change(|record| record.backend_url = None) {
        tracing::warn!("{error}");
    }
}

async fn serve(settings: &UpSettings, address: SocketAddr, site: &Site) -> Result<Backend, AnywhereError> {
    let place = &settings.place;
    let config = BackendConfig::new(place.account.target())
        .listen(address)
        .fleet(FleetTarget::new(&*site.compute.fleet_id).location(&*site.compute.location))
        .keyring(place.state.keyring()?);
    Backend::start(config)
        .await
        .map_err(|error| LauncherError::Backend(Box::new(error)).into())
}

/// Takes back what a run made that came to nothing. What stays is on record, and `down` removes it.
async fn undo(cloud: &Cloud, keeper: &mut Keeper, mut made: Vec<Thing>) {
    made.reverse();
    if let Err(error) = teardown::remove(cloud, keeper, made, UNDONE_WITHIN).await {
        tracing::warn!(
            "not everything that was made could be removed again ({error}): run `game-session anywhere down`"
        );
    }
}

/// As [`undo`], of the only one who still holds the record.
async fn undo_alone(cloud: &Cloud, keeper: Arc<Mutex<Keeper>>, made: Vec<Thing>) {
    let keeper = Arc::try_unwrap(keeper).map(|keeper| keeper.into_inner().unwrap_or_else(PoisonError::into_inner));
    match keeper {
        Ok(mut keeper) => undo(cloud, &mut keeper, made).await,
        Err(_) => {
            tracing::warn!("something still works on the set-up: run `game-session anywhere down` to remove it");
        }
    }
}

impl Up {
    /// Where clients find the backend.
    pub fn backend_url(&self) -> Option<String> {
        self.backend.as_ref().map(Backend::url)
    }

    /// The fleet.
    pub fn fleet_id(&self) -> &str {
        &self.site.compute.fleet_id
    }

    /// The location.
    pub fn location(&self) -> &str {
        &self.site.compute.location
    }

    /// This machine's name in the fleet.
    pub fn compute(&self) -> &str {
        &self.site.compute.name
    }

    /// The address at which players reach this machine.
    pub fn address(&self) -> std::net::IpAddr {
        self.site.compute.address
    }

    /// What was made in the account by this call, and not found there.
    pub fn made(&self) -> &[Thing] {
        &self.made
    }

    /// Waits until a server is ready, as far as that can be known.
    ///
    /// An emulator counts the processes of the fleet that are ready: one more than before is this one's. AWS counts them
    /// for managed fleets only; there, servers that have all been running for 10 s are taken for ready.
    ///
    /// # Errors
    /// [`AnywhereError::NotReady`] when that does not happen in time; an error of the launcher as soon as it is clear
    /// that the program ends again and again.
    pub async fn ready(&mut self, within: Duration) -> Result<(), AnywhereError> {
        let deadline = Instant::now() + within;
        let counting = Counting::of(&self.cloud);
        loop {
            let count = match self.cloud.active_processes(self.fleet_id()).await {
                Ok(count) => Some(count),
                Err(error) if counting == Counting::Never || may_pass(error.kind) => None,
                Err(error) => return Err(error.into()),
            };
            if is_ready(counting, count, self.fewest, self.runs_steadily()) {
                return Ok(());
            }
            self.fewest = self.fewest.min(count.unwrap_or(u32::MAX));
            let status = self.supervisor.status();
            if let Some((failures, reason)) = status
                .worst_failure()
                .filter(|(failures, _)| *failures >= FAILURES_ENDURED)
            {
                let reason = reason.to_owned();
                return Err(LauncherError::ServersKeepFailing { failures, reason }.into());
            }
            let now = Instant::now();
            if now >= deadline {
                return Err(AnywhereError::NotReady { after: within });
            }
            sleep(counting.pause().min(deadline - now)).await;
        }
    }

    fn runs_steadily(&self) -> bool {
        let running = |server: &ServerStatus| matches!(server, ServerStatus::Running { .. });
        self.started.elapsed() >= STEADY && self.supervisor.status().servers.iter().all(running)
    }

    /// Ends the servers in order, then the backend. What was made in the account stays.
    pub async fn stop(self) {
        self.ended().await;
    }

    /// As [`stop`](Self::stop), and removes what [`up`] made for this run: for one that came to nothing.
    pub async fn undo(self) {
        let (cloud, made) = (self.cloud.clone(), self.made.clone());
        let keeper = self.ended().await;
        undo_alone(&cloud, keeper, made).await;
    }

    async fn ended(self) -> Arc<Mutex<Keeper>> {
        self.supervisor.stop().await;
        if let Some(backend) = self.backend {
            backend.stop().await;
        }
        forget_backend(&self.keeper);
        self.keeper
    }
}

/// Whether GameLift counts the ready processes of an Anywhere fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Counting {
    /// An emulator does.
    Always,
    /// `DescribeFleetUtilization` of AWS is for managed fleets.
    Never,
}

impl Counting {
    fn of(cloud: &Cloud) -> Self {
        if cloud.endpoint().is_some() {
            Self::Always
        } else {
            Self::Never
        }
    }

    fn pause(self) -> Duration {
        match self {
            Self::Always => Duration::from_millis(20),
            Self::Never => Duration::from_secs(2),
        }
    }
}

/// The rules of [`Up::ready`]. Where processes are counted, one of an earlier run may vanish in the moment in which one
/// of this run gets ready: then steady servers and any count will do.
fn is_ready(counting: Counting, count: Option<u32>, fewest: u32, steady: bool) -> bool {
    match (counting, count) {
        (_, Some(count)) if count > fewest => true,
        (Counting::Always, count) => steady && count.is_some_and(|count| count > 0),
        (Counting::Never, _) => steady,
    }
}

fn may_pass(kind: CloudErrorKind) -> bool {
    matches!(kind, CloudErrorKind::Throttled | CloudErrorKind::Unreachable)
}

/// Different for each run.
fn random_word() -> String {
    let mut bytes = [0; 4];
    // ids need only differ; GameLift would refuse an equal one
    let _ = getrandom::fill(&mut bytes);
    format!("{:08x}", u32::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use gamelift_emulator::{Emulator, EmulatorConfig};

    use super::*;
    use crate::anywhere::{Account, FleetChoice, LocationName, Place, StateDir};
    use crate::command::ServerCommand;
    use crate::supervisor::SupervisorSettings;

    #[tokio::test]
    async fn what_this_call_made_is_removed_again_when_the_servers_cannot_be_started() {
        let emulator = Emulator::start(EmulatorConfig::default()).await.unwrap();
        let state = tempfile::tempdir().unwrap();
        let dir = StateDir::at(state.path());
        let location: LocationName = "somewhere".parse().unwrap();
        let account = Account::emulator(emulator.endpoint());
        let place = Place::new(account.clone(), location.clone(), dir.clone());
        // `up` would refuse these before it makes anything.
        let servers = SupervisorSettings::new(ServerCommand::new("server")).servers(0);
        let settings = UpSettings::new(place, servers).fleet(FleetChoice::Created);
        let cloud = Cloud::connect(&account).await;
        let mut keeper = Keeper::take(&dir, "test", &location).unwrap();
        let mut setup = Setup {
            cloud: &cloud,
            keeper: &mut keeper,
            made: Vec::new(),
        };
        let wish = Wish {
            location: location.clone(),
            fleet: settings.fleet.clone(),
            compute: settings.compute.clone(),
            address: settings.address_here(&cloud).unwrap(),
        };
        let site = setup.site(&wish).await.unwrap();
        let made = setup.made;
        assert!(!made.is_empty());
        start(settings, cloud.clone(), keeper, site, made).await.unwrap_err();
        let keeper = Keeper::take(&dir, "test", &location).unwrap();
        assert!(keeper.record().made.is_empty(), "{:?}", keeper.record());
        assert_eq!(keeper.record().backend_url, None);
        let name = location.to_string();
        assert!(
            !cloud.locations().await.unwrap().contains_key(&name),
            "{name} is still there"
        );
    }

    #[test]
    fn one_process_more_than_before_is_ready_and_none_is_not() {
        for counting in [Counting::Always, Counting::Never] {
            assert!(is_ready(counting, Some(1), 0, false));
            assert!(!is_ready(counting, Some(1), 1, false) && !is_ready(counting, None, 0, false));
        }
    }

    #[test]
    fn steady_servers_are_ready_where_nobody_counts_and_not_where_none_is_counted() {
        assert!(is_ready(Counting::Never, Some(0), 0, true) && is_ready(Counting::Never, None, u32::MAX, true));
        assert!(!is_ready(Counting::Always, Some(0), 0, true) && !is_ready(Counting::Always, None, 0, true));
        assert!(is_ready(Counting::Always, Some(1), 1, true));
    }
}
