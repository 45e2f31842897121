//! What cannot work: one clear sentence, an exit code that is not 0, and nothing half made.

use std::net::{Ipv4Addr, TcpListener, UdpSocket};

use gamelift_emulator::Fault;
use serde_json::json;

use crate::account::{Account, server};
use crate::common::free_udp_port;

pub(crate) const TESTS: &[(&str, fn())] = &[
    (
        "without_rights_nothing_is_made_and_the_missing_right_is_named",
        no_rights,
    ),
    (
        "credentials_that_are_missing_or_bad_are_told_in_plain_words",
        credentials,
    ),
    ("a_wrong_region_and_a_fleet_of_another_one_are_told", wrong_region),
    (
        "a_location_with_an_underscore_is_refused_before_anything_is_asked",
        underscore,
    ),
    ("a_name_that_another_machine_has_is_told_with_its_address", name_taken),
    (
        "a_range_without_enough_free_ports_is_told_before_anything_is_made",
        ports,
    ),
    ("a_server_that_never_gets_ready_leaves_nothing_behind", never_ready),
    (
        "a_server_that_ends_again_and_again_leaves_nothing_behind",
        keeps_failing,
    ),
    (
        "a_program_that_does_not_exist_is_told_before_anything_is_made",
        no_program,
    ),
    ("without_a_fleet_the_two_ways_to_one_are_told", no_fleet),
    ("an_endpoint_that_nobody_listens_on_and_an_old_one_are_told", endpoints),
    (
        "an_endpoint_variable_that_is_set_and_empty_counts_as_not_set",
        empty_endpoints,
    ),
];

/// `up` with these words fails with this sentence, and the account is as it was.
fn fails(account: &Account, words: &str, sentence: &str) {
    let command = if words.contains(" -- ") {
        format!("anywhere up {words}")
    } else {
        format!("anywhere up --backend-port 0 {words} -- {}", server())
    };
    let before = account.things();
    let (ok, said) = account.home.run(&command);
    assert!(!ok && said.contains(sentence), "{sentence:?} is not in:\n{said}");
    assert_eq!(account.things(), before, "nothing was made: {said}");
    let (ok, said) = account.home.run("anywhere down --location home");
    assert!(ok && said.contains("nothing of this user's was there"), "{said}");
}

fn fail_calls(account: &Account, operation: Option<&str>, error: &str) {
    let fault = Fault::FailCalls {
        operation: operation.map(str::to_owned),
        error: error.to_owned(),
        times: 1,
    };
    account.emulator.inject(fault).unwrap();
}

fn no_rights() {
    let account = Account::new();
    for operation in ["ListLocations", "CreateLocation", "CreateFleet", "RegisterCompute"] {
        let sentence = format!("does not allow these credentials gamelift:{operation}: attach the policy");
        let before = account.things();
        fail_calls(&account, Some(operation), "AccessDeniedException");
        let command = format!("anywhere up --backend-port 0 --location home --create -- {}", server());
        let (ok, said) = account.home.run(&command);
        assert!(!ok && said.contains(&sentence), "{sentence:?} is not in:\n{said}");
        account.emulator.inject(Fault::Clear).unwrap();
        assert_eq!(account.things(), before, "nothing stays: {said}");
    }
}

fn credentials() {
    let account = Account::new();
    for (error, sentence) in [
        ("UnrecognizedClientException", "does not know this access key"),
        ("ExpiredTokenException", "have expired"),
        (
            "InvalidSignatureException",
            "the secret access key is wrong, or this machine's clock is",
        ),
    ] {
        let before = account.things();
        fail_calls(&account, None, error);
        let (ok, said) = account.home.run(&format!(
            "anywhere up --backend-port 0 --location home --create -- {}",
            server()
        ));
        assert!(!ok && said.contains(sentence), "{sentence:?} is not in:\n{said}");
        assert_eq!(account.things(), before);
    }
    std::fs::remove_file(account.home.path("credentials")).unwrap();
    let (ok, said) = account.home.run("anywhere status --location home");
    assert!(!ok && said.contains("no AWS credentials were found"), "{said}");
}

