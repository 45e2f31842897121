//! What must happen on the whole stack.

mod app;
mod player;
mod process;
mod stage;

use std::io::Write as _;
use std::process::{Command, ExitCode};
use std::time::Duration;

use app::Client;
use bevy_game_session_examples::client::flow::Wish;
use player::Player;
use stage::{Stage, stack_said};

/// The stories, by name.
pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "two_players_arrive_play_leave_and_the_server_process_is_replaced",
        two_players,
    ),
    (
        "a_client_without_a_backend_says_so_in_one_sentence_and_fails",
        no_backend,
    ),
    ("a_crowd_fills_one_session_and_sums_up_what_it_saw", crowd),
    (
        "one_trace_id_leads_from_the_players_log_over_the_backends_to_the_servers",
        traced,
    ),
    (
        "the_table_of_sessions_is_printed_without_a_window_and_says_where_to_look",
        table_of_sessions,
    ),
    (
        "a_host_on_the_local_network_is_listed_joined_and_heard_when_it_leaves",
        host_on_the_local_network,
    ),
    (
        "a_host_on_the_local_network_that_is_killed_is_heard_too",
        killed_host_on_the_local_network,
    ),
    ("a_client_that_is_killed_leaves_no_seat_behind", killed_client),
    (
        "a_server_that_is_killed_ends_the_session_and_is_replaced",
        killed_server,
    ),
    (
        "a_player_who_is_cut_off_comes_back_to_the_same_ship_and_may_still_end_the_game",
        cut_off_player,
    ),
    ("disk_full_stdout_closed_log_pipe_blocked_the_game_goes_on", bad_logs),
    (
        "a_server_that_gets_sigterm_or_sigint_says_that_it_ends",
        signalled_server,
    ),
    (
        "a_client_that_is_killed_takes_its_own_stack_with_it",
        killed_client_with_stack,
    ),
    (
        "a_client_that_gets_ctrl_c_leaves_and_takes_its_own_stack_with_it",
        interrupted_client_with_stack,
    ),
];

/// The longest that any one thing may take on a slow, busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn two_players() {
    let stage = Stage::set();
    let baseline = stage.process_count();

    stage.forget_calls();
    let create = [
        "--create",
        "--name",
        "Anna",
        "--session",
        "Arena",
        "--play",
        "10",
        "--end",
    ];
    let mut owner = Player::start(&stage, &create);
    owner.wait_for("in session");
    let mut calls = stage.calls();
    calls.dedup(); // a server that loads for long is looked at more than once
    assert_eq!(
        calls,
        ["CreateGameSession", "DescribeGameSessions", "CreatePlayerSession"]
    );

    let mut guest = Player::start(&stage, &["--session", "Arena", "--play", "1"]);
    guest.wait_for("saw 2 player(s): Anna, Pilot ");
    guest.must_succeed();
    stage.wait_until("the guest's seat is free", |world| world.seats_in_use() == 1);

    owner.wait_for("saw 1 player(s)");
    owner.must_succeed();
    stage.wait_until("the session is over", |world| {
        world.live_sessions() == 0 && world.seats_in_use() == 0
    });
    stage.wait_until("the server process is replaced", |world| world.idle_processes() == 1);
    assert_eq!(stage.process_count(), baseline);
    stage.strike_without_warnings();
}

fn no_backend() {
    let mut player = Player::start_with_backend("http://127.0.0.1:9", &["--create"]);
    player.must_fail_saying("The game service cannot be reached");
}

fn crowd() {
    let stage = Stage::set();
    let mut crowd = Player::start(&stage, &["--bots", "3", "--play", "2"]);
    crowd.wait_for("arrivals      3 of 3");
    crowd.wait_for("losses        0 player(s)");
    stage.wait_until("all seats are free", |world| world.seats_in_use() == 0);
    stage.strike_without_warnings();
}

fn traced() {
    let stage = Stage::set();
    let mut owner = Player::start_logging("bevy_game_session_client=info", &stage, &["--create", "--play", "0.2"]);
    owner.must_succeed();
    let line = owner.line_with("the backend gave a seat");
    let (_, rest) = line.split_once("trace_id=").expect("it names the trace");
    let trace = rest.split_whitespace().next().unwrap().trim_matches('"');
    assert_eq!(trace.len(), 32, "{line}");
    for saying in ["a game session was placed", "a seat was given"] {
        assert!(stack_said(saying, trace), "the backend's log: {saying}");
    }
    assert!(stage.servers_said("game session started", trace), "the server's log");
    stage.strike_without_warnings();
}

fn table_of_sessions() {
    let stage = Stage::set();
    let name = unique("Arena");
    // the local network is looked at too, and whoever plays there on this machine is not ours
    let browse = ["--browse", "--loopback", "--session", &name];
    let said = Player::start(&stage, &browse).must_end_well();
    assert!(said.contains("no sessions"), "{said}");

    let mut owner = Player::start(&stage, &["--create", "--session", &name, "--play", "60"]);
    owner.wait_for("in session");
    let said = Player::start(&stage, &browse).must_end_well();
    let row = said.lines().find(|line| line.starts_with(&name)).unwrap_or_default();
    assert!(row.contains("1 / 8") && row.contains("Online"), "{said}");
    assert!(said.contains("Players") && said.contains("1 session"), "{said}");

    Player::start_alone(&["--browse"]).must_fail_saying("give --backend URL or --lan");
    drop(owner);
    stage.strike();
}

