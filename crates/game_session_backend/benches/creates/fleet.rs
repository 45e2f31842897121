//! Very many small server processes: each speaks the server SDK's protocol, takes one game session, activates it at
//! once, and is replaced when its player has a seat.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use gamelift_emulator::Emulator;
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

const LIMIT: Duration = Duration::from_mins(1);
/// A process's port says which it is.
const FIRST_PORT: u16 = 10_000;

/// All of them.
pub(crate) struct Fleet {
    seated: BTreeMap<u16, Arc<Notify>>,
    stop: watch::Sender<bool>,
    processes: JoinSet<()>,
}

impl Fleet {
    /// Starts them and waits until all are free.
    pub(crate) async fn start(emulator: &Emulator, count: u16) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut fleet = Self {
            seated: BTreeMap::new(),
            stop,
            processes: JoinSet::new(),
        };
        let environment = emulator.server_environment("process");
        for port in FIRST_PORT..FIRST_PORT + count {
            let seated = Arc::new(Notify::new());
            fleet.seated.insert(port, Arc::clone(&seated));
            fleet
                .processes
                .spawn(one_after_another(environment.clone(), port, seated, stopped.clone()));
        }
        let free = |world: &gamelift_emulator::Snapshot| {
            world.processes.iter().filter(|process| process.placeable).count() >= usize::from(count)
        };
        emulator.wait_until(free, LIMIT).await.unwrap();
        fleet
    }

    /// The player of the game session at this port has a seat: the process may go.
    pub(crate) fn seated(&self, port: u16) {
        if let Some(process) = self.seated.get(&port) {
            process.notify_one();
        }
    }

    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.processes.join_next().await.is_some() {}
    }
}

async fn one_after_another(
    environment: Vec<(String, String)>,
    port: u16,
    seated: Arc<Notify>,
    mut stopped: watch::Receiver<bool>,
) {
    for number in 0_u64.. {
        let process = one(&environment, format!("process-{port}-{number}"), port, &seated);
        tokio::select! {
            () = process => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
    }
}

/// The life of one process.
async fn one(environment: &[(String, String)], id: String, port: u16, seated: &Notify) {
    let server = GameLiftServer::init(parameters(environment, id)).await.unwrap();
    server.process_ready(ProcessParameters::new(port)).await.unwrap();
    while let Some(event) = server.next_event().await {
        match event {
            Event::StartGameSession(_) => {
                server.activate_game_session().await.unwrap();
                // A client that gave up does not tell.
                let _ = tokio::time::timeout(Duration::from_secs(10), seated.notified()).await;
                break;
            }
            Event::ProcessTerminate { .. } => break,
            _ => {}
        }
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
