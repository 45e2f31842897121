//! The mistakes of the original's set-up guide, each seeded, each found with how to mend it.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use gamelift_emulator::{EmulatorConfig, Fault};
use serde_json::json;

use crate::account::{Account, interrupt, server};
use crate::common::free_udp_port;
use crate::servers;

pub(crate) const TESTS: &[(&str, fn())] = &[
    ("a_whole_set_up_is_found_fine_from_the_credentials_to_the_ticket", fine),
    ("missing_credentials_and_a_missing_region_are_found", credentials),
    ("a_refused_key_an_expired_one_and_a_wrong_secret_are_found", refused),
    ("a_right_that_is_missing_is_named_before_it_is_needed", rights),
    ("a_location_with_an_underscore_or_in_another_region_is_found", locations),
    (
        "a_fleet_that_is_not_there_or_lacks_the_location_or_is_not_the_only_one_is_found",
        fleets,
    ),
    (
        "a_machine_that_is_not_registered_or_under_another_address_is_found",
        computes,
    ),
    ("a_token_that_was_pasted_and_has_expired_is_found", pasted),
    (
        "a_backend_that_does_not_run_and_an_address_that_is_none_are_found",
        backends,
    ),
    ("ports_that_are_taken_are_found", ports),
    ("a_server_that_never_connects_or_never_gets_ready_is_found", not_ready),
    ("a_server_that_is_not_there_or_ends_at_once_is_found", no_server),
    ("a_server_that_reports_a_port_it_does_not_hold_is_found", wrong_port),
    ("a_server_that_never_activates_is_found", never_activates),
    ("an_endpoint_that_is_the_old_tool_is_found", old_tool),
    ("the_doctor_changes_nothing", changes_nothing),
];

fn examine(account: &Account, words: &str) -> (bool, String) {
    account.home.run(&format!("doctor --backend-port 0 {words}"))
}

/// A problem with these words is found, and how to mend it.
fn finds(account: &Account, words: &str, seen: &str, mend: &str) {
    let (ok, said) = examine(account, words);
    let found = said.split("PROBLEM").skip(1).find(|finding| finding.contains(seen));
    let found = found.unwrap_or_else(|| panic!("no problem {seen:?} in:\n{said}"));
    assert!(!ok, "the exit code says so: {said}");
    let said_how = found.split("mend it:").nth(1).unwrap_or_default();
    assert!(said_how.contains(mend), "{mend:?} is not in: {found}");
}

fn role(role: &str) -> String {
    format!("{} {role}", std::env::current_exe().unwrap().display())
}

fn fine() {
    let account = Account::new();
    let (up, backend) = account.home.up("--location home --create --compute box");
    let words = format!(
        "--location home --compute box --backend {backend} -- {}",
        role(servers::GOOD)
    );
    let (ok, said) = examine(&account, &words);
    assert!(ok && !said.contains("PROBLEM"), "{said}");
    for check in [
        "credentials",
        "rights",
        "quotas",
        "location",
        "fleet",
        "compute",
        "endpoint",
        "auth token",
        "clock",
        "netcode",
        "backend",
        "backend configuration",
        "server ports",
        "server",
        "reported port",
        "game session",
        "ticket",
    ] {
        assert!(said.contains(&format!("fine     {check}: ")), "{check}: {said}");
    }
    interrupt(up);
}

fn credentials() {
    let account = Account::new();
    std::fs::write(account.home.path("config"), "").unwrap();
    finds(&account, "", "no AWS region is configured", "aws configure");
    account.home.configure();
    std::fs::remove_file(account.home.path("credentials")).unwrap();
    finds(&account, "", "no AWS credentials were found", "aws configure");
}

fn refused() {
    let account = Account::new();
    for (error, seen, mend) in [
        (
            "UnrecognizedClientException",
            "does not know this access key",
            "AWS_ACCESS_KEY_ID",
        ),
        ("ExpiredTokenException", "credentials have expired", "sign in again"),
        (
            "InvalidSignatureException",
            "refused the signature",
            "this machine's clock",
        ),
        ("UnsupportedRegionException", "in this region", "AWS_REGION"),
    ] {
        fail(&account, None, error);
        finds(&account, "", seen, mend);
    }
}

fn fail(account: &Account, operation: Option<&str>, error: &str) {
    let fault = Fault::FailCalls {
        operation: operation.map(str::to_owned),
        error: error.to_owned(),
        times: 1,
    };
    account.emulator.inject(fault).unwrap();
}

fn rights() {
    let account = Account::new();
    for right in ["RegisterCompute", "CreateGameSession", "GetComputeAuthToken"] {
        fail(&account, Some(right), "AccessDeniedException");
        finds(&account, "", &format!("may not gamelift:{right}"), "attach the policy");
    }
}

fn locations() {
    let account = Account::new();
    finds(&account, "--location custom-my_home", "no underscores", "choose a name");
    finds(
        &account,
        "--location attic",
        "there is no location custom-attic",
        "locations belong to one region",
    );
}