fn wrong_region() {
    let mut account = Account::new();
    fails(
        &account,
        "--location home --fleet fleet-elsewhere",
        "there is no fleet fleet-elsewhere in",
    );
    let before = account.things();
    fail_calls(&account, None, "UnsupportedRegionException");
    let up = format!("anywhere up --backend-port 0 --location home --create -- {}", server());
    let (ok, said) = account.home.run(&up);
    assert!(!ok && said.contains("set AWS_REGION"), "{said}");
    assert_eq!(account.things(), before);
    account.home.set("AWS_ENDPOINT_URL_GAMELIFT", "");
    account.home.set("AWS_REGION", "nowhere-1");
    let (ok, said) = account.home.run(&up);
    assert!(
        !ok && said.contains("cannot be reached") && said.contains("AWS_REGION"),
        "{said}"
    );
}

fn underscore() {
    let account = Account::new();
    account.emulator.reset_calls();
    let (ok, said) = account
        .home
        .run(&format!("anywhere up --location my_home --create -- {}", server()));
    assert!(!ok && said.contains("no underscores"), "{said}");
    assert_eq!(account.emulator.calls(), Vec::<String>::new());
}

fn name_taken() {
    let account = Account::new();
    let other = json!({
        "FleetId": "fleet-local", "ComputeName": "box", "Location": "custom-local", "IpAddress": "192.0.2.7",
    });
    account.call("RegisterCompute", other);
    let words = "--location local --fleet fleet-local --compute box";
    fails(
        &account,
        words,
        "the name box is taken in fleet fleet-local by a compute at 192.0.2.7",
    );
}

fn ports() {
    let account = Account::new();
    let port = free_udp_port();
    let _holder = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
    let words = format!(
        "--location home --create --server-ports {port}-{port} -- {} {{port}}",
        server()
    );
    fails(
        &account,
        &words,
        "only 0 of the UDP ports for the servers are free and 1 are wanted: widen --server-ports",
    );
    let holder = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = holder.local_addr().unwrap().port();
    let words = format!("--location home --create --backend-port {port} -- {}", server());
    fails(&account, &words, "choose another --backend-port");
}

fn never_ready() {
    let account = Account::new();
    let words = "--location home --create --backend-port 0 --ready-within 1 -- cat";
    fails(&account, words, "no server process got ready within 1 s");
}

fn keeps_failing() {
    let account = Account::new();
    let words = "--location home --create --backend-port 0 -- false";
    fails(
        &account,
        words,
        "times in a row without hosting a game session: exit status: 1",
    );
}

fn no_program() {
    let account = Account::new();
    for program in ["/no/such/server", "no-such-server-anywhere"] {
        let words = format!("--location home --create --backend-port 0 -- {program}");
        fails(&account, &words, &format!("the server program {program} was not found"));
    }
}

fn no_fleet() {
    let account = Account::new();
    fails(
        &account,
        "--location home",
        "no Anywhere fleet has the location custom-home yet: name one with --fleet",
    );
}

fn endpoints() {
    let mut account = Account::new();
    let up = format!("anywhere up --backend-port 0 --location home --create -- {}", server());
    fail_calls(&account, None, "UnknownOperationException");
    let (ok, said) = account.home.run(&up);
    assert!(!ok && said.contains("the old GameLift Local"), "{said}");
    let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .unwrap()
        .local_addr()
        .unwrap();
    account
        .home
        .set("AWS_ENDPOINT_URL_GAMELIFT", &format!("http://{closed}"));
    let (ok, said) = account.home.run(&up);
    assert!(!ok && said.contains("GameLift cannot be reached"), "{said}");
}

fn empty_endpoints() {
    let variables = ["AWS_ENDPOINT_URL_GAMELIFT", "AWS_ENDPOINT_URL"];
    for (set, empty) in [(0, 1), (1, 0)] {
        let mut account = Account::new();
        let endpoint = account.emulator.endpoint();
        account.home.set(variables[set], &endpoint);
        account.home.set(variables[empty], "");
        fails(
            &account,
            "--location home",
            "no Anywhere fleet has the location custom-home yet",
        );
    }
}
