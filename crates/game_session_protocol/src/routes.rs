//! The paths and headers of the HTTP API, version 1, in axum's notation.

/// `POST`: a new guest identity, without a bearer token.
pub const GUESTS: &str = "/v1/guests";
/// `POST`: a new access token for a guest, without a bearer token.
pub const GUEST_REFRESH: &str = "/v1/guests/refresh";
/// `GET`: the public keys of access tokens.
pub const JWKS: &str = "/.well-known/jwks.json";
/// `GET`: the description of this API.
pub const OPENAPI: &str = "/v1/openapi.json";
/// `POST` with [`IDEMPOTENCY_KEY`]: create. `GET`: browse.
pub const GAME_SESSIONS: &str = "/v1/game-sessions";
/// `PATCH` and `DELETE`, for the owner only.
pub const GAME_SESSION: &str = "/v1/game-sessions/{id}";
/// `GET`: the caller's seat, a fresh ticket at each call.
pub const SEAT: &str = "/v1/game-sessions/{id}/seat";
/// `POST`: join.
pub const PLAYER_SESSIONS: &str = "/v1/game-sessions/{id}/player-sessions";
/// `POST`: the code of a game session, for its owner and for who has a seat.
pub const JOIN_CODE: &str = "/v1/game-sessions/{id}/join-code";
/// `POST`: join by code.
pub const JOIN_BY_CODE: &str = "/v1/join-by-code";
/// `POST` with [`IDEMPOTENCY_KEY`]: find or create.
pub const QUICK_JOIN: &str = "/v1/quick-join";

/// The header that names one click.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// The header of an answer about one game session: what its lines in the logs of backend and server process carry.
pub const TRACE_ID: &str = "x-trace-id";

/// The query parameter that says how many seconds an answer may take at most.
pub const WAIT: &str = "wait";

/// `path` with its `{id}` filled in. Ids hold only characters that are legal in a path once sealed.
pub fn with_id(path: &str, id: &crate::GameSessionId) -> String {
    path.replace("{id}", id.as_str())
}
