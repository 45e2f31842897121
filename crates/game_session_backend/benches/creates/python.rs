//! The Python handler as a process of its own, if boto3 is there.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use game_session_protocol::BoxedFuture;
use gamelift_emulator::Emulator;
use reqwest::Client;
use serde_json::{Value, json};

use crate::clients::Call;

/// A running handler; dropping it ends it.
pub(crate) struct Handler {
    child: Child,
    url: String,
}

impl Handler {
    /// Starts it.
    ///
    /// # Errors
    /// Why it cannot run here.
    pub(crate) fn start(emulator: &Emulator) -> Result<Self, String> {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = package.join("../../target/boto3/bin/python");
        if !python.exists() {
            return Err("there is no boto3 under target/boto3; .ci/boto3 installs it".to_owned());
        }
        let mut child = Command::new(python)
            .arg(package.join("benches/creates/handler.py"))
            .env("AWS_ENDPOINT_URL_GAMELIFT", emulator.endpoint())
            .env("AWS_DEFAULT_REGION", emulator.region())
            .env("AWS_ACCESS_KEY_ID", "local")
            .env("AWS_SECRET_ACCESS_KEY", "local")
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("it does not start: {error}"))?;
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it was piped above");
        let read = BufReader::new(stdout).read_line(&mut line);
        let url = line.trim().to_owned();
        let handler = Self { child, url };
        match read {
            Ok(_) if handler.url.starts_with("http://") => Ok(handler),
            _ => Err("it did not say where it listens".to_owned()),
        }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// One call of the handler.
pub(crate) struct ThroughPython(String);

impl ThroughPython {
    pub(crate) const NAME: &'static str = "Python handler";

    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }
}

impl Call for ThroughPython {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn log_in(&self, _: Client) -> BoxedFuture<String> {
        Box::pin(async { String::new() })
    }

    fn create(&self, http: Client, _: String, click: String) -> BoxedFuture<Option<()>> {
        let url = format!("{}/create_session", self.0);
        Box::pin(async move {
            let body = json!({"session_name": "bench", "build_id": 1, "uuid": click, "num_connections": 4});
            let answer = http.post(url).json(&body).send().await.ok()?.error_for_status().ok()?;
            let seat: Value = answer.json().await.ok()?;
            seat["Port"].as_u64().map(|_| ())
        })
    }
}
