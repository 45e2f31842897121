//! What a local stack promises.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use game_session_launcher::{LauncherError, LocalStack, ServerCommand};
use rustix::process::Signal;

use crate::common::{LIMIT, Player};
use crate::roles::{self, running};
use crate::stage::{Lines, Program, runs, signal, until, warnings};

/// The stories, by name.
pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "a_stack_hosts_a_session_replaces_the_process_and_hosts_the_next_without_a_warning",
        sessions,
    ),
    (
        "a_server_that_is_killed_is_replaced_and_the_next_session_works",
        killed_server,
    ),
    (
        "a_stopped_stack_leaves_no_process_and_no_port_and_its_servers_left_in_order",
        stopped,
    ),
    ("servers_whose_parent_is_killed_are_gone", killed_parent),
    (
        "game_session_local_prints_its_addresses_and_ends_well_at_a_signal",
        command_line,
    ),
    ("a_program_that_does_not_exist_is_an_error_that_names_it", no_program),
    ("a_taken_port_is_an_error_that_says_so", taken_port),
    ("a_server_that_always_fails_is_an_error_with_its_reason", always_fails),
    ("a_server_that_never_gets_ready_is_an_error_in_time", never_ready),
    (
        "a_stack_may_be_started_and_dropped_inside_an_async_runtime",
        inside_async,
    ),
];

fn own_server() -> ServerCommand {
    ServerCommand::current_exe().unwrap().arg(roles::SERVER)
}

fn shell(script: &str) -> ServerCommand {
    ServerCommand::new("sh").arg("-c").arg(script)
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

fn listens(url: &str) -> bool {
    TcpStream::connect(url.strip_prefix("http://").unwrap()).is_ok()
}

fn sessions() {
    let (warnings, lines) = (warnings(), Lines::default());
    let stack = LocalStack::builder(own_server()).on_line(lines.take()).start().unwrap();
    stack.wait_until_ready(LIMIT).unwrap();
    block_on(async {
        let owner = Player::guest(stack.backend_url()).await;
        for name in ["First", "Second"] {
            stack.emulator().reset_calls();
            let seat = owner.create(name, 2).await.unwrap();
            let mut calls = stack.emulator().calls();
            calls.dedup(); // a server that takes its time to activate is looked at more than once
            assert_eq!(
                calls,
                ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
            );
            let before = running(&stack);
            owner.end(&seat.game_session.id).await.unwrap();
            until("the process is replaced", || {
                running(&stack).iter().any(|id| !before.contains(id))
            });
            stack.wait_until_ready(LIMIT).unwrap();
        }
    });
    let world = stack.emulator().snapshot();
    assert_eq!(
        world.processes.iter().filter(|process| process.placeable).count(),
        1,
        "one is ready again"
    );
    stack.stop();
    until("its last words", || lines.contain("[server 3] left in order"));
    assert!(lines.contain("[server 1] left in order") && lines.contain("[server 2] left in order"));
    assert!(!lines.contain("WARN") && !lines.contain("ERROR"), "{:#?}", lines.all());
    assert_eq!(warnings.all(), Vec::<String>::new());
}

fn killed_server() {
    let stack = LocalStack::builder(own_server()).on_line(|_| {}).start().unwrap();
    stack.wait_until_ready(LIMIT).unwrap();
    block_on(async {
        let owner = Player::guest(stack.backend_url()).await;
        owner.create("Doomed", 2).await.unwrap();
        let before = running(&stack);
        signal(before[0], Signal::KILL);
        until("the process is replaced", || {
            running(&stack).iter().any(|id| !before.contains(id))
        });
        stack.wait_until_ready(LIMIT).unwrap();
        owner.create("Next", 2).await.unwrap();
    });
}

fn stopped() {
    let lines = Lines::default();
    let stack = LocalStack::builder(own_server())
        .servers(2)
        .on_line(lines.take())
        .start()
        .unwrap();
    until("both run", || running(&stack).len() == 2);
    until("both are ready", || {
        stack
            .emulator()
            .snapshot()
            .processes
            .iter()
            .filter(|one| one.placeable)
            .count()
            == 2
    });
    let (servers, backend, emulator) = (
        running(&stack),
        stack.backend_url().to_owned(),
        stack.emulator_url().to_owned(),
    );
    assert!(listens(&backend) && listens(&emulator));
    stack.stop();
    assert!(
        !servers.iter().any(|id| runs(*id)),
        "the servers are gone when the stop returns"
    );
    assert!(!listens(&backend) && !listens(&emulator));
    for number in [1, 2] {
        until("its last words", || {
            lines.contain(&format!("[server {number}] left in order"))
        });
    }
}

fn killed_parent() {
    let mut parent = Program::start(Command::new(std::env::current_exe().unwrap()).arg(roles::PARENT));
    let servers: Vec<u32> = parent
        .line("servers ")
        .split(' ')
        .map(|id| id.parse().unwrap())
        .collect();
    assert!(servers.len() == 2 && servers.iter().all(|id| runs(*id)));
    signal(parent.id(), Signal::KILL);
    until("the servers are gone", || !servers.iter().any(|id| runs(*id)));
}

fn command_line() {
    for end in [Signal::INT, Signal::TERM] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_game-session"));
        command
            .args(["local", "--servers", "1", "--"])
            .arg(std::env::current_exe().unwrap())
            .arg(roles::SERVER);
        let mut program = Program::start(&mut command);
        let backend = program.line("backend ");
        let emulator = program.line("emulator ");
        assert_eq!(program.line("export AWS_ENDPOINT_URL_GAMELIFT="), emulator);
        program.line("ready ");
        block_on(async { Player::guest(&backend).await.create("Arena", 2).await.unwrap() });
        signal(program.id(), end);
        let (status, said) = program.end();
        assert!(status.success(), "{status}: {said}");
        assert!(said.contains("[server 1] left in order"), "{said}");
        assert!(!listens(&backend) && !listens(&emulator));
    }
}

