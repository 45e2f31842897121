//! What the backend tells the server process privately: one versioned JSON in GameLift's `GameSessionData`.

use serde::{Deserialize, Serialize};

use crate::game_session::Privacy;
use crate::ids::{BuildId, PlayerId};
use crate::keys::SessionKey;

/// The version that this crate writes and reads.
pub const VERSION: u8 = 1;

/// What the backend tells the server process privately. Every field is a pure function of the create request, so
/// that a retry is the same call. It never leaves in an answer or a log; its `Debug` hides the key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameSessionData {
    /// The layout, [`VERSION`].
    pub version: u8,
    /// Which master secret the key was derived from.
    pub key_id: String,
    /// The session token: GameLift's idempotency token of the create call.
    pub token: String,
    /// The key of this game session.
    pub key: SessionKey,
    /// Who made it.
    pub owner: PlayerId,
    /// The build it runs.
    pub build: BuildId,
    /// Whether others find it.
    pub privacy: Privacy,
    /// Follows the click through every log.
    pub trace_id: String,
}

/// A `GameSessionData` that cannot be used. The server does not activate a session that came with one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionDataError {
    /// There is none: the game session was not created by a backend of this project.
    #[error("the game session came without session data: create it through the backend, not directly")]
    Missing,
    /// It is no JSON of the known layout.
    #[error("the session data is malformed: the backend and the server are of different versions")]
    Malformed(#[source] serde_json::Error),
    /// It is of a version that this server does not know.
    #[error("the session data has version {0}, this server knows {VERSION}: update the older of backend and server")]
    Version(u8),
}

impl GameSessionData {
    /// Reads what a server process was handed.
    ///
    /// # Errors
    /// [`SessionDataError`], whose text holds nothing of the secret input.
    pub fn parse(text: &str) -> Result<Self, SessionDataError> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u8,
        }
        if text.trim().is_empty() {
            return Err(SessionDataError::Missing);
        }
        let Versioned { version } = serde_json::from_str(text).map_err(SessionDataError::Malformed)?;
        if version != VERSION {
            return Err(SessionDataError::Version(version));
        }
        serde_json::from_str(text).map_err(SessionDataError::Malformed)
    }

    /// The JSON for the create call, the same bytes for the same value.
    #[expect(clippy::missing_panics_doc, reason = "it never does")]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("a struct of strings always serialises")
    }
}
