//! What sits on the entity of a session.

use std::borrow::Borrow;
use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;

use bevy_ecs::prelude::*;
use game_session_protocol::game_session::{MAX_PLAYERS, MAX_PROPERTIES};
use game_session_protocol::{
    BuildId, GameProperties, GameSession, Password, PlayerSessionId, PlayerSessionPolicy, Privacy, Seat, Ticket,
};

use crate::error::SessionError;

/// The name of a session on this machine, 1 to 64 characters. No two sessions have the same. Cheap to clone.
#[derive(Component, Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[component(immutable)]
pub struct SessionName(Arc<str>);

impl SessionName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What comes closest to a name, for the event of a call that named no session.
    pub(crate) fn closest_to(text: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(64).collect();
        Self(if text.is_empty() { "unnamed".into() } else { text.into() })
    }
}

impl FromStr for SessionName {
    type Err = SessionError;

    fn from_str(text: &str) -> Result<Self, SessionError> {
        check_name(text).map(|()| Self(text.into()))
    }
}

impl fmt::Display for SessionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for SessionName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for SessionName {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

impl PartialEq<&str> for SessionName {
    fn eq(&self, other: &&str) -> bool {
        *self.0 == **other
    }
}

fn check_name(text: &str) -> Result<(), SessionError> {
    let count = text.chars().count();
    let what = if !(1..=64).contains(&count) {
        format!("a session's name has 1 to 64 characters, not {count}")
    } else if text.chars().any(char::is_control) {
        "a session's name has no control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(SessionError::InvalidSettings { what })
}

/// Where a session is in its life. Read it in queries; only the plugin changes it. The transitions are in the
/// [crate's documentation](crate#phases).
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[component(immutable)]
pub enum SessionPhase {
    /// A draft on this machine, to be edited and started.
    Pending,
    /// The orchestrator was asked for a new game session.
    Starting,
    /// The orchestrator was asked for a seat in a game session.
    Joining,
    /// The player has a seat.
    InProgress,
    /// The seat is being given back.
    Leaving,
    /// The game session is being ended for everyone.
    Ending,
    /// It is over for this player. It can be rejoined, destroyed, or replaced by a new one of the same name.
    Ended,
}

impl SessionPhase {
    /// All phases, in the order of a life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Starting,
        Self::Joining,
        Self::InProgress,
        Self::Leaving,
        Self::Ending,
        Self::Ended,
    ];

    /// Whether the player is on the way in, in, or on the way out: at most one session is.
    pub fn is_active(self) -> bool {
        !matches!(self, Self::Pending | Self::Ended)
    }
}

impl fmt::Display for SessionPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Starting => "starting",
            Self::Joining => "joining",
            Self::InProgress => "in progress",
            Self::Leaving => "leaving",
            Self::Ending => "ending",
            Self::Ended => "ended",
        })
    }
}

/// Over which orchestrator a session is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
#[non_exhaustive]
pub enum Reach {
    /// The online service that the plugin was given.
    #[default]
    Online,
    /// The local network, with this process as the host.
    Lan,
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Online => "online",
            Self::Lan => "lan",
        })
    }
}

/// What a session shall be. Edit it freely before the start; edits after it stay on this machine until
/// [`Sessions::update`](crate::Sessions::update).
#[derive(Component, Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionSettings {
    /// The name that others see; `None`: the session's own name.
    pub name: Option<String>,
    /// Seats in all, 1 to 200.
    pub max_players: u16,
    /// The build it runs; `None`: the [build of the client](crate::SessionClientPlugin::client_build), else `dev`.
    pub build: Option<BuildId>,
    /// What others may filter by: at most 14 pairs, keys up to 32 and values up to 96 characters.
    pub properties: GameProperties,
    /// Whether others find it.
    pub privacy: Privacy,
    /// Whether new players may join. Used by [`Sessions::update`](crate::Sessions::update); a new session is open.
    pub policy: PlayerSessionPolicy,
    /// Over which orchestrator it is started; `None`: online where the plugin has an online service, else on the LAN.
    pub reach: Option<Reach>,
    /// What others need to join it; `None`: it is open.
    pub password: Option<Password>,
}

impl SessionSettings {
    /// A listed, open session for so many players.
    pub fn new(max_players: u16) -> Self {
        Self {
            name: None,
            max_players,
            build: None,
            properties: GameProperties::new(),
            privacy: Privacy::Listed,
            policy: PlayerSessionPolicy::AcceptAll,
            reach: None,
            password: None,
        }
    }

