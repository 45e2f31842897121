//! The supervisor on real processes, with an orchestrator that only says yes.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use game_session_launcher::supervisor::{ServerStatus, SupervisorStatus};
use game_session_launcher::{LauncherError, Orchestrator, PortRange, ServerCommand, Supervisor, SupervisorSettings};
use game_session_protocol::BoxedFuture;

const LIMIT: Duration = Duration::from_secs(20);

/// Gives every process an environment, and says of each that it hosted or that it did not.
struct Yes {
    hosted: bool,
}

impl Orchestrator for Yes {
    fn environment(&self, process_id: &str) -> BoxedFuture<Result<Vec<(String, String)>, String>> {
        let id = process_id.to_owned();
        Box::pin(async move { Ok(vec![("GAMELIFT_SDK_PROCESS_ID".to_owned(), id)]) })
    }

    fn has_hosted(&self, _: &str) -> BoxedFuture<bool> {
        let hosted = self.hosted;
        Box::pin(async move { hosted })
    }
}

fn shell(script: &str) -> ServerCommand {
    ServerCommand::new("sh").arg("-c").arg(script)
}

fn start(settings: SupervisorSettings, hosted: bool) -> (Supervisor, Receiver<String>) {
    let (sender, lines) = channel();
    let settings = settings.process_id_prefix("test").on_line(move |line| {
        let _ = sender.send(line.to_owned());
    });
    (Supervisor::start(settings, Arc::new(Yes { hosted })).unwrap(), lines)
}

async fn until(supervisor: &mut Supervisor, holds: impl Fn(&SupervisorStatus) -> bool) -> SupervisorStatus {
    let wait = async {
        loop {
            let status = supervisor.status();
            if holds(&status) {
                return status;
            }
            supervisor.changed().await;
        }
    };
    tokio::time::timeout(LIMIT, wait)
        .await
        .expect("the status came in time")
}

fn next(lines: &Receiver<String>) -> String {
    lines.recv_timeout(LIMIT).expect("a line came in time")
}

/// Whether a process runs; a zombie does not.
fn runs(id: &str) -> bool {
    match std::fs::read_to_string(format!("/proc/{id}/stat")) {
        Ok(stat) => stat
            .rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim_start().starts_with(['Z', 'X'])),
        Err(_) if std::path::Path::new("/proc/self/stat").exists() => false,
        Err(_) => {
            let id = id.parse().ok().and_then(rustix::process::Pid::from_raw).unwrap();
            rustix::process::test_kill_process(id).is_ok()
        }
    }
}

fn wait_until_gone(id: &str) {
    let deadline = std::time::Instant::now() + LIMIT;
    while runs(id) {
        assert!(std::time::Instant::now() < deadline, "process {id} still runs");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_process_gets_its_variables_its_port_and_a_pipe_whose_end_ends_it() {
    let script = r#"echo "$GAMELIFT_SDK_PROCESS_ID $GAME_SESSION_PARENT_PIPE $PORT"; cat; echo bye >&2"#;
    let free = PortRange::any();
    let settings = SupervisorSettings::new(shell(script).env("PORT", "{port}")).ports(free);
    let (mut supervisor, lines) = start(settings, false);
    until(&mut supervisor, |status| {
        matches!(status.servers[..], [ServerStatus::Running { .. }])
    })
    .await;
    let hello = next(&lines);
    let port: u16 = hello.strip_prefix("[server 1] test-1 stdin ").unwrap().parse().unwrap();
    assert!((1..=60_000).contains(&port));
    supervisor.stop().await;
    assert_eq!(
        next(&lines),
        "[server 1] bye",
        "the pipe closed, and the process ended in its own way"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn two_processes_have_different_ids_and_ports() {
    let settings = SupervisorSettings::new(shell("echo $GAMELIFT_SDK_PROCESS_ID {port}; cat")).servers(2);
    let (supervisor, lines) = start(settings, false);
    let hellos =
        [next(&lines), next(&lines)].map(|line| line.split(' ').skip(2).map(str::to_owned).collect::<Vec<_>>());
    assert_ne!(hellos[0][0], hellos[1][0]);
    assert_ne!(hellos[0][1], hellos[1][1]);
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_process_that_hosted_is_replaced_under_a_new_id() {
    let (supervisor, lines) = start(SupervisorSettings::new(shell("echo $GAMELIFT_SDK_PROCESS_ID")), true);
    assert_eq!([next(&lines), next(&lines)], ["[server 1] test-1", "[server 2] test-2"]);
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_process_that_fails_is_not_restarted_at_once_and_its_reason_is_told() {
    let (mut supervisor, _lines) = start(SupervisorSettings::new(shell("echo no licence >&2; exit 3")), false);
    let status = until(&mut supervisor, |status| {
        status.worst_failure().is_some_and(|(failures, _)| failures == 2)
    })
    .await;
    let (_, reason) = status.worst_failure().unwrap();
    assert!(
        reason.contains("exit status: 3") && reason.contains("no licence"),
        "{reason}"
    );
    assert!(!status.program_missing);
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_program_that_does_not_exist_is_named() {
    let (mut supervisor, _lines) = start(SupervisorSettings::new(ServerCommand::new("/no/such/server")), false);
    let status = until(&mut supervisor, |status| status.worst_failure().is_some()).await;
    assert!(status.program_missing);
    assert!(status.worst_failure().unwrap().1.contains("/no/such/server"));
    supervisor.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_process_that_ignores_its_pipe_is_killed_with_all_it_started() {
    let settings = SupervisorSettings::new(shell("sleep 1000 & echo $!; wait")).grace(Duration::from_millis(50));
    let (supervisor, lines) = start(settings, false);
    let grandchild = next(&lines).strip_prefix("[server 1] ").unwrap().to_owned();
    assert!(runs(&grandchild));
    tokio::time::timeout(LIMIT, supervisor.stop())
        .await
        .expect("the stop is bounded");
    wait_until_gone(&grandchild);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn dropping_the_supervisor_leaves_no_process() {
    let (supervisor, lines) = start(
        SupervisorSettings::new(shell("echo $$; trap '' TERM; while :; do sleep 1; done")),
        false,
    );
    let process = next(&lines).strip_prefix("[server 1] ").unwrap().to_owned();
    assert!(runs(&process));
    drop(supervisor);
    tokio::task::spawn_blocking(move || wait_until_gone(&process))
        .await
        .unwrap();
}

#[tokio::test]
async fn no_server_at_all_and_far_too_many_are_refused() {
    for count in [0, 65] {
        let settings = SupervisorSettings::new(shell("true")).servers(count);
        let error = Supervisor::start(settings, Arc::new(Yes { hosted: false })).unwrap_err();
        assert!(matches!(error, LauncherError::InvalidServerCount(n) if n == count));
    }
}
