//! Whatever is killed at whatever moment: running `up` again recovers, and `down` leaves nothing.

use std::process::Command;

use gamelift_emulator::Fault;
use rustix::process::Signal;
use serde_json::json;

use crate::account::{Account, Home, interrupt, runtime, server, start_emulator, things};
use crate::common::Player;
use crate::stage::{Program, runs, signal, until};

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "an_up_that_is_killed_in_any_call_is_taken_up_again_and_down_leaves_nothing",
        killed_in_a_call,
    ),
    (
        "a_fleet_that_was_made_without_the_run_hearing_of_it_is_found_by_its_tags",
        killed_before_the_answer,
    ),
    (
        "an_up_that_is_killed_while_it_runs_takes_its_servers_along_and_can_be_run_again",
        killed_while_running,
    ),
    (
        "a_server_that_is_killed_is_replaced_and_hosts_the_next_game",
        killed_server,
    ),
    (
        "an_emulator_that_is_killed_and_comes_back_empty_is_set_up_again",
        killed_emulator,
    ),
];

const UP: &str = "--location home --create --compute box";

/// An `up` that was killed while it waited for the answer of this call, which was not carried out.
fn killed_in(account: &Account, operation: &str) {
    account.emulator.reset_calls();
    let delay = Fault::DelayCalls {
        operation: Some(operation.to_owned()),
        millis: 600_000,
        times: 1,
    };
    account.emulator.inject(delay).unwrap();
    let up = account
        .home
        .start(&format!("anywhere up --backend-port 0 {UP} -- {}", server()));
    until("the call came", || {
        account.emulator.calls().iter().any(|call| call == operation)
    });
    signal(up.id(), Signal::KILL);
    drop(up);
    account.emulator.inject(Fault::Clear).unwrap();
}

fn recovers_and_leaves_nothing(account: &Account, before: &str) {
    let (up, backend) = account.home.up(UP);
    account.play(&backend);
    interrupt(up);
    let (ok, said) = account.home.run("anywhere down --location home");
    assert!(ok, "{said}");
    assert_eq!(account.things(), before);
}

fn killed_in_a_call() {
    let account = Account::new();
    let before = account.things();
    for operation in [
        "ListLocations",
        "CreateLocation",
        "CreateFleet",
        "RegisterCompute",
        "GetComputeAuthToken",
    ] {
        killed_in(&account, operation);
        recovers_and_leaves_nothing(&account, &before);
    }
    for operation in ["CreateLocation", "CreateFleet", "RegisterCompute"] {
        killed_in(&account, operation);
        let (ok, said) = account.home.run("anywhere down --location home");
        assert!(ok, "{said}");
        assert_eq!(account.things(), before, "down alone, after a kill in {operation}");
    }
}

fn killed_before_the_answer() {
    let account = Account::new();
    let before = account.things();
    for recover in [true, false] {
        killed_in(&account, "CreateFleet");
        let owner = std::fs::read_to_string(account.home.path("state/owner")).unwrap();
        let tags = [
            ("game-session:owner", owner.as_str()),
            ("game-session:location", "custom-home"),
        ];
        let tags: Vec<_> = tags
            .iter()
            .map(|(key, value)| json!({ "Key": key, "Value": value }))
            .collect();
        let fleet = json!({
            "Name": "game-session-home", "ComputeType": "ANYWHERE", "Locations": [{ "Location": "custom-home" }],
            "Tags": tags,
        });
        account.call("CreateFleet", fleet);
        if recover {
            let (up, backend) = account.home.up(UP);
            account.play(&backend);
            interrupt(up);
            let fleets = account.call("ListFleets", json!({}));
            assert_eq!(
                fleets["FleetIds"].as_array().unwrap().len(),
                2,
                "no second one was made: {fleets}"
            );
        }
        assert!(account.home.run("anywhere down --location home").0);
        assert_eq!(account.things(), before);
    }
}

fn killed_while_running() {
    let account = Account::new();
    let before = account.things();
    let (mut up, _) = account.home.up(&format!("{UP} --servers 2"));
    let server: u32 = up.heard("[server 1] pid ").parse().unwrap();
    signal(up.id(), Signal::KILL);
    until("its server is gone", || !runs(server));
    drop(up);
    recovers_and_leaves_nothing(&account, &before);
}

fn killed_server() {
    let account = Account::new();
    let (mut up, backend) = account.home.up(UP);
    let server: u32 = up.heard("[server 1] pid ").parse().unwrap();
    signal(server, Signal::KILL);
    account.block_on(crate::common::until(&account.emulator, "another is ready", |world| {
        world
            .processes
            .iter()
            .any(|it| it.placeable && it.process_id.ends_with("-2"))
    }));
    account.play(&backend);
    interrupt(up);
}

fn killed_emulator() {
    let (first, endpoint) = start_emulator(0);
    let port = endpoint.rsplit(':').next().unwrap().parse().unwrap();
    let home = Home::new(&endpoint);
    let (up, _) = home.up(UP);
    signal(first.id(), Signal::KILL);
    drop(first);
    let (_second, _) = start_again(port);
    // its servers and their fleet are gone from the world; it still ends when it is told
    interrupt(up);
    let runtime = runtime();
    let before = runtime.block_on(things(&endpoint));
    let (up, backend) = home.up(UP);
    runtime.block_on(async { Player::guest(&backend).await.create("Arena", 2).await.unwrap() });
    interrupt(up);
    let (ok, said) = home.run("anywhere down --location home");
    assert!(ok, "{said}");
    assert_eq!(runtime.block_on(things(&endpoint)), before);
}

/// The port may be busy for a moment.
fn start_again(port: u16) -> (Program, String) {
    until("the port is free", || {
        std::net::TcpListener::bind(("127.0.0.1", port)).is_ok()
    });
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut program = Program::start(command.args([crate::EMULATOR, &port.to_string()]));
    let endpoint = program.line("endpoint ");
    (program, endpoint)
}
