//! Searches in worlds with many game sessions, beside an oracle that looks at every one and knows nothing of the parser.

use std::{cmp::Ordering, collections::BTreeMap, fmt::Write, time::Duration};

use proptest::{
    prelude::Rng,
    test_runner::{RngAlgorithm, TestRng},
};
use serde_json::{Value, json};

use super::rig::Rig;
use crate::{model::game_sessions::SearchGameSessionsInput, world::Settings};

const WORLDS: u64 = 20;
const QUERIES: usize = 500;
const SESSIONS: u64 = 90;
const LOCATIONS: [&str; 2] = ["custom-local", "custom-attic"];
const NAMES: [&str; 4] = ["room", "it's", "a \"b\" \\ c", "Room"];
const PROPERTIES: [&str; 3] = ["map", "mode", "rank"];
const VALUES: [&str; 4] = ["a", "b", "dust 2", ""];

struct Dice(TestRng);

impl Dice {
    fn new(seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self(TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0.next_u64() % end
    }

    fn one_in(&mut self, number: u64) -> bool {
        self.below(number) == 0
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()]
    }

    fn properties(&mut self) -> Vec<Value> {
        let mut properties = Vec::new();
        for key in PROPERTIES {
            if !self.one_in(3) {
                properties.push(json!({"Key": key, "Value": self.pick(&VALUES)}));
            }
        }
        properties
    }
}

/// Game sessions of every kind, in two locations, some changed, some full, some over.
fn populated(dice: &mut Dice) -> Rig {
    let mut rig = Rig::new();
    rig.call("CreateLocation", json!({"LocationName": "custom-attic"}))
        .unwrap();
    let attic = json!({"FleetId": "fleet-local", "Locations": [{"Location": "custom-attic"}]});
    rig.call("CreateFleetLocations", attic).unwrap();
    for number in 0..SESSIONS {
        let location = dice.pick(&LOCATIONS);
        let socket = rig.process_of("fleet-local", location, &format!("process-{number}"));
        let mut create = json!({
            "FleetId": "fleet-local", "Location": location, "MaximumPlayerSessionCount": dice.below(5),
            "GameProperties": dice.properties(),
        });
        if !dice.one_in(3) {
            create["Name"] = json!(dice.pick(&NAMES));
        }
        let made = rig.call("CreateGameSession", create).unwrap();
        let arn = made["GameSession"]["GameSessionId"].as_str().unwrap().to_owned();
        rig.pass(Duration::from_millis(dice.below(4)));
        if dice.one_in(10) {
            continue;
        }
        assert_eq!(rig.activate(socket, &arn), 200);
        for _ in 0..dice.below(5) {
            // some are full by now
            drop(rig.reserve(&arn));
        }
        if dice.one_in(4) {
            let update = json!({"GameSessionId": arn, "Name": dice.pick(&NAMES), "GameProperties": dice.properties()});
            rig.call("UpdateGameSession", update).unwrap();
        }
        match dice.below(10) {
            0 => drop(rig.ending(socket)),
            1 => drop(rig.terminate(&arn).unwrap()),
            _ => {}
        }
    }
    rig
}

/// What the oracle knows of a game session.
struct Known {
    arn: String,
    name: Option<String>,
    properties: BTreeMap<String, String>,
    location: String,
    active: bool,
    players: u64,
    maximum: u64,
    created: u64,
}

impl Known {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a moment of this century"
    )]
    fn of(session: &Value) -> Self {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let properties = session["GameProperties"].as_array().unwrap().iter();
        Self {
            arn: text(&session["GameSessionId"]),
            name: session["Name"].as_str().map(str::to_owned),
            properties: properties
                .map(|property| (text(&property["Key"]), text(&property["Value"])))
                .collect(),
            location: text(&session["Location"]),
            active: session["Status"] == "ACTIVE",
            players: session["CurrentPlayerSessionCount"].as_u64().unwrap(),
            maximum: session["MaximumPlayerSessionCount"].as_u64().unwrap(),
            created: (session["CreationTime"].as_f64().unwrap() * 1000.0).round() as u64,
        }
    }
}

fn all_sessions(rig: &mut Rig) -> Vec<Known> {
    let all = json!({"FleetId": "fleet-local", "Limit": 1000});
    let answer = rig.call("DescribeGameSessions", all).unwrap();
    assert!(answer.get("NextToken").is_none());
    let sessions = answer["GameSessions"].as_array().unwrap();
    sessions.iter().map(Known::of).collect()
}

