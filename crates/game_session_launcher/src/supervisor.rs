//! Keeps a number of server processes running, one per game session: the [`roster`](crate::roster) on real processes.

mod settings;
mod status;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::thread::JoinHandle as Thread;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{Id, JoinHandle, JoinSet};

use crate::error::LauncherError;
use crate::lines::LineQueue;
use crate::orchestrator::Orchestrator;
use crate::process::{self, Ending, Job, Order};
use crate::roster::{Input, Life, Output, Place, ProcessNumber, Roster, Then};

pub use settings::{MOST_SERVERS, SupervisorSettings};
pub use status::{ServerStatus, SupervisorStatus};

/// How long the last lines of output may take to reach the sink at a stop.
const LAST_LINES_WITHIN: Duration = Duration::from_secs(1);

/// Server processes that are kept running until [`stop`](Self::stop), or until it is dropped (then they are killed).
#[derive(Debug)]
pub struct Supervisor {
    stop: oneshot::Sender<()>,
    status: watch::Receiver<SupervisorStatus>,
    task: AbortOnDrop,
    lines: Option<Thread<()>>,
}

#[derive(Debug)]
struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Supervisor {
    /// Starts the processes. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`LauncherError::InvalidServerCount`]; [`LauncherError::Runtime`] when a thread cannot be had. A program that
    /// cannot be started is no error here, but seen in the [`status`](Self::status).
    pub fn start(settings: SupervisorSettings, orchestrator: Arc<dyn Orchestrator>) -> Result<Self, LauncherError> {
        settings.check()?;
        let (lines, thread) = LineQueue::start(Arc::clone(&settings.sink)).map_err(LauncherError::Runtime)?;
        let (stop, stopped) = oneshot::channel();
        let (status_sender, status) = watch::channel(SupervisorStatus::default());
        let driver = Driver {
            roster: Roster::new(settings.rules, Instant::now()),
            settings,
            orchestrator,
            lines,
            running: BTreeMap::new(),
            tasks: JoinSet::new(),
            numbers: HashMap::new(),
            status: status_sender,
            program_missing: false,
        };
        let task = AbortOnDrop(tokio::spawn(driver.drive(stopped)));
        Ok(Self {
            stop,
            status,
            task,
            lines: Some(thread),
        })
    }

    /// What it is doing now.
    pub fn status(&self) -> SupervisorStatus {
        self.status.borrow().clone()
    }

    /// Waits until the status changes; returns at once if it changed since the last call.
    pub async fn changed(&mut self) {
        // after the end nothing changes any more, and who waits then has a deadline of its own
        if self.status.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// A handle to the status that outlives this borrow.
    pub(crate) fn watch(&self) -> watch::Receiver<SupervisorStatus> {
        self.status.clone()
    }

    /// Ends all processes: closes their pipes, waits, kills who stays. Returns when all are gone, at the latest twice
    /// the grace later.
    pub async fn stop(mut self) {
        let _ = self.stop.send(());
        let _ = (&mut self.task.0).await;
        let deadline = tokio::time::Instant::now() + LAST_LINES_WITHIN;
        while self.lines.as_ref().is_some_and(|thread| !thread.is_finished()) && tokio::time::Instant::now() < deadline
        {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

/// A process that has not ended.
struct Started {
    orders: watch::Sender<Order>,
    process_id: String,
    os_id: Option<u32>,
    port: Option<u16>,
}

/// Carries out what the roster says, and tells it what happened.
struct Driver {
    roster: Roster,
    settings: SupervisorSettings,
    orchestrator: Arc<dyn Orchestrator>,
    lines: LineQueue,
    running: BTreeMap<ProcessNumber, Started>,
    tasks: JoinSet<Ending>,
    numbers: HashMap<Id, ProcessNumber>,
    status: watch::Sender<SupervisorStatus>,
    program_missing: bool,
}

impl Driver {
    async fn drive(mut self, mut stop: oneshot::Receiver<()>) {
        let (spawned_sender, mut spawned) = mpsc::channel(MOST_SERVERS);
        let mut stopping = false;
        loop {
            while let Some(output) = self.roster.poll_output() {
                self.carry_out(output, &spawned_sender);
            }
            self.publish();
            if self.roster.is_over() {
                return;
            }
            let due = self.roster.poll_timeout();
            let input = tokio::select! {
                // a supervisor that was dropped without a stop aborts this task
                _ = &mut stop, if !stopping => {
                    stopping = true;
                    Some(Input::Stop)
                }
                Some(ended) = self.tasks.join_next_with_id() => self.ended(ended),
                Some((number, os_id)) = spawned.recv() => {
                    if let Some(started) = self.running.get_mut(&number) {
                        started.os_id = Some(os_id);
                    }
                    None
                }
                () = sleep_until(due) => Some(Input::Tick),
            };
            if let Some(input) = input
                && let Err(error) = self.roster.handle(Instant::now(), input)
            {
                tracing::error!(%error, "the supervisor lost count of its processes");
            }
        }
    }

    fn ended(&mut self, ended: Result<(Id, Ending), tokio::task::JoinError>) -> Option<Input> {
        let (id, ending) = ended.unwrap_or_else(|error| {
            let reason = format!("its supervision broke: {error}");
            (
                error.id(),
                Ending {
                    life: Life::Idle,
                    reason,
                    program_missing: false,
                },
            )
        });
        let process = self.numbers.remove(&id)?;
        self.running.remove(&process);
        self.program_missing = ending.program_missing;
        Some(Input::Ended {
            process,
            life: ending.life,
            reason: ending.reason,
        })
    }

    fn carry_out(&mut self, output: Output, spawned: &mpsc::Sender<(ProcessNumber, u32)>) {
        match output {
            Output::Start(number) => self.start(number, spawned),
            Output::ClosePipe(number) => self.order(number, Order::ClosePipe),
            Output::Kill(number) => {
                tracing::warn!("[server {number}] did not end when its pipe was closed: it is killed");
                self.order(number, Order::Kill);
            }
            Output::GivenUp(number) => tracing::error!("[server {number}] was killed and is still there"),
            Output::Ended { process, reason, then } => match then {
                Then::ReplacedNow => tracing::info!("[server {process}] ended ({reason}) and is replaced"),
                Then::ReplacedAfter { delay, failures } => tracing::warn!(
                    failures,
                    "[server {process}] ended without having hosted a game session ({reason}); the next one starts in \
                     {:.1} s",
                    delay.as_secs_f32()
                ),
                Then::Nothing => tracing::info!("[server {process}] ended ({reason})"),
            },
        }
    }

    fn start(&mut self, number: ProcessNumber, spawned: &mpsc::Sender<(ProcessNumber, u32)>) {
        let port = if self.settings.command.wants_port() {
            let taken = self.running.values().filter_map(|started| started.port).collect();
            self.settings.ports.free_port(&taken).map(Some)
        } else {
            Ok(None)
        };
        let (orders, orders_receiver) = watch::channel(Order::Run);
        let process_id = format!("{}-{number}", self.settings.name);
        let started = Started {
            orders,
            process_id: process_id.clone(),
            os_id: None,
            port: port.clone().ok().flatten(),
        };
        let job = Job {
            number,
            process_id,
            command: self.settings.command.clone(),
            port,
            orchestrator: Arc::clone(&self.orchestrator),
            lines: self.lines.clone(),
            orders: orders_receiver,
            spawned: spawned.clone(),
        };
        tracing::info!("[server {number}] starts");
        let task = self.tasks.spawn(process::run(job));
        self.numbers.insert(task.id(), number);
        self.running.insert(number, started);
    }

    fn order(&self, number: ProcessNumber, order: Order) {
        if let Some(started) = self.running.get(&number) {
            started.orders.send_replace(order);
        }
    }

    fn publish(&self) {
        let servers = self.roster.places().iter().map(|place| match place {
            Place::Running { process, .. } => match self.running.get(process) {
                Some(Started {
                    os_id: Some(os_id),
                    process_id,
                    ..
                }) => ServerStatus::Running {
                    number: *process,
                    process_id: process_id.clone(),
                    os_id: *os_id,
                },
                _ => ServerStatus::Starting { number: *process },
            },
            Place::Waiting { failures, reason, .. } => ServerStatus::Waiting {
                failures: *failures,
                reason: reason.clone(),
            },
            Place::Closed => ServerStatus::Closed,
        });
        let status = SupervisorStatus {
            servers: servers.collect(),
            program_missing: self.program_missing,
        };
        self.status.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
    }
}

/// Sleeps until then, for ever without a time.
async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}
