//! What this executable is when it does not run the tests.

use std::io::{BufRead as _, Read as _, Write as _};
use std::process::ExitCode;

use game_session_launcher::supervisor::ServerStatus;
use game_session_launcher::{LocalStack, PARENT_PIPE, PARENT_PIPE_STDIN, ServerCommand};
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};

use crate::common::{LIMIT, free_udp_port};
use crate::stage::until;

/// The argument that makes it a server process.
pub(crate) const SERVER: &str = "role-server";

/// The argument that makes it the parent of a stack.
pub(crate) const PARENT: &str = "role-parent";

/// The smallest server: ready, activates what comes, and leaves in order when it is told or its parent is gone.
pub(crate) fn server() -> ExitCode {
    tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(std::io::stderr)
        .init();
    assert_eq!(std::env::var(PARENT_PIPE).as_deref(), Ok(PARENT_PIPE_STDIN));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let (gone, mut parent_gone) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = gone.send(());
    });
    runtime.block_on(async {
        let server = GameLiftServer::init(ServerParameters::from_env()).await.unwrap();
        server
            .process_ready(ProcessParameters::new(free_udp_port()))
            .await
            .unwrap();
        loop {
            let event = tokio::select! {
                event = server.next_event() => event,
                _ = &mut parent_gone => {
                    say("its parent is gone");
                    break;
                }
            };
            match event {
                Some(Event::StartGameSession(_)) => server.activate_game_session().await.unwrap(),
                Some(Event::ProcessTerminate { .. }) => break,
                other => panic!("unexpected: {other:?}"),
            }
        }
        server.process_ending().await.unwrap();
        server.destroy().await.unwrap();
        say("left in order");
    });
    ExitCode::SUCCESS
}

/// A stack of two servers, until somebody kills it.
pub(crate) fn parent() -> ExitCode {
    let command = ServerCommand::current_exe().unwrap().arg(SERVER);
    let stack = LocalStack::builder(command).servers(2).start().unwrap();
    stack.wait_until_ready(LIMIT).unwrap();
    until("both run", || running(&stack).len() == 2);
    let ids = running(&stack);
    say(&format!("servers {} {}", ids[0], ids[1]));
    let _ = std::io::stdin().lock().read_line(&mut String::new());
    panic!("the test kills this process before it closes its input");
}

/// The operating system's ids of a stack's running servers.
pub(crate) fn running(stack: &LocalStack) -> Vec<u32> {
    let servers = stack.servers().servers.into_iter();
    servers
        .filter_map(|server| {
            if let ServerStatus::Running { os_id, .. } = server {
                Some(os_id)
            } else {
                None
            }
        })
        .collect()
}

/// Prints a line, whether or not somebody still reads it.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
