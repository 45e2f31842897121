//! Clients that create game sessions as fast as they are answered.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use game_session_protocol::requests::GuestIdentity;
use game_session_protocol::{BoxedFuture, Seat};
use gamelift_emulator::Emulator;
use reqwest::Client;
use serde_json::{Value, json};

/// A way to a seat in a new game session.
pub(crate) trait Call: Send + Sync {
    /// What the figures are printed under.
    fn name(&self) -> &'static str;

    /// What a client needs before its first create.
    fn log_in(&self, http: Client) -> BoxedFuture<String>;

    /// Creates; `None` when it failed.
    fn create(&self, http: Client, token: String, click: String) -> BoxedFuture<Option<()>>;
}

/// What was measured.
pub(crate) struct Creates {
    pub(crate) name: &'static str,
    pub(crate) whole: u32,
    pub(crate) failed: u32,
    pub(crate) took: Duration,
}

/// So many clients, each with a connection of its own, for so long or until `processes` have been used.
pub(crate) async fn run(way: Box<dyn Call>, clients: usize, time: Duration, processes: u16) -> Creates {
    static CLICKS: AtomicU64 = AtomicU64::new(0);
    let mut players = Vec::new();
    for _ in 0..clients {
        let http = client();
        let token = way.log_in(http.clone()).await;
        players.push((http, token));
    }
    let (whole, failed, begun) = (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
    let started = Instant::now();
    let all = players.into_iter().map(|(http, token)| async {
        let (http, token) = (http, token);
        while started.elapsed() < time && begun.fetch_add(1, Ordering::Relaxed) < u32::from(processes) {
            let click = format!("click-{}", CLICKS.fetch_add(1, Ordering::Relaxed));
            let created = way.create(http.clone(), token.clone(), click).await;
            let count = if created.is_some() { &whole } else { &failed };
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    futures_util::future::join_all(all).await;
    let took = started.elapsed();
    Creates {
        name: way.name(),
        whole: whole.into_inner(),
        failed: failed.into_inner(),
        took,
    }
}

/// A client of one connection.
fn client() -> Client {
    Client::builder()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(1)
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

/// One call of this project's backend.
pub(crate) struct ThroughBackend(String);

impl ThroughBackend {
    pub(crate) const NAME: &'static str = "backend";

    pub(crate) fn new(url: String) -> Self {
        Self(url)
    }
}

impl Call for ThroughBackend {
    fn name(&self) -> &'static str {
        Self::NAME
    }

    fn log_in(&self, http: Client) -> BoxedFuture<String> {
        let url = format!("{}/v1/guests", self.0);
        Box::pin(async move {
            let guest: GuestIdentity = http.post(url).send().await.unwrap().json().await.unwrap();
            guest.access_token.expose().to_owned()
        })
    }

    fn create(&self, http: Client, token: String, click: String) -> BoxedFuture<Option<()>> {
        let url = format!("{}/v1/game-sessions?wait=20", self.0);
        Box::pin(async move {
            let body = json!({"name": "bench", "max_players": 4, "build": "v1"});
            let request = http
                .post(url)
                .bearer_auth(token)
                .header("idempotency-key", click)
                .json(&body);
            let answer = request.send().await.ok()?;
            let seat: Seat = answer.error_for_status().ok()?.json().await.ok()?;
            (seat.address.port() > 0).then_some(())
        })
    }
}

/// When a game session is looked at for the first time.
#[derive(Clone, Copy)]
pub(crate) enum FirstLook {
    /// As a patient caller does.
    After20Millis,
    AtOnce,
}

impl FirstLook {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::After20Millis => "emulator alone, look after 20 ms",
            Self::AtOnce => "emulator alone, look at once",
        }
    }
}

/// The three calls of a create without anything between client and emulator.
pub(crate) struct Alone {
    url: String,
    fleet: String,
    location: String,
    first_look: FirstLook,
}

impl Alone {
    pub(crate) fn new(emulator: &Emulator, first_look: FirstLook) -> Self {
        Self {
            url: emulator.endpoint(),
            fleet: emulator.fleet_id(),
            location: emulator.location(),
            first_look,
        }
    }
}

async fn ask(http: &Client, url: &str, operation: &str, body: Value) -> Option<Value> {
    let request = http
        .post(url)
        .header("x-amz-target", format!("GameLift.{operation}"))
        .header("content-type", "application/x-amz-json-1.1")
        .body(body.to_string());
    let answer = request.send().await.ok()?.error_for_status().ok()?;
    serde_json::from_slice(&answer.bytes().await.ok()?).ok()
}

impl Call for Alone {
    fn name(&self) -> &'static str {
        self.first_look.name()
    }

    fn log_in(&self, _: Client) -> BoxedFuture<String> {
        Box::pin(async { String::new() })
    }

    fn create(&self, http: Client, _: String, click: String) -> BoxedFuture<Option<()>> {
        let (url, first_look) = (self.url.clone(), self.first_look);
        let order = json!({
            "FleetId": self.fleet, "Location": self.location, "MaximumPlayerSessionCount": 4, "Name": "bench",
            "IdempotencyToken": click,
        });
        Box::pin(async move {
            let made = ask(&http, &url, "CreateGameSession", order).await?;
            let id = made["GameSession"]["GameSessionId"].as_str()?.to_owned();
            if matches!(first_look, FirstLook::After20Millis) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            loop {
                let looked = ask(&http, &url, "DescribeGameSessions", json!({"GameSessionId": id})).await?;
                match looked["GameSessions"][0]["Status"].as_str()? {
                    "ACTIVE" => break,
                    "ACTIVATING" => tokio::time::sleep(Duration::from_millis(2)).await,
                    _ => return None,
                }
            }
            let seat = json!({"GameSessionId": id, "PlayerId": "ann"});
            let seat = ask(&http, &url, "CreatePlayerSession", seat).await?;
            seat["PlayerSession"]["Port"].as_u64().map(|_| ())
        })
    }
}
