//! The local stack: emulator, backend and servers in one call, on free ports, gone when dropped.

mod builder;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use game_session_backend::{AwsTarget, Backend, BackendConfig, FleetTarget, Keyring};
use gamelift_emulator::Emulator;
use tokio::sync::{oneshot, watch};

use crate::command::ServerCommand;
use crate::emulated::Emulated;
use crate::error::LauncherError;
use crate::supervisor::{ServerStatus, Supervisor, SupervisorStatus};

pub use builder::LocalStackBuilder;

/// How long emulator, backend and the start of the first process may take.
const UP_WITHIN: Duration = Duration::from_secs(30);

/// How long the stop may take beyond what the server processes are given.
const STOP_SLACK: Duration = Duration::from_secs(5);

/// After so many failures in a row, waiting for a server is given up.
const FAILURES_ENDURED: u32 = 3;

/// How often the emulator is looked at while a server is waited for.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// GameLift, the backend and dedicated servers on this machine, in one value.
///
/// It runs on threads of its own, so it fits into any program, with or without an async runtime. Everything listens
/// on the loopback interface, on free ports unless told. Dropping it ends everything, the servers first.
///
/// ```no_run
/// use std::time::Duration;
/// use game_session_launcher::{LocalStack, ServerCommand};
///
/// # fn main() -> Result<(), game_session_launcher::LauncherError> {
/// let stack = LocalStack::start(ServerCommand::current_exe()?.arg("server"))?;
/// stack.wait_until_ready(Duration::from_secs(30))?;
/// println!("clients connect to {}", stack.backend_url());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct LocalStack {
    up: Up,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    stop_within: Duration,
}

impl LocalStackBuilder {
    /// Starts it all. Returns once emulator and backend answer and a first server process was started, which need
    /// not be ready yet: see [`LocalStack::wait_until_ready`].
    ///
    /// # Errors
    /// [`LauncherError`]: what could not be started. Nothing of it stays.
    pub fn start(self) -> Result<LocalStack, LauncherError> {
        self.servers.check()?;
        let stop_within = self.grace.saturating_mul(2).saturating_add(STOP_SLACK);
        let (report, reported) = sync_channel(1);
        let (stop, stop_wish) = oneshot::channel();
        let thread = std::thread::Builder::new()
            .name("game-session-stack".to_owned())
            .spawn(move || run(self, &report, stop_wish))
            .map_err(LauncherError::Runtime)?;
        match reported.recv() {
            Ok(Ok(up)) => Ok(LocalStack {
                up,
                stop: Some(stop),
                thread: Some(thread),
                stop_within,
            }),
            Ok(Err(error)) => {
                join_within(thread, stop_within);
                Err(error)
            }
            Err(_) => Err(LauncherError::Stopped),
        }
    }
}

impl LocalStack {
    /// Starts emulator, backend and one server process of this command.
    ///
    /// # Errors
    /// [`LauncherError`]: what could not be started. Nothing of it stays.
    pub fn start(command: ServerCommand) -> Result<Self, LauncherError> {
        Self::builder(command).start()
    }

    /// Chooses more than the server's command.
    pub fn builder(command: ServerCommand) -> LocalStackBuilder {
        LocalStackBuilder::new(command)
    }

    /// Where clients find the backend.
    pub fn backend_url(&self) -> &str {
        &self.up.backend_url
    }

    /// Where the emulator answers as the AWS API.
    pub fn emulator_url(&self) -> &str {
        &self.up.emulator_url
    }

    /// The fleet that the servers are in.
    pub fn fleet_id(&self) -> &str {
        &self.up.fleet_id
    }

    /// The location of the fleet that the servers are in.
    pub fn location(&self) -> &str {
        &self.up.location
    }

    /// The emulator itself, to see what happened in it.
    pub fn emulator(&self) -> &Emulator {
        self.up.emulated.emulator()
    }

    /// What the server processes are doing.
    pub fn servers(&self) -> SupervisorStatus {
        self.up.servers.borrow().clone()
    }

