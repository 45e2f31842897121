//! The calls to GameLift as a trait, in plain types: one place to put game sessions, a fleet and location or a queue.
//!
//! [`aws`] implements it with the AWS SDK, in the only folder that names it: once for a fleet, once for a queue and the
//! fleets behind it. A test scripts its own.

pub mod aws;
pub(crate) mod merge;
mod placements;
mod retry;

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use game_session_protocol::host::SecretText;
use game_session_protocol::{BoxedFuture, GameProperties, PlayerSessionId, PlayerSessionPolicy};

pub use placements::{NewPlacement, PlacedSeat, PlacementRecord, PlacementStatus};
pub(crate) use retry::Patient;

/// Locations and their UDP ping beacons, `host:port`.
pub type PingBeacons = BTreeMap<String, String>;

/// What a call comes to.
pub type Outcome<T> = BoxedFuture<Result<T, GameLiftError>>;

/// GameLift, seen from one fleet and location, or from one queue. Calls end by themselves; none is repeated inside.
pub trait GameLift: Send + Sync + 'static {
    /// `CreateGameSession`: the game session of the token, new or as it is now. Of a fleet.
    fn create_game_session(&self, request: NewGameSession) -> Outcome<GameSessionRecord>;

    /// `StartGameSessionPlacement`: a placement under the token. A token that was used before is
    /// [`InvalidRequest`](GameLiftErrorKind::InvalidRequest). Of a queue.
    fn start_placement(&self, placement: NewPlacement) -> Outcome<PlacementRecord> {
        drop(placement);
        no_queue("StartGameSessionPlacement")
    }

    /// `DescribeGameSessionPlacement`; `None` when there is none. Of a queue.
    fn describe_placement(&self, token: String) -> Outcome<Option<PlacementRecord>> {
        drop(token);
        no_queue("DescribeGameSessionPlacement")
    }

    /// `StopGameSessionPlacement`. One that is over is [`InvalidRequest`](GameLiftErrorKind::InvalidRequest). Of a
    /// queue.
    fn stop_placement(&self, token: String) -> Outcome<PlacementRecord> {
        drop(token);
        no_queue("StopGameSessionPlacement")
    }

    /// `DescribeGameSessions` of one game session; `None` when there is none.
    fn describe_game_session(&self, arn: GameSessionArn) -> Outcome<Option<GameSessionRecord>>;

    /// `DescribeGameSessions` of all that is placed here, one page of those in this status.
    fn describe_game_sessions(&self, query: StatusQuery) -> Outcome<RecordPage>;

    /// `SearchGameSessions` of all that is placed here: active ones that fit the filter.
    fn search_game_sessions(&self, query: SearchQuery) -> Outcome<RecordPage>;

    /// `CreatePlayerSession`: reserves a seat.
    fn create_player_session(&self, arn: GameSessionArn, player: String) -> Outcome<PlayerSessionRecord>;

    /// `DescribePlayerSessions` of one player, in all game sessions of the region in which `near` is.
    fn describe_player_sessions(&self, player: String, near: GameSessionArn) -> Outcome<Vec<PlayerSessionRecord>>;

    /// `UpdateGameSession`: what is `None` stays.
    fn update_game_session(&self, change: GameSessionChange) -> Outcome<GameSessionRecord>;

    /// `TerminateGameSession`: asks the server process to end it.
    fn terminate_game_session(&self, arn: GameSessionArn) -> Outcome<()>;

    /// `ListLocations`: the UDP ping beacons. A GameLift that has none gives none.
    fn ping_beacons(&self) -> Outcome<PingBeacons> {
        Box::pin(std::future::ready(Ok(PingBeacons::new())))
    }

    /// The ARN that the game session of this token would have. Of a fleet, which is looked up if it must be; `None` of a
    /// queue, whose game sessions may be on any of its fleets.
    fn arn_of_token(&self, token: String) -> Outcome<Option<GameSessionArn>>;
}

fn no_queue<T: Send + 'static>(operation: &'static str) -> Outcome<T> {
    Box::pin(std::future::ready(Err(GameLiftError {
        operation,
        kind: GameLiftErrorKind::Unsupported,
        detail: "a fleet is configured and no queue".to_owned(),
    })))
}

/// GameLift's id of a game session, never shown to clients. 1 to 512 letters, digits and `:/-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GameSessionArn(String);

/// A text that is no ARN of a game session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the ARN of a game session")]
pub struct InvalidArn;

impl GameSessionArn {
    /// The ARN as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the last slash: the idempotency token it was made with, if any.
    pub fn last_part(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The region that its calls go to, if it names one.
    pub fn region(&self) -> Option<&str> {
        self.0.split(':').nth(3).filter(|region| !region.is_empty())
    }

    /// The fleet that it is in, if it names one.
    pub fn fleet_id(&self) -> Option<&str> {
        let (_, rest) = self.0.split_once("gamesession/")?;
        rest.split_once('/').map(|(fleet, _)| fleet)
    }
}

impl TryFrom<String> for GameSessionArn {
    type Error = InvalidArn;

    fn try_from(text: String) -> Result<Self, InvalidArn> {
        text.parse()
    }
}

impl From<GameSessionArn> for String {
    fn from(arn: GameSessionArn) -> Self {
        arn.0
    }
}

impl FromStr for GameSessionArn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        let fits = (1..=512).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b":/-".contains(&byte));
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidArn)
        }
    }
}

