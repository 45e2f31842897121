//! An emulator that is killed again and again, in the midst of traffic, forgets nothing that it answered.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::{SinkExt, StreamExt};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::time::timeout;
use tokio_tungstenite::{connect_async, tungstenite::Message};

use crate::process::LIMIT;

/// Everything that was answered.
#[derive(Default)]
struct Answered {
    game_sessions: BTreeSet<String>,
    player_sessions: BTreeSet<String>,
    accepted: BTreeSet<String>,
    active: BTreeSet<String>,
    ready: BTreeSet<String>,
    placements: BTreeSet<String>,
    stopped: BTreeSet<String>,
    /// Aliases and, when a change of it was answered, their descriptions.
    aliases: BTreeMap<String, Option<String>>,
    deleted_aliases: BTreeSet<String>,
    /// The last names of game sessions.
    names: BTreeMap<String, String>,
}

impl Answered {
    /// Seats in the game session of this process that were handed out and not taken.
    fn free_seats_of(&self, id: &str) -> Vec<String> {
        let mine = format!("{id} ");
        let handed_out = self.player_sessions.range(mine.clone()..);
        let handed_out = handed_out.take_while(|seat| seat.starts_with(&mine));
        handed_out
            .filter(|seat| !self.accepted.contains(*seat))
            .cloned()
            .collect()
    }
}

type Book = Arc<Mutex<Answered>>;

struct Running {
    child: Child,
    environment: BTreeMap<String, String>,
}

impl Running {
    fn start(data: &Path, port: u16) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gamelift-emulator"))
            .args(["--port", &port.to_string(), "--data-dir"])
            .arg(data)
            .env("RUST_LOG", "error")
            .env("NO_COLOR", "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut environment = BTreeMap::new();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        while !environment.contains_key("GAMELIFT_SDK_AUTH_TOKEN") {
            let line = lines.next().expect("the emulator ended").unwrap();
            let pairs = line.split_whitespace().filter_map(|word| word.split_once('='));
            environment.extend(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        // whoever prints needs a reader
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, environment }
    }

    fn port(&self) -> u16 {
        let endpoint = &self.environment["AWS_ENDPOINT_URL_GAMELIFT"];
        endpoint.rsplit_once(':').unwrap().1.parse().unwrap()
    }

    fn kill(self) {
        drop(self);
    }
}

