//! How fast and how small the emulator is: whole flows per second with the load generator on the same cores, and memory
//! per connected server process. The emulator runs in a process of its own, this program started again.

mod http;

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use futures_util::{SinkExt, StreamExt};
use gamelift_emulator::{Emulator, EmulatorConfig};
use serde_json::{Value, json};
use tokio::{net::TcpStream, sync::Semaphore, task::JoinSet};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async, tungstenite::Message};

use http::Caller;

type Failure = Box<dyn Error + Send + Sync>;
type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Processes of the memory figure.
const CONNECTED: usize = 1_000;
/// Flows of one round, each on a process of its own.
const FLOWS: usize = 3_000;
/// Rounds.
const ROUNDS: usize = 3;
/// Callers at the same time.
const CALLERS: usize = 16;
/// A token that is known on both sides.
const TOKEN: &str = "bench-token";

#[tokio::main]
async fn main() -> Result<(), Failure> {
    if env::args().nth(1).as_deref() == Some("serve") {
        let emulator = Emulator::start(EmulatorConfig::default().auth_token(TOKEN)).await?;
        emulator.server_environment("none");
        println!("{}", emulator.endpoint());
        let _: String = tokio::task::spawn_blocking(|| std::io::stdin().lines().flatten().collect()).await?;
        return Ok(());
    }
    let mut child = Command::new(env::current_exe()?)
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
    let host = line.trim().trim_start_matches("http://").to_owned();

    let before = resident(child.id())?;
    let sockets = processes(&host, "idle", CONNECTED).await?;
    let each = (resident(child.id())? - before) * 1024 / CONNECTED as u64;
    println!("{CONNECTED} connected server processes: {each} bytes each");
    drop(sockets);

    for round in 1..=ROUNDS {
        let sockets = processes(&host, &format!("round-{round}"), FLOWS).await?;
        let seconds = flows(&host, sockets).await?;
        println!(
            "{FLOWS} flows create -> activate -> player session: {:.0} per second",
            FLOWS as f64 / seconds
        );
    }
    drop(child.stdin.take());
    child.wait()?;
    Ok(())
}

/// Kibibytes of memory of a process.
fn resident(id: u32) -> Result<u64, Failure> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("no VmRSS")?;
    Ok(number.parse()?)
}

/// Connected, ready, healthy.
async fn processes(host: &str, name: &str, count: usize) -> Result<Vec<Socket>, Failure> {
    let at_once = Arc::new(Semaphore::new(64));
    let mut opening: JoinSet<Result<Socket, Failure>> = JoinSet::new();
    for number in 0..count {
        let (host, name, at_once) = (host.to_owned(), name.to_owned(), Arc::clone(&at_once));
        opening.spawn(async move {
            let _turn = at_once.acquire().await?;
            let url = format!(
                "ws://{host}/?Authorization={TOKEN}&ComputeId=local&FleetId=fleet-local&pID={name}-{number}"
            );
            let (mut socket, _) = connect_async(url).await?;
            ask(&mut socket, json!({"Action": "ActivateServerProcess", "RequestId": "1", "Port": 7001})).await?;
            ask(&mut socket, json!({"Action": "HeartbeatServerProcess", "RequestId": "2", "HealthStatus": true})).await?;
            Ok(socket)
        });
    }
    opening.join_all().await.into_iter().collect()
}

/// Every process gets one game session, activates it, and one player gets a seat; the seconds that took.
async fn flows(host: &str, sockets: Vec<Socket>) -> Result<f64, Failure> {
    let turns = sockets.len();
    let mut serving: JoinSet<Result<(String, Socket), Failure>> = JoinSet::new();
    let (active, activated) = tokio::sync::mpsc::unbounded_channel::<String>();
    for mut socket in sockets {
        let active = active.clone();
        serving.spawn(async move {
            let push = frame(&mut socket).await?;
            let arn = push["GameSessionId"].as_str().ok_or("no push")?.to_owned();
            ask(&mut socket, json!({"Action": "ActivateGameSession", "RequestId": "3", "GameSessionId": arn})).await?;
            active.send(arn.clone())?;
            Ok((arn, socket))
        });
    }
    let activated = Arc::new(tokio::sync::Mutex::new(activated));
    let started = Instant::now();
    let mut calling: JoinSet<Result<(), Failure>> = JoinSet::new();
    for caller in 0..CALLERS {
        let (host, activated) = (host.to_owned(), Arc::clone(&activated));
        calling.spawn(async move {
            let mut http = Caller::connect(&host).await?;
            for _ in (caller..turns).step_by(CALLERS) {
                let create =
                    json!({"FleetId": "fleet-local", "Location": "custom-local", "MaximumPlayerSessionCount": 4});
                http.call("CreateGameSession", &create).await?;
                let arn = activated.lock().await.recv().await.ok_or("no game session")?;
                http.call("CreatePlayerSession", &json!({"GameSessionId": arn, "PlayerId": "ann"})).await?;
            }
            Ok(())
        });
    }
    for called in calling.join_all().await {
        called?;
    }
    let seconds = started.elapsed().as_secs_f64();
    for served in serving.join_all().await {
        let (_, mut socket) = served?;
        ask(&mut socket, json!({"Action": "TerminateServerProcess", "RequestId": "4"})).await?;
    }
    Ok(seconds)
}

async fn ask(socket: &mut Socket, request: Value) -> Result<(), Failure> {
    socket.send(Message::text(request.to_string())).await?;
    let reply = frame(socket).await?;
    if reply["StatusCode"] == 200 { Ok(()) } else { Err(reply.to_string().into()) }
}

async fn frame(socket: &mut Socket) -> Result<Value, Failure> {
    loop {
        match socket.next().await.ok_or("closed")?? {
            Message::Text(text) => return Ok(serde_json::from_str(&text)?),
            Message::Close(_) => return Err("closed".into()),
            _ => {}
        }
    }
}