impl fmt::Display for GameSessionArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The arguments of `CreateGameSession`. The same for the same player, click and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewGameSession {
    /// GameLift's `IdempotencyToken`.
    pub token: String,
    /// What others see.
    pub name: String,
    /// Seats in all.
    pub max_players: u16,
    /// `GameProperties`, ours included.
    pub properties: GameProperties,
    /// `GameSessionData`.
    pub session_data: SecretText,
    /// `CreatorId`.
    pub creator: Option<String>,
}

/// The arguments of `UpdateGameSession`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameSessionChange {
    /// Which.
    pub arn: GameSessionArn,
    /// A new name.
    pub name: Option<String>,
    /// New seats in all.
    pub max_players: Option<u16>,
    /// Whether new players may join.
    pub policy: Option<PlayerSessionPolicy>,
    /// Properties to add or change.
    pub properties: GameProperties,
}

/// Asks for game sessions by status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusQuery {
    /// Only those in this status.
    pub status: GameSessionStatus,
    /// The `next_token` of the page before.
    pub next_token: Option<String>,
}

/// Asks for active game sessions that fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// GameLift's filter expression.
    pub filter: String,
    /// GameLift's sort expression.
    pub sort: String,
    /// At most so many, 1 to 20.
    pub limit: u16,
    /// The `next_token` of the page before.
    pub next_token: Option<String>,
}

/// Game sessions, and how to ask for more.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPage {
    /// The game sessions.
    pub records: Vec<GameSessionRecord>,
    /// For the next page; absent on the last.
    pub next_token: Option<String>,
}

/// A game session as GameLift describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GameSessionRecord {
    /// Its id.
    pub arn: GameSessionArn,
    /// How far it is.
    pub status: GameSessionStatus,
    /// What others see.
    pub name: String,
    /// Seats in all.
    pub max_players: u16,
    /// Seats taken.
    pub current_players: u16,
    /// Whether it takes new players.
    pub policy: PlayerSessionPolicy,
    /// `GameProperties`, ours included.
    pub properties: GameProperties,
    /// Where its server listens, once known.
    pub ip_address: Option<String>,
    /// Where its server listens, once known.
    pub port: Option<u16>,
    /// Where it was placed.
    pub location: Option<String>,
    /// When it was made, milliseconds since the Unix epoch on GameLift's clock.
    pub created_at_ms: Option<u64>,
    /// `GameSessionData`.
    pub session_data: SecretText,
}

/// How far a game session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GameSessionStatus {
    /// Its server loads.
    Activating,
    /// Players may come.
    Active,
    /// It is about to end.
    Terminating,
    /// It is over.
    Terminated,
    /// It went wrong.
    Error,
    /// GameLift said something that this crate does not know.
    Unknown,
}

impl GameSessionStatus {
    /// Whether no player will ever play in it again.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Terminating | Self::Terminated | Self::Error)
    }
}

/// A seat as GameLift describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlayerSessionRecord {
    /// Its id.
    pub id: PlayerSessionId,
    /// The game session it is in.
    pub arn: GameSessionArn,
    /// Whose it is.
    pub player: String,
    /// How far it is.
    pub status: PlayerSessionStatus,
}

/// How far a seat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlayerSessionStatus {
    /// Waits for its player.
    Reserved,
    /// Its player is in.
    Active,
    /// Its player has left.
    Completed,
    /// Its player did not come in time.
    TimedOut,
    /// GameLift said something that this crate does not know.
    Unknown,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{operation} failed: {kind:?} ({detail})")]
pub struct GameLiftError {
    /// Which call.
    pub operation: &'static str,
    /// Why, in one word.
    pub kind: GameLiftErrorKind,
    /// What is known of it besides, for the log: no text of GameLift's, which may repeat what was sent.
    pub detail: String,
}

/// Why a call failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GameLiftErrorKind {
    /// `NotFoundException`.
    NotFound,
    /// `ConflictException`.
    Conflict,
    /// `FleetCapacityExceededException`.
    NoCapacity,
    /// `IdempotentParameterMismatchException`.
    ParameterMismatch,
    /// `GameSessionFullException`.
    Full,
    /// `InvalidGameSessionStatusException`.
    WrongSessionStatus,
    /// `InvalidFleetStatusException`.
    WrongFleetStatus,
    /// `LimitExceededException`: on a create call that is a creator's limit, and not throttling.
    LimitExceeded,
    /// `NotReadyException`.
    NotReady,
    /// `InvalidRequestException`.
    InvalidRequest,
    /// `TerminalRoutingStrategyException`: the alias leads nowhere.
    AliasEnds,
    /// `UnauthorizedException` and refused signatures: the backend's credentials or rights are wrong.
    Unauthorized,
    /// `UnsupportedRegionException`.
    WrongRegion,
    /// The endpoint does not know the call.
    Unsupported,
    /// Throttled: the call did nothing.
    Throttled,
    /// `InternalServiceException`, or an answer that cannot be read: whether the call did something is unknown.
    Internal,
    /// No answer in time: whether the call did something is unknown.
    TimedOut,
    /// No connection: the call did nothing.
    Unreachable,
}
