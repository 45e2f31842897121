//! Server processes that speak the server SDK's protocol over a pipe.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use gamelift_emulator::Emulator;
use gamelift_server_sdk::proto::message::{
    AcceptPlayerSession, ActivateGameSession, ActivateServerProcess, FromService, HeartbeatServerProcess, Push,
    RemovePlayerSession, Request, TerminateServerProcess,
};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What a process does with a game session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Serve {
    ActivateAtOnce,
    ActivateAfter(Duration),
    Never,
    Crash,
}

/// What a process is told to do for a player.
enum Order {
    Accept(String),
    Remove(String),
}

/// All server processes that were started.
pub(super) struct Processes {
    emulator: Arc<Emulator>,
    serve: Arc<Mutex<Serve>>,
    started: BTreeMap<String, mpsc::UnboundedSender<Order>>,
}

impl Processes {
    pub(super) fn new(emulator: Arc<Emulator>) -> Self {
        Self {
            emulator,
            serve: Arc::new(Mutex::new(Serve::ActivateAtOnce)),
            started: BTreeMap::new(),
        }
    }

    pub(super) fn start(&mut self) {
        let id = format!("process-{}", self.started.len());
        let (sender, orders) = mpsc::unbounded_channel();
        tokio::spawn(run(
            Arc::clone(&self.emulator),
            id.clone(),
            Arc::clone(&self.serve),
            orders,
        ));
        self.started.insert(id, sender);
    }

    /// What becomes of game sessions from now on.
    pub(super) fn serve(&self, how: Serve) {
        *self.serve.lock().unwrap() = how;
    }

    /// The player of a seat comes to the server.
    pub(super) fn arrive(&self, seat: &str) {
        self.order(seat, Order::Accept(seat.to_owned()));
    }

    /// The player of a seat leaves.
    pub(super) fn leave(&self, seat: &str) {
        self.order(seat, Order::Remove(seat.to_owned()));
    }

    fn order(&self, seat: &str, order: Order) {
        let world = self.emulator.snapshot();
        let arn = world
            .player_sessions
            .iter()
            .find(|it| it.player_session_id == seat)
            .map(|it| it.game_session_id.clone());
        let process = world
            .game_sessions
            .iter()
            .find(|it| Some(&it.game_session_id) == arn.as_ref());
        if let Some(orders) = process.and_then(|it| self.started.get(&it.process_id)) {
            // A process that has ended hears nothing.
            drop(orders.send(order));
        }
    }
}

async fn run(
    emulator: Arc<Emulator>,
    id: String,
    serve: Arc<Mutex<Serve>>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let mut socket = connect(&emulator, &id).await;
    drop(emulator);
    let ready = ActivateServerProcess {
        port: 7777,
        ..ActivateServerProcess::default()
    };
    say(&mut socket, ready).await;
    let mut heartbeat = interval(Duration::from_mins(1));
    let mut hosted = String::new();
    let mut activation: Option<Instant> = None;
    loop {
        let due = activation.unwrap_or_else(Instant::now);
        let message = tokio::select! {
            _ = heartbeat.tick() => {
                say(&mut socket, HeartbeatServerProcess { health_status: true }).await;
                continue;
            }
            () = sleep_until(due), if activation.is_some() => {
                activation = None;
                say(&mut socket, ActivateGameSession { game_session_id: hosted.clone() }).await;
                continue;
            }
            Some(order) = orders.recv() => {
                let game_session_id = hosted.clone();
                match order {
                    Order::Accept(player_session_id) => {
                        say(&mut socket, AcceptPlayerSession { game_session_id, player_session_id }).await;
                    }
                    Order::Remove(player_session_id) => {
                        say(&mut socket, RemovePlayerSession { game_session_id, player_session_id }).await;
                    }
                }
                continue;
            }
            message = socket.next() => message,
        };
        let Some(Ok(message)) = message else { return };
        let Ok(FromService::Push(push)) = FromService::decode(message.to_text().unwrap_or_default()) else {
            continue;
        };
        match push {
            Push::CreateGameSession(created) => {
                hosted = created.game_session_id;
                activation = match *serve.lock().unwrap() {
                    Serve::ActivateAtOnce => Some(Instant::now()),
                    Serve::ActivateAfter(time) => Some(Instant::now() + time),
                    Serve::Never => None,
                    Serve::Crash => return,
                };
            }
            Push::TerminateProcess(_) => {
                say(&mut socket, TerminateServerProcess {}).await;
                return;
            }
            _ => {}
        }
    }
}

async fn connect(emulator: &Emulator, id: &str) -> WebSocketStream<DuplexStream> {
    let environment: BTreeMap<_, _> = emulator.server_environment(id).into_iter().collect();
    let of = |name: &str| environment[name].as_str();
    let url = format!(
        "{}/?pID={id}&FleetId={}&ComputeId={}&Authorization={}&sdkVersion=5.6.0&sdkLanguage=Rust",
        of("GAMELIFT_SDK_WEBSOCKET_URL"),
        of("GAMELIFT_SDK_FLEET_ID"),
        of("GAMELIFT_SDK_HOST_ID"),
        of("GAMELIFT_SDK_AUTH_TOKEN"),
    );
    client_async(url, emulator.connect()).await.unwrap().0
}

/// A socket that is gone is noticed when it is read.
async fn say(socket: &mut WebSocketStream<DuplexStream>, request: impl Into<Request>) {
    let frame = request.into().encode(&uuid::Uuid::new_v4().to_string());
    drop(socket.send(Message::Text(frame.into())).await);
}