fn fleets() {
    let account = Account::new();
    finds(
        &account,
        "--location local --fleet fleet-123",
        "there is no fleet fleet-123",
        "anywhere up --create",
    );
    account.call("CreateLocation", json!({ "LocationName": "custom-attic" }));
    finds(
        &account,
        "--location attic",
        "no Anywhere fleet has the location",
        "anywhere up --create",
    );
    let words = "--location attic --fleet fleet-local";
    finds(
        &account,
        words,
        "does not have the location custom-attic",
        "which adds it",
    );
    let fleet = json!({ "Name": "second", "ComputeType": "ANYWHERE", "Locations": [{ "Location": "custom-local" }] });
    account.call("CreateFleet", fleet);
    let (_, said) = examine(&account, "--location local");
    assert!(
        said.contains("WARNING  fleet: several fleets have the location"),
        "{said}"
    );
    assert!(said.contains("name the one that is meant with --fleet"), "{said}");
}

fn computes() {
    let account = Account::new();
    let words = "--location local --compute box";
    finds(&account, words, "box is not registered in fleet-local", "anywhere up");
    let compute = json!({
        "FleetId": "fleet-local", "ComputeName": "box", "Location": "custom-local", "IpAddress": "192.0.2.7",
    });
    account.call("RegisterCompute", compute);
    finds(
        &account,
        words,
        "box is registered with 192.0.2.7, and this machine has 127.0.0.1",
        "registers it again",
    );
}

fn pasted() {
    let mut account = Account::new();
    account.home.set("GAMELIFT_SDK_AUTH_TOKEN", "pasted");
    finds(
        &account,
        "",
        "but not GAMELIFT_SDK_WEBSOCKET_URL",
        "unset GAMELIFT_SDK_*",
    );
    for (name, value) in account.emulator.server_environment("process-1") {
        let name: &'static str = Box::leak(name.into_boxed_str());
        account.home.set(name, &value);
    }
    let (_, said) = examine(&account, "");
    assert!(
        said.contains("WARNING  pasted variables") && said.contains("is still good"),
        "{said}"
    );
    account.emulator.inject(Fault::ExpireTokens).unwrap();
    finds(&account, "", "an expired token mostly", "anywhere up");
    assert_eq!(
        account.emulator.snapshot().processes.len(),
        0,
        "looking leaves no process behind"
    );
}

fn backends() {
    let account = Account::new();
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    finds(
        &account,
        &format!("--backend http://{closed}"),
        "nobody listens at",
        "start it",
    );
    finds(
        &account,
        "--backend 127.0.0.1:8080",
        "is no address of a backend",
        "with its scheme",
    );
    finds(
        &account,
        "--backend \"http://127.0.0.1:8080\"",
        "is no address of a backend",
        "without quotes",
    );
    let other = format!("--backend {}", account.emulator.endpoint());
    finds(&account, &other, "answers with 404", "the backend of this project");
}

fn ports() {
    let account = Account::new();
    let port = free_udp_port();
    let _holder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    finds(
        &account,
        &format!("--server-ports {port}-{port}"),
        "0 of 1 UDP ports are free",
        "widen the range",
    );
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let (_, said) = account.home.run(&format!("doctor --backend-port {port}"));
    assert!(
        said.contains(&format!("WARNING  backend port: TCP port {port} is taken")),
        "{said}"
    );
}

fn not_ready() {
    let account = Account::new();
    finds(
        &account,
        "--ready-within 2 -- cat",
        "does not connect to GameLift within 2 s",
        "SDK 4 connects to the old",
    );
    let silent = format!("--ready-within 5 -- {}", role(servers::SILENT));
    finds(
        &account,
        &silent,
        "does not call ProcessReady within 5 s; its last line: [server 1] connected",
        "call ProcessReady",
    );
}

fn no_server() {
    let account = Account::new();
    finds(
        &account,
        "-- /no/such/server",
        "the server program /no/such/server was not found",
        "check the command",
    );
    finds(&account, "-- false", "exit status: 1", "run the command by itself");
}

fn wrong_port() {
    let account = Account::new();
    finds(
        &account,
        &format!("-- {}", server()),
        "nothing is bound there",
        "the port that the server really bound",
    );
}

fn never_activates() {
    let account = Account::new();
    let words = format!("--ready-within 10 -- {}", role(servers::IDLE));
    finds(
        &account,
        &words,
        "a game session did not become active",
        "call ActivateGameSession",
    );
}

fn old_tool() {
    let mut account = Account::new();
    let config = EmulatorConfig::default().legacy();
    let old = account.block_on(gamelift_emulator::Emulator::start(config)).unwrap();
    account.home.set("AWS_ENDPOINT_URL_GAMELIFT", &old.endpoint());
    finds(&account, "", "the endpoint does not know ListLocations", "legacy mode");
}

fn changes_nothing() {
    let account = Account::new();
    let before = account.things();
    let (_, said) = examine(&account, &format!("--location local -- {}", role(servers::GOOD)));
    assert!(said.contains("fine     rights"), "{said}");
    assert_eq!(account.things(), before);
    assert!(
        account.emulator.snapshot().game_sessions.is_empty(),
        "servers are tried elsewhere"
    );
}
