//! One server process from its start to its end: environment, pipes, output, exit.

use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use crate::command::ServerCommand;
use crate::lines::{LineCutter, LineQueue};
use crate::orchestrator::Orchestrator;
use crate::roster::{Life, ProcessNumber};
use crate::{PARENT_PIPE, PARENT_PIPE_STDIN};

/// How long the orchestrator may take to give a process its environment.
const ENVIRONMENT_WITHIN: Duration = Duration::from_secs(15);

/// How long the orchestrator may take to say whether a process hosted.
const HOSTED_WITHIN: Duration = Duration::from_secs(3);

/// How long the output of an ended process is still read: a grandchild may hold it open for ever.
const OUTPUT_WITHIN: Duration = Duration::from_millis(500);

/// How much of its last line of errors is told as a reason.
const LAST_WORDS: usize = 300;

/// What a process is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Run,
    ClosePipe,
    Kill,
}

/// What a process needs to run.
pub(crate) struct Job {
    pub(crate) number: ProcessNumber,
    pub(crate) process_id: String,
    pub(crate) command: ServerCommand,
    pub(crate) port: Result<Option<u16>, String>,
    pub(crate) orchestrator: Arc<dyn Orchestrator>,
    pub(crate) lines: LineQueue,
    pub(crate) orders: watch::Receiver<Order>,
    pub(crate) spawned: mpsc::Sender<(ProcessNumber, u32)>,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) life: Life,
    pub(crate) reason: String,
    pub(crate) program_missing: bool,
}

impl Ending {
    fn never_started(reason: String) -> Self {
        Self {
            life: Life::NeverStarted,
            reason,
            program_missing: false,
        }
    }
}

/// A child that takes its whole process group with it when it is dropped before its end.
struct Running(Child);

impl Running {
    /// Kills the process and what it started itself, a wrapper's real server for instance.
    fn kill(&mut self) {
        #[cfg(unix)]
        if let Some(group) = self
            .0
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.start_kill();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // once it was waited for its id is gone, and nobody else's group is hit
        if self.0.id().is_some() {
            self.kill();
        }
    }
}

/// Runs one process until it ends, whatever the reason. Dropping the future kills it.
pub(crate) async fn run(mut job: Job) -> Ending {
    let port = match &job.port {
        Ok(port) => *port,
        Err(reason) => return Ending::never_started(reason.clone()),
    };
    let environment = tokio::select! {
        environment = timeout(ENVIRONMENT_WITHIN, job.orchestrator.environment(&job.process_id)) => environment,
        _ = job.orders.changed() => return Ending::never_started("it was stopped before it started".to_owned()),
    };
    let environment = match environment {
        Ok(Ok(environment)) => environment,
        Ok(Err(reason)) => return Ending::never_started(format!("the orchestrator gave it no environment: {reason}")),
        Err(_) => {
            let reason = format!(
                "the orchestrator gave it no environment within {} s",
                ENVIRONMENT_WITHIN.as_secs()
            );
            return Ending::never_started(reason);
        }
    };
    let mut child = match spawn(&job.command, port, environment) {
        Ok(child) => Running(child),
        Err(error) => {
            let program_missing = error.kind() == std::io::ErrorKind::NotFound;
            let reason = format!(
                "the program {} could not be started: {error}",
                job.command.program().display()
            );
            return Ending {
                life: Life::NeverStarted,
                reason,
                program_missing,
            };
        }
    };
    let since = Instant::now();
    if let Some(id) = child.0.id() {
        let _ = job.spawned.send((job.number, id)).await;
    }
    let last_words = Arc::new(Mutex::new(String::new()));
    let readers = [
        child.0.stdout.take().map(|output| forward(output, &job, None)),
        child
            .0
            .stderr
            .take()
            .map(|output| forward(output, &job, Some(Arc::clone(&last_words)))),
    ];
    let status = wait(&mut child, &mut job.orders).await;
    for mut reader in readers.into_iter().flatten() {
        if timeout(OUTPUT_WITHIN, &mut reader).await.is_err() {
            reader.abort();
        }
    }
    let hosted = timeout(HOSTED_WITHIN, job.orchestrator.has_hosted(&job.process_id))
        .await
        .unwrap_or(false);
    let life = if hosted { Life::Hosted } else { Life::Idle };
    let last_words = last_words.lock().unwrap_or_else(PoisonError::into_inner);
    Ending {
        life,
        reason: describe(&status, since.elapsed(), &last_words),
        program_missing: false,
    }
}

fn spawn(command: &ServerCommand, port: Option<u16>, environment: Vec<(String, String)>) -> std::io::Result<Child> {
    let mut command = Command::from(command.to_process(port));
    command
        .envs(environment)
        .env(PARENT_PIPE, PARENT_PIPE_STDIN)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // in a group of its own a Ctrl-C in the terminal reaches the parent only, which then ends its children in order
    #[cfg(unix)]
    command.process_group(0);
    command.spawn()
}

/// Waits for the end of the process and carries out orders meanwhile. The pipe is held open until then.
async fn wait(child: &mut Running, orders: &mut watch::Receiver<Order>) -> std::io::Result<ExitStatus> {
    let mut pipe = child.0.stdin.take();
    loop {
        let order = tokio::select! {
            status = child.0.wait() => return status,
            changed = orders.changed() => if changed.is_ok() { *orders.borrow_and_update() } else { Order::Kill },
        };
        match order {
            Order::Run => {}
            Order::ClosePipe => drop(pipe.take()),
            Order::Kill => {
                drop(pipe.take());
                child.kill();
                return child.0.wait().await;
            }
        }
    }
}

/// Hands the lines of one stream to the queue until the stream ends.
fn forward(
    mut output: impl AsyncRead + Send + Unpin + 'static,
    job: &Job,
    last_words: Option<Arc<Mutex<String>>>,
) -> JoinHandle<()> {
    let (lines, prefix) = (job.lines.clone(), format!("[server {}] ", job.number));
    tokio::spawn(async move {
        let (mut cutter, mut bytes) = (LineCutter::default(), vec![0; 4096]);
        let give = |line: &str| {
            lines.push(format!("{prefix}{line}"));
            if let Some(last) = last_words.as_ref().filter(|_| !line.trim().is_empty()) {
                *last.lock().unwrap_or_else(PoisonError::into_inner) = without_colors(line).take(LAST_WORDS).collect();
            }
        };
        while let Ok(count @ 1..) = output.read(&mut bytes).await {
            cutter.feed(&bytes[..count], give);
        }
        cutter.finish(give);
    })
}

/// The characters of a line without the sequences that colour it on a terminal.
fn without_colors(line: &str) -> impl Iterator<Item = char> {
    let mut colouring = false;
    line.chars().filter(move |&c| {
        let kept = !colouring && c != '\u{1b}';
        colouring = if colouring { c != 'm' } else { c == '\u{1b}' };
        kept
    })
}

fn describe(status: &std::io::Result<ExitStatus>, lived: Duration, last_words: &str) -> String {
    let end = match status {
        Ok(status) => status.to_string(),
        Err(error) => format!("its end could not be learned: {error}"),
    };
    let lived = lived.as_secs_f32();
    if last_words.is_empty() {
        format!("{end}, after {lived:.1} s")
    } else {
        format!("{end}, after {lived:.1} s; its last line of errors: {last_words}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_told_without_colors() {
        let plain: String = without_colors("\u{1b}[31mERROR\u{1b}[0m it broke").collect();
        assert_eq!(plain, "ERROR it broke");
    }
}
