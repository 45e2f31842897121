//! GameLift through one queue: placements go to the queue, lists and searches to all fleets behind it, and what is about
//! one game session to the region that it is in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_gamelift::types::DesiredPlayerSession;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::errors::failed;
use super::regions::Regions;
use super::shapes::{latencies_out, placement, properties_out};
use super::{AwsGameLift, Builder, client, configuration};
use crate::config::{AwsTarget, FleetTarget};
use crate::gamelift::merge::{self, Cursor};
use crate::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord, NewGameSession,
    NewPlacement, Outcome, PingBeacons, PlacementRecord, PlayerSessionRecord, RecordPage, SearchQuery, StatusQuery,
};
use crate::locks::locked;
use crate::placing::{Destination, QueueTarget};

/// A fleet's page, however many are wanted of it: where a list goes on must not depend on that.
const PAGE_SIZE: u16 = 20;
/// A page without records is followed by another one so often.
const MOST_ROUNDS: usize = 3;
/// GameLift's quota; more are not listed.
const MOST_DESTINATIONS: usize = 10;
/// The queue is asked for its destinations again so much later.
const GOOD_FOR: Duration = Duration::from_mins(5);
/// Where it does not answer, it is asked again so much later: when there are old ones, and when there are none.
const FAILED_FOR: Duration = Duration::from_secs(30);
const NOTHING_FOR: Duration = Duration::from_secs(2);

/// GameLift through the AWS SDK, by way of one queue. Cheap to clone.
#[derive(Clone)]
pub struct AwsQueue(Arc<Inside>);

struct Inside {
    regions: Regions,
    queue: QueueTarget,
    /// Held while one caller asks and nothing is known; who knows something does not wait.
    asking: tokio::sync::Mutex<()>,
    found: Mutex<Found>,
}

/// What is known of the queue's destinations.
#[derive(Default)]
struct Found {
    destinations: Option<Vec<Destination>>,
    /// Until then the queue is not asked again.
    until: Option<Instant>,
    failure: Option<GameLiftError>,
}

impl Found {
    /// What there is to answer without asking the queue.
    fn answer(&self) -> Option<Result<Vec<Destination>, GameLiftError>> {
        self.until.filter(|until| Instant::now() < *until)?;
        self.latest()
    }

    /// The latest destinations, however old; what was known a while ago is better than nothing.
    fn latest(&self) -> Option<Result<Vec<Destination>, GameLiftError>> {
        let failure = || self.failure.clone().map(Err);
        self.destinations.clone().map(Ok).or_else(failure)
    }
}

impl std::fmt::Debug for AwsQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsQueue")
            .field("queue", &self.0.queue)
            .field("endpoint", &self.0.regions.endpoint())
            .finish_non_exhaustive()
    }
}

impl AwsQueue {
    /// Reads the configuration that the target names; makes no call yet.
    pub async fn connect(target: &AwsTarget, queue: QueueTarget) -> Self {
        let (config, endpoint) = configuration(target).await;
        Self::over(config, queue, endpoint)
    }

    /// As [`connect`](Self::connect), over a configuration of the AWS SDK: for credentials and connections of its own.
    /// Time-outs and repetitions are this crate's.
    #[doc(hidden)]
    pub fn over(config: Builder, queue: QueueTarget, endpoint: Option<String>) -> Self {
        Self(Arc::new(Inside {
            regions: Regions::new(client(config), endpoint),
            queue,
            asking: tokio::sync::Mutex::default(),
            found: Mutex::default(),
        }))
    }

    /// The endpoint it was pointed at, if it is not AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.0.regions.endpoint()
    }

    fn at(&self, arn: &GameSessionArn) -> AwsGameLift {
        self.0.regions.of(arn)
    }
}

impl Inside {
    /// The fleets behind the queue: as configured, or as the queue says.
    async fn destinations(&self) -> Result<Vec<Destination>, GameLiftError> {
        if !self.queue.destinations.is_empty() {
            return Ok(self.queue.destinations.clone());
        }
        if let Some(known) = locked(&self.found).answer() {
            return known;
        }
        let _alone = if let Ok(alone) = self.asking.try_lock() {
            alone
        } else if let Some(Ok(old)) = locked(&self.found).latest() {
            return Ok(old);
        } else {
            self.asking.lock().await
        };
        // Who held the lock before may have asked.
        if let Some(known) = locked(&self.found).answer() {
            return known;
        }
        let asked = self.ask_for_destinations().await;
        let mut found = locked(&self.found);
        let good_for = match asked {
            Ok(destinations) => {
                found.destinations = Some(destinations);
                GOOD_FOR
            }
            Err(error) => {
                tracing::warn!(kind = ?error.kind, "the queue's destinations cannot be asked for");
                found.failure = Some(error);
                match found.destinations {
                    Some(_) => FAILED_FOR,
                    None => NOTHING_FOR,
                }
            }
        };
        found.until = Some(Instant::now() + good_for);
        found.latest().unwrap_or_else(|| Ok(Vec::new()))
    }

