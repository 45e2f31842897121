//! What a client may ask an orchestrator, and so the bodies of the HTTP API.
//!
//! Who asks is never part of a request: the orchestrator knows it from the caller's token.

mod guests;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::game_session::{GameProperties, PlayerSessionPolicy, Privacy};
use crate::ids::{BuildId, GameSessionId, IdempotencyKey};
use crate::latencies::Latencies;
pub use guests::{AccessToken, GuestIdentity, RefreshGuest, RefreshToken};

/// What opens a game session that its owner locked: 1 to 64 characters. Its `Debug` shows nothing.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// Wraps a password.
    pub fn new(password: impl Into<String>) -> Self {
        Self(password.into())
    }

    /// The password itself. Do not print it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

/// A code that leads to one game session, to be told to friends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct JoinCode {
    /// 8 letters and digits.
    pub join_code: String,
    /// When it stops to work, seconds since the Unix epoch on the backend's clock.
    pub expires_at: u64,
}

/// Asks for a seat in the game session behind a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinByCode {
    /// The code, in upper or lower case; spaces and dashes do not matter.
    pub join_code: String,
    /// The caller's build.
    pub build: BuildId,
    /// What opens the game session, if its owner locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// Asks for a new game session with the caller in its first seat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGameSession {
    /// Names this click; travels as the `Idempotency-Key` header, not in the body.
    #[serde(skip, default = "IdempotencyKey::random")]
    pub idempotency_key: IdempotencyKey,
    /// What others see, 1 to 64 characters, no control characters.
    pub name: String,
    /// Seats in all, 1 to 200.
    pub max_players: u16,
    /// The caller's build.
    pub build: BuildId,
    /// What others may filter by.
    #[serde(default, skip_serializing_if = "GameProperties::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub properties: GameProperties,
    /// Whether others find it.
    #[serde(default)]
    pub privacy: Privacy,
    /// What others need to join it; `None`: it is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// How far the caller is from the orchestrator's locations; without them the orchestrator picks by itself.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, u16>))]
    pub latencies: Latencies,
}

impl CreateGameSession {
    /// A new click: a listed, open game session without properties.
    ///
    /// # Panics
    /// When the operating system has no randomness to give.
    pub fn new(name: impl Into<String>, max_players: u16, build: BuildId) -> Self {
        Self {
            idempotency_key: IdempotencyKey::random(),
            name: name.into(),
            max_players,
            build,
            properties: GameProperties::new(),
            privacy: Privacy::Listed,
            password: None,
            latencies: Latencies::default(),
        }
    }
}

/// Asks for a seat in any fitting game session, a new one if there is none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct QuickJoin {
    /// Names this click; travels as the `Idempotency-Key` header, not in the body.
    #[serde(skip, default = "IdempotencyKey::random")]
    pub idempotency_key: IdempotencyKey,
    /// The name of the game session if one is made.
    pub name: String,
    /// Seats in all if one is made, 1 to 200.
    pub max_players: u16,
    /// The caller's build: only game sessions of the same build fit.
    pub build: BuildId,
    /// Only game sessions with all of these properties fit; a new one gets them.
    #[serde(default, skip_serializing_if = "GameProperties::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub properties: GameProperties,
    /// How far the caller is from the orchestrator's locations; without them the orchestrator picks a place by itself.
    #[serde(default, skip_serializing_if = "Latencies::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, u16>))]
    pub latencies: Latencies,
}

impl QuickJoin {
    /// The game session that is made when none fits: of the same click, listed and open to everybody.
    #[must_use]
    pub fn into_create(self) -> CreateGameSession {
        CreateGameSession {
            idempotency_key: self.idempotency_key,
            name: self.name,
            max_players: self.max_players,
            build: self.build,
            properties: self.properties,
            privacy: Privacy::Listed,
            password: None,
            latencies: self.latencies,
        }
    }
}

/// Asks which game sessions there are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindGameSessions {
    /// Only those of this build.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<BuildId>,
    /// Only those with all of these properties (in a URL: `property.KEY=VALUE`).
    #[serde(default, skip_serializing_if = "GameProperties::is_empty")]
    pub properties: GameProperties,
    /// At most so many, 1 to 20.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
    /// The `next_page` of the answer before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<String>,
    /// In which order; [`GameSessionOrder::Newest`] unless said otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<GameSessionOrder>,
}

/// In which order game sessions are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum GameSessionOrder {
    /// The youngest first.
    #[default]
    Newest,
    /// The oldest first.
    Oldest,
    /// Those with the most players first.
    MostPlayers,
    /// Those with the fewest players first.
    FewestPlayers,
    /// By their names.
    Name,
}

impl GameSessionOrder {
    /// All orders.
    pub const ALL: [Self; 5] = [
        Self::Newest,
        Self::Oldest,
        Self::MostPlayers,
        Self::FewestPlayers,
        Self::Name,
    ];

    /// The order as it travels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newest => "newest",
            Self::Oldest => "oldest",
            Self::MostPlayers => "most_players",
            Self::FewestPlayers => "fewest_players",
            Self::Name => "name",
        }
    }
}

impl fmt::Display for GameSessionOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for GameSessionOrder {
    type Err = UnknownOrder;

    fn from_str(text: &str) -> Result<Self, UnknownOrder> {
        let known = Self::ALL.into_iter().find(|order| order.as_str() == text);
        known.ok_or(UnknownOrder)
    }
}

/// A text that names no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is newest, oldest, most_players, fewest_players or name")]
pub struct UnknownOrder;

/// Asks for a seat in a game session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JoinGameSession {
    /// Which one; in the path of the HTTP API, not in the body.
    #[serde(skip, default = "unset_id")]
    pub id: GameSessionId,
    /// The caller's build.
    pub build: BuildId,
    /// What opens the game session, if its owner locked it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

impl JoinGameSession {
    /// Without a password.
    pub fn new(id: GameSessionId, build: BuildId) -> Self {
        Self {
            id,
            build,
            password: None,
        }
    }
}

/// Changes what others find of a game session. For its owner only; what is `None` stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct UpdateGameSession {
    /// Which one; in the path of the HTTP API, not in the body.
    #[serde(skip, default = "unset_id")]
    pub id: GameSessionId,
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New seats in all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_players: Option<u16>,
    /// Whether new players may join.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PlayerSessionPolicy>,
    /// Properties to add or change.
    #[serde(default, skip_serializing_if = "GameProperties::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = std::collections::BTreeMap<String, String>))]
    pub properties: GameProperties,
}

/// Gives the caller's seat back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaveGameSession {
    /// Which game session.
    pub id: GameSessionId,
}

/// Ends a game session for everyone. For its owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndGameSession {
    /// Which one.
    pub id: GameSessionId,
}

/// Stands where a body was read before its path's id was put in.
fn unset_id() -> GameSessionId {
    "unset".parse().expect("the word is a valid id")
}
