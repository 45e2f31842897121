//! Servers for the doctor: a good one, and some with the usual mistakes.

use std::io::Read as _;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, TryRecvError, channel};
use std::time::{Duration, Instant};

use game_session_protocol::GameSessionData;
use game_session_protocol::netcode_ticket::PROTOCOL_ID;
use gamelift_server_sdk::{Event, GameLiftServer, ProcessParameters, ServerParameters};

use crate::account::runtime;

/// Holds its port, activates, and opens its door to tickets.
pub(crate) const GOOD: &str = "role-good-server";
/// Connects and never calls `ProcessReady`.
pub(crate) const SILENT: &str = "role-silent-server";
/// Gets ready and never activates a game session.
pub(crate) const IDLE: &str = "role-idle-server";

fn parent_gone() -> Receiver<()> {
    let (gone, receiver) = channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        let _ = gone.send(());
    });
    receiver
}

fn bound() -> (UdpSocket, u16) {
    let mut held = Vec::new();
    loop {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let port = socket.local_addr().unwrap().port();
        if port <= 60_000 {
            return (socket, port);
        }
        held.push(socket);
    }
}

async fn connect() -> GameLiftServer {
    GameLiftServer::init(ServerParameters::from_env()).await.unwrap()
}

pub(crate) fn good() -> ExitCode {
    let gone = parent_gone();
    runtime().block_on(async {
        let server = connect().await;
        let (socket, port) = bound();
        server.process_ready(ProcessParameters::new(port)).await.unwrap();
        let mut socket = Some(socket);
        let mut door: Option<netcode::Server> = None;
        let start = Instant::now();
        while gone.try_recv() == Err(TryRecvError::Empty) {
            if let Ok(Some(event)) = tokio::time::timeout(Duration::from_millis(2), server.next_event()).await {
                match event {
                    Event::StartGameSession(session) => {
                        let data = GameSessionData::parse(session.game_session_data()).unwrap();
                        drop(socket.take());
                        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                        let mut new = netcode::Server::new(address, PROTOCOL_ID, data.key.expose(), 0.0).unwrap();
                        new.start(1).unwrap();
                        door = Some(new);
                        server.activate_game_session().await.unwrap();
                    }
                    Event::ProcessTerminate { .. } => break,
                    _ => {}
                }
            }
            if let Some(door) = &mut door {
                door.update(start.elapsed().as_secs_f64());
            }
        }
        server.process_ending().await.unwrap();
        server.destroy().await.unwrap();
    });
    ExitCode::SUCCESS
}

pub(crate) fn silent() -> ExitCode {
    let gone = parent_gone();
    runtime().block_on(async {
        let _server = connect().await;
        println!("connected, and that is all");
        let _ = tokio::task::spawn_blocking(move || gone.recv()).await;
    });
    ExitCode::SUCCESS
}

pub(crate) fn idle() -> ExitCode {
    let gone = parent_gone();
    runtime().block_on(async {
        let server = connect().await;
        let (_socket, port) = bound();
        server.process_ready(ProcessParameters::new(port)).await.unwrap();
        let _ = tokio::task::spawn_blocking(move || gone.recv()).await;
    });
    ExitCode::SUCCESS
}
