//! The program: what it prints, and what it ends with.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gamelift-emulator"));
    command.env_remove("RUST_LOG").env_remove("GAMELIFT_EMULATOR_PORT");
    command
}

fn ends(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// A running program and the first line that it printed.
struct Running(Child, String);

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = program()
            .args(["--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self(child, line)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[tokio::test]
async fn json_has_all_that_clients_and_servers_need() {
    let running = Running::start(&["--json", "--process-id", "mine"]);
    let told: Value = serde_json::from_str(&running.1).unwrap();
    assert_eq!(told["server_environment"]["GAMELIFT_SDK_PROCESS_ID"], "mine");
    assert_eq!(
        told["client_environment"]["AWS_ENDPOINT_URL_GAMELIFT"],
        told["endpoint"]
    );
    let statsd = told["server_environment"]["GAMELIFT_STATSD_PORT"].as_str().unwrap();
    assert!(statsd.parse::<u16>().unwrap() > 0);
    let page = reqwest::get(told["dashboard"].as_str().unwrap()).await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    assert!(page.contains(told["control_secret"].as_str().unwrap()));
}

#[test]
fn json_makes_every_line_of_the_log_a_json_object() {
    let mut running = Running::start(&["--json"]);
    drop(running.0.kill());
    let log = BufReader::new(running.0.stderr.take().unwrap());
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let listens = lines.iter().find(|line| line["message"] == "emulator listens").unwrap();
    assert_eq!(listens["level"], "info");
    let endpoint = serde_json::from_str::<Value>(&running.1).unwrap()["endpoint"].clone();
    let port = listens["fields"]["port"].to_string();
    assert!(endpoint.as_str().unwrap().ends_with(&port), "{listens}");
}

#[tokio::test]
async fn quiet_is_the_endpoint_alone() {
    let running = Running::start(&["--quiet"]);
    let health = format!("{}/_emulator/health", running.1.trim());
    assert_eq!(reqwest::get(health).await.unwrap().status(), 200);
}

#[test]
fn each_way_to_fail_has_its_exit_code_and_says_what_is_wrong() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("gamelift-emulator.redb"), [7; 4096]).unwrap();
    let data = directory.path().to_str().unwrap();
    for (arguments, code, words) in [
        (&["--port", port.as_str()][..], 3, "another port"),
        (&["--port", "0", "--data-dir", data], 4, "data directory"),
        (&["--port", "0", "--seed", "/no/such/file"], 2, "/no/such/file"),
        (&["--port", "0", "--fault", "{}"], 2, "is no fault"),
        (&["--port", "0", "--fleet-id", "not one"], 2, "fleet id"),
        (&["--port", "0", "--event-bridge", "https://x"], 2, "http://"),
        (&["--nonsense"], 2, "--nonsense"),
    ] {
        let output = ends(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
}

#[test]
fn help_teaches_with_examples_and_names_the_exit_codes() {
    let help = String::from_utf8(ends(&["--help"]).stdout).unwrap();
    for words in [
        "Examples:",
        "--data-dir",
        "--sns",
        "Exit codes:",
        "NO_COLOR",
        "dashboard",
    ] {
        assert!(help.contains(words), "{words}");
    }
    assert!(!help.contains('\u{1b}'), "no colours into a pipe");
}
