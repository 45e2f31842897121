//! Very many small server processes, free before the clock runs: each speaks the server SDK's protocol, takes one game
//! session and activates it at once. None is replaced while it is measured: a fleet starts its processes on its own
//! machines, not on those of the backend.

use std::time::{Duration, Instant};

use gamelift_emulator::Emulator;
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_mins(1);
/// A process's port says which it is.
const FIRST_PORT: u16 = 10_000;
/// Processes that connect at the same time.
static CONNECTING: Semaphore = Semaphore::const_new(32);

/// The processes of one measurement.
pub(crate) struct Fleet {
    stop: watch::Sender<bool>,
    processes: JoinSet<()>,
}

impl Fleet {
    /// Starts them and waits until all are free.
    pub(crate) async fn start(emulator: &Emulator, name: &str, count: u16) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut processes = JoinSet::new();
        let environment = emulator.server_environment("process");
        for port in FIRST_PORT..FIRST_PORT + count {
            let parameters = parameters(&environment, format!("{name}-{port}"));
            processes.spawn(process(parameters, port, stopped.clone()));
        }
        let started = Instant::now();
        while free(emulator) < usize::from(count) {
            assert!(
                started.elapsed() < LIMIT,
                "{} of {count} processes are free",
                free(emulator)
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Self { stop, processes }
    }

    /// Ends them all.
    pub(crate) async fn stop(self) {
        self.stop.send_replace(true);
        self.processes.join_all().await;
    }
}

fn free(emulator: &Emulator) -> usize {
    let processes = emulator.snapshot().processes;
    processes.iter().filter(|process| process.placeable).count()
}

/// The life of one process.
async fn process(parameters: ServerParameters, port: u16, mut stopped: watch::Receiver<bool>) {
    let connecting = CONNECTING.acquire().await.unwrap();
    let server = GameLiftServer::init(parameters).await.unwrap();
    server.process_ready(ProcessParameters::new(port)).await.unwrap();
    drop(connecting);
    let serving = async {
        while let Some(event) = server.next_event().await {
            if let Event::StartGameSession(_) = event {
                server.activate_game_session().await.unwrap();
            }
        }
    };
    tokio::select! {
        () = serving => {}
        _ = stopped.wait_for(|stopped| *stopped) => {}
    }
    server.process_ending().await.unwrap();
}

fn parameters(environment: &[(String, String)], id: String) -> ServerParameters {
    let parameters = ServerParameters::default().process_id(id);
    environment
        .iter()
        .fold(parameters, |parameters, (name, value)| match name.as_str() {
            "GAMELIFT_SDK_WEBSOCKET_URL" => parameters.websocket_url(value),
            "GAMELIFT_SDK_HOST_ID" => parameters.host_id(value),
            "GAMELIFT_SDK_FLEET_ID" => parameters.fleet_id(value),
            "GAMELIFT_SDK_AUTH_TOKEN" => parameters.auth_token(value),
            _ => parameters,
        })
}
