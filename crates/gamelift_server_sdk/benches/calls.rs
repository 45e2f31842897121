//! What a call costs beside a bare websocket that carries the same text, and how long the slowest one waits while the
//! connection is replaced a hundred times. `cargo bench -p gamelift_server_sdk`; the service is a process of its own.
#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]
#![expect(clippy::cast_precision_loss, reason = "figures for people")]

use std::{
    alloc::System,
    io::{BufRead, BufReader, Read, Write},
    process::{Child, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::{SinkExt, StreamExt, future::join_all};
use gamelift_server_sdk::{
    Event, GameLiftServer, ProcessParameters, ServerParameters,
    proto::message::{AcceptPlayerSession, CreateGameSession, Push, RefreshConnection, Request},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{accept_async, client_async, tungstenite::Message};

#[global_allocator]
static GLOBAL: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const GAME: &str = "arn:aws:gamelift:us-west-2::gamesession/fleet-1/custom-loc/gsess-1";
const SERVE: &str = "GAMELIFT_BENCH_REFRESH_EVERY";

fn main() {
    if let Ok(refresh_every) = std::env::var(SERVE) {
        return serve(refresh_every.parse().unwrap());
    }
    let earnest = std::env::args().any(|argument| argument == "--bench");
    let (rounds, calls, refreshes) = if earnest { (9, 4000, 100) } else { (1, 10, 2) };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        compare(rounds, calls).await;
        // calls still go over the old connection while the new one opens, so it takes more than 200 for each
        let calls_under_load = refreshes * 300;
        let (mut calm, mut replaced) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            calm.push(under_load(u32::MAX, calls_under_load).await.0);
            let (wait, connections) = under_load(200, calls_under_load).await;
            assert!(connections > refreshes as usize, "only {connections} connections");
            replaced.push(wait);
        }
        println!("32 callers at once, each run {calls_under_load} calls:");
        slowest("without a refresh", calm);
        slowest(&format!("at least {refreshes} refreshes"), replaced);
    });
}

/// The service as a process of its own, so that only our side is counted.
struct Service {
    child: Child,
    said: BufReader<ChildStdout>,
    address: String,
}

impl Service {
    fn start(refresh_every: u32) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .env(SERVE, refresh_every.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap());
        let mut address = String::new();
        said.read_line(&mut address).unwrap();
        Self {
            child,
            said,
            address: address.trim().to_owned(),
        }
    }

    /// How many connections there were.
    fn stop(mut self) -> usize {
        drop(self.child.stdin.take());
        let mut said = String::new();
        self.said.read_to_string(&mut said).unwrap();
        said.lines().count()
    }

    async fn server(&self) -> GameLiftServer {
        let parameters = ServerParameters::from_env()
            .websocket_url(format!("ws://{}", self.address))
            .process_id(format!("proc-{}", self.address.replace(['.', ':'], "-")))
            .host_id("host-1")
            .fleet_id("fleet-1")
            .auth_token("token");
        let server = GameLiftServer::init(parameters).await.unwrap();
        server.process_ready(ProcessParameters::new(7777)).await.unwrap();
        assert!(matches!(server.next_event().await, Some(Event::StartGameSession(_))));
        server
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

/// Answers every request; asks for a new connection after so many.
fn serve(refresh_every: u32) {
    // Ends with the parent.
    std::thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        println!("{address}");
        std::io::stdout().flush().unwrap();
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            println!("one more");
            tokio::spawn(answer(stream, refresh_every, format!("ws://{address}")));
        }
    });
}

