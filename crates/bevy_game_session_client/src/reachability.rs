//! Whether the services can be reached: what a menu shows as "offline".

use bevy_ecs::prelude::*;
use game_session_protocol::ServiceError;

use crate::components::Reach;
use crate::error::SessionError;

/// Whether the services could be reached when they were asked last. Nothing is asked for it alone: a
/// [live search](crate::SessionQuery::refresh_every) keeps it up to date. It is changed only when it changes.
#[derive(Resource, Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ServiceReachability {
    online: Reachability,
    lan: Reachability,
}

/// Whether a service could be reached when it was asked last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
#[non_exhaustive]
pub enum Reachability {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// It answered, be it a refusal.
    Reachable,
    /// It could not be reached: this machine, or the service, is offline.
    Unreachable,
}

impl ServiceReachability {
    /// Of the service of that reach.
    pub fn of(&self, reach: Reach) -> Reachability {
        match reach {
            Reach::Online => self.online,
            Reach::Lan => self.lan,
        }
    }
}

/// Notes how a question ended. That an answer took too long says nothing.
pub(crate) fn note(world: &mut World, reach: Reach, error: Option<&SessionError>) {
    let seen = match error {
        Some(SessionError::Unreachable {
            source: ServiceError::Unreachable { .. },
        }) => Reachability::Unreachable,
        Some(SessionError::TimedOut { .. } | SessionError::ReachUnavailable { .. }) => return,
        _ => Reachability::Reachable,
    };
    let Some(mut known) = world.get_resource_mut::<ServiceReachability>() else {
        return;
    };
    let mut now = *known;
    match reach {
        Reach::Online => now.online = seen,
        Reach::Lan => now.lan = seen,
    }
    known.set_if_neq(now);
}
