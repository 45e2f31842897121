//! One instance of the function: the real program, as AWS starts it.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};

/// The program with this environment and nothing of the tests' own that could configure it.
pub(crate) fn program(runtime_api: &str, environment: &[(String, String)]) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bootstrap"));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("AWS_") || name.starts_with("GAME_SESSION_") {
            program.env_remove(&*name);
        }
    }
    program
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", "game")
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("RUST_LOG", "info,game_session_backend=trace,game_session_lambda=trace")
        .envs(environment.iter().cloned())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    program
}

/// What a program that cannot start says before it ends.
pub(crate) fn refusal(runtime_api: &str, environment: &[(String, String)]) -> String {
    let Output { status, stdout, stderr } = program(runtime_api, environment).output().unwrap();
    assert!(!status.success(), "it started");
    [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat()
}

/// A running instance; it ends when dropped.
pub(crate) struct Instance {
    child: Child,
    log: Arc<Mutex<String>>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("{}", self.log.lock().unwrap());
        }
    }
}

impl Instance {
    pub(crate) fn start(runtime_api: &str, environment: &[(String, String)]) -> Self {
        let mut child = program(runtime_api, environment).spawn().unwrap();
        let log = Arc::default();
        keep(child.stdout.take().unwrap(), &log);
        keep(child.stderr.take().unwrap(), &log);
        Self { child, log }
    }

    /// Whether it wrote a text into its log.
    pub(crate) fn logged(&self, text: &str) -> bool {
        self.log.lock().unwrap().contains(text)
    }
}

fn keep(pipe: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let mut log = log.lock().unwrap();
            log.push_str(&line);
            log.push('\n');
        }
    });
}