fn host_on_the_local_network() {
    let name = unique("Near");
    let near = ["--lan", "--loopback", "--session", &name];
    let mut host = Player::start_alone(&[&near[..], &["--host", "--play", "120"]].concat());
    host.wait_for("in session");
    let said = Player::start_alone(&[&near[..], &["--browse"]].concat()).must_end_well();
    let row = said.lines().find(|line| line.starts_with(&name)).unwrap_or_default();
    assert!(row.contains("1 / 8") && row.contains("Local network"), "{said}");

    let mut guest = Player::start_alone(&[&near[..], &["--play", "120"]].concat());
    guest.wait_for("in session");
    process::send("-INT", host.os_id());
    guest.must_fail_saying("The server is shutting down.");
    host.must_end_without_a_panic();
}

fn killed_host_on_the_local_network() {
    let name = unique("Near");
    let near = ["--lan", "--loopback", "--session", &name, "--play", "120"];
    let mut host = Player::start_alone(&[&near[..], &["--host"]].concat());
    host.wait_for("in session");
    let mut guest = Player::start_alone(&near);
    guest.wait_for("in session");
    host.kill();
    guest.must_fail_saying("The connection to the server was lost");
}

/// Others on this machine may test at the same time.
fn unique(name: &str) -> String {
    format!("{name} {}", std::process::id())
}

fn killed_client() {
    let stage = Stage::set();
    let mut owner = Player::start(&stage, &["--create", "--session", "Arena", "--play", "60"]);
    owner.wait_for("in session");
    stage.wait_until("the seat is taken", |world| world.seats_in_use() == 1);
    owner.kill();
    stage.wait_until("the seat is free", |world| world.seats_in_use() == 0);
    stage.strike();
}

fn killed_server() {
    let stage = Stage::set();
    let mut owner = Player::start(&stage, &["--create", "--session", "Arena", "--play", "60"]);
    owner.wait_for("in session");
    stage.kill_busy_server();
    owner.must_fail_saying("The connection to the server was lost");
    stage.wait_until("the session is over", |world| world.live_sessions() == 0);
    stage.wait_until("the server process is replaced", |world| world.idle_processes() == 1);

    let mut next = Player::start(&stage, &["--create", "--session", "Next", "--play", "0.2"]);
    next.must_succeed();
    stage.strike();
}

fn cut_off_player() {
    let stage = Stage::set();
    let mut client = Client::start(&stage);
    client.wishes_a_game();
    let ship = client.plays();
    assert!(client.may_end_the_session(), "there was none: the quick join made it");

    let (_, server) = stage.only_process();
    process::send("-STOP", server);
    client.loses_the_connection();
    process::send("-CONT", server);
    client.wishes(Wish::Rejoin);
    assert_eq!(client.plays(), ship);
    assert!(client.may_end_the_session(), "it is still their game");

    client.wishes(Wish::End);
    client.is_out();
    stage.wait_until("the session is over", |world| world.live_sessions() == 0);
    stage.strike();
}

fn bad_logs() {
    for role in [crate::UNREAD, crate::CLOSED] {
        let stage = Stage::with_servers(role);
        let mut owner = Player::start(&stage, &["--create", "--play", "0.2"]);
        owner.must_succeed();
        stage.wait_until("the seat is free", |world| world.seats_in_use() == 0);
        stage.strike();
    }
}

/// Becomes the parent of a dedicated server that has the beginning of a pipe for its log. Its log is that of every event.
pub(crate) fn serve_with_a_bad_log(log: &str) -> ExitCode {
    let (reader, writer) = std::io::pipe().unwrap();
    if log == crate::CLOSED {
        drop(reader);
    } else {
        // until the pipe is full, and then without end
        let mut filler = writer.try_clone().unwrap();
        std::thread::spawn(move || while filler.write_all(&[b'x'; 4096]).is_ok() {});
        std::mem::forget(reader);
    }
    let server = Command::new(std::env::current_exe().unwrap())
        .args(std::env::args().skip(1))
        .env(crate::ROLE, "server")
        .env("RUST_LOG", "trace,netcode=off")
        .stdout(writer.try_clone().unwrap())
        .stderr(writer)
        .status();
    if server.unwrap().success() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn signalled_server() {
    for signal in ["-TERM", "-INT"] {
        let stage = Stage::set();
        let (process_id, os_id) = stage.only_process();
        process::send(signal, os_id);
        stage.wait_until("the process has ended", |world| world.has_ended(&process_id));
        stage.wait_until("it is replaced", |world| world.idle_processes() == 1);
        stage.wait_until("nobody calls that a crash", |world| world.crashes() == 0);
        stage.strike();
    }
}

fn killed_client_with_stack() {
    let mut player = Player::start_alone(&["--play", "60"]);
    player.wait_for("in session");
    let children = player.children();
    assert!(!children.is_empty(), "the client has a server process");
    player.kill();
    children.into_iter().for_each(process::wait_until_gone);
}

fn interrupted_client_with_stack() {
    let mut player = Player::start_alone(&["--play", "60"]);
    player.wait_for("in session");
    let children = player.children();
    process::send("-INT", player.os_id());
    player.must_end_without_a_panic();
    children.into_iter().for_each(process::wait_until_gone);
}
