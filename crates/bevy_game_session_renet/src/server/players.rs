//! The players at the door and inside: which connection is which admission, client of renet, and entity.

use std::collections::{HashMap, VecDeque};

use bevy_ecs::prelude::*;
use bevy_game_session_server::{AcceptedPlayer, AdmissionId, GoodbyeHold};
use game_session_protocol::GoodbyeCode;

use super::guest::Word;
use super::line::{ConnectionKey, ServerCommand, ServerLine, ServerReport};
use crate::untrusted::{ChannelMemory, Guard};

/// The connection of an admitted player, on the same entity as `AcceptedPlayer`.
#[derive(Component, Debug, Clone, Copy, PartialEq, Eq)]
#[component(immutable)]
pub struct PlayerConnection(u64);

impl PlayerConnection {
    #[cfg(feature = "replicon")]
    pub(super) fn new(client_id: u64) -> Self {
        Self(client_id)
    }

    /// The id under which [`RenetServer`](bevy_renet::RenetServer) knows it. It stays the same when the player comes
    /// back over another connection; while the player is absent renet does not know it.
    pub fn client_id(&self) -> u64 {
        self.0
    }
}

/// The line of the hosted session and everybody on it. Exists while there is a session.
#[derive(Resource)]
pub(super) struct Transport {
    pub(super) line: ServerLine,
    pub(super) reports: VecDeque<ServerReport>,
    pub(super) goodbye: Option<GoodbyeHold>,
    pub(super) closing: bool,
    /// The line's thread has ended by itself, which was told.
    pub(super) is_dead: bool,
    by_replicon: bool,
    /// Of the channels that players send on.
    memory: ChannelMemory,
    connections: HashMap<ConnectionKey, Connection>,
    /// Entities whose connection was lost, and their clients of renet.
    absent: HashMap<Entity, u64>,
}

/// A connection that netcode has authenticated.
struct Connection {
    client_id: u64,
    stage: Stage,
    guard: Guard,
}

enum Stage {
    /// `Admissions` was asked.
    Asking(AdmissionId),
    /// Admitted; replicon will spawn the entity.
    Entering(
        #[cfg_attr(
            not(feature = "replicon"),
            expect(dead_code, reason = "only replicon's entities are waited for")
        )]
        AcceptedPlayer,
    ),
    /// Admitted, with an entity.
    Inside(Entity),
    /// Told to go; only the word is still said.
    SentAway,
}

/// What was left behind by a connection that is gone.
pub(super) enum Remains {
    Nothing,
    Asked(AdmissionId),
    /// A client of renet, and its entity if it had got one.
    Client(u64, Option<Entity>),
}

impl Transport {
    /// `by_replicon` says who spawns the entities of players.
    pub(super) fn new(line: ServerLine, memory: ChannelMemory, by_replicon: bool) -> Self {
        let (reports, connections) = (VecDeque::new(), HashMap::new());
        Self {
            line,
            reports,
            goodbye: None,
            closing: false,
            is_dead: false,
            by_replicon,
            memory,
            connections,
            absent: HashMap::new(),
        }
    }

    /// Whether replicon spawns and despawns the entities.
    pub(super) fn is_by_replicon(&self) -> bool {
        self.by_replicon
    }

    pub(super) fn ask(&mut self, key: ConnectionKey, client_id: u64, admission: AdmissionId) {
        self.connect(key, client_id, Stage::Asking(admission));
    }

    fn connect(&mut self, key: ConnectionKey, client_id: u64, stage: Stage) {
        let guard = Guard::new(self.memory.clone());
        let connection = Connection {
            client_id,
            stage,
            guard,
        };
        self.connections.insert(key, connection);
    }

    /// The connection and client id that wait for this decision.
    pub(super) fn asked(&self, admission: AdmissionId) -> Option<(ConnectionKey, u64)> {
        self.connections
            .iter()
            .find_map(|(key, connection)| match connection.stage {
                Stage::Asking(asked) if asked == admission => Some((*key, connection.client_id)),
                _ => None,
            })
    }

    /// The client of renet behind an admitted connection, and the guard before it.
    pub(super) fn client(&mut self, key: ConnectionKey) -> Option<(u64, &mut Guard)> {
        let connection = self.connections.get_mut(&key)?;
        connection
            .is_admitted()
            .then_some((connection.client_id, &mut connection.guard))
    }

    /// Everyone who is admitted, with their clients of renet.
    pub(super) fn admitted(&self) -> impl Iterator<Item = (ConnectionKey, u64)> {
        self.connections
            .iter()
            .filter(|(_, connection)| connection.is_admitted())
            .map(|(key, connection)| (*key, connection.client_id))
    }

