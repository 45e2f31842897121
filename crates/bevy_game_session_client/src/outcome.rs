//! How each call ends: the index first, then the components, then the one event.

use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_time::{Real, Time};
use game_session_protocol::{GameSession, ProgressStep, Seat};
use tracing::{debug, info, warn};

use crate::begin;
use crate::components::{SessionConnection, SessionName, SessionPhase};
use crate::error::SessionError;
use crate::events::{
    SessionCancelled, SessionDisconnected, SessionEnded, SessionFailed, SessionJoinCodeReceived, SessionJoined,
    SessionLeft, SessionProgress, SessionStarted, SessionUpdated, emit,
};
use crate::flights::{News, Remains};
use crate::in_flight::{InFlight, Reply};
use crate::index::SessionIndex;
use crate::operation::SessionOperation as Op;
use crate::reachability;
use crate::record::{HeldSeat, Travel};
use crate::searching;
use crate::state;
use crate::transitions::{Input, Next, next};
use crate::travel::{TravelError, TravelPolicy, TravelStopped};
use crate::travelling;
use crate::wording::settings_of;

/// Looks at everything in flight, and tells what happened. Runs only while something is in flight.
pub(crate) fn poll_sessions(world: &mut World) {
    let now = now(world);
    let before = world.resource_mut::<SessionIndex>().begin_frame();
    while let Some(news) = world.resource_mut::<SessionIndex>().next_news(now, before) {
        match news {
            News::Step(entity, step) => progress(world, entity, step),
            News::Pings(pings) => searching::pinged(world, pings),
            News::Refresh(entity, name) => begin::refresh(world, entity, name),
            News::Answer(op, answer) => {
                if let Some(entity) = op.entity {
                    answered(world, entity, op, answer);
                } else {
                    debug!(name = %op.name, operation = %op.operation, "a session that is gone was tidied up");
                }
            }
        }
    }
}

pub(crate) fn now(world: &World) -> Duration {
    world
        .get_resource::<Time<Real>>()
        .map(Time::elapsed)
        .unwrap_or_default()
}

fn answered(world: &mut World, entity: Entity, op: InFlight, mut answer: Result<Reply, SessionError>) {
    if !matches!(op.operation, Op::Find | Op::JoinByCode)
        && let Some(reach) = world
            .resource::<SessionIndex>()
            .record(entity)
            .map(|record| record.reach)
    {
        reachability::note(world, reach, answer.as_ref().err());
        answer = answer.map_err(|error| error.of_reach(reach));
    }
    if op.operation == Op::JoinByCode {
        answer = answer.map_err(SessionError::of_code);
    }
    match (op.operation, answer) {
        (Op::Start | Op::Join | Op::QuickJoin | Op::JoinByCode | Op::Rejoin, Ok(Reply::Seat(seat, reach))) => {
            if let (Some(reach), Some(record)) = (reach, world.resource_mut::<SessionIndex>().record_mut(entity)) {
                record.reach = reach;
            }
            seated(world, entity, op, *seat);
        }
        (Op::Travel, Ok(Reply::Seat(seat, _))) => reseated(world, entity, op, *seat),
        (Op::Find, Ok(Reply::Found(found))) => searching::found(world, entity, op, found),
        (Op::JoinCode, Ok(Reply::JoinCode(code))) => {
            let name = op.name;
            debug!(session = %name, "a join code came");
            emit(world, SessionJoinCodeReceived { entity, name, code });
        }
        (Op::Update, Ok(Reply::Description(game_session))) => updated(world, entity, op.name, *game_session),
        (Op::Leave, answer) => left(world, entity, op, answer.err()),
        (Op::End, Ok(_)) => ended(world, entity, op),
        (_, Err(error)) => failed(world, entity, op, error),
        (_, Ok(_)) => {
            failed(
                world,
                entity,
                op,
                SessionError::Protocol {
                    what: "an answer to another question".to_owned(),
                },
            );
        }
    }
}

