//! An emulated account, and the `game-session` program that works on it.
#![allow(dead_code, reason = "nothing runs where there are no signals")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use gamelift_emulator::{Emulator, EmulatorConfig};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::common::Player;
use crate::roles;
use crate::stage::{Program, signal};

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
}

/// An account with an emulator in this process, and a home directory of its own.
pub(crate) struct Account {
    pub(crate) emulator: Emulator,
    pub(crate) home: Home,
    runtime: tokio::runtime::Runtime,
}

impl Account {
    pub(crate) fn new() -> Self {
        let runtime = runtime();
        let emulator = runtime.block_on(Emulator::start(EmulatorConfig::default())).unwrap();
        let home = Home::new(&emulator.endpoint());
        Self {
            emulator,
            home,
            runtime,
        }
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn call(&self, operation: &str, body: Value) -> Value {
        self.block_on(call(&self.emulator.endpoint(), operation, body))
    }

    /// Everything that exists in the account, as text to compare.
    pub(crate) fn things(&self) -> String {
        self.block_on(things(&self.emulator.endpoint()))
    }

    /// Creates a game session, as a client would, and ends it.
    pub(crate) fn play(&self, backend: &str) {
        self.block_on(async {
            let player = Player::guest(backend).await;
            let seat = player.create("Arena", 2).await.unwrap();
            player.end(&seat.game_session.id).await.unwrap();
        });
    }
}

/// Where a developer works: their AWS configuration and the launcher's state.
pub(crate) struct Home {
    dir: tempfile::TempDir,
    variables: BTreeMap<&'static str, String>,
}

impl Home {
    pub(crate) fn new(endpoint: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str| dir.path().join(name).display().to_string();
        let variables = BTreeMap::from([
            ("AWS_CONFIG_FILE", file("config")),
            ("AWS_SHARED_CREDENTIALS_FILE", file("credentials")),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ENDPOINT_URL_GAMELIFT", endpoint.to_owned()),
            ("GAME_SESSION_STATE_DIR", file("state")),
            ("HOME", file("")),
        ]);
        let home = Self { dir, variables };
        home.configure();
        home
    }

    /// What `aws configure` does.
    pub(crate) fn configure(&self) {
        std::fs::write(self.path("config"), "[default]\nregion = us-west-2\n").unwrap();
        let credentials = "[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = secret\n";
        std::fs::write(self.path("credentials"), credentials).unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.insert(name, value.to_owned());
    }

    /// `game-session` with these arguments, in this home.
    pub(crate) fn command(&self, words: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_game-session"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("AWS_") || name.starts_with("GAMELIFT_"))
        {
            command.env_remove(name);
        }
        command
            .args(words.split_whitespace())
            .envs(&self.variables)
            .current_dir(self.dir.path());
        command
    }

    pub(crate) fn start(&self, words: &str) -> Program {
        Program::start(&mut self.command(words))
    }

    /// Runs it to its end; whether it went well, and all that it said.
    pub(crate) fn run(&self, words: &str) -> (bool, String) {
        let (status, said) = self.start(words).end();
        (status.success(), said)
    }

    /// `anywhere up` with this executable as the server, ready.
    pub(crate) fn up(&self, words: &str) -> (Program, String) {
        let mut program = self.start(&format!("anywhere up --backend-port 0 {words} -- {}", server()));
        let backend = program.line("backend ");
        program.line("ready ");
        (program, backend)
    }
}

/// This executable in its server role.
pub(crate) fn server() -> String {
    format!("{} {}", std::env::current_exe().unwrap().display(), roles::SERVER)
}

/// Ctrl-C, and everything it said.
pub(crate) fn interrupt(program: Program) -> String {
    signal(program.id(), Signal::INT);
    let (status, said) = program.end();
    assert!(status.success(), "{status}: {said}");
    said
}

/// An AWS call in plain JSON.
pub(crate) async fn call(endpoint: &str, operation: &str, body: Value) -> Value {
    let request = reqwest::Client::new()
        .post(endpoint)
        .header("x-amz-target", format!("GameLift.{operation}"));
    let answer = request
        .header("content-type", "application/x-amz-json-1.1")
        .body(body.to_string());
    let answer = answer.send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{operation}: {text}");
    serde_json::from_str(&text).unwrap()
}

/// Locations, fleets with their locations and computes.
pub(crate) async fn things(endpoint: &str) -> String {
    let mut text = call(endpoint, "ListLocations", json!({})).await.to_string();
    let fleets = call(endpoint, "ListFleets", json!({})).await;
    for id in fleets["FleetIds"].as_array().unwrap() {
        let fleet = json!({ "FleetId": id });
        let locations = call(endpoint, "DescribeFleetLocationAttributes", fleet.clone()).await;
        let computes = call(endpoint, "ListCompute", fleet).await;
        let (locations, computes) = (&locations["LocationAttributes"], &computes["ComputeList"]);
        text = format!("{text}\n{id} {locations} {computes}");
    }
    text
}

/// An emulator that can be killed, until its input ends.
pub(crate) fn emulator_process(port: u16) -> ExitCode {
    runtime().block_on(async {
        let emulator = Emulator::start(EmulatorConfig::default().port(port)).await.unwrap();
        println!("endpoint {}", emulator.endpoint());
        std::io::stdout().flush().unwrap();
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().lock().read_line(&mut String::new())).await;
    });
    ExitCode::SUCCESS
}

/// Starts it; on any free port with 0.
pub(crate) fn start_emulator(port: u16) -> (Program, String) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let mut program = Program::start(command.args([crate::EMULATOR, &port.to_string()]));
    let endpoint = program.line("endpoint ");
    (program, endpoint)
}
