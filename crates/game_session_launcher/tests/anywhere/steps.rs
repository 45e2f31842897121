//! The way of the guide: four commands, two of them again on later days.

use gamelift_emulator::Fault;
use rustix::process::Signal;
use serde_json::json;

use crate::account::{Account, interrupt, server};
use crate::stage::{signal, until};

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "four_commands_lead_from_a_new_account_to_a_game_and_two_of_them_do_on_later_days",
        four_commands,
    ),
    ("status_shows_what_there_is_before_during_and_after", status),
    (
        "a_token_that_expires_and_a_machine_that_is_deregistered_stop_no_new_server",
        token_and_registration,
    ),
    (
        "a_machine_with_another_address_is_registered_again_under_its_name",
        another_address,
    ),
    ("down_removes_only_what_up_made_and_leaves_what_was_there", only_its_own),
    ("down_leaves_a_fleet_that_others_use_and_says_who", used_by_others),
    ("two_ups_do_not_fight", two_ups),
];

/// The four commands of the guide, each with whether it comes again on later days.
fn commands_of_the_guide() -> Vec<(String, bool)> {
    let guide = include_str!("../../README.md");
    let block = guide
        .split("<!-- four commands -->")
        .nth(1)
        .expect("the guide has its four commands");
    let lines = block.lines().skip_while(|line| !line.starts_with("```")).skip(1);
    let commands = lines.take_while(|line| !line.starts_with("```"));
    commands
        .map(|line| {
            let (command, remark) = line.split_once('#').expect("each command says how often");
            (command.trim().to_owned(), remark.contains("every day"))
        })
        .collect()
}

fn four_commands() {
    let commands = commands_of_the_guide();
    assert_eq!(commands.len(), 4, "{commands:?}");
    let daily: Vec<_> = commands.iter().filter(|(_, daily)| *daily).collect();
    assert_eq!(daily.len(), 2, "{commands:?}");
    let starts = [
        "aws configure",
        "cargo build",
        "target/debug/game-session anywhere up",
        "cargo run --example client",
    ];
    for ((command, _), start) in commands.iter().zip(starts) {
        assert!(command.starts_with(start), "{command}");
    }
    // the first three as they are written; this executable stands for the server that the second one builds
    let account = Account::new();
    let before = account.things();
    account.home.configure();
    let (up, _) = commands[2].0.split_once(" -- ").unwrap();
    let up = up.strip_prefix("target/debug/game-session ").unwrap();
    for day in ["first", "second", "third"] {
        let mut program = account.home.start(&format!("{up} --backend-port 0 -- {}", server()));
        let backend = program.line("backend ");
        program.line("ready ");
        account.play(&backend);
        let said = interrupt(program);
        assert_eq!(said.contains("made      location"), day == "first", "{day}: {said}");
        assert!(said.contains("left in order"), "{day}: {said}");
        assert!(!said.contains("ERROR") && !said.contains("WARN"), "{day}: {said}");
    }
    let (ok, said) = account.home.run("anywhere down --location home");
    assert!(ok && said.contains("removed   location custom-home"), "{said}");
    assert_eq!(account.things(), before);
}

fn status() {
    let account = Account::new();
    let look = || {
        let (ok, said) = account.home.run("anywhere status --location home");
        assert!(ok, "{said}");
        said
    };
    assert!(look().contains("location  custom-home (not there)"));
    let (up, backend) = account.home.up("--location home --create --compute box");
    let during = look();
    for part in [
        "compute   box at 127.0.0.1",
        "processes 1",
        "up        runs (process",
        &backend,
        "ours      fleet",
    ] {
        assert!(during.contains(part), "{part}: {during}");
    }
    interrupt(up);
    assert!(look().contains("up        does not run"));
    account.home.run("anywhere down --location home");
    let after = look();
    assert!(
        after.contains("(not there)") && after.contains("not registered") && !after.contains("ours"),
        "{after}"
    );
}

