//! Searches with three filters and a sort, over HTTP, beside `SQLite` in memory in this process on the same game sessions.

use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::{Value, json};

use crate::{Size, http::Caller, served::Served};

const MAPS: usize = 20;
const MODES: usize = 5;

/// What is asked, in both languages.
struct Question {
    filter: &'static str,
    sort: &'static str,
    conditions: &'static str,
    order: &'static str,
}

/// `$map` stands for another map each time.
const QUESTIONS: [Question; 4] = [
    Question {
        filter: "hasAvailablePlayerSessions=true AND gameSessionProperties.map='$map' AND maximumSessions>=8",
        sort: "playerSessionCount DESC",
        conditions: "players < maximum AND map = ?1 AND maximum >= 8",
        order: "players DESC",
    },
    Question {
        filter: "gameSessionProperties.map='$map' AND gameSessionProperties.mode='mode-3' AND playerSessionCount>0",
        sort: "creationTimeMillis DESC",
        conditions: "map = ?1 AND mode = 'mode-3' AND players > 0",
        order: "id DESC",
    },
    Question {
        filter: "hasAvailablePlayerSessions=true AND gameSessionProperties.map<>'$map' AND playerSessionCount<4",
        sort: "gameSessionName ASC",
        conditions: "players < maximum AND map <> ?1 AND players < 4",
        order: "name",
    },
    Question {
        filter: "hasAvailablePlayerSessions=true AND NOT gameSessionProperties.map='$map' AND maximumSessions=16",
        sort: "gameSessionProperties.mode ASC",
        conditions: "players < maximum AND NOT map = ?1 AND maximum = 16",
        order: "mode",
    },
];

struct Row {
    name: String,
    map: String,
    mode: String,
    maximum: usize,
    players: usize,
}

fn row(number: usize) -> Row {
    let shuffled = number.wrapping_mul(2_654_435_761);
    let maximum = [2, 4, 8, 16][shuffled / 7 % 4];
    Row {
        name: format!("room {:06}", shuffled % 1_000_000),
        map: format!("map-{}", shuffled / 3 % MAPS),
        mode: format!("mode-{}", shuffled / 11 % MODES),
        maximum,
        players: shuffled / 5 % (maximum + 1),
    }
}

/// The call that makes the game session with this number, and how many players it gets.
pub(crate) fn call(number: usize) -> (String, usize) {
    let row = row(number);
    let call = json!({
        "FleetId": "fleet-local", "Location": "custom-local", "Name": row.name, "MaximumPlayerSessionCount": row.maximum,
        "GameProperties": [{"Key": "map", "Value": row.map}, {"Key": "mode", "Value": row.mode}],
    });
    (call.to_string(), row.players)
}

pub(crate) async fn measure(size: Size) {
    let started = Instant::now();
    let emulator = Served::start(&size.sessions.to_string());
    println!(
        "{} game sessions made in {:.1?}; searches with three filters and a sort (aim: p99 below 1000 us):",
        size.sessions,
        started.elapsed()
    );
    let database = database(size.sessions);
    let mut http = Caller::connect(&emulator.host).await;
    for question in &QUESTIONS {
        let (mut ours, mut sqlites) = (Vec::new(), Vec::new());
        for number in 0..size.queries / QUESTIONS.len() {
            let map = format!("map-{}", number % MAPS);
            let body = json!({
                "FleetId": "fleet-local", "FilterExpression": question.filter.replace("$map", &map),
                "SortExpression": question.sort,
            });
            let body = body.to_string();
            let asked = Instant::now();
            let answer = http.call("SearchGameSessions", &body).await;
            ours.push(asked.elapsed());
            let asked = Instant::now();
            let names = select(&database, question, &map);
            sqlites.push(asked.elapsed());
            let answer: Value = serde_json::from_slice(answer).unwrap();
            let found = answer["GameSessions"].as_array().unwrap().iter();
            let found: Vec<&str> = found.map(|session| session["Name"].as_str().unwrap()).collect();
            assert_eq!(found, names, "both find the same: {body}");
        }
        println!("{} | {}", question.filter, question.sort);
        report("the emulator, over HTTP", ours);
        report("SQLite in memory, in process", sqlites);
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |part: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in a list"
        )]
        let place = (times.len() as f64 * part) as usize;
        times[place.min(times.len() - 1)].as_secs_f64() * 1e6
    };
    println!("  {what:<30} p50 {:>7.0} us   p99 {:>7.0} us", at(0.5), at(0.99));
}

/// The same game sessions, with an index for everything that is asked.
fn database(sessions: usize) -> Connection {
    let mut database = Connection::open_in_memory().unwrap();
    let table = "CREATE TABLE sessions
        (id INTEGER PRIMARY KEY, name TEXT, map TEXT, mode TEXT, maximum INTEGER, players INTEGER);
        CREATE INDEX by_players ON sessions (map, players);
        CREATE INDEX by_mode ON sessions (mode);
        CREATE INDEX by_name ON sessions (name);
        CREATE INDEX by_map_and_mode ON sessions (map, mode);
        CREATE INDEX by_maximum ON sessions (maximum, mode);";
    database.execute_batch(table).unwrap();
    let batch = database.transaction().unwrap();
    for number in 0..sessions {
        let row = row(number);
        batch
            .prepare_cached("INSERT INTO sessions VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
            .unwrap()
            .execute(params![number, row.name, row.map, row.mode, row.maximum, row.players])
            .unwrap();
    }
    batch.commit().unwrap();
    database.execute_batch("ANALYZE").unwrap();
    database
}

fn select(database: &Connection, question: &Question, map: &str) -> Vec<String> {
    let text = format!(
        "SELECT name, map, mode, maximum, players FROM sessions WHERE {} ORDER BY {}, id LIMIT 20",
        question.conditions, question.order
    );
    let mut statement = database.prepare_cached(&text).unwrap();
    let rows = statement.query_map([map], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}
