//! What a host says of its game session, and what a client makes of it.

use game_session_protocol::game_session::{MAX_PLAYERS, MAX_PROPERTIES};
use game_session_protocol::{BuildId, GameProperties, GameSession, PlayerSessionPolicy, Privacy};
use serde::{Deserialize, Serialize};

use super::wire::{MOST_PARTS, PART_BYTES};
use crate::clean::clean;
use crate::id::HostId;
use crate::secret::Lock;

/// The number of a game session of which nothing is known but that its host speaks another version. No other has it.
pub(crate) const OF_ANOTHER_VERSION: u32 = 0;

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
        let fits = read.number != OF_ANOTHER_VERSION
            && (1..=MAX_PLAYERS).contains(&read.max_players)
            && read.current_players <= MAX_PLAYERS
            && read.door != 0
            && read.owner.len() <= 64
            && properties_fit(&read.properties);
        if !fits {
            return None;
        }
        read.name = clean(&read.name);
        read.owner = clean(&read.owner);
        read.properties = clean_properties(std::mem::take(&mut read.properties));
        Some(read)
    }

    /// What is listed of a host that speaks another version: nobody can join it.
    pub(crate) fn of_another_version() -> Self {
        Self {
            number: OF_ANOTHER_VERSION,
            name: "Another version of the game".into(),
            build: "another-version".parse().expect("letters and a dash are a build id"),
            max_players: 1,
            current_players: 1,
            policy: PlayerSessionPolicy::DenyAll,
            privacy: Privacy::Listed,
            properties: GameProperties::new(),
            owner: "?".into(),
            lock: Lock::Open,
            password: false,
            door: 1,
        }
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

/// A game session as a host described it with a seat, with the bounds and the cleaning of a [`Description`].
pub(crate) fn cleaned(session: GameSession) -> Option<GameSession> {
    let fits = (1..=MAX_PLAYERS).contains(&session.max_players)
        && session.current_players <= MAX_PLAYERS
        && properties_fit(&session.properties);
    fits.then(|| GameSession {
        name: clean(&session.name),
        owner: session.owner.as_deref().map(clean),
        properties: clean_properties(session.properties),
        ping_beacon: None,
        ..session
    })
}

fn properties_fit(properties: &GameProperties) -> bool {
    properties.len() <= MAX_PROPERTIES
        && properties
            .iter()
            .all(|(key, value)| (1..=32).contains(&key.len()) && value.len() <= 96 * 4)
}

fn clean_properties(properties: GameProperties) -> GameProperties {
    let cleaned = |(key, value): (String, String)| (key, value.chars().filter(|c| !c.is_control()).collect());
    properties.into_iter().map(cleaned).collect()
}
