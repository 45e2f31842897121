//! The contract through `cargo lambda watch`, which plays API Gateway and the Runtime API: `.ci/lambda` installs it under
//! `target/cargo-lambda`. The function is the one that is built anyway.

use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::function::Instance;
use crate::gateway::{self, with_claims};
use crate::list::{Ask, Home, Scene, run};
use crate::stage::Stage;

/// How long it may take to listen.
const LIMIT: Duration = Duration::from_mins(1);

/// `cargo lambda watch`; dropping it ends it.
struct Watch {
    child: Child,
    url: String,
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Watch {
    /// `None` where it is not installed and nobody insists on it.
    fn start() -> Option<Self> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = package.join("../../target/cargo-lambda/bin/cargo-lambda");
        if !program.exists() {
            let required = std::env::var("CARGO_LAMBDA").is_ok_and(|value| value == "required");
            assert!(!required, "{} is missing: run .ci/lambda", program.display());
            println!("skipped: cargo lambda is not installed (.ci/lambda installs it)");
            return None;
        }
        // It takes no port 0; should somebody else take this one first, another is tried.
        let watch = (0..5).find_map(|_| Self::at(&program, package, free_port()));
        Some(watch.expect("cargo lambda watch listens"))
    }

    fn at(program: &Path, package: &Path, port: u16) -> Option<Self> {
        let child = Command::new(program)
            .args(["lambda", "watch", "--only-lambda-apis", "--disable-cors"])
            .args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()])
            .current_dir(package)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut watch = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        let (address, started) = (([127, 0, 0, 1], port).into(), Instant::now());
        while started.elapsed() < LIMIT && watch.child.try_wait().unwrap().is_none() {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Some(watch);
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
        None
    }

    fn runtime_api(&self) -> String {
        format!("{}/.rt", self.url)
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

struct OnWatch {
    stage: Stage,
    watch: Watch,
    instance: Instance,
    http: reqwest::Client,
}

impl OnWatch {
    async fn start() -> Option<Self> {
        let watch = Watch::start()?;
        let stage = Stage::new().await?;
        // The name under which it knows a function that it does not start itself.
        let environment = stage.environment(&[("AWS_LAMBDA_FUNCTION_NAME", "_")]);
        let instance = Instance::start(&watch.runtime_api(), &environment);
        let http = reqwest::Client::builder()
            .timeout(Duration::from_mins(2))
            .build()
            .unwrap();
        Some(Self {
            stage,
            watch,
            instance,
            http,
        })
    }
}

impl Home for OnWatch {
    async fn send(&self, ask: &Ask<'_>) -> (u16, String) {
        let url = format!("{}/lambda-url/_{}", self.watch.url, ask.path);
        let mut request = self.http.request(ask.method.parse().unwrap(), url).body(ask.text());
        for (name, value) in ask.headers() {
            request = request.header(name, value);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    }

    async fn play(&mut self, scene: Scene) {
        self.stage.play(scene).await;
    }

    async fn secrets(&self) -> Vec<String> {
        self.stage.secrets().await
    }

    async fn logged(&self, text: &str) -> bool {
        self.instance.logged(text)
    }
}

#[tokio::test]
async fn the_contract_holds_through_cargo_lambda_watch() {
    let Some(home) = OnWatch::start().await else { return };
    run(home).await;
}

#[tokio::test]
async fn a_raw_event_with_claims_through_cargo_lambda_watch_opens_nothing_without_a_token() {
    let Some(home) = OnWatch::start().await else { return };
    let url = format!("{}/2015-03-31/functions/_/invocations", home.watch.url);
    let invoke = async |event: Value| {
        let answer = home.http.post(&url).body(event.to_string()).send().await.unwrap();
        gateway::answer(&answer.json().await.unwrap())
    };
    let ask = |method, path, token| Ask {
        method,
        path,
        token,
        click: "",
        body: &Value::Null,
    };
    let (status, guest) = invoke(gateway::event(&ask("POST", "/v1/guests", None))).await;
    assert_eq!(status, 201, "{guest}");
    let guest: Value = serde_json::from_str(&guest).unwrap();
    let claims = json!({"iss": "https://issuer.example", "sub": guest["player_id"], "token_use": "access"});
    for (token, expected) in [(None, 401), (guest["access_token"].as_str(), 200)] {
        let event = with_claims(gateway::event(&ask("GET", "/v1/game-sessions", token)), &claims);
        let (status, text) = invoke(event).await;
        assert_eq!(status, expected, "{text}");
    }
}
