//! GameLift in memory, as far as the backend uses it: idempotency, player sessions, search, and errors on demand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use game_session_backend::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord,
    GameSessionStatus, NewGameSession, NewPlacement, Outcome, PingBeacons, PlacedSeat, PlacementRecord,
    PlacementStatus, PlayerSessionRecord, PlayerSessionStatus, RecordPage, SearchQuery, StatusQuery,
};
use game_session_protocol::PlayerSessionPolicy;

/// What becomes of new game sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    /// Active when described for the first time.
    AtFirstPoll,
    /// Active when described so many times.
    AfterPolls(u32),
    /// Active in the answer of the create call.
    AtOnce,
    /// Activating for ever.
    Never,
    /// Over, in this status, when described for the first time.
    Ends(GameSessionStatus),
}

#[derive(Clone)]
pub(crate) struct Fake(Arc<Mutex<World>>);

struct World {
    activation: Activation,
    sessions: BTreeMap<GameSessionArn, Session>,
    placements: BTreeMap<String, Placement>,
    seats: Vec<PlayerSessionRecord>,
    calls: Vec<&'static str>,
    failures: BTreeMap<&'static str, VecDeque<GameLiftErrorKind>>,
    broken: BTreeMap<&'static str, GameLiftErrorKind>,
    created_at_ms: u64,
    requests: Vec<NewGameSession>,
    filters: Vec<String>,
    beacons: PingBeacons,
    notes: bool,
    counts_reserved: bool,
}

struct Session {
    record: GameSessionRecord,
    arguments: NewGameSession,
    polls: u32,
}

struct Placement {
    wanted: NewPlacement,
    record: PlacementRecord,
    polls: u32,
}

const PAGE: usize = 100; // game sessions
pub(crate) const LOCATION: &str = "custom-local";

/// What GameLift says in its errors, and no client may read.
pub(crate) const AWS_TEXT: &str = "canary-aws-text arn:aws:gamelift 192.0.2.77";

impl Fake {
    pub(crate) fn new(created_at_ms: u64) -> Self {
        Self(Arc::new(Mutex::new(World {
            activation: Activation::AtFirstPoll,
            sessions: BTreeMap::new(),
            placements: BTreeMap::new(),
            seats: Vec::new(),
            calls: Vec::new(),
            failures: BTreeMap::new(),
            broken: BTreeMap::new(),
            created_at_ms,
            requests: Vec::new(),
            filters: Vec::new(),
            beacons: PingBeacons::new(),
            notes: true,
            counts_reserved: true,
        })))
    }

    pub(crate) fn activation(&self, activation: Activation) {
        self.0.lock().unwrap().activation = activation;
    }

    /// Every placement is over so, the next time it is asked for.
    pub(crate) fn end_placements(&self, status: PlacementStatus) {
        let mut world = self.0.lock().unwrap();
        for placement in world.placements.values_mut() {
            if placement.record.status == PlacementStatus::Pending {
                placement.record.status = status;
            }
        }
    }

    /// The next call of this name fails so.
    pub(crate) fn fail_next(&self, call: &'static str, kind: GameLiftErrorKind) {
        self.0.lock().unwrap().failures.entry(call).or_default().push_back(kind);
    }