fn token_and_registration() {
    let account = Account::new();
    let before = account.things();
    let (mut up, backend) = account.home.up("--location home --create --compute box");
    let fleet = account.call("ListFleets", json!({}))["FleetIds"][1].clone();
    account.call("DeregisterCompute", json!({ "FleetId": fleet, "ComputeName": "box" }));
    account.emulator.inject(Fault::ExpireTokens).unwrap();
    // the running server is replaced by one that needs a token
    let process: u32 = up.heard("[server 1] pid ").parse().unwrap();
    signal(process, Signal::KILL);
    account.block_on(crate::common::until(
        &account.emulator,
        "another process is ready",
        |world| {
            world
                .processes
                .iter()
                .any(|it| it.placeable && it.process_id.ends_with("-2"))
                || world
                    .processes
                    .iter()
                    .any(|it| it.placeable && it.process_id.ends_with("-3"))
        },
    ));
    account.play(&backend);
    let compute = account.call("DescribeCompute", json!({ "FleetId": fleet, "ComputeName": "box" }));
    assert_eq!(compute["Compute"]["IpAddress"], "127.0.0.1");
    interrupt(up);
    let (ok, said) = account.home.run("anywhere down --location home");
    assert!(ok, "{said}");
    assert_eq!(account.things(), before);
}

fn another_address() {
    let account = Account::new();
    let before = account.things();
    for address in ["127.0.0.1", "127.0.0.2"] {
        let words = format!("--location home --create --compute box --address {address}");
        let (up, backend) = account.home.up(&words);
        assert!(
            account.things().contains(&format!("\"IpAddress\":\"{address}\"")),
            "{}",
            account.things()
        );
        account.play(&backend);
        interrupt(up);
    }
    assert!(
        !account.things().contains("\"IpAddress\":\"127.0.0.1\""),
        "{}",
        account.things()
    );
    assert!(account.home.run("anywhere down --location home").0);
    assert_eq!(account.things(), before);
}

fn only_its_own() {
    let account = Account::new();
    let before = account.things();
    // a fleet and a location that were there; then the same fleet with a location that was not
    for words in ["--location local", "--location attic --fleet fleet-local"] {
        let (up, backend) = account.home.up(&format!("{words} --compute box"));
        account.play(&backend);
        interrupt(up);
        let location = words.split_whitespace().nth(1).unwrap();
        let (ok, said) = account.home.run(&format!("anywhere down --location {location}"));
        assert!(ok && said.contains("removed   compute box"), "{said}");
        assert_eq!(
            said.contains("removed   location custom-attic"),
            location == "attic",
            "{said}"
        );
        assert_eq!(account.things(), before);
    }
    let (ok, said) = account.home.run("anywhere down --location local");
    assert!(ok && said.contains("nothing of this user's was there"), "{said}");
}

fn used_by_others() {
    let account = Account::new();
    let (up, _) = account.home.up("--location home --create --compute box");
    interrupt(up);
    let fleet = account.call("ListFleets", json!({}))["FleetIds"][1].clone();
    let other =
        json!({ "FleetId": fleet, "ComputeName": "colleague", "Location": "custom-home", "IpAddress": "192.0.2.7" });
    account.call("RegisterCompute", other);
    let (ok, said) = account.home.run("anywhere down --location home");
    assert!(
        !ok && said.contains("is used by colleague: remove that first"),
        "{said}"
    );
    assert!(account.things().contains("colleague") && !account.things().contains("box"));
    account.call(
        "DeregisterCompute",
        json!({ "FleetId": fleet, "ComputeName": "colleague" }),
    );
    assert!(account.home.run("anywhere down --location home").0);
    assert!(!account.things().contains("custom-home"));
}

fn two_ups() {
    let account = Account::new();
    let (up, _) = account.home.up("--location home --create");
    let second = format!("anywhere up --location home --create --backend-port 0 -- {}", server());
    for words in [second.as_str(), "anywhere down --location home"] {
        let (ok, said) = account.home.run(words);
        let pid = up.id();
        assert!(
            !ok && said.contains(&format!("(process {pid}) works on custom-home: stop it first")),
            "{said}"
        );
    }
    until("the first is still there", || crate::stage::runs(up.id()));
    interrupt(up);
    assert!(account.home.run("anywhere down --location home").0);
}
