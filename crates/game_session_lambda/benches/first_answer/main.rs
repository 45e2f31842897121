//! From exec to the first answered event, and the peak memory until then: this function beside a Python one under
//! awslambdaric, on the same small Runtime API in the same run. `.ci/lambda-figures` runs it, and installs the Python one.
//!
//! The function reads its keyring from a secret on loopback when it starts, as it does on AWS; the first event asks for a
//! new guest. The Python handlers answer a constant: one that imports nothing, and one that makes a client of boto3 when
//! it is loaded, as the original system's does.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

#[path = "../../tests/lambda/runtime.rs"]
mod runtime;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::any;
use game_session_backend::Keyring;
use runtime::RuntimeApi;
use serde_json::{Value, json};

const ROUNDS: usize = 20;

/// Something that answers events.
struct Contender {
    name: &'static str,
    start: Box<dyn Fn(&str) -> Command>,
    times: Vec<Duration>,
    peaks: Vec<u64>,
}

/// Ended when dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn main() {
    let measured = std::env::args().any(|argument| argument == "--bench");
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    let rounds = rounds.unwrap_or(if measured { ROUNDS } else { 1 });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(compare(rounds));
}

async fn compare(rounds: usize) {
    let secrets = secrets().await;
    let mut contenders = vec![contender("this function", move |api| function(api, &secrets))];
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/awslambdaric/bin/python");
    if python.exists() {
        for (name, handler) in [("python", "handler.bare"), ("python + boto3", "with_boto3.answer")] {
            let python = python.clone();
            contenders.push(contender(name, move |api| python_function(&python, api, handler)));
        }
    } else {
        println!("without Python: .ci/lambda-figures installs awslambdaric");
    }
    // One round that does not count: files are read from the disk.
    for round in 0..=rounds {
        for contender in &mut contenders {
            let (time, peak) = first_answer(contender).await;
            if round > 0 {
                contender.times.push(time);
                contender.peaks.push(peak);
            }
        }
    }
    println!("\nfrom exec to the first answered event, and peak memory until then; median of {rounds}");
    println!("{:<16} {:>10} {:>10} {:>12}", "", "ms", "worst ms", "peak MiB");
    for contender in &mut contenders {
        contender.times.sort_unstable();
        contender.peaks.sort_unstable();
        println!(
            "{:<16} {:>10.1} {:>10.1} {:>12.1}",
            contender.name,
            contender.time() * 1000.0,
            contender.times.last().unwrap().as_secs_f64() * 1000.0,
            contender.peak(),
        );
    }
    let (own, others) = contenders.split_first().unwrap();
    for other in others {
        println!(
            "beside {}: {:.2} of the time (aim 0.10), {:.2} of the memory (aim 0.50)",
            other.name,
            own.time() / other.time(),
            own.peak() / other.peak(),
        );
    }
}

fn contender(name: &'static str, start: impl Fn(&str) -> Command + 'static) -> Contender {
    Contender {
        name,
        start: Box::new(start),
        times: Vec::new(),
        peaks: Vec::new(),
    }
}

impl Contender {
    fn time(&self) -> f64 {
        self.times[self.times.len() / 2].as_secs_f64()
    }

    #[expect(clippy::cast_precision_loss, reason = "KiB of a process are exact in a double")]
    fn peak(&self) -> f64 {
        self.peaks[self.peaks.len() / 2] as f64 / 1024.0
    }
}

/// One start, with its event already waiting.
async fn first_answer(contender: &Contender) -> (Duration, u64) {
    let api = RuntimeApi::start().await;
    let mut program = (contender.start)(api.address());
    program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let started = Instant::now();
    let running = Running(program.spawn().unwrap());
    let answer = api
        .invoke(&event())
        .await
        .unwrap_or_else(|error| panic!("{}: {error}", contender.name));
    let time = started.elapsed();
    assert_eq!(answer["statusCode"], 201, "{answer}");
    (time, peak_of(running.0.id()))
}

/// The most memory that a process ever had, in KiB.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn event() -> Value {
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/v1/guests",
        "rawQueryString": "",
        "headers": {"content-type": "application/json", "content-length": "0", "host": "api.example"},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example",
            "http": {"method": "POST", "path": "/v1/guests", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1"},
            "requestId": "request",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 1_795_417_200_000_u64,
        },
        "isBase64Encoded": false,
    })
}

fn lambda(program: &mut Command, api: &str) {
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_") || name.starts_with("GAME_SESSION_") || name.starts_with("PYTHON") {
            program.env_remove(&*name);
        }
    }
    program
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "game")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_REGION", "us-west-2")
        .env("AWS_DEFAULT_REGION", "us-west-2")
        .env("AWS_ACCESS_KEY_ID", "local")
        .env("AWS_SECRET_ACCESS_KEY", "local")
        .env("AWS_EC2_METADATA_DISABLED", "true");
}

fn function(api: &str, secrets: &str) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
    lambda(&mut program, api);
    program
        .env("AWS_ENDPOINT_URL_SECRETS_MANAGER", secrets)
        .env("GAME_SESSION_TABLE", "rows")
        .env("GAME_SESSION_KEYRING_SECRET", "keyring")
        .env("GAME_SESSION_ALIAS", "alias-1")
        .env("GAME_SESSION_LOCATION", "us-west-2");
    program
}

fn python_function(python: &PathBuf, api: &str, handler: &str) -> Command {
    let mut program = Command::new(python);
    lambda(&mut program, api);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/first_answer");
    program
        .args(["-m", "awslambdaric", handler])
        .env("LAMBDA_TASK_ROOT", &folder)
        .env("_HANDLER", handler)
        .current_dir(folder);
    program
}

/// Secrets Manager with one secret, on loopback.
async fn secrets() -> String {
    let answer = json!({"Name": "keyring", "SecretString": Keyring::new_key_text("k1")}).to_string();
    let answer = move || {
        let answer = answer.clone();
        async move { ([("content-type", "application/x-amz-json-1.1")], answer) }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(any(answer));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}