/// A filter, as a tree of what it means.
enum Query {
    Compare(&'static str, usize, Wanted),
    Property(&'static str, bool, String),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    Not(Box<Self>),
}

enum Wanted {
    Number(u64),
    Text(String),
    Flag(bool),
}

const COMPARATORS: [&str; 6] = ["=", "<>", "<", ">", "<=", ">="];

impl Query {
    fn any(dice: &mut Dice, depth: u32, sessions: &[Known]) -> Self {
        if depth > 0 && !dice.one_in(3) {
            let mut inner = || Box::new(Self::any(dice, depth - 1, sessions));
            let (one, other) = (inner(), inner());
            return match dice.below(3) {
                0 => Self::And(one, other),
                1 => Self::Or(one, other),
                _ => Self::Not(one),
            };
        }
        let example = &sessions[usize::try_from(dice.below(sessions.len() as u64)).unwrap()];
        let any = usize::try_from(dice.below(6)).unwrap();
        match dice.below(8) {
            0 => Self::Compare("maximumSessions", any, Wanted::Number(dice.below(6))),
            1 => Self::Compare("playerSessionCount", any, Wanted::Number(dice.below(6))),
            2 => {
                let moment = example.created + dice.below(3) - 1;
                Self::Compare("creationTimeMillis", any, Wanted::Number(moment))
            }
            3 => Self::Compare("hasAvailablePlayerSessions", any % 2, Wanted::Flag(dice.one_in(2))),
            4 => Self::Compare("gameSessionName", any % 2, Wanted::Text(dice.pick(&NAMES).into())),
            5 => Self::Compare("gameSessionId", any % 2, Wanted::Text(example.arn.clone())),
            _ => {
                let key = ["map", "mode", "rank", "absent"][any % 4];
                Self::Property(key, dice.one_in(2), dice.pick(&VALUES).into())
            }
        }
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Compare(word, comparator, wanted) => {
                write!(text, "{word} {} ", COMPARATORS[*comparator]).unwrap();
                match wanted {
                    Wanted::Number(number) => write!(text, "{number}").unwrap(),
                    Wanted::Flag(flag) => write!(text, "{flag}").unwrap(),
                    Wanted::Text(words) => quote(words, text),
                }
            }
            Self::Property(key, equal, value) => {
                write!(text, "gameSessionProperties.{key}{}", if *equal { "=" } else { "<>" }).unwrap();
                quote(value, text);
            }
            Self::And(one, other) => Self::join(one, "AND", other, text),
            Self::Or(one, other) => Self::join(one, "OR", other, text),
            Self::Not(inner) => {
                text.push_str("NOT (");
                inner.write(text);
                text.push(')');
            }
        }
    }

    fn join(one: &Self, word: &str, other: &Self, text: &mut String) {
        text.push('(');
        one.write(text);
        write!(text, ") {word} (").unwrap();
        other.write(text);
        text.push(')');
    }

    fn holds(&self, session: &Known) -> bool {
        match self {
            Self::Compare(word, comparator, wanted) => {
                let (players, maximum) = (session.players, session.maximum);
                let ordering = match (*word, wanted) {
                    ("maximumSessions", Wanted::Number(number)) => maximum.cmp(number),
                    ("playerSessionCount", Wanted::Number(number)) => players.cmp(number),
                    ("creationTimeMillis", Wanted::Number(number)) => session.created.cmp(number),
                    ("hasAvailablePlayerSessions", Wanted::Flag(flag)) => (players < maximum).cmp(flag),
                    ("gameSessionName", Wanted::Text(text)) => match &session.name {
                        Some(name) => name.cmp(text),
                        None => return false,
                    },
                    ("gameSessionId", Wanted::Text(text)) => session.arn.cmp(text),
                    _ => unreachable!(),
                };
                match COMPARATORS[*comparator] {
                    "=" => ordering == Ordering::Equal,
                    "<>" => ordering != Ordering::Equal,
                    "<" => ordering == Ordering::Less,
                    ">" => ordering == Ordering::Greater,
                    "<=" => ordering != Ordering::Greater,
                    _ => ordering != Ordering::Less,
                }
            }
            Self::Property(key, equal, value) => session
                .properties
                .get(*key)
                .is_some_and(|found| (found == value) == *equal),
            Self::And(one, other) => one.holds(session) && other.holds(session),
            Self::Or(one, other) => one.holds(session) || other.holds(session),
            Self::Not(inner) => !inner.holds(session),
        }
    }
}

fn quote(words: &str, text: &mut String) {
    text.push('\'');
    for letter in words.chars() {
        if letter == '\'' || letter == '\\' {
            text.push('\\');
        }
        text.push(letter);
    }
    text.push('\'');
}

/// Which comes first; one that lacks the value comes last either way.
fn order(word: &str, down: bool, one: &Known, other: &Known) -> Ordering {
    let text = |session: &'_ Known| match word {
        "gameSessionName" => session.name.clone(),
        "gameSessionId" => Some(session.arn.clone()),
        property => session
            .properties
            .get(property.trim_start_matches("gameSessionProperties."))
            .cloned(),
    };
    let number = |session: &Known| match word {
        "maximumSessions" => Some(session.maximum),
        "playerSessionCount" => Some(session.players),
        "creationTimeMillis" => Some(session.created),
        "hasAvailablePlayerSessions" => Some(u64::from(session.players < session.maximum)),
        _ => None,
    };
    let ordering = match (number(one), number(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => match (text(one), text(other)) {
            (Some(one), Some(other)) => one.cmp(&other),
            (Some(_), None) => return Ordering::Less,
            (None, Some(_)) => return Ordering::Greater,
            (None, None) => Ordering::Equal,
        },
    };
    if down { ordering.reverse() } else { ordering }
}

/// Everything that a search finds, page by page: the ids and the counts of players.
fn search(rig: &mut Rig, input: &Value) -> Vec<(String, u64)> {
    let mut all = Vec::new();
    let mut token = None;
    loop {
        let mut page: SearchGameSessionsInput = serde_json::from_value(input.clone()).unwrap();
        let limit = page.limit.unwrap().min(20) as usize;
        page.next_token = token;
        let page = rig.world.search_game_sessions(page, rig.now).unwrap();
        assert!(page.game_sessions.len() <= limit);
        let sessions = page.game_sessions.into_iter();
        all.extend(sessions.map(|session| (session.game_session_id, session.current_player_session_count.into())));
        token = page.next_token;
        if token.is_none() {
            return all;
        }
    }
}

#[test]
fn a_search_finds_what_a_slow_oracle_finds_in_10_000_generated_queries() {
    const WORDS: [&str; 8] = [
        "maximumSessions",
        "playerSessionCount",
        "creationTimeMillis",
        "hasAvailablePlayerSessions",
        "gameSessionName",
        "gameSessionId",
        "gameSessionProperties.map",
        "gameSessionProperties.absent",
    ];
    let (mut asked, mut found_any, mut more_than_a_page) = (0, 0, 0);
    for world in 0..WORLDS {
        let mut dice = Dice::new(world);
        let mut rig = populated(&mut dice);
        let sessions = all_sessions(&mut rig);
        for _ in 0..QUERIES {
            let query = (!dice.one_in(20)).then(|| Query::any(&mut dice, 2, &sessions));
            let sort = (!dice.one_in(3)).then(|| (dice.pick(&WORDS), dice.one_in(2)));
            let location = dice.one_in(4).then(|| dice.pick(&LOCATIONS));
            let mut input = json!({"FleetId": "fleet-local", "Limit": 1 + dice.below(30), "Location": location});
            if let Some(query) = &query {
                let mut text = String::new();
                query.write(&mut text);
                input["FilterExpression"] = json!(text);
            }
            if let Some((word, down)) = sort {
                input["SortExpression"] = json!(format!("{word} {}", if down { "DESC" } else { "ASC" }));
            }
            let mut expected: Vec<&Known> = sessions.iter().collect();
            expected.retain(|session| {
                session.active
                    && location.is_none_or(|location| session.location == location)
                    && query.as_ref().is_none_or(|query| query.holds(session))
            });
            if let Some((word, down)) = sort {
                expected.sort_by(|one, other| order(word, down, one, other));
            }
            let found = search(&mut rig, &input);
            let expected = expected.iter().map(|known| (&known.arn, known.players));
            assert!(
                found.iter().map(|(arn, players)| (arn, *players)).eq(expected),
                "{input}"
            );
            asked += 1;
            found_any += u32::from(!found.is_empty());
            more_than_a_page += u32::from(found.len() > 20);
        }
    }
    assert_eq!(asked, 10_000);
    assert!(found_any > 5_000, "{found_any} of the queries found something");
    assert!(more_than_a_page > 500, "{more_than_a_page} found more than a page");
}

#[test]
fn a_late_search_sees_changes_after_its_lag_and_ends_at_once() {
    let lag = Duration::from_secs(1);
    let mut rig = Rig::with(Settings {
        search_lag: lag,
        ..Settings::default()
    });
    let (socket, arn) = rig.playing();
    let ask = |rig: &mut Rig, filter: &str| {
        let input = json!({"FleetId": "fleet-local", "FilterExpression": filter, "Limit": 20});
        search(rig, &input).len()
    };
    let room = "hasAvailablePlayerSessions=true";
    assert_eq!(ask(&mut rig, room), 0, "not yet");
    rig.pass(lag);
    assert_eq!(ask(&mut rig, room), 1);
    rig.reserve(&arn).unwrap();
    rig.reserve(&arn).unwrap();
    let found = json!({"FleetId": "fleet-local", "FilterExpression": room, "Limit": 20});
    let found = search(&mut rig, &found);
    assert_eq!(found[0].1, 0, "the count is late");
    assert!(
        rig.reserve(&arn).is_err(),
        "and a join after such a search meets a full one"
    );
    rig.pass(lag);
    assert_eq!(ask(&mut rig, room), 0);
    assert_eq!(ask(&mut rig, "playerSessionCount=2"), 1);
    let update = json!({"GameSessionId": arn, "Name": "new"});
    rig.call("UpdateGameSession", update).unwrap();
    rig.ending(socket);
    assert_eq!(ask(&mut rig, "playerSessionCount=2"), 0, "what is over is not found");
    rig.pass(lag);
    assert_eq!(
        ask(&mut rig, "gameSessionName='new'"),
        0,
        "nor by a change that comes late"
    );
}
