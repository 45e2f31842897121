//! What can be asked about a game session in a search, and by which words.

use crate::{
    model::{error::ApiError, game_sessions::GameProperty},
    world::game_sessions::GameSession,
};

/// What a search knows of a game session.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) location: &'a str,
    pub(super) name: Option<&'a str>,
    pub(super) properties: &'a [GameProperty],
    pub(super) maximum: u32,
    pub(super) created_millis: u64,
    pub(super) players: u32,
}

/// A word that a search can ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Id,
    Name,
    Property(String),
    Maximum,
    CreationTime,
    Players,
    HasRoom,
}

/// What the word is for one game session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fact<'a> {
    Text(&'a str),
    Number(i64),
    Flag(bool),
}

/// The kind of an operand's values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
}

impl<'a> Facts<'a> {
    pub(super) fn of(session: &'a GameSession) -> Self {
        Self {
            id: &session.arn,
            location: &session.location,
            name: session.name.as_deref(),
            properties: &session.properties,
            maximum: session.maximum,
            created_millis: session.created.as_millis(),
            players: session.seats_taken,
        }
    }

    /// The value of the operand, or nothing when this game session has none.
    pub(super) fn get(&self, operand: &Operand) -> Option<Fact<'a>> {
        match operand {
            Operand::Id => Some(Fact::Text(self.id)),
            Operand::Name => self.name.map(Fact::Text),
            Operand::Property(key) => self
                .properties
                .iter()
                .find(|property| property.key == *key)
                .map(|property| Fact::Text(&property.value)),
            Operand::Maximum => Some(Fact::Number(self.maximum.into())),
            Operand::CreationTime => Some(Fact::Number(i64::try_from(self.created_millis).unwrap_or(i64::MAX))),
            Operand::Players => Some(Fact::Number(self.players.into())),
            Operand::HasRoom => Some(Fact::Flag(self.players < self.maximum)),
        }
    }
}

impl Operand {
    pub(super) fn parse(word: &str) -> Result<Self, ApiError> {
        if let Some(key) = word.strip_prefix("gameSessionProperties.") {
            return if key.is_empty() || key.contains('.') {
                Err(ApiError::invalid(
                    "a property's key in a search must not be empty or contain a dot",
                ))
            } else {
                Ok(Self::Property(key.to_owned()))
            };
        }
        match word {
            "gameSessionId" => Ok(Self::Id),
            "gameSessionName" => Ok(Self::Name),
            "maximumSessions" => Ok(Self::Maximum),
            "creationTimeMillis" => Ok(Self::CreationTime),
            "playerSessionCount" => Ok(Self::Players),
            "hasAvailablePlayerSessions" => Ok(Self::HasRoom),
            _ => Err(ApiError::invalid(format!(
                "{word} is not one of gameSessionId, gameSessionName, gameSessionProperties.<key>, maximumSessions, \
                 creationTimeMillis, playerSessionCount, hasAvailablePlayerSessions"
            ))),
        }
    }

    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Id | Self::Name | Self::Property(_) => Kind::Text,
            Self::Maximum | Self::CreationTime | Self::Players => Kind::Number,
            Self::HasRoom => Kind::Flag,
        }
    }
}