    /// Every call of this name fails so, until `None` is given.
    pub(crate) fn fail_always(&self, call: &'static str, kind: Option<GameLiftErrorKind>) {
        let mut world = self.0.lock().unwrap();
        match kind {
            Some(kind) => drop(world.broken.insert(call, kind)),
            None => drop(world.broken.remove(call)),
        }
    }

    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.0.lock().unwrap().calls.clone()
    }

    pub(crate) fn forget_calls(&self) {
        self.0.lock().unwrap().calls.clear();
    }

    pub(crate) fn requests(&self) -> Vec<NewGameSession> {
        self.0.lock().unwrap().requests.clone()
    }

    /// Remembers a request that goes to another GameLift: what is secret in it may not be seen anywhere.
    pub(crate) fn note(&self, request: NewGameSession) {
        let mut world = self.0.lock().unwrap();
        if world.notes {
            world.requests.push(request);
        }
    }

    /// From now on: for a test with very many requests, which looks at no answer that closely.
    pub(crate) fn note_no_more(&self) {
        self.0.lock().unwrap().notes = false;
    }

    /// From now on a seat counts among a game session's players once its player is in.
    pub(crate) fn count_only_who_is_in(&self) {
        self.0.lock().unwrap().counts_reserved = false;
    }

    pub(crate) fn set_beacon(&self, location: &str, beacon: &str) {
        let (location, beacon) = (location.to_owned(), beacon.to_owned());
        self.0.lock().unwrap().beacons.insert(location, beacon);
    }

    pub(crate) fn filters(&self) -> Vec<String> {
        self.0.lock().unwrap().filters.clone()
    }

    pub(crate) fn statuses(&self) -> Vec<GameSessionStatus> {
        let world = self.0.lock().unwrap();
        world.sessions.values().map(|session| session.record.status).collect()
    }

    pub(crate) fn seats(&self) -> Vec<PlayerSessionRecord> {
        self.0.lock().unwrap().seats.clone()
    }

    pub(crate) fn set_seats(&self, status: PlayerSessionStatus) {
        let mut world = self.0.lock().unwrap();
        world.seats.iter_mut().for_each(|seat| seat.status = status);
    }

    /// Moves all seats that are reserved or active on.
    pub(crate) fn move_on_seats(&self, to: PlayerSessionStatus) {
        let mut world = self.0.lock().unwrap();
        for seat in world.seats.iter_mut().filter(|seat| is_live(seat)) {
            seat.status = to;
        }
    }

    /// Changes all game sessions behind the backend's back.
    pub(crate) fn change(&self, change: impl Fn(&mut GameSessionRecord)) {
        let mut world = self.0.lock().unwrap();
        let sessions = world.sessions.values_mut();
        sessions.for_each(|session| change(&mut session.record));
    }

    fn call<T: Send + 'static>(
        &self,
        name: &'static str,
        act: impl FnOnce(&mut World) -> Result<T, GameLiftErrorKind>,
    ) -> Outcome<T> {
        let mut world = self.0.lock().unwrap();
        world.calls.push(name);
        let failure = world.failures.get_mut(name).and_then(VecDeque::pop_front);
        let answer = match failure.or_else(|| world.broken.get(name).copied()) {
            Some(kind) => Err(kind),
            None => act(&mut world),
        };
        let answer = answer.map_err(|kind| GameLiftError {
            operation: name,
            kind,
            detail: AWS_TEXT.to_owned(),
        });
        Box::pin(async move {
            tokio::task::yield_now().await;
            answer
        })
    }
}

impl World {
    fn poll(&mut self, arn: &GameSessionArn) -> Option<GameSessionRecord> {
        let activation = self.activation;
        let session = self.sessions.get_mut(arn)?;
        if session.record.status == GameSessionStatus::Activating {
            session.polls += 1;
            match activation {
                Activation::AtFirstPoll | Activation::AtOnce => session.record.status = GameSessionStatus::Active,
                Activation::AfterPolls(count) if session.polls >= count => {
                    session.record.status = GameSessionStatus::Active;
                }
                Activation::Ends(status) => session.record.status = status,
                Activation::AfterPolls(_) | Activation::Never => {}
            }
        }
        Some(self.record(arn))
    }

    fn record(&self, arn: &GameSessionArn) -> GameSessionRecord {
        let mut record = self.sessions[arn].record.clone();
        let counts = |seat: &&PlayerSessionRecord| {
            seat.arn == *arn && is_live(seat) && (self.counts_reserved || seat.status == PlayerSessionStatus::Active)
        };
        record.current_players = u16::try_from(self.seats.iter().filter(counts).count()).unwrap();
        record
    }

    fn live_seats(&self, arn: &GameSessionArn) -> usize {
        let live = self.seats.iter().filter(|seat| seat.arn == *arn && is_live(seat));
        live.count()
    }

    fn fits(record: &GameSessionRecord, filter: &str) -> bool {
        filter.split(" AND ").all(|term| match term.split_once(" = ") {
            Some(("hasAvailablePlayerSessions", "true")) => record.current_players < record.max_players,
            Some((key, value)) => {
                let key = key.strip_prefix("gameSessionProperties.").unwrap();
                record.properties.get(key).map(String::as_str) == Some(value.trim_matches('\''))
            }
            None => panic!("the fake cannot read the filter {filter}"),
        })
    }
}

impl World {
    /// A placement as it is now, once it was looked at.
    fn placement(&mut self, token: &str, arn: GameSessionArn) -> Option<PlacementRecord> {
        let activation = self.activation;
        let placement = self.placements.get_mut(token)?;
        if placement.record.status == PlacementStatus::Pending {
            placement.polls += 1;
            match activation {
                Activation::AtFirstPoll | Activation::AtOnce => self.fulfil(token, arn),
                Activation::AfterPolls(count) if placement.polls >= count => self.fulfil(token, arn),
                Activation::Ends(_) => placement.record.status = PlacementStatus::Failed,
                Activation::AfterPolls(_) | Activation::Never => {}
            }
        }
        Some(self.placements[token].record.clone())
    }

