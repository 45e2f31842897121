//! What a host says of its game session, and what a client makes of it.

use game_session_protocol::game_session::{MAX_PLAYERS, MAX_PROPERTIES};
use game_session_protocol::{BuildId, GameProperties, GameSession, PlayerSessionPolicy, Privacy};
use serde::{Deserialize, Serialize};

use super::wire::{MOST_PARTS, PART_BYTES};
use crate::clean::clean;
use crate::id::HostId;
use crate::secret::Lock;

/// A game session as its host describes it, in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Description {
    /// The number of the game session at its host.
    pub(crate) number: u32,
    pub(crate) name: String,
    pub(crate) build: BuildId,
    pub(crate) max_players: u16,
    pub(crate) current_players: u16,
    pub(crate) policy: PlayerSessionPolicy,
    pub(crate) privacy: Privacy,
    #[serde(default, skip_serializing_if = "GameProperties::is_empty")]
    pub(crate) properties: GameProperties,
    pub(crate) owner: String,
    pub(crate) lock: Lock,
    /// Whether a password is asked for besides.
    pub(crate) password: bool,
    /// The TCP port of the door.
    pub(crate) door: u16,
}

impl Description {
    /// The parts for the replies. A valid description has few.
    pub(crate) fn parts(&self) -> Vec<Vec<u8>> {
        let json = serde_json::to_vec(self).expect("a struct of strings and numbers always serialises");
        let parts: Vec<_> = json.chunks(PART_BYTES).map(<[u8]>::to_vec).collect();
        debug_assert!(
            parts.len() <= usize::from(MOST_PARTS),
            "the bounds of a draft keep it small"
        );
        parts
    }

    /// Reads what a stranger sent; `None` when it is malformed or out of bounds. Its texts come out cleaned.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let mut read: Self = serde_json::from_slice(bytes).ok()?;
        let properties_fit = read.properties.len() <= MAX_PROPERTIES
            && read
                .properties
                .iter()
                .all(|(key, value)| (1..=32).contains(&key.len()) && value.len() <= 96 * 4);
        let fits = (1..=MAX_PLAYERS).contains(&read.max_players)
            && read.current_players <= MAX_PLAYERS
            && read.door != 0
            && read.owner.len() <= 64
            && properties_fit;
        if !fits {
            return None;
        }
        read.name = clean(&read.name);
        read.owner = clean(&read.owner);
        read.properties = std::mem::take(&mut read.properties)
            .into_iter()
            .map(|(key, value)| (key, value.chars().filter(|c| !c.is_control()).collect()))
            .collect();
        Some(read)
    }

    /// The same for players.
    pub(crate) fn game_session(&self, host: HostId) -> GameSession {
        GameSession {
            id: host.session(self.number),
            name: self.name.clone(),
            build: self.build.clone(),
            max_players: self.max_players,
            current_players: self.current_players,
            policy: self.policy,
            properties: self.properties.clone(),
            owner: Some(self.owner.clone()),
            locked: self.lock != Lock::Open,
            ping_beacon: None,
        }
    }
}