impl Drop for Running {
    /// Without a word, as `kill -9` does.
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

async fn call(endpoint: &str, operation: &str, body: Value) -> Option<Value> {
    let request = Client::new()
        .post(endpoint)
        .header("x-amz-target", format!("GameLift.{operation}"));
    let answer = request.json(&body).send().await.ok()?;
    if answer.status() != 200 {
        return None;
    }
    answer.json().await.ok()
}

/// A server process that comes back by itself; what it was answered goes into the book.
async fn process(url: String, query: String, id: String, book: Book) {
    // a request id is never used twice, also not by the same process in another round
    static REQUESTS: AtomicU64 = AtomicU64::new(0);
    loop {
        let Ok((mut socket, _)) = connect_async(format!("{url}/?{query}&pID={id}")).await else {
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let mut asked = BTreeMap::new();
        let ask = |request: Value, asked: &mut BTreeMap<String, Value>| {
            let number = REQUESTS.fetch_add(1, Ordering::Relaxed);
            let name = format!("{id}-{number}");
            let mut frame = request.clone();
            frame["RequestId"] = json!(name);
            asked.insert(name, request);
            Message::text(frame.to_string())
        };
        let was_ready = book.lock().unwrap().ready.contains(&id);
        if !was_ready {
            let ready = json!({"Action": "ActivateServerProcess", "SdkVersion": "5.6.0", "SdkLanguage": "Go", "Port": 7777, "LogPaths": null});
            let _ = socket.send(ask(ready, &mut asked)).await;
        }
        let heartbeat = json!({"Action": "HeartbeatServerProcess", "HealthStatus": true});
        let _ = socket.send(ask(heartbeat, &mut asked)).await;
        let mut offered = BTreeSet::new();
        loop {
            // a frame, or a look at the book now and then
            let frame = match timeout(Duration::from_millis(5), socket.next()).await {
                Ok(Some(Ok(message))) => serde_json::from_str::<Value>(message.to_text().unwrap_or_default()).ok(),
                Ok(_) => break,
                Err(_) => None,
            };
            if let Some(frame) = frame {
                let reply = frame["RequestId"].as_str().and_then(|id| asked.remove(id));
                match (frame["Action"].as_str(), reply) {
                    (_, Some(request)) if frame["StatusCode"] == 200 => note(&request, &id, &book),
                    (Some("CreateGameSession"), None) => {
                        let activate =
                            json!({"Action": "ActivateGameSession", "GameSessionId": frame["GameSessionId"]});
                        let _ = socket.send(ask(activate, &mut asked)).await;
                    }
                    _ => {}
                }
            }
            // seats that were handed out in its game session are taken
            let free = book.lock().unwrap().free_seats_of(&id);
            for seat in free {
                if !offered.insert(seat.clone()) {
                    continue;
                }
                let (_, arn, player) = parts(&seat);
                let accept = json!({"Action": "AcceptPlayerSession", "GameSessionId": arn, "PlayerSessionId": player});
                let _ = socket.send(ask(accept, &mut asked)).await;
            }
        }
    }
}

fn parts(seat: &str) -> (&str, &str, &str) {
    let mut parts = seat.split(' ');
    (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap())
}

fn note(request: &Value, id: &str, book: &Book) {
    let mut book = book.lock().unwrap();
    let arn = request["GameSessionId"].as_str().unwrap_or_default();
    match request["Action"].as_str() {
        Some("ActivateServerProcess") => {
            book.ready.insert(id.to_owned());
        }
        Some("ActivateGameSession") => {
            book.active.insert(format!("{id} {arn}"));
        }
        Some("AcceptPlayerSession") => {
            let player = request["PlayerSessionId"].as_str().unwrap();
            book.accepted.insert(format!("{id} {arn} {player}"));
        }
        _ => {}
    }
}

/// Two queues: one that places, and one that never can.
async fn queues(endpoint: &str) {
    let destination = "arn:aws:gamelift:us-west-2:123456789012:fleet/fleet-local";
    for (name, location) in [("places", "custom-local"), ("waits", "custom-none")] {
        let queue = json!({"Name": name, "Destinations": [{"DestinationArn": destination}],
            "FilterConfiguration": {"AllowedLocations": [location]}});
        call(endpoint, "CreateGameSessionQueue", queue).await.unwrap();
    }
}

/// Starts a placement, which goes into the book when it was answered; whether it was.
async fn placed(endpoint: &str, id: &str, queue: &str, book: &Book) -> bool {
    let start = json!({"PlacementId": id, "GameSessionQueueName": queue, "MaximumPlayerSessionCount": 2});
    let answered = call(endpoint, "StartGameSessionPlacement", start).await.is_some();
    if answered {
        book.lock().unwrap().placements.insert(id.to_owned());
    }
    answered
}

/// An alias that is made, changed and, but for the first of a round, deleted; and a placement that is stopped. What is
/// under way when the emulator is killed may or may not have happened: the book says nothing of it.
async fn change(endpoint: &str, id: &str, book: &Book) {
    let routing = json!({"Type": "TERMINAL", "Message": "gone"});
    let made = call(endpoint, "CreateAlias", json!({"Name": id, "RoutingStrategy": routing})).await;
    if let Some(made) = made {
        let alias = made["Alias"]["AliasId"].as_str().unwrap().to_owned();
        book.lock().unwrap().aliases.insert(alias.clone(), None);
        let update = json!({"AliasId": alias, "Description": id});
        if call(endpoint, "UpdateAlias", update).await.is_some() {
            book.lock().unwrap().aliases.insert(alias.clone(), Some(id.to_owned()));
        }
        if !id.ends_with("-0") {
            book.lock().unwrap().aliases.remove(&alias);
            if call(endpoint, "DeleteAlias", json!({"AliasId": alias})).await.is_some() {
                book.lock().unwrap().deleted_aliases.insert(alias);
            }
        }
    }
    let stop = json!({"PlacementId": id});
    if placed(endpoint, id, "waits", book).await && call(endpoint, "StopGameSessionPlacement", stop).await.is_some() {
        book.lock().unwrap().stopped.insert(id.to_owned());
    }
}

/// Creates game sessions and seats, and changes this and that, until it is stopped.
async fn client(endpoint: String, round: u32, book: Book) {
    placed(&endpoint, &format!("placed-{round}"), "places", &book).await;
    let mut number = 0;
    let place = json!({"FleetId": "fleet-local", "Location": "custom-local", "MaximumPlayerSessionCount": 50});
    loop {
        if let Some(created) = call(&endpoint, "CreateGameSession", place.clone()).await {
            let arn = created["GameSession"]["GameSessionId"].as_str().unwrap();
            book.lock().unwrap().game_sessions.insert(arn.to_owned());
        }
        let active = book.lock().unwrap().active.clone();
        for session in active.iter().rev().take(3) {
            let (id, arn) = session.split_once(' ').unwrap();
            let seat = json!({"GameSessionId": arn, "PlayerId": "somebody"});
            if let Some(seat) = call(&endpoint, "CreatePlayerSession", seat).await {
                let player = seat["PlayerSession"]["PlayerSessionId"].as_str().unwrap();
                book.lock()
                    .unwrap()
                    .player_sessions
                    .insert(format!("{id} {arn} {player}"));
            }
            let name = format!("name-{round}-{number}");
            book.lock().unwrap().names.remove(arn);
            let rename = json!({"GameSessionId": arn, "Name": name});
            if call(&endpoint, "UpdateGameSession", rename).await.is_some() {
                book.lock().unwrap().names.insert(arn.to_owned(), name);
            }
        }
        change(&endpoint, &format!("change-{round}-{number}"), &book).await;
        number += 1;
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
}

/// What is in the book and not in the emulator.
async fn forgotten(running: &Running, book: &Book) -> Vec<String> {
    let endpoint = &running.environment["AWS_ENDPOINT_URL_GAMELIFT"];
    let events = Client::new()
        .get(format!("{endpoint}/_emulator/events"))
        .bearer_auth(&running.environment["GAMELIFT_EMULATOR_SECRET"])
        .send();
    let known: Value = events.await.unwrap().json().await.unwrap();
    let list = |list: &str, field: &str| -> BTreeMap<String, Value> {
        let rows = known[list].as_array().unwrap().iter();
        rows.map(|row| (row[field].as_str().unwrap().to_owned(), row.clone()))
            .collect()
    };
    let processes = list("processes", "process_id");
    let (sessions, players) = (
        list("game_sessions", "game_session_id"),
        list("player_sessions", "player_session_id"),
    );
    let mut aliases = BTreeMap::new();
    let mut more = json!({});
    while !more.is_null() {
        let listed = call(endpoint, "ListAliases", more).await.unwrap();
        let rows = listed["Aliases"].as_array().unwrap().iter();
        aliases.extend(rows.map(|row| (row["AliasId"].as_str().unwrap().to_owned(), row.clone())));
        more = listed
            .get("NextToken")
            .map_or(Value::Null, |token| json!({"NextToken": token}));
    }
    let placements = list("placements", "placement_id");
    let book = book.lock().unwrap();
    let mut missing = Vec::new();
    let mut check = |fine: bool, what: &str| {
        if !fine {
            missing.push(what.to_owned());
        }
    };
    for id in &book.ready {
        check(processes.contains_key(id), &format!("process {id}"));
    }
    for arn in &book.game_sessions {
        check(sessions.contains_key(arn), &format!("game session {arn}"));
    }
    for session in &book.active {
        let (_, arn) = session.split_once(' ').unwrap();
        check(
            sessions[arn]["status"] != "ACTIVATING",
            &format!("activation of {session}"),
        );
    }
    for seat in &book.player_sessions {
        check(players.contains_key(parts(seat).2), &format!("seat {seat}"));
    }
    for seat in &book.accepted {
        let player = players.get(parts(seat).2);
        let taken = player.is_some_and(|player| player["status"] == "ACTIVE" || player["status"] == "COMPLETED");
        check(taken, &format!("acceptance of {seat}"));
    }
    for id in &book.placements {
        check(placements.contains_key(id), &format!("placement {id}"));
    }
    for id in &book.stopped {
        let stopped = placements
            .get(id)
            .is_some_and(|placement| placement["status"] == "CANCELLED");
        check(stopped, &format!("end of placement {id}"));
    }
    for (id, description) in &book.aliases {
        let told = aliases.get(id).map(|alias| alias["Description"].as_str());
        let same = told.is_some_and(|told| description.is_none() || told == description.as_deref());
        check(same, &format!("alias {id}: {told:?}"));
    }
    for id in &book.deleted_aliases {
        check(!aliases.contains_key(id), &format!("deletion of alias {id}"));
    }
    for (arn, name) in &book.names {
        let same = sessions.get(arn).is_some_and(|session| session["name"] == *name);
        check(same, &format!("name {name} of {arn}"));
    }
    missing
}

/// The process id, which sorts by round: the newest game sessions are those that are joined.
fn name(round: u32, number: u32) -> String {
    format!("process-{round:06}-{number}")
}

/// How often it is killed: `EMULATOR_KILLS`, 3 in the ordinary run.
fn kills() -> u32 {
    let asked = std::env::var("EMULATOR_KILLS").ok();
    asked.and_then(|kills| kills.parse().ok()).unwrap_or(3)
}

#[tokio::test]
async fn an_emulator_that_is_killed_in_the_midst_of_traffic_forgets_nothing_that_it_answered() {
    let directory = tempfile::tempdir().unwrap();
    let book = Book::default();
    let mut running = Running::start(directory.path(), 0);
    let port = running.port();
    queues(&running.environment["AWS_ENDPOINT_URL_GAMELIFT"]).await;
    for round in 0..kills() {
        let environment = running.environment.clone();
        let (url, token) = (
            &environment["GAMELIFT_SDK_WEBSOCKET_URL"],
            &environment["GAMELIFT_SDK_AUTH_TOKEN"],
        );
        let query = format!(
            "Authorization={token}&ComputeId=local&FleetId=fleet-local&IdempotencyToken=t&sdkLanguage=Go&sdkVersion=5.6.0"
        );
        let mut traffic = tokio::task::JoinSet::new();
        let before = {
            let book = book.lock().unwrap();
            (book.active.len(), book.accepted.len())
        };
        for number in 0..4 {
            let id = name(round, number);
            traffic.spawn(process(url.clone(), query.clone(), id, Arc::clone(&book)));
        }
        // the ones of the round before come back
        for number in 0..4 {
            let id = name(round.wrapping_sub(1), number);
            if book.lock().unwrap().ready.contains(&id) {
                traffic.spawn(process(url.clone(), query.clone(), id, Arc::clone(&book)));
            }
        }
        traffic.spawn(client(
            environment["AWS_ENDPOINT_URL_GAMELIFT"].clone(),
            round,
            Arc::clone(&book),
        ));
        // killed while things go on, at another moment each time
        let enough = async {
            loop {
                let (active, accepted) = {
                    let book = book.lock().unwrap();
                    (book.active.len(), book.accepted.len())
                };
                if active > before.0 && accepted > before.1 + (round as usize * 7) % 20 {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(3 * LIMIT, enough).await.expect("no traffic");
        running.kill();
        traffic.shutdown().await;
        running = Running::start(directory.path(), port);
        assert_eq!(
            forgotten(&running, &book).await,
            Vec::<String>::new(),
            "after {} kills",
            round + 1
        );
    }
    running.kill();
    let book = book.lock().unwrap();
    println!(
        "{} kills: {} processes, {} game sessions, {} seats, {} acceptances, {} placements, {} aliases, {} deletions, \
         {} names answered, none forgotten",
        kills(),
        book.ready.len(),
        book.game_sessions.len(),
        book.player_sessions.len(),
        book.accepted.len(),
        book.placements.len(),
        book.aliases.len(),
        book.deleted_aliases.len(),
        book.names.len(),
    );
}