    async fn ask_for_destinations(&self) -> Result<Vec<Destination>, GameLiftError> {
        const CALL: &str = "DescribeGameSessionQueues";
        let call = self.regions.home().describe_game_session_queues();
        let answer = call
            .names(self.queue.name())
            .send()
            .await
            .map_err(|error| failed(CALL, &error))?;
        let queues = answer.game_session_queues.unwrap_or_default();
        let Some(queue) = queues.iter().find(|queue| queue.name() == Some(self.queue.name())) else {
            return Err(GameLiftError {
                operation: CALL,
                kind: GameLiftErrorKind::NotFound,
                detail: "there is no queue of the configured name".to_owned(),
            });
        };
        let arns = queue.destinations().iter().filter_map(|it| it.destination_arn());
        let destinations: Vec<_> = arns.filter_map(Destination::of_arn).take(MOST_DESTINATIONS).collect();
        tracing::info!(count = destinations.len(), "the queue's destinations were found");
        Ok(destinations)
    }

    fn fleet(&self, destination: &Destination) -> AwsGameLift {
        let region = destination.region.as_deref();
        self.regions.fleet(region, destination.fleet.clone())
    }

    async fn search(&self, query: SearchQuery) -> Result<RecordPage, GameLiftError> {
        let destinations = self.destinations().await?;
        let mut cursors = match query.next_token {
            None => destinations.iter().map(|it| Cursor::start(it.key())).collect(),
            Some(token) => merge::read(&token).ok_or_else(|| refused("the page is not one of an earlier answer"))?,
        };
        let limit = usize::from(query.limit);
        for round in 1.. {
            let pages = self.pages(&destinations, cursors, &query.filter, &query.sort).await?;
            let page = merge::merge(pages, &query.sort, limit);
            match &page.next_token {
                Some(token) if page.records.is_empty() && round < MOST_ROUNDS => {
                    cursors = merge::read(token).unwrap_or_default();
                }
                _ => return Ok(page),
            }
        }
        Ok(RecordPage::default())
    }

    /// The page of each fleet at its cursor, all at the same time. A fleet that cannot be asked is left out of the list,
    /// unless none can.
    async fn pages(
        &self,
        destinations: &[Destination],
        cursors: Vec<Cursor>,
        filter: &str,
        sort: &str,
    ) -> Result<Vec<(Cursor, RecordPage)>, GameLiftError> {
        let mut asked = JoinSet::new();
        for (at, cursor) in cursors.into_iter().enumerate().take(MOST_DESTINATIONS) {
            // One that is no destination any more is at its end.
            let Some(destination) = destinations.iter().find(|it| it.key() == cursor.of) else {
                continue;
            };
            let call = self.fleet(destination).search_game_sessions(SearchQuery {
                filter: filter.to_owned(),
                sort: sort.to_owned(),
                limit: PAGE_SIZE,
                next_token: cursor.page.clone(),
            });
            asked.spawn(async move { (at, cursor, call.await) });
        }
        let (mut pages, mut failure) = (Vec::new(), None);
        while let Some(answer) = asked.join_next().await {
            match answer {
                Ok((at, cursor, Ok(page))) => pages.push((at, cursor, page)),
                Ok((_, _, Err(error))) if error.kind == GameLiftErrorKind::InvalidRequest => return Err(error),
                Ok((_, cursor, Err(error))) => {
                    tracing::warn!(fleet = cursor.of, kind = ?error.kind, "a fleet is left out of a list");
                    failure = Some(error);
                }
                Err(broken) => tracing::error!(%broken, "a search broke"),
            }
        }
        pages.sort_by_key(|(at, _, _)| *at);
        match failure {
            Some(error) if pages.is_empty() => Err(error),
            _ => Ok(pages.into_iter().map(|(_, cursor, page)| (cursor, page)).collect()),
        }
    }