/// A start or join succeeded.
fn seated(world: &mut World, entity: Entity, op: InFlight, seat: Seat) {
    progress(world, entity, ProgressStep::Ticket);
    hold_seat(world, entity, &seat);
    if matches!(op.operation, Op::JoinByCode | Op::QuickJoin)
        && let Ok(mut session) = world.get_entity_mut(entity)
    {
        session.insert(settings_of(&seat.game_session));
    }
    advance(world, entity, Input::Done, op.operation);
    let (name, game_session) = (op.name, seat.game_session);
    info!(session = %name, game_session = %game_session.id, address = %seat.address, "a seat was taken ({})", op.operation);
    if op.operation == Op::Start {
        emit(
            world,
            SessionStarted {
                entity,
                name: name.clone(),
                game_session,
            },
        );
    } else {
        emit(
            world,
            SessionJoined {
                entity,
                name: name.clone(),
                game_session,
            },
        );
    }
    if *world.resource::<TravelPolicy>() == TravelPolicy::Automatic {
        let mut index = world.resource_mut::<SessionIndex>();
        let stays = index
            .record(entity)
            .is_some_and(|record| record.phase == SessionPhase::InProgress && record.travel == Travel::None);
        if stays && !index.is_running(entity, Op::Travel) {
            index.expect_answer(entity, name, Op::Travel);
            begin::travel(world, entity);
        }
    }
}

/// A fresh ticket for a travel came.
fn reseated(world: &mut World, entity: Entity, mut op: InFlight, seat: Seat) {
    hold_seat(world, entity, &seat);
    op.work = None;
    world.resource_mut::<SessionIndex>().put_back(op);
    travelling::request_travel(world, entity);
}

fn hold_seat(world: &mut World, entity: Entity, seat: &Seat) {
    let since = now(world);
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.game_session = Some(seat.game_session.clone());
        record.seat = Some(HeldSeat {
            seat: seat.clone(),
            since,
            used: false,
        });
        record.travel = Travel::None;
    }
    if let Ok(mut session) = world.get_entity_mut(entity) {
        session.insert(SessionConnection::new(seat.clone()));
    }
}

fn updated(world: &mut World, entity: Entity, name: SessionName, game_session: GameSession) {
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.game_session = Some(game_session.clone());
    }
    if let Some(connection) = world.get::<SessionConnection>(entity) {
        let mut seat = connection.seat().clone();
        seat.game_session = game_session.clone();
        world.entity_mut(entity).insert(SessionConnection::new(seat));
    }
    emit(
        world,
        SessionUpdated {
            entity,
            name,
            game_session,
        },
    );
}

fn left(world: &mut World, entity: Entity, op: InFlight, error: Option<SessionError>) {
    if let Some(error) = error {
        warn!(session = %op.name, %error, "left, but the orchestrator was not told: the seat lapses there");
    }
    advance(world, entity, Input::Done, Op::Leave);
    info!(session = %op.name, "left");
    emit(world, SessionLeft { entity, name: op.name });
}

fn ended(world: &mut World, entity: Entity, op: InFlight) {
    travelling::stop_travel(world, entity);
    advance(world, entity, Input::Done, Op::End);
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.untold_loss = None;
    }
    info!(session = %op.name, "ended for everyone");
    emit(world, SessionEnded { entity, name: op.name });
}

/// A call failed. Its entry was taken out of the index before.
pub(crate) fn failed(world: &mut World, entity: Entity, op: InFlight, error: SessionError) {
    let InFlight {
        name, operation, work, ..
    } = op;
    drop(work); // cancels the request, if it still runs
    match operation {
        Op::Travel => {
            let error = match error {
                SessionError::TimedOut { .. } => TravelError::TimedOut,
                error => TravelError::NoSeat(Box::new(error)),
            };
            return travelling::give_up(world, entity, name, error);
        }
        Op::Leave => return left_without_seat(world, entity, name, error),
        _ => {}
    }
    let gone = advance(world, entity, Input::Failed, operation);
    tell_failure(world, entity, name.clone(), operation, error);
    if operation == Op::End {
        tell_loss(world, entity, name);
    }
    if gone {
        world.try_despawn(entity).ok();
    }
}

