//! The calls of the AWS SDK behind the trait.

use std::future::Future;
use std::sync::Arc;

use aws_sdk_gamelift::{Client, types::TerminationMode};

use super::AwsGameLift;
use super::errors::{failed, unreadable};
use super::fleet::FleetName;
use super::shapes::{beacon, page, policy_out, properties_out, record, seat, status_out};
use crate::gamelift::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord, NewGameSession,
    Outcome, PingBeacons, PlayerSessionRecord, RecordPage, SearchQuery, StatusQuery,
};

const PAGE_SIZE: i32 = 100;
/// A player's history is read so far back and no further.
const SEAT_PAGES: usize = 10;
/// Locations are read up to so many pages.
const LOCATION_PAGES: usize = 4;

impl GameLift for AwsGameLift {
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        const CALL: &str = "CreateGameSession";
        let call = self
            .client
            .create_game_session()
            .idempotency_token(request.token)
            .name(request.name)
            .maximum_player_session_count(i32::from(request.max_players))
            .set_game_properties(properties_out(request.properties))
            .game_session_data(request.session_data.expose())
            .set_creator_id(request.creator);
        self.of_fleet(move |fleet| {
            let call = call
                .clone()
                .set_fleet_id(fleet.id)
                .set_alias_id(fleet.alias)
                .set_location(fleet.location);
            async move {
                let output = call.send().await.map_err(|error| failed(CALL, &error))?;
                record(CALL, output.game_session)
            }
        })
    }

    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>> {
        const CALL: &str = "DescribeGameSessions";
        let call = self.client.describe_game_sessions().game_session_id(arn.as_str());
        Box::pin(async move {
            match call.send().await {
                Ok(output) => output
                    .game_sessions
                    .unwrap_or_default()
                    .pop()
                    .map(|one| record(CALL, Some(one)))
                    .transpose(),
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

    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage> {
        const CALL: &str = "DescribeGameSessions";
        let call = self
            .client
            .describe_game_sessions()
            .status_filter(status_out(query.status))
            .limit(PAGE_SIZE)
            .set_next_token(query.next_token);
        self.of_fleet(move |fleet| {
            let call = call
                .clone()
                .set_fleet_id(fleet.id)
                .set_alias_id(fleet.alias)
                .set_location(fleet.location);
            async move {
                let output = call.send().await.map_err(|error| failed(CALL, &error))?;
                Ok(page(CALL, output.game_sessions, output.next_token))
            }
        })
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        const CALL: &str = "SearchGameSessions";
        let call = self
            .client
            .search_game_sessions()
            .filter_expression(query.filter)
            .sort_expression(query.sort)
            .limit(i32::from(query.limit))
            .set_next_token(query.next_token);
        self.of_fleet(move |fleet| {
            let call = call
                .clone()
                .set_fleet_id(fleet.id)
                .set_alias_id(fleet.alias)
                .set_location(fleet.location);
            async move {
                let output = call.send().await.map_err(|error| failed(CALL, &error))?;
                Ok(page(CALL, output.game_sessions, output.next_token))
            }
        })
    }

    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord> {
        const CALL: &str = "CreatePlayerSession";
        let call = self
            .client
            .create_player_session()
            .game_session_id(arn.as_str())
            .player_id(player);
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            output
                .player_session
                .as_ref()
                .and_then(seat)
                .ok_or_else(|| unreadable(CALL))
        })
    }

    fn describe_player_sessions(&self, player: String, _: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>> {
        const CALL: &str = "DescribePlayerSessions";
        let call = self
            .client
            .describe_player_sessions()
            .player_id(player)
            .limit(PAGE_SIZE);
        Box::pin(async move {
            let mut seats = Vec::new();
            let mut next = None;
            for _ in 0..SEAT_PAGES {
                let output = match call.clone().set_next_token(next).send().await {
                    Ok(output) => output,
                    Err(error) => match failed(CALL, &error) {
                        GameLiftError {
                            kind: GameLiftErrorKind::NotFound,
                            ..
                        } => break,
                        error => return Err(error),
                    },
                };
                seats.extend(output.player_sessions.unwrap_or_default().iter().filter_map(seat));
                next = output.next_token;
                if next.is_none() {
                    break;
                }
            }
            Ok(seats)
        })
    }

    fn update_game_session(&self, change: GameSessionChange) -> Outcome<GameSessionRecord> {
        const CALL: &str = "UpdateGameSession";
        let call = self
            .client
            .update_game_session()
            .game_session_id(change.arn.as_str())
            .set_name(change.name)
            .set_maximum_player_session_count(change.max_players.map(i32::from))
            .set_player_session_creation_policy(change.policy.map(policy_out))
            .set_game_properties(properties_out(change.properties));
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            record(CALL, output.game_session)
        })
    }

    fn terminate_game_session(&self, arn: GameSessionArn) -> Outcome<()> {
        const CALL: &str = "TerminateGameSession";
        let call = self
            .client
            .terminate_game_session()
            .game_session_id(arn.as_str())
            .termination_mode(TerminationMode::TriggerOnProcessTerminate);
        Box::pin(async move { call.send().await.map(drop).map_err(|error| failed(CALL, &error)) })
    }

    fn ping_beacons(&self) -> Outcome<PingBeacons> {
        const CALL: &str = "ListLocations";
        let call = self.client.list_locations().limit(PAGE_SIZE);
        Box::pin(async move {
            let (mut beacons, mut next) = (PingBeacons::new(), None);
            for _ in 0..LOCATION_PAGES {
                let output = call.clone().set_next_token(next).send().await;
                let output = output.map_err(|error| failed(CALL, &error))?;
                beacons.extend(output.locations.unwrap_or_default().iter().filter_map(beacon));
                next = output.next_token;
                if next.is_none() {
                    break;
                }
            }
            Ok(beacons)
        })
    }

    fn arn_of_token(&self, token: String) -> Outcome<Option<GameSessionArn>> {
        let (client, fleet, region) = (self.client.clone(), Arc::clone(&self.fleet), self.region.clone());
        Box::pin(async move {
            let fleet = fleet.name(&client).await?;
            let id = match (fleet.id, fleet.alias) {
                (Some(id), _) => Some(id),
                (None, Some(alias)) => resolved(&client, &alias).await?,
                (None, None) => None,
            };
            let arn = id
                .zip(region)
                .map(|(id, region)| arn_in(&id, &region, fleet.location.as_deref(), &token));
            Ok(arn.and_then(|arn| arn.parse().ok()))
        })
    }
}

/// The fleet that an alias leads to now.
async fn resolved(client: &Client, alias: &str) -> Result<Option<String>, GameLiftError> {
    let call = client.resolve_alias().alias_id(alias).send().await;
    let output = call.map_err(|error| failed("ResolveAlias", &error))?;
    Ok(output.fleet_id)
}

/// The home region of a fleet is no part of its game sessions' ARNs.
fn arn_in(fleet: &str, region: &str, location: Option<&str>, token: &str) -> String {
    let fleet = fleet.rsplit('/').next().unwrap_or(fleet);
    let location = location.filter(|location| *location != region);
    let place = location.map_or_else(|| fleet.to_owned(), |location| format!("{fleet}/{location}"));
    format!("arn:aws:gamelift:{region}::gamesession/{place}/{token}")
}

impl AwsGameLift {
    /// A call of the fleet, which may have to be found first.
    fn of_fleet<T, F>(&self, call: impl Fn(FleetName) -> F + Send + Sync + 'static) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, GameLiftError>> + Send + 'static,
    {
        let (client, fleet) = (self.client.clone(), Arc::clone(&self.fleet));
        Box::pin(async move { fleet.call(&client, call).await })
    }
}
