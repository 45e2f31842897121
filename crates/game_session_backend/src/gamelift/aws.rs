//! GameLift through the AWS SDK: the only file that names it.

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::retry::RetryConfig;
use aws_sdk_gamelift::config::timeout::TimeoutConfig;
use aws_sdk_gamelift::config::{Builder, Credentials};
use aws_sdk_gamelift::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_gamelift::types::{
    GameProperty, GameSession, GameSessionStatus as AwsStatus, PlayerSession, PlayerSessionCreationPolicy as AwsPolicy,
    PlayerSessionStatus as AwsSeatStatus, TerminationMode,
};
use game_session_protocol::host::SecretText;
use game_session_protocol::{GameProperties, PlayerSessionPolicy};

use super::{
    GameLift, GameLiftError, GameLiftErrorKind, GameSessionArn, GameSessionChange, GameSessionRecord,
    GameSessionStatus, NewGameSession, Outcome, PlayerSessionRecord, PlayerSessionStatus, RecordPage, SearchQuery,
    StatusQuery,
};
use crate::config::{AwsTarget, Fleet, FleetTarget, Target};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);
const PAGE_SIZE: i32 = 100;
/// A player's history is read so far back and no further.
const SEAT_PAGES: usize = 10;

/// GameLift through the AWS SDK.
pub struct AwsGameLift {
    client: Client,
    fleet: FleetTarget,
    region: Option<String>,
    endpoint: Option<String>,
}

impl std::fmt::Debug for AwsGameLift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsGameLift")
            .field("fleet", &self.fleet)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl AwsGameLift {
    /// Reads the configuration that the target names; makes no call yet.
    pub async fn connect(target: &AwsTarget, fleet: FleetTarget) -> Self {
        let (config, endpoint) = match &target.0 {
            Target::Environment => {
                let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
                let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
                let endpoint = set("AWS_ENDPOINT_URL_GAMELIFT").or_else(|| set("AWS_ENDPOINT_URL"));
                (aws_sdk_gamelift::config::Builder::from(&shared), endpoint)
            }
            Target::Endpoint { url, region } => {
                let config = Builder::new()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::new(region.clone()))
                    .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
                    .endpoint_url(url);
                (config, Some(url.clone()))
            }
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(CALL_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = config
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .build();
        let region = config.region().map(ToString::to_string);
        Self {
            client: Client::from_conf(config),
            fleet,
            region,
            endpoint,
        }
    }

    /// The endpoint it was pointed at, if it is not AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    fn fleet_id(&self) -> Option<String> {
        match &self.fleet.fleet {
            Fleet::Id(id) => Some(id.clone()),
            Fleet::Alias(_) => None,
        }
    }

    fn alias_id(&self) -> Option<String> {
        match &self.fleet.fleet {
            Fleet::Id(_) => None,
            Fleet::Alias(id) => Some(id.clone()),
        }
    }
}

