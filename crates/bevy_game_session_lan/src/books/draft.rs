//! What a click asks for, checked.

use game_session_protocol::game_session::{MAX_PLAYERS, MAX_PROPERTIES};
use game_session_protocol::{BuildId, ErrorCode, GameProperties, Password, Privacy, ServiceError};

/// What a click asks for. The bounds are those of the online orchestrator, so that a game works on both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) name: String,
    pub(crate) max_players: u16,
    pub(crate) build: BuildId,
    pub(crate) properties: GameProperties,
    pub(crate) privacy: Privacy,
    pub(crate) password: Option<Password>,
}

impl Draft {
    pub(crate) fn check(&self) -> Result<(), ServiceError> {
        let no = |what: &str| Err(ServiceError::refused(ErrorCode::InvalidRequest, what));
        let name = self.name.chars().count();
        if !(1..=64).contains(&name) || self.name.chars().any(char::is_control) {
            no("the name must be 1 to 64 characters without control characters")
        } else if !(1..=MAX_PLAYERS).contains(&self.max_players) {
            no("the seats must be 1 to 200")
        } else if self.properties.len() > MAX_PROPERTIES
            || self
                .properties
                .iter()
                .any(|(key, value)| !(1..=32).contains(&key.len()) || value.len() > 96)
        {
            no("at most 14 properties are allowed, with keys up to 32 and values up to 96 characters")
        } else if self
            .password
            .as_ref()
            .is_some_and(|password| !(1..=64).contains(&password.expose().chars().count()))
        {
            no("a password must have 1 to 64 characters")
        } else {
            Ok(())
        }
    }
}