    /// The lists of all fleets, one fleet after the other.
    async fn list(&self, query: StatusQuery) -> Result<RecordPage, GameLiftError> {
        let destinations = self.destinations().await?;
        let (from, page) = match query.next_token.as_deref().map(|token| token.split_once(' ')) {
            None => (0, None),
            Some(Some((at, page))) => (at.parse().unwrap_or(usize::MAX), Some(page.to_owned())),
            Some(None) => return Err(refused("the page is not one of an earlier answer")),
        };
        let Some(destination) = destinations.get(from) else {
            return Ok(RecordPage::default());
        };
        let status = query.status;
        let next_token = page.filter(|page| !page.is_empty());
        let fleet = self.fleet(destination);
        let mut page = fleet.describe_game_sessions(StatusQuery { status, next_token }).await?;
        page.next_token = match page.next_token {
            Some(next) => Some(format!("{from} {next}")),
            None => (from + 1 < destinations.len()).then(|| format!("{} ", from + 1)),
        };
        Ok(page)
    }
}

impl GameLift for AwsQueue {
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        drop(request);
        Box::pin(std::future::ready(Err(GameLiftError {
            operation: "CreateGameSession",
            kind: GameLiftErrorKind::Unsupported,
            detail: "a queue is configured and no fleet".to_owned(),
        })))
    }

    fn start_placement(&self, wanted: NewPlacement) -> Outcome<PlacementRecord> {
        const CALL: &str = "StartGameSessionPlacement";
        let game_session = wanted.game_session;
        let seat = DesiredPlayerSession::builder().player_id(&wanted.player).build();
        let call = self
            .0
            .regions
            .home()
            .start_game_session_placement()
            .placement_id(game_session.token)
            .game_session_queue_name(self.0.queue.name())
            .game_session_name(game_session.name)
            .maximum_player_session_count(i32::from(game_session.max_players))
            .set_game_properties(properties_out(game_session.properties))
            .game_session_data(game_session.session_data.expose())
            .desired_player_sessions(seat)
            .set_player_latencies(latencies_out(&wanted.player, &wanted.latencies));
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            placement(CALL, output.game_session_placement)
        })
    }

    fn describe_placement(&self, token: String) -> Outcome<Option<PlacementRecord>> {
        const CALL: &str = "DescribeGameSessionPlacement";
        let call = self.0.regions.home().describe_game_session_placement();
        let call = call.placement_id(token);
        Box::pin(async move {
            match call.send().await {
                Ok(output) => placement(CALL, output.game_session_placement).map(Some),
                Err(error) => match failed(CALL, &error) {
                    GameLiftError {
                        kind: GameLiftErrorKind::NotFound,
                        ..
                    } => Ok(None),
                    error => Err(error),
                },
            }
        })
    }

    fn stop_placement(&self, token: String) -> Outcome<PlacementRecord> {
        const CALL: &str = "StopGameSessionPlacement";
        let call = self.0.regions.home().stop_game_session_placement();
        let call = call.placement_id(token);
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            placement(CALL, output.game_session_placement)
        })
    }

    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>> {
        self.at(&arn).describe_game_session(arn)
    }

    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage> {
        let inside = Arc::clone(&self.0);
        Box::pin(async move { inside.list(query).await })
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        let inside = Arc::clone(&self.0);
        Box::pin(async move { inside.search(query).await })
    }

    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord> {
        self.at(&arn).create_player_session(arn, player)
    }

    fn describe_player_sessions(&self, player: String, near: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>> {
        self.at(&near).describe_player_sessions(player, near)
    }

    fn update_game_session(&self, change: GameSessionChange) -> Outcome<GameSessionRecord> {
        self.at(&change.arn).update_game_session(change)
    }

    fn terminate_game_session(&self, arn: GameSessionArn) -> Outcome<()> {
        self.at(&arn).terminate_game_session(arn)
    }

    fn ping_beacons(&self) -> Outcome<PingBeacons> {
        let home = self.0.regions.fleet(None, FleetTarget::new(""));
        home.ping_beacons()
    }

    fn arn_of_token(&self, _: String) -> Outcome<Option<GameSessionArn>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

fn refused(detail: &str) -> GameLiftError {
    GameLiftError {
        operation: "SearchGameSessions",
        kind: GameLiftErrorKind::InvalidRequest,
        detail: detail.to_owned(),
    }
}