fn no_program() {
    let error = LocalStack::start(ServerCommand::new("/no/such/server")).unwrap_err();
    assert!(matches!(error, LauncherError::ProgramNotFound { .. }), "{error:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_game-session"));
    let (status, said) = Program::start(command.args(["local", "--", "/no/such/server"])).end();
    assert_eq!(status.code(), Some(1));
    assert!(
        said.contains("the server program /no/such/server was not found"),
        "{said}"
    );
}

fn taken_port() {
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let error = LocalStack::builder(own_server())
        .emulator_port(port)
        .start()
        .unwrap_err();
    assert!(
        matches!(error, LauncherError::Emulator(_)) && error.to_string().contains("port"),
        "{error:?}"
    );
    let error = LocalStack::builder(own_server())
        .backend_port(port)
        .start()
        .unwrap_err();
    assert!(
        matches!(error, LauncherError::Backend(_)) && error.to_string().contains("port"),
        "{error:?}"
    );
}

fn always_fails() {
    let stack = LocalStack::builder(shell("echo no licence >&2; exit 3"))
        .on_line(|_| {})
        .start()
        .unwrap();
    let error = stack.wait_until_ready(LIMIT).unwrap_err();
    assert!(
        matches!(error, LauncherError::ServersKeepFailing { failures: 3.., .. }),
        "{error:?}"
    );
    assert!(
        error.to_string().contains("exit status: 3") && error.to_string().contains("no licence"),
        "{error}"
    );
}

fn never_ready() {
    let stack = LocalStack::start(shell("cat")).unwrap();
    let start = Instant::now();
    let error = stack.wait_until_ready(Duration::from_millis(50)).unwrap_err();
    assert!(matches!(error, LauncherError::NotReady { .. }), "{error:?}");
    assert!(start.elapsed() < LIMIT);
}

fn inside_async() {
    block_on(async {
        let stack = LocalStack::builder(own_server()).on_line(|_| {}).start().unwrap();
        stack.wait_until_ready(LIMIT).unwrap();
        assert!(listens(stack.backend_url()));
    });
}