async fn answer(stream: TcpStream, refresh_every: u32, url: String) {
    let mut websocket = accept_async(stream).await.unwrap();
    let mut answered = 0;
    while let Some(Ok(Message::Text(text))) = websocket.next().await {
        let (_, rest) = text.split_once(r#""RequestId":""#).unwrap();
        let id = &rest[..rest.find('"').unwrap()];
        let reply = format!(r#"{{"Action":"AcceptPlayerSession","RequestId":"{id}","StatusCode":200}}"#);
        if websocket.send(Message::text(reply)).await.is_err() {
            return;
        }
        let push = if text.contains("HeartbeatServerProcess") {
            Push::CreateGameSession(CreateGameSession {
                game_session_id: GAME.into(),
                ..CreateGameSession::default()
            })
        } else {
            answered += 1;
            if answered != refresh_every {
                continue;
            }
            Push::RefreshConnection(RefreshConnection {
                refresh_connection_endpoint: url.clone(),
                auth_token: "token".into(),
            })
        };
        if websocket.send(Message::text(push.encode())).await.is_err() {
            return;
        }
    }
}

/// What one call costs.
struct Cost {
    wall: Duration,
    cpu: Option<Duration>,
    allocations: f64,
    bytes: f64,
}

/// Measures `calls` calls, one after the other.
async fn cost(calls: u32, mut call: impl AsyncFnMut()) -> Cost {
    let region = Region::new(GLOBAL);
    let (start, cpu) = (Instant::now(), thread_cpu());
    for _ in 0..calls {
        call().await;
    }
    let wall = start.elapsed() / calls;
    let cpu = cpu
        .zip(thread_cpu())
        .map(|(before, after)| (after.saturating_sub(before)) / calls);
    let stats = region.change();
    Cost {
        wall,
        cpu,
        allocations: (stats.allocations + stats.reallocations) as f64 / f64::from(calls),
        bytes: stats.bytes_allocated as f64 / f64::from(calls),
    }
}

/// What this thread has spent on a processor; Linux says it to the nanosecond.
fn thread_cpu() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

async fn compare(rounds: usize, calls: u32) {
    let service = Service::start(u32::MAX);
    let server = service.server().await;
    let stream = TcpStream::connect(&service.address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut bare, _) = client_async(format!("ws://{}/", service.address), stream)
        .await
        .unwrap();
    let request = Request::from(AcceptPlayerSession {
        game_session_id: GAME.into(),
        player_session_id: "psess-1".into(),
    });
    let text = request.encode("3270faea-5909-4ec0-8cd8-4a0d52c3d457");
    let (mut of_bare, mut of_sdk) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        // Alternating, so that a busy machine is busy for both.
        let echo = async || {
            bare.send(Message::text(text.clone())).await.unwrap();
            bare.next().await.unwrap().unwrap();
        };
        of_bare.push(cost(calls, echo).await);
        of_sdk.push(cost(calls, async || server.accept_player_session("psess-1").await.unwrap()).await);
    }
    let (bare, sdk) = (median(&of_bare, |cost| cost.wall), median(&of_sdk, |cost| cost.wall));
    report("bare websocket", bare, &of_bare);
    report("this SDK      ", sdk, &of_sdk);
    let times = |sdk: Duration, bare: Duration| sdk.as_secs_f64() / bare.as_secs_f64();
    let processor = |costs: &[Cost]| median(costs, |cost| cost.cpu.unwrap_or_default());
    println!(
        "the SDK takes {:.2} times the round trip and {:.2} times the processor time",
        times(sdk, bare),
        times(processor(&of_sdk), processor(&of_bare)),
    );
    server.destroy().await.unwrap();
}

fn report(name: &str, wall: Duration, costs: &[Cost]) {
    println!(
        "{name}: {:>6.0} round trips/s, {wall:?} each, {:?} of processor time, {:.1} allocations ({:.0} bytes)",
        1.0 / wall.as_secs_f64(),
        median(costs, |cost| cost.cpu.unwrap_or_default()),
        costs.last().unwrap().allocations,
        costs.last().unwrap().bytes,
    );
}

fn median(costs: &[Cost], pick: impl Fn(&Cost) -> Duration) -> Duration {
    let mut picked: Vec<Duration> = costs.iter().map(pick).collect();
    picked.sort();
    picked[picked.len() / 2]
}

fn slowest(name: &str, mut waits: Vec<Duration>) {
    waits.sort();
    println!(
        "  {name}: slowest call of a run {:?} (median of the runs); of all runs {waits:?}",
        waits[waits.len() / 2]
    );
}

/// Many callers at once, as fast as they can; the connection is replaced after every so many calls on it. The slowest
/// call, and how many connections it took.
async fn under_load(refresh_every: u32, calls: u32) -> (Duration, usize) {
    let service = Service::start(refresh_every);
    let server = service.server().await;
    let one = async || {
        let mut slowest = Duration::ZERO;
        for _ in 0..calls.div_ceil(32) {
            let start = Instant::now();
            server.accept_player_session("psess-1").await.unwrap();
            slowest = slowest.max(start.elapsed());
        }
        slowest
    };
    let callers: Vec<_> = (0..32).map(|_| one()).collect();
    let slowest = join_all(callers).await.into_iter().max().unwrap();
    server.destroy().await.unwrap();
    (slowest, service.stop())
}