    fn fulfil(&mut self, token: &str, arn: GameSessionArn) {
        let wanted = self.placements[token].wanted.clone();
        let port = 7000 + u16::try_from(self.sessions.len()).unwrap();
        self.sessions.insert(
            arn.clone(),
            Session {
                record: self.new_record(&arn, GameSessionStatus::Active, &wanted.game_session, port),
                arguments: wanted.game_session,
                polls: 0,
            },
        );
        let seat = PlayerSessionRecord {
            id: format!("psess-{}", self.seats.len() + 1).parse().unwrap(),
            arn: arn.clone(),
            player: wanted.player.clone(),
            status: PlayerSessionStatus::Reserved,
        };
        let created_at_ms = self.created_at_ms;
        let record = &mut self.placements.get_mut(token).unwrap().record;
        record.status = PlacementStatus::Fulfilled;
        record.arn = Some(arn);
        record.ended_at_ms = Some(created_at_ms);
        record.seats = vec![PlacedSeat {
            player: wanted.player,
            id: seat.id.clone(),
        }];
        self.seats.push(seat);
    }

    fn new_record(
        &self,
        arn: &GameSessionArn,
        status: GameSessionStatus,
        request: &NewGameSession,
        port: u16,
    ) -> GameSessionRecord {
        GameSessionRecord {
            arn: arn.clone(),
            status,
            name: request.name.clone(),
            max_players: request.max_players,
            current_players: 0,
            policy: PlayerSessionPolicy::AcceptAll,
            properties: request.properties.clone(),
            ip_address: Some("127.0.0.1".to_owned()),
            port: Some(port),
            location: Some(LOCATION.to_owned()),
            created_at_ms: Some(self.created_at_ms),
            session_data: request.session_data.clone(),
        }
    }
}

impl GameLift for Fake {
    fn start_placement(&self, wanted: NewPlacement) -> Outcome<PlacementRecord> {
        let arn = arn_of(&wanted.game_session.token);
        self.call("StartGameSessionPlacement", |world| {
            let request = wanted.game_session.clone();
            let token = request.token.clone();
            world.requests.push(request.clone());
            if world.placements.contains_key(&token) {
                return Err(GameLiftErrorKind::InvalidRequest);
            }
            let record = PlacementRecord {
                status: PlacementStatus::Pending,
                arn: None,
                seats: Vec::new(),
                name: request.name,
                max_players: request.max_players,
                properties: request.properties,
                session_data: request.session_data,
                started_at_ms: Some(world.created_at_ms),
                ended_at_ms: None,
            };
            let polls = 0;
            world
                .placements
                .insert(token.clone(), Placement { wanted, record, polls });
            if world.activation == Activation::AtOnce {
                world.fulfil(&token, arn);
            }
            Ok(world.placements[&token].record.clone())
        })
    }

    fn describe_placement(&self, token: String) -> Outcome<Option<PlacementRecord>> {
        let arn = arn_of(&token);
        self.call("DescribeGameSessionPlacement", |world| Ok(world.placement(&token, arn)))
    }