    /// The name that others see.
    #[must_use]
    pub fn shown_as(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The build it runs.
    #[must_use]
    pub fn build(mut self, build: BuildId) -> Self {
        self.build = Some(build);
        self
    }

    /// One thing that others may filter by.
    #[must_use]
    pub fn property(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.properties.insert(key.into(), value.into());
        self
    }

    /// Whether others find it.
    #[must_use]
    pub fn privacy(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    /// Over which orchestrator it is started.
    #[must_use]
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = Some(reach);
        self
    }

    /// Locks it: others need this password to join, 1 to 64 characters.
    #[must_use]
    pub fn password(mut self, password: impl Into<String>) -> Self {
        self.password = Some(Password::new(password));
        self
    }

    /// What is wrong with them, if anything is.
    pub(crate) fn check(&self) -> Result<(), SessionError> {
        let what = if let Some(name) = &self.name {
            check_name(name)?;
            None
        } else {
            None
        };
        let long = |text: &str, most: usize| text.chars().count() > most;
        let what = what.or_else(|| {
            if !(1..=MAX_PLAYERS).contains(&self.max_players) {
                Some(format!("max_players is 1 to {MAX_PLAYERS}, not {}", self.max_players))
            } else if self.properties.len() > MAX_PROPERTIES {
                Some(format!(
                    "a session has at most {MAX_PROPERTIES} properties, not {}",
                    self.properties.len()
                ))
            } else if let Some((key, _)) = self
                .properties
                .iter()
                .find(|(key, value)| key.is_empty() || long(key, 32) || long(value, 96))
            {
                Some(format!(
                    "the property {key:?} is too long: keys have 1 to 32 characters, values up to 96"
                ))
            } else if let Some(password) = &self.password
                && !(1..=64).contains(&password.expose().chars().count())
            {
                Some("a password has 1 to 64 characters".to_owned())
            } else {
                None
            }
        });
        what.map_or(Ok(()), |what| Err(SessionError::InvalidSettings { what }))
    }
}

impl Default for SessionSettings {
    /// For eight players.
    fn default() -> Self {
        Self::new(8)
    }
}

/// The seat of the player, from [`SessionPhase::InProgress`] until it is left.
#[derive(Component, Debug, Clone, PartialEq, Eq)]
pub struct SessionConnection {
    seat: Seat,
}

impl SessionConnection {
    pub(crate) fn new(seat: Seat) -> Self {
        Self { seat }
    }

    /// Where the server listens.
    pub fn address(&self) -> SocketAddr {
        self.seat.address
    }

    /// The seat's id at the orchestrator.
    pub fn player_session_id(&self) -> &PlayerSessionId {
        &self.seat.player_session_id
    }

    /// What proves the seat to the server. Good for 45 seconds after the answer;
    /// [`Sessions::travel`](crate::Sessions::travel) fetches a new one when needed.
    pub fn ticket(&self) -> &Ticket {
        &self.seat.ticket
    }

    /// The game session as the orchestrator last described it.
    pub fn game_session(&self) -> &GameSession {
        &self.seat.game_session
    }

    /// The whole answer of the orchestrator, with its timings.
    pub fn seat(&self) -> &Seat {
        &self.seat
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn a_name_is_one_to_sixty_four_characters_without_control_characters() {
        assert!("Friday night".parse::<SessionName>().is_ok());
        assert!("ä".repeat(64).parse::<SessionName>().is_ok());
        for bad in [String::new(), "x".repeat(65), "a\nb".to_owned()] {
            assert!(
                matches!(bad.parse::<SessionName>(), Err(SessionError::InvalidSettings { .. })),
                "{bad:?}"
            );
        }
    }

    #[test]
    fn settings_out_of_bounds_are_named() {
        let error = SessionSettings::new(0).check().unwrap_err().to_string();
        assert!(error.contains("max_players"), "{error}");
        let error = SessionSettings::new(2)
            .property("k", "v".repeat(97))
            .check()
            .unwrap_err()
            .to_string();
        assert!(error.contains("\"k\""), "{error}");
        assert!(SessionSettings::new(2).shown_as("").check().is_err());
        assert!(SessionSettings::new(200).property("map", "moon").check().is_ok());
    }
}