impl GameLift for AwsGameLift {
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord> {
        const CALL: &str = "CreateGameSession";
        let call = self
            .client
            .create_game_session()
            .set_fleet_id(self.fleet_id())
            .set_alias_id(self.alias_id())
            .set_location(self.fleet.location.clone())
            .idempotency_token(request.token)
            .name(request.name)
            .maximum_player_session_count(i32::from(request.max_players))
            .set_game_properties(properties_out(request.properties))
            .game_session_data(request.session_data.expose())
            .set_creator_id(request.creator);
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            record(CALL, output.game_session)
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
            .set_fleet_id(self.fleet_id())
            .set_alias_id(self.alias_id())
            .set_location(self.fleet.location.clone())
            .status_filter(status_out(query.status))
            .limit(PAGE_SIZE)
            .set_next_token(query.next_token);
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            Ok(page(CALL, output.game_sessions, output.next_token))
        })
    }

    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage> {
        const CALL: &str = "SearchGameSessions";
        let call = self
            .client
            .search_game_sessions()
            .set_fleet_id(self.fleet_id())
            .set_alias_id(self.alias_id())
            .set_location(self.fleet.location.clone())
            .filter_expression(query.filter)
            .sort_expression(query.sort)
            .limit(i32::from(query.limit))
            .set_next_token(query.next_token);
        Box::pin(async move {
            let output = call.send().await.map_err(|error| failed(CALL, &error))?;
            Ok(page(CALL, output.game_sessions, output.next_token))
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

    fn describe_player_sessions(&self, player: String) -> Outcome<Vec<PlayerSessionRecord>> {
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

    fn arn_of_token(&self, token: &str) -> Option<GameSessionArn> {
        let fleet = self.fleet_id()?;
        let fleet = fleet.rsplit('/').next()?;
        let region = self.region.as_deref()?;
        let location = self.fleet.location.as_deref().filter(|location| *location != region);
        let place = location.map_or_else(|| fleet.to_owned(), |location| format!("{fleet}/{location}"));
        format!("arn:aws:gamelift:{region}::gamesession/{place}/{token}")
            .parse()
            .ok()
    }
}

fn failed<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> GameLiftError {
    let kind = match error {
        SdkError::TimeoutError(_) => GameLiftErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => GameLiftErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_io() => GameLiftErrorKind::Unreachable,
        SdkError::DispatchFailure(_) => GameLiftErrorKind::Unauthorized,
        SdkError::ServiceError(service) => kind_of(service.err().code().unwrap_or_default()),
        _ => GameLiftErrorKind::Internal,
    };
    let detail = match error {
        // Not the message: it may repeat what was sent.
        SdkError::ServiceError(service) => service.err().code().unwrap_or("no code").to_owned(),
        SdkError::DispatchFailure(failure) => failure
            .as_connector_error()
            .map_or_else(|| "the request could not be sent".to_owned(), |error| causes(error)),
        other => other.to_string(),
    };
    GameLiftError {
        operation,
        kind,
        detail,
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn kind_of(code: &str) -> GameLiftErrorKind {
    match code {
        "NotFoundException" => GameLiftErrorKind::NotFound,
        "ConflictException" => GameLiftErrorKind::Conflict,
        "FleetCapacityExceededException" => GameLiftErrorKind::NoCapacity,
        "IdempotentParameterMismatchException" => GameLiftErrorKind::ParameterMismatch,
        "GameSessionFullException" => GameLiftErrorKind::Full,
        "InvalidGameSessionStatusException" => GameLiftErrorKind::WrongSessionStatus,
        "InvalidFleetStatusException" => GameLiftErrorKind::WrongFleetStatus,
        "LimitExceededException" => GameLiftErrorKind::LimitExceeded,
        "NotReadyException" => GameLiftErrorKind::NotReady,
        "InvalidRequestException" | "ValidationException" => GameLiftErrorKind::InvalidRequest,
        "TerminalRoutingStrategyException" => GameLiftErrorKind::AliasEnds,
        "UnauthorizedException"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException" => GameLiftErrorKind::Unauthorized,
        "UnsupportedRegionException" => GameLiftErrorKind::WrongRegion,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ThrottledException"
        | "SlowDown" => GameLiftErrorKind::Throttled,
        _ => GameLiftErrorKind::Internal,
    }
}

fn unreadable(operation: &'static str) -> GameLiftError {
    let detail = "the answer lacks a required member".to_owned();
    GameLiftError {
        operation,
        kind: GameLiftErrorKind::Internal,
        detail,
    }
}

/// What cannot be read is left out: it is nothing that this backend made.
fn page(call: &'static str, list: Option<Vec<GameSession>>, next_token: Option<String>) -> RecordPage {
    let records = list
        .unwrap_or_default()
        .into_iter()
        .filter_map(|one| record(call, Some(one)).ok())
        .collect();
    RecordPage { records, next_token }
}

fn record(operation: &'static str, session: Option<GameSession>) -> Result<GameSessionRecord, GameLiftError> {
    let session = session.ok_or_else(|| unreadable(operation))?;
    let arn = session
        .game_session_id()
        .and_then(|arn| arn.parse().ok())
        .ok_or_else(|| unreadable(operation))?;
    let count = |value: Option<i32>| value.and_then(|value| u16::try_from(value).ok()).unwrap_or(0);
    Ok(GameSessionRecord {
        arn,
        status: session.status().map_or(GameSessionStatus::Unknown, status_in),
        name: session.name().unwrap_or_default().to_owned(),
        max_players: count(session.maximum_player_session_count()),
        current_players: count(session.current_player_session_count()),
        policy: match session.player_session_creation_policy() {
            Some(AwsPolicy::DenyAll) => PlayerSessionPolicy::DenyAll,
            _ => PlayerSessionPolicy::AcceptAll,
        },
        properties: properties_in(session.game_properties()),
        ip_address: session
            .ip_address()
            .filter(|address| !address.is_empty())
            .map(str::to_owned),
        port: session
            .port()
            .and_then(|port| u16::try_from(port).ok())
            .filter(|port| *port != 0),
        created_at_ms: session
            .creation_time()
            .and_then(|time| time.to_millis().ok()?.try_into().ok()),
        session_data: SecretText::new(session.game_session_data().unwrap_or_default()),
    })
}

fn seat(seat: &PlayerSession) -> Option<PlayerSessionRecord> {
    Some(PlayerSessionRecord {
        id: seat.player_session_id()?.parse().ok()?,
        arn: seat.game_session_id()?.parse().ok()?,
        player: seat.player_id().unwrap_or_default().to_owned(),
        status: match seat.status() {
            Some(AwsSeatStatus::Reserved) => PlayerSessionStatus::Reserved,
            Some(AwsSeatStatus::Active) => PlayerSessionStatus::Active,
            Some(AwsSeatStatus::Completed) => PlayerSessionStatus::Completed,
            Some(AwsSeatStatus::Timedout) => PlayerSessionStatus::TimedOut,
            _ => PlayerSessionStatus::Unknown,
        },
    })
}

fn status_in(status: &AwsStatus) -> GameSessionStatus {
    match status {
        AwsStatus::Activating => GameSessionStatus::Activating,
        AwsStatus::Active => GameSessionStatus::Active,
        AwsStatus::Terminating => GameSessionStatus::Terminating,
        AwsStatus::Terminated => GameSessionStatus::Terminated,
        AwsStatus::Error => GameSessionStatus::Error,
        _ => GameSessionStatus::Unknown,
    }
}

fn status_out(status: GameSessionStatus) -> &'static str {
    match status {
        GameSessionStatus::Activating => "ACTIVATING",
        GameSessionStatus::Terminating => "TERMINATING",
        GameSessionStatus::Terminated => "TERMINATED",
        GameSessionStatus::Active | GameSessionStatus::Error | GameSessionStatus::Unknown => "ACTIVE",
    }
}

fn policy_out(policy: PlayerSessionPolicy) -> AwsPolicy {
    match policy {
        PlayerSessionPolicy::AcceptAll => AwsPolicy::AcceptAll,
        PlayerSessionPolicy::DenyAll => AwsPolicy::DenyAll,
    }
}

fn properties_in(list: &[GameProperty]) -> GameProperties {
    list.iter()
        .filter_map(|pair| Some((pair.key()?.to_owned(), pair.value()?.to_owned())))
        .collect()
}

/// Always in the same order, so that a retry is the same call.
fn properties_out(properties: GameProperties) -> Option<Vec<GameProperty>> {
    let pair = |(key, value)| GameProperty::builder().key(key).value(value).build();
    (!properties.is_empty()).then(|| properties.into_iter().map(pair).collect())
}
