//! What is measured, in a process of its own, and what that process costs.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::Duration,
};

use futures_util::StreamExt;
use gamelift_emulator::{Emulator, EmulatorConfig};
use tokio::net::TcpListener;
use tokio_tungstenite::{accept_async_with_config, tungstenite::protocol::WebSocketConfig};

use crate::search;

/// The variable that says what a child process is.
pub(crate) const WHAT: &str = "GAMELIFT_EMULATOR_BENCH";
/// A token that is known on both sides.
pub(crate) const TOKEN: &str = "bench-token";

/// A child process that serves something.
pub(crate) struct Served {
    child: Child,
    pub(crate) host: String,
}

impl Served {
    /// `emulator`, `websocket`, or a number: an emulator with so many game sessions.
    pub(crate) fn start(what: &str) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .env(WHAT, what)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let said = child.stdout.take().unwrap();
        BufReader::new(said).read_line(&mut line).unwrap();
        let host = line.trim().trim_start_matches("http://").to_owned();
        assert!(!host.is_empty(), "the measured process did not start");
        Self { child, host }
    }

    /// Its memory, in KiB, where the system tells.
    pub(crate) fn resident(&self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        line.split_whitespace().next()?.parse().ok()
    }

    /// The processor time it took so far, where the system tells.
    pub(crate) fn busy(&self) -> Option<Duration> {
        busy(&self.child.id().to_string())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// The processor time of a process: clock ticks, of which there are 100 a second on Linux.
pub(crate) fn busy(process: &str) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let after_name = stat.rsplit_once(')')?.1;
    let mut fields = after_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(10 * (ticks()? + ticks()?)))
}

/// The child's side: serves until its standard input closes.
pub(crate) async fn serve(what: &str) {
    let gone = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
    if what == "websocket" {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(bare_websockets(listener));
        drop(gone.await);
        return;
    }
    let long = Duration::from_hours(10);
    let config = EmulatorConfig::default()
        .auth_token(TOKEN)
        .socket_loss_grace(long)
        .unhealthy_after(long)
        .reservation_timeout(long);
    let emulator = Emulator::start(config).await.unwrap();
    emulator.server_environment("none");
    if let Ok(count) = what.parse() {
        emulator.populate((0..count).map(search::call)).unwrap();
    }
    println!("{}", emulator.endpoint());
    drop(gone.await);
}

/// The floor: a socket, a task, and the buffers that websockets need.
async fn bare_websockets(listener: TcpListener) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(async move {
            let config = WebSocketConfig::default()
                .read_buffer_size(4096)
                .write_buffer_size(4096);
            let mut socket = accept_async_with_config(stream, Some(config)).await.unwrap();
            while let Some(Ok(_)) = socket.next().await {}
        });
    }
}