fn left_without_seat(world: &mut World, entity: Entity, name: SessionName, error: SessionError) {
    debug!(session = %name, %error, "nothing to leave");
    advance(world, entity, Input::Done, Op::Leave);
    emit(world, SessionLeft { entity, name });
}

/// The end of a session failed, but its connection went in the meantime.
fn tell_loss(world: &mut World, entity: Entity, name: SessionName) {
    let mut index = world.resource_mut::<SessionIndex>();
    let record = index
        .record_mut(entity)
        .filter(|record| record.phase == SessionPhase::Ended);
    if let Some(reason) = record.and_then(|record| record.untold_loss.take()) {
        emit(world, SessionDisconnected { entity, name, reason });
    }
}

/// The event of a call that failed, or that may not be made.
pub(crate) fn tell_failure(world: &mut World, entity: Entity, name: SessionName, operation: Op, error: SessionError) {
    info!(session = %name, %operation, error = error.chain(), "failed");
    emit(
        world,
        SessionFailed {
            entity,
            name,
            operation,
            error,
        },
    );
}

/// A start or join was called off.
pub(crate) fn cancelled(world: &mut World, entity: Entity, op: InFlight) {
    let InFlight {
        name, operation, work, ..
    } = op;
    drop(work);
    let gone = advance(world, entity, Input::Cancelled, operation);
    info!(session = %name, %operation, "cancelled");
    emit(
        world,
        SessionCancelled {
            entity,
            name,
            operation,
        },
    );
    if gone {
        world.try_despawn(entity).ok();
    }
}

/// Moves the session on as the table says. True when it goes; the index has forgotten it then.
pub(crate) fn advance(world: &mut World, entity: Entity, input: Input, operation: Op) -> bool {
    let mut index = world.resource_mut::<SessionIndex>();
    let Some(record) = index.record(entity) else {
        return false;
    };
    match next(record.phase, input, operation) {
        Some(Next::To(phase)) => set_phase(world, entity, phase),
        Some(Next::Gone) => {
            index.forget(entity);
            state::sync(world);
            return true;
        }
        Some(Next::Stay) | None => {}
    }
    false
}

/// Sets the phase in the index and on the entity, and what follows from it.
pub(crate) fn set_phase(world: &mut World, entity: Entity, phase: SessionPhase) {
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.phase = phase;
    }
    state::sync(world);
    if let Ok(mut session) = world.get_entity_mut(entity) {
        if !matches!(phase, SessionPhase::InProgress | SessionPhase::Ending) {
            session.remove::<SessionConnection>();
        }
        session.insert(phase);
    }
    world.flush();
}

/// Tells a step, if the session has not come as far yet.
pub(crate) fn progress(world: &mut World, entity: Entity, step: ProgressStep) {
    let mut index = world.resource_mut::<SessionIndex>();
    if let Some(record) = index.record_mut(entity)
        && record.step < Some(step)
    {
        record.step = Some(step);
        let name = record.name.clone();
        debug!(session = %name, step = step.label(), "progress");
        emit(world, SessionProgress { entity, name, step });
    }
}

/// Tells what became of a session or search that is gone. The index has forgotten it before.
pub(crate) fn bury(world: &mut World, entity: Entity, remains: Option<Remains>) {
    state::sync(world);
    let Some(Remains {
        name,
        cancelled,
        was_travelling,
    }) = remains
    else {
        return;
    };
    debug!(%name, "gone");
    if was_travelling {
        world.trigger(TravelStopped { entity });
        world.flush();
    }
    for operation in cancelled {
        emit(
            world,
            SessionCancelled {
                entity,
                name: name.clone(),
                operation,
            },
        );
    }
}