    fn stop_placement(&self, token: String) -> Outcome<PlacementRecord> {
        self.call("StopGameSessionPlacement", |world| {
            let placement = world.placements.get_mut(&token).ok_or(GameLiftErrorKind::NotFound)?;
            if placement.record.status != PlacementStatus::Pending {
                return Err(GameLiftErrorKind::InvalidRequest);
            }
            placement.record.status = PlacementStatus::Cancelled;
            Ok(placement.record.clone())
        })
    }

    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        let arn = arn_of(&request.token);
        self.call("CreateGameSession", |world| {
            world.requests.push(request.clone());
            if let Some(known) = world.sessions.get(&arn) {
                let same = known.arguments == request;
                return if same {
                    Ok(world.record(&arn))
                } else {
                    Err(GameLiftErrorKind::ParameterMismatch)
                };
            }
            let status = match world.activation {
                Activation::AtOnce => GameSessionStatus::Active,
                _ => GameSessionStatus::Activating,
            };
            let port = 7000 + u16::try_from(world.sessions.len()).unwrap();
            let record = world.new_record(&arn, status, &request, port);
            world.sessions.insert(
                arn.clone(),
                Session {
                    record: record.clone(),
                    arguments: request,
                    polls: 0,
                },
            );
            Ok(record)
        })
    }

    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>> {
        self.call("DescribeGameSessions", |world| Ok(world.poll(&arn)))
    }

    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage> {
        self.call("DescribeGameSessions", |world| {
            let from = query.next_token.map_or(0, |token| token.parse().unwrap());
            let arns: Vec<_> = world.sessions.keys().cloned().collect();
            for arn in arns.iter().filter(|_| from == 0) {
                drop(world.poll(arn));
            }
            let mut records: Vec<_> = arns.iter().map(|arn| world.record(arn)).collect();
            records.retain(|record| record.status == query.status);
            let next_token = (from + PAGE < records.len()).then(|| (from + PAGE).to_string());
            let records = records.into_iter().skip(from).take(PAGE).collect();
            Ok(RecordPage { records, next_token })
        })
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        self.call("SearchGameSessions", |world| {
            world.filters.push(query.filter.clone());
            let mut records: Vec<_> = world.sessions.keys().map(|arn| world.record(arn)).collect();
            records.retain(|it| it.status == GameSessionStatus::Active && World::fits(it, &query.filter));
            let from: usize = query.next_token.map_or(0, |token| token.parse().unwrap());
            let to = (from + usize::from(query.limit)).min(records.len());
            let next_token = (to < records.len()).then(|| to.to_string());
            Ok(RecordPage {
                records: records[from..to].to_vec(),
                next_token,
            })
        })
    }

    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord> {
        self.call("CreatePlayerSession", |world| {
            let session = world.sessions.get(&arn).ok_or(GameLiftErrorKind::NotFound)?;
            let record = &session.record;
            if record.status != GameSessionStatus::Active || record.policy == PlayerSessionPolicy::DenyAll {
                return Err(GameLiftErrorKind::WrongSessionStatus);
            }
            if world.live_seats(&arn) >= usize::from(record.max_players) {
                return Err(GameLiftErrorKind::Full);
            }
            let id = format!("psess-{}", world.seats.len() + 1).parse().unwrap();
            let seat = PlayerSessionRecord {
                id,
                arn,
                player,
                status: PlayerSessionStatus::Reserved,
            };
            world.seats.push(seat.clone());
            Ok(seat)
        })
    }

    fn describe_player_sessions(&self, player: String, _: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>> {
        self.call("DescribePlayerSessions", |world| {
            let of_player = world.seats.iter().filter(|seat| seat.player == player);
            Ok(of_player.cloned().collect())
        })
    }

    fn update_game_session(&self, change: GameSessionChange) -> Outcome<GameSessionRecord> {
        self.call("UpdateGameSession", |world| {
            let taken = world.live_seats(&change.arn);
            let session = world.sessions.get_mut(&change.arn).ok_or(GameLiftErrorKind::NotFound)?;
            let record = &mut session.record;
            let keys: BTreeSet<_> = record.properties.keys().chain(change.properties.keys()).collect();
            if keys.len() > 16 || change.max_players.is_some_and(|most| usize::from(most) < taken) {
                return Err(GameLiftErrorKind::InvalidRequest);
            }
            record.name = change.name.unwrap_or_else(|| record.name.clone());
            record.max_players = change.max_players.unwrap_or(record.max_players);
            record.policy = change.policy.unwrap_or(record.policy);
            record.properties.extend(change.properties);
            Ok(world.record(&change.arn))
        })
    }

    fn terminate_game_session(&self, arn: GameSessionArn) -> Outcome<()> {
        self.call("TerminateGameSession", |world| {
            let session = world.sessions.get_mut(&arn).ok_or(GameLiftErrorKind::NotFound)?;
            session.record.status = GameSessionStatus::Terminated;
            Ok(())
        })
    }

    fn ping_beacons(&self) -> Outcome<PingBeacons> {
        self.call("ListLocations", |world| Ok(world.beacons.clone()))
    }

    fn arn_of_token(&self, token: String) -> Outcome<Option<GameSessionArn>> {
        Box::pin(std::future::ready(Ok(Some(arn_of(&token)))))
    }
}

fn is_live(seat: &PlayerSessionRecord) -> bool {
    matches!(seat.status, PlayerSessionStatus::Reserved | PlayerSessionStatus::Active)
}

fn arn_of(token: &str) -> GameSessionArn {
    let arn = format!("arn:aws:gamelift:us-east-1::gamesession/fleet-1/{LOCATION}/{token}");
    arn.parse().unwrap()
}
