//! The one session that is being started, joined or played, for run conditions and menus.

use bevy_ecs::prelude::*;
use bevy_state::prelude::*;

use crate::components::{SessionName, SessionPhase};
use crate::index::SessionIndex;
use crate::record::{Record, Travel};

/// The session in which the player has a seat: exists from [`InProgress`](SessionPhase::InProgress) until it is left.
#[derive(Resource, Debug, Clone, PartialEq, Eq)]
pub struct CurrentSession {
    entity: Entity,
    name: SessionName,
}

impl CurrentSession {
    /// Its entity.
    pub fn entity(&self) -> Entity {
        self.entity
    }

    /// Its name.
    pub fn name(&self) -> &SessionName {
        &self.name
    }
}

/// Where the player is, for menus.
#[derive(States, Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ClientSessionState {
    /// Not in a session, also after a travel that failed.
    #[default]
    Idle,
    /// On the way: a session is being started, joined, or travelled to.
    Connecting,
    /// The server has admitted the player.
    InSession,
}

fn state_of(record: &Record) -> ClientSessionState {
    use ClientSessionState as State;
    match (record.phase, record.travel) {
        (SessionPhase::Pending | SessionPhase::Ended, _) => State::Idle,
        (_, Travel::Arrived) => State::InSession,
        // With manual travel the game is on its way until it says otherwise.
        (SessionPhase::Starting | SessionPhase::Joining, _)
        | (_, Travel::Requested)
        | (SessionPhase::InProgress, Travel::None) => State::Connecting,
        (_, Travel::None | Travel::Failed) => State::Idle,
    }
}

/// Makes the resource and the state say what the index says.
pub(crate) fn sync(world: &mut World) {
    let index = world.resource::<SessionIndex>();
    let active = index.active();
    let state = active.map_or(ClientSessionState::Idle, |(_, record)| state_of(record));
    let current = active
        .filter(|(_, record)| has_seat(record.phase))
        .map(|(entity, _)| entity);
    if world.get_resource::<CurrentSession>().map(CurrentSession::entity) != current {
        world.remove_resource::<CurrentSession>();
        if let Some(entity) = current
            && let Some(record) = world.resource::<SessionIndex>().record(entity)
        {
            let name = record.name.clone();
            world.insert_resource(CurrentSession { entity, name });
        }
    }
    if world.resource::<SessionIndex>().state != state {
        world.resource_mut::<SessionIndex>().state = state;
        (*world.resource_mut::<NextState<ClientSessionState>>()).set_if_neq(state);
    }
}

fn has_seat(phase: SessionPhase) -> bool {
    matches!(
        phase,
        SessionPhase::InProgress | SessionPhase::Leaving | SessionPhase::Ending
    )
}
