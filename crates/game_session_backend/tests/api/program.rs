//! The backend as a program: what it refuses to start with, TLS, and how it stops.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use game_session_backend::Keyring;
use reqwest::{Certificate, Client, StatusCode};
use tempfile::TempDir;

/// The program with nothing of the tests' own environment that could configure it.
fn program(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_game-session-backend"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_") || name.starts_with("GAME_SESSION_") {
            program.env_remove(&*name);
        }
    }
    program
        .args(["--listen", "127.0.0.1:0", "--fleet", "fleet-1"])
        .args(arguments)
        .env("AWS_REGION", "us-west-2")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("RUST_LOG", "off")
        .stderr(Stdio::piped());
    program
}

/// The program with a queue in place of a fleet.
fn with_queue(arguments: &[&str]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_game-session-backend"));
    program
        .args(["--listen", "127.0.0.1:0", "--queue", "arena"])
        .args(arguments)
        .env_remove("GAME_SESSION_FLEET")
        .env("AWS_REGION", "us-west-2")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("RUST_LOG", "off")
        .stderr(Stdio::piped());
    program
}

#[test]
fn a_queue_stands_in_for_a_fleet_and_its_topic_must_be_one() {
    let topic = "arn:aws:sns:us-west-2:123456789012:placements";
    assert!(
        Running::start(with_queue(&["--events-topic", topic]))
            .url
            .starts_with("http://127.0.0.1:")
    );
    let said = refusal(with_queue(&["--events-topic", "placements"]));
    assert!(said.contains("`placements` is no topic"), "{said}");
    let said = refusal(with_queue(&[
        "--events-topic",
        topic,
        "--events-certificate",
        "https://evil.example/x",
    ]));
    assert!(said.contains("on this machine only"), "{said}");
    let said = refusal(with_queue(&["--fleet", "fleet-1"]));
    assert!(said.contains("cannot be used with"), "{said}");
}

/// What it says when it does not start.
fn refusal(mut program: Command) -> String {
    let output = program.output().unwrap();
    assert!(!output.status.success(), "it started");
    String::from_utf8(output.stderr).unwrap()
}

/// A running program, and where it listens; ended when dropped.
struct Running {
    child: Child,
    url: String,
}

