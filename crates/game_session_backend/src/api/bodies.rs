//! Bodies that say more than the protocol crate's requests: those with a password.

use game_session_protocol::requests::Password;
use game_session_protocol::{BuildId, CreateGameSession, GameProperties, IdempotencyKey, Latencies, Privacy};
use serde::Deserialize;
use utoipa::ToSchema;

/// Asks for a new game session with the caller in its first seat.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CreateGameSession)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateBody {
    /// What others see, 1 to 64 characters, no control characters.
    name: String,
    /// Seats in all, 1 to 200.
    max_players: u16,
    /// The caller's build.
    build: BuildId,
    /// What others may filter by: at most 14 pairs, keys up to 32 and values up to 96 characters.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    properties: GameProperties,
    /// Whether others find it.
    #[serde(default)]
    privacy: Privacy,
    /// What others need to join it.
    #[serde(default)]
    password: Option<Password>,
    /// How far the caller is from the orchestrator's locations, in milliseconds: at most 32. They count where there are
    /// several to choose between.
    #[serde(default)]
    #[schema(value_type = std::collections::BTreeMap<String, u16>)]
    latencies: Latencies,
}

impl CreateBody {
    /// The request of this click, and the password apart from it: only its hash goes on.
    pub(super) fn split(self, idempotency_key: IdempotencyKey) -> (CreateGameSession, Option<Password>) {
        let request = CreateGameSession {
            idempotency_key,
            name: self.name,
            max_players: self.max_players,
            build: self.build,
            properties: self.properties,
            privacy: self.privacy,
            password: None,
            latencies: self.latencies,
        };
        (request, self.password)
    }
}

/// Asks for a seat in a game session.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = JoinGameSession)]
#[serde(deny_unknown_fields)]
pub(crate) struct JoinBody {
    /// The caller's build.
    pub(super) build: BuildId,
    /// What opens the game session, if its owner locked it.
    #[serde(default)]
    pub(super) password: Option<Password>,
}