    /// Lets an accepted player in, to an entity of ours or to the one that replicon is about to spawn.
    pub(super) fn let_in(&mut self, key: ConnectionKey, player: AcceptedPlayer, commands: &mut Commands) {
        let Some(connection) = self.connections.get_mut(&key) else {
            return;
        };
        self.line.commands().insist(ServerCommand::Admit(key));
        connection.stage = if self.by_replicon {
            Stage::Entering(player)
        } else {
            Stage::Inside(commands.spawn((PlayerConnection(connection.client_id), player)).id())
        };
    }

    /// Gives the entity that replicon spawned for a client its player.
    #[cfg(feature = "replicon")]
    pub(super) fn seat(&mut self, client_id: u64, entity: Entity) -> Option<AcceptedPlayer> {
        let connection = self
            .connections
            .values_mut()
            .find(|connection| connection.client_id == client_id && matches!(connection.stage, Stage::Entering(_)))?;
        match std::mem::replace(&mut connection.stage, Stage::Inside(entity)) {
            Stage::Entering(player) => Some(player),
            _ => None,
        }
    }

    /// The connection of this entity is lost; its player may come back.
    pub(super) fn keep_place(&mut self, entity: Entity, client_id: u64) {
        self.absent.insert(entity, client_id);
    }

    /// The entity is gone, and nobody comes back to it.
    pub(super) fn forget_place(&mut self, entity: Entity) -> bool {
        self.absent.remove(&entity).is_some()
    }

    /// Puts a connection in the place of the one before, which hears that it was taken over if it is still there. The
    /// client of renet stays the same. `None` when the entity is not one of ours.
    pub(super) fn take_place(&mut self, key: ConnectionKey, entity: Entity) -> Option<u64> {
        let client_id = match self.on_entity(entity) {
            Some((before, client_id)) => {
                self.send_away(before, Word::Goodbye(GoodbyeCode::TakenOver));
                client_id
            }
            None => self.absent.remove(&entity)?,
        };
        self.line.commands().insist(ServerCommand::Admit(key));
        self.connect(key, client_id, Stage::Inside(entity));
        Some(client_id)
    }

    /// Who is on this entity.
    pub(super) fn on_entity(&self, entity: Entity) -> Option<(ConnectionKey, u64)> {
        self.connections
            .iter()
            .find_map(|(key, connection)| match connection.stage {
                Stage::Inside(inside) if inside == entity => Some((*key, connection.client_id)),
                _ => None,
            })
    }

    /// The admitted connection of a client of renet.
    pub(super) fn of_client(&self, client_id: u64) -> Option<ConnectionKey> {
        self.admitted().find(|(_, id)| *id == client_id).map(|(key, _)| key)
    }

    /// Says the word for a while, then cuts the connection. What it had is the caller's to clear away.
    pub(super) fn send_away(&mut self, key: ConnectionKey, word: Word) -> Remains {
        self.line.commands().insist(ServerCommand::SendAway(key, word));
        match self.connections.get_mut(&key) {
            Some(connection) => {
                let stage = std::mem::replace(&mut connection.stage, Stage::SentAway);
                stage.remains(connection.client_id)
            }
            None => Remains::Nothing,
        }
    }

    pub(super) fn remove(&mut self, key: ConnectionKey) -> Remains {
        match self.connections.remove(&key) {
            Some(connection) => connection.stage.remains(connection.client_id),
            None => Remains::Nothing,
        }
    }

    /// Says goodbye to all and lets nobody in any more.
    pub(super) fn close(&mut self, code: GoodbyeCode) {
        self.closing = true;
        self.line.commands().insist(ServerCommand::Close(code));
    }

    /// The entities of everyone inside or absent.
    pub(super) fn entities(&self) -> impl Iterator<Item = Entity> {
        let inside = self
            .connections
            .values()
            .filter_map(|connection| match connection.stage {
                Stage::Inside(entity) => Some(entity),
                _ => None,
            });
        inside.chain(self.absent.keys().copied())
    }
}

impl Connection {
    fn is_admitted(&self) -> bool {
        matches!(self.stage, Stage::Entering(_) | Stage::Inside(_))
    }
}

impl Stage {
    fn remains(self, client_id: u64) -> Remains {
        match self {
            Self::Asking(admission) => Remains::Asked(admission),
            Self::Entering(_) => Remains::Client(client_id, None),
            Self::Inside(entity) => Remains::Client(client_id, Some(entity)),
            Self::SentAway => Remains::Nothing,
        }
    }
}