impl Running {
    fn start(mut program: Command) -> Self {
        let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut line).unwrap();
        let url = line.trim().rsplit(' ').next().unwrap().to_owned();
        Self { child, url }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn written(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn an_endpoint_of_the_environment_that_is_plain_http_to_another_machine_is_refused_in_one_sentence() {
    for variable in ["AWS_ENDPOINT_URL_GAMELIFT", "AWS_ENDPOINT_URL"] {
        for endpoint in ["http://192.0.2.1:9870", "http://emulator.example"] {
            let mut program = program(&[]);
            program.env(variable, endpoint);
            let said = refusal(program);
            assert!(
                said.contains("GameLift is asked by https") && said.contains("AWS_ENDPOINT_URL_GAMELIFT"),
                "{said}"
            );
            assert_eq!(said.lines().count(), 1, "{said}");
        }
    }
    let said = refusal(program(&["--emulator", "http://192.0.2.1:9870"]));
    assert!(said.contains("GameLift is asked by https"), "{said}");
}

#[test]
fn a_program_that_is_open_to_a_network_refuses_to_start_in_an_unsafe_way_and_says_how_to_start_it() {
    let open = ["--listen", "0.0.0.0:0"];
    let said = refusal(without_listen(&open));
    assert!(
        said.contains("needs a lasting keyring") && said.contains("--new-key"),
        "{said}"
    );
    let mut program = without_listen(&open);
    program.env("GAME_SESSION_KEYRING", Keyring::new_key_text("k1"));
    let said = refusal(program);
    assert!(said.contains("needs TLS") && said.contains("proxy"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

fn without_listen(arguments: &[&str]) -> Command {
    let mut open = Command::new(env!("CARGO_BIN_EXE_game-session-backend"));
    open.args(["--fleet", "fleet-1"])
        .args(arguments)
        .env_remove("GAME_SESSION_KEYRING")
        .env_remove("GAME_SESSION_KEYRING_FILE")
        .env("RUST_LOG", "off")
        .stderr(Stdio::piped());
    open
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_and_nothing_of_its_key_is_said() {
    let folder = TempDir::new().unwrap();
    let (chain, key) = self_signed(&folder);
    let another = TempDir::new().unwrap();
    let (_, foreign) = self_signed(&another);
    let empty = written(&folder, "empty.pem", "");
    let secret = written(&folder, "junk.pem", "canary-of-a-key");
    for (chain, key) in [
        (&empty, &key),
        (&chain, &empty),
        (&chain, &secret),
        (&chain, &foreign),
        (&chain, &folder.path().join("missing")),
    ] {
        let said = refusal(program(&tls(chain, key)));
        assert!(said.contains("TLS"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

fn self_signed(folder: &TempDir) -> (PathBuf, PathBuf) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let chain = written(folder, "chain.pem", &made.cert.pem());
    (chain, written(folder, "key.pem", &made.signing_key.serialize_pem()))
}

fn tls<'a>(chain: &'a Path, key: &'a Path) -> [&'a str; 4] {
    let text = |path: &'a Path| path.to_str().unwrap();
    ["--tls-certificates", text(chain), "--tls-key", text(key)]
}

#[tokio::test]
async fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let folder = TempDir::new().unwrap();
    let (chain, key) = self_signed(&folder);
    let running = Running::start(program(&tls(&chain, &key)));
    assert!(running.url.starts_with("https://127.0.0.1:"), "{}", running.url);
    let certificate = Certificate::from_pem(&std::fs::read(&chain).unwrap()).unwrap();
    let trusting = Client::builder().tls_certs_only([certificate]).build().unwrap();
    let guest = trusting
        .post(format!("{}/v1/guests", running.url))
        .send()
        .await
        .unwrap();
    assert_eq!(guest.status(), StatusCode::CREATED);
    let doubtful = Client::new().get(format!("{}/healthz", running.url)).send().await;
    assert!(doubtful.is_err(), "nobody vouches for the certificate");
    let plain = running.url.replace("https", "http");
    assert!(trusting.get(format!("{plain}/healthz")).send().await.is_err());
}

#[test]
fn an_identity_provider_that_is_not_safe_to_trust_is_refused_in_one_sentence() {
    let provider = |url, audiences| ["--oidc-issuer", url, "--oidc-audiences", audiences];
    for (arguments, sentence) in [
        (
            provider("http://issuer.example", "game").as_slice(),
            "must be an https URL",
        ),
        (&provider("https://issuer.example", " "), "needs an audience"),
        (&["--guests", "no"], "nobody may enter"),
    ] {
        let said = refusal(program(arguments));
        assert!(said.contains(sentence), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
    let alone = refusal(program(&["--oidc-issuer", "https://issuer.example"]));
    assert!(alone.contains("--oidc-audiences"), "{alone}");
    let mut weak = program(&provider("https://issuer.example", "game"));
    weak.env("GAME_SESSION_OIDC_ALGORITHMS", "RS256,HS256");
    let said = refusal(weak);
    assert!(said.contains("`HS256` is not one of the signing algorithms"), "{said}");
}

#[tokio::test]
async fn an_endpoint_variable_that_is_set_and_empty_counts_as_not_set() {
    for variable in ["AWS_ENDPOINT_URL_GAMELIFT", "AWS_ENDPOINT_URL"] {
        let mut program = program(&[]);
        // No credentials are found, so nothing leaves this machine.
        program
            .env(variable, "")
            .env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
            .env("AWS_CONFIG_FILE", "/dev/null")
            .env("HOME", "/nonexistent");
        let running = Running::start(program);
        let http = Client::new();
        let guest = http.post(format!("{}/v1/guests", running.url)).send().await.unwrap();
        let guest: serde_json::Value = guest.json().await.unwrap();
        let token = guest["access_token"].as_str().unwrap();
        let browse = http.get(format!("{}/v1/game-sessions", running.url)).bearer_auth(token);
        let answer = browse.send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.text().await.unwrap().contains("unavailable"));
    }
}
