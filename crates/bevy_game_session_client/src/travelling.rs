//! The way to the server: what the transport is asked for, and what comes of its answers.

use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::ProgressStep;
use tracing::{debug, info};

use crate::components::{SessionName, SessionPhase};
use crate::events::{SessionArrived, SessionCancelled, SessionDisconnected, SessionTravelFailed, emit};
use crate::index::SessionIndex;
use crate::operation::SessionOperation as Op;
use crate::outcome::{advance, now, progress};
use crate::record::Travel;
use crate::state;
use crate::transitions::Input;
use crate::travel::{DisconnectReason, TravelError, TravelPolicy, TravelRequested, TravelStopped};

/// How old a ticket may be that is handed to a transport: it is good for 45 s, and the way takes time.
const TICKET_IS_FRESH: Duration = Duration::from_secs(30);

/// Hands the ticket to the transport. False when it is used or too old.
pub(crate) fn request_travel(world: &mut World, entity: Entity) -> bool {
    let now = now(world);
    let mut index = world.resource_mut::<SessionIndex>();
    let Some(record) = index.record_mut(entity) else {
        return true;
    };
    let name = record.name.clone();
    let Some(held) = &mut record.seat else { return false };
    if held.used || now.saturating_sub(held.since) > TICKET_IS_FRESH {
        return false;
    }
    held.used = true;
    let (address, ticket) = (held.seat.address, held.seat.ticket.clone());
    record.travel = Travel::Requested;
    state::sync(world);
    progress(world, entity, ProgressStep::Connecting);
    if world.resource::<SessionIndex>().is_running(entity, Op::Travel) {
        info!(session = %name, %address, "travelling");
        world.trigger(TravelRequested {
            entity,
            name,
            address,
            ticket,
        });
        world.flush();
    }
    true
}

/// Ends a travel that runs, and tells the transport to drop its connection.
pub(crate) fn stop_travel(world: &mut World, entity: Entity) {
    let mut index = world.resource_mut::<SessionIndex>();
    let op = index.take(entity, Op::Travel);
    let was_travelling = index
        .record_mut(entity)
        .is_some_and(|record| std::mem::replace(&mut record.travel, Travel::None).is_with_transport());
    state::sync(world);
    if was_travelling {
        world.trigger(TravelStopped { entity });
        world.flush();
    }
    if let Some(op) = op {
        emit(
            world,
            SessionCancelled {
                entity,
                name: op.name,
                operation: Op::Travel,
            },
        );
    }
}

/// A travel got no answer, or no ticket: the transport is told, if it was asked.
pub(crate) fn give_up(world: &mut World, entity: Entity, name: SessionName, error: TravelError) {
    let index = world.resource::<SessionIndex>();
    if index
        .record(entity)
        .is_some_and(|record| record.travel.is_with_transport())
    {
        world.trigger(TravelStopped { entity });
        world.flush();
    }
    travel_ended_badly(world, entity, name, error);
}

/// Where the player has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On a server that is reached over a connection.
    Server,
    /// On this app's own server.
    Here,
}

/// The transport says that the server has admitted the player.
pub(crate) fn arrived(world: &mut World, entity: Entity, place: Place) {
    let by_itself = *world.resource::<TravelPolicy>() == TravelPolicy::Manual;
    let mut index = world.resource_mut::<SessionIndex>();
    let asked = index.take(entity, Op::Travel).is_some();
    let Some(record) = index.record_mut(entity) else { return };
    let in_progress = matches!(record.phase, SessionPhase::InProgress | SessionPhase::Ending);
    if !in_progress || !(asked || (by_itself && record.travel == Travel::None)) {
        return debug!("an arrival that nobody waits for was ignored");
    }
    record.travel = Travel::Arrived;
    let name = record.name.clone();
    state::sync(world);
    progress(world, entity, ProgressStep::InSession);
    info!(session = %name, "arrived");
    let local = place == Place::Here;
    emit(world, SessionArrived { entity, name, local });
}

/// The transport says that the travel failed.
pub(crate) fn travel_failed(world: &mut World, entity: Entity, error: TravelError) {
    let mut index = world.resource_mut::<SessionIndex>();
    let Some(op) = index.take(entity, Op::Travel) else {
        return debug!(%error, "the end of a travel that nobody waits for was ignored");
    };
    travel_ended_badly(world, entity, op.name, error);
}

/// A travel ended without an arrival.
pub(crate) fn travel_ended_badly(world: &mut World, entity: Entity, name: SessionName, error: TravelError) {
    let mut index = world.resource_mut::<SessionIndex>();
    if let Some(record) = index.record_mut(entity) {
        record.step = record.step.min(Some(ProgressStep::Ticket));
        record.travel = Travel::Failed;
    }
    state::sync(world);
    info!(session = %name, %error, "the travel failed");
    emit(world, SessionTravelFailed { entity, name, error });
}

/// The transport says that the connection is gone.
pub(crate) fn disconnected(world: &mut World, entity: Entity, reason: DisconnectReason) {
    let mut index = world.resource_mut::<SessionIndex>();
    let Some(record) = index.record_mut(entity) else { return };
    match record.travel {
        Travel::Requested => return travel_failed(world, entity, TravelError::Transport(reason.to_string())),
        Travel::Arrived => record.travel = Travel::None,
        Travel::None | Travel::Failed => return debug!(%reason, "the end of no connection was ignored"),
    }
    let name = record.name.clone();
    // the server that is ended may say goodbye before the orchestrator says that the end was heard
    if record.phase == SessionPhase::Ending {
        info!(session = %name, %reason, "disconnected, as asked");
        record.untold_loss = Some(reason);
        advance(world, entity, Input::Lost, Op::Travel);
        return;
    }
    advance(world, entity, Input::Lost, Op::Travel);
    info!(session = %name, %reason, "disconnected");
    emit(world, SessionDisconnected { entity, name, reason });
}