    /// Waits until a server process is ready to take a game session. A game that creates one before that is answered
    /// that there is no capacity.
    ///
    /// # Errors
    /// [`LauncherError::NotReady`] when none is in time; [`LauncherError::ServersKeepFailing`] and
    /// [`LauncherError::ProgramNotFound`] as soon as that is clear.
    pub fn wait_until_ready(&self, within: Duration) -> Result<(), LauncherError> {
        let deadline = Instant::now() + within;
        loop {
            if self.up.emulated.has_ready_process() {
                return Ok(());
            }
            let servers = self.servers();
            if let Some((failures, reason)) = servers.worst_failure()
                && failures >= FAILURES_ENDURED
            {
                return Err(LauncherError::ServersKeepFailing {
                    failures,
                    reason: reason.to_owned(),
                });
            }
            if self.thread.as_ref().is_none_or(JoinHandle::is_finished) {
                return Err(LauncherError::Stopped);
            }
            if Instant::now() >= deadline {
                return Err(LauncherError::NotReady { after: within });
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Ends everything, the servers first, and waits for it. The same as dropping it.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for LocalStack {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && !join_within(thread, self.stop_within)
        {
            tracing::error!("the local stack did not stop in time and is left alone");
        }
    }
}

/// Waits for the end of a thread, so long at most, and says whether it came.
fn join_within(thread: JoinHandle<()>, within: Duration) -> bool {
    let deadline = Instant::now() + within;
    while !thread.is_finished() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    let _ = thread.join();
    true
}

/// What the stack's thread tells of itself when it is up.
#[derive(Debug)]
struct Up {
    backend_url: String,
    emulator_url: String,
    fleet_id: String,
    location: String,
    emulated: Arc<Emulated>,
    servers: watch::Receiver<SupervisorStatus>,
}

/// The stack's thread: up, wait for the wish to stop, down.
fn run(builder: LocalStackBuilder, report: &SyncSender<Result<Up, LauncherError>>, stop: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("game-session-stack-worker")
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => {
            let _ = report.send(Err(LauncherError::Runtime(error)));
            return;
        }
    };
    runtime.block_on(async {
        match start(builder).await {
            Ok((up, backend, supervisor)) => {
                let emulated = Arc::clone(&up.emulated);
                if report.send(Ok(up)).is_ok() {
                    // a stack that was forgotten rather than dropped closes the channel too
                    let _ = stop.await;
                }
                supervisor.stop().await;
                drop(backend);
                drop(emulated);
            }
            Err(error) => {
                let _ = report.send(Err(error));
            }
        }
    });
    runtime.shutdown_timeout(Duration::from_secs(1));
}

async fn start(builder: LocalStackBuilder) -> Result<(Up, Backend, Supervisor), LauncherError> {
    let LocalStackBuilder {
        servers,
        emulator,
        emulator_port,
        backend_port,
        ..
    } = builder;
    let program = servers.program().to_owned();
    let emulator = Emulator::start(emulator.port(emulator_port))
        .await
        .map_err(|error| LauncherError::Emulator(Box::new(error)))?;
    let (emulator_url, fleet_id, location) = (emulator.endpoint(), emulator.fleet_id(), emulator.location());
    let config = BackendConfig::new(AwsTarget::endpoint(&*emulator_url))
        .listen(SocketAddr::from((Ipv4Addr::LOCALHOST, backend_port)))
        .fleet(FleetTarget::new(&*fleet_id).location(&*location))
        .keyring(Keyring::random());
    let backend = Backend::start(config)
        .await
        .map_err(|error| LauncherError::Backend(Box::new(error)))?;
    let emulated = Arc::new(Emulated::new(emulator));
    let supervisor = Supervisor::start(servers.process_id_prefix(random_prefix()), Arc::clone(&emulated) as _)?;
    let mut watch = supervisor.watch();
    let first = watch.wait_for(|status| status.servers.iter().any(|server| !is_starting(server)));
    let missing = match tokio::time::timeout(UP_WITHIN, first).await {
        Ok(Ok(status)) => status.program_missing,
        _ => false,
    };
    if missing {
        supervisor.stop().await;
        return Err(LauncherError::ProgramNotFound { program });
    }
    let up = Up {
        backend_url: backend.url(),
        emulator_url,
        fleet_id,
        location,
        emulated,
        servers: watch,
    };
    Ok((up, backend, supervisor))
}

fn is_starting(server: &ServerStatus) -> bool {
    matches!(server, ServerStatus::Starting { .. })
}

/// What the process ids of this run begin with, different for each run.
fn random_prefix() -> String {
    let mut bytes = [0; 4];
    // ids need only differ; the emulator would refuse an equal one
    let _ = getrandom::fill(&mut bytes);
    format!("local-{:08x}", u32::from_be_bytes(bytes))
}
