//! How each call begins, when its command is applied: the phase becomes visible and the request is made.
//!
//! A call that was called off before its command ran has no entry in the index any more; then nothing happens.

use bevy_ecs::prelude::*;
use game_session_protocol::{
    BoxedFuture, CreateGameSession, EndGameSession, JoinByCode, JoinGameSession, LeaveGameSession, Password, Privacy,
    Progress, ProgressStep, QuickJoin, Seat, ServiceError, SessionService,
};
use tracing::debug;

use crate::components::{SessionName, SessionPhase, SessionSettings};
use crate::error::SessionError;
use crate::in_flight::{Answer, Reply, Work};
use crate::index::SessionIndex;
use crate::operation::SessionOperation as Op;
use crate::outcome;
use crate::search::{FoundSession, SessionSearch};
use crate::searching::{Part, SearchWork};
use crate::state;
use crate::travelling;
use crate::wording::{create_request, default_build, game_session_id, join_request, never_joined, update_request};

pub(crate) fn start(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Start) {
        return;
    }
    begin_way(world, entity, SessionPhase::Starting);
    outcome::progress(world, entity, ProgressStep::Creating);
    reach_of_settings(world, entity);
    match create_request(world, entity) {
        Ok(request) => {
            launch(world, entity, Op::Start, |service, progress| {
                seat(service.create(request, progress))
            });
        }
        Err(error) => fail(world, entity, Op::Start, error),
    }
}

pub(crate) fn join(world: &mut World, entity: Entity, found: FoundSession, password: Option<Password>) {
    if !is_running(world, entity, Op::Join) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    let FoundSession {
        game_session, reach, ..
    } = found;
    let mut index = world.resource_mut::<SessionIndex>();
    if let Some(record) = index.record_mut(entity) {
        record.reach = reach;
        record.password.clone_from(&password);
    }
    let build = index.build.clone().unwrap_or_else(|| game_session.build.clone());
    if build != game_session.build {
        return fail(world, entity, Op::Join, SessionError::VersionMismatch { source: None });
    }
    let request = JoinGameSession {
        id: game_session.id,
        build,
        password,
    };
    launch(world, entity, Op::Join, |service, progress| {
        seat(service.join(request, progress))
    });
}

pub(crate) fn quick_join(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::QuickJoin) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    reach_of_settings(world, entity);
    match create_request(world, entity) {
        Ok(CreateGameSession {
            idempotency_key,
            name,
            max_players,
            build,
            properties,
            privacy: Privacy::Listed,
            password: None,
            latencies,
        }) => {
            let request = QuickJoin {
                idempotency_key,
                name,
                max_players,
                build,
                properties,
                latencies,
            };
            launch(world, entity, Op::QuickJoin, |service, progress| {
                seat(service.quick_join(request, progress))
            });
        }
        Ok(_) => {
            let what = "what a quick join makes is listed and open, without privacy or a password".to_owned();
            fail(world, entity, Op::QuickJoin, SessionError::InvalidSettings { what });
        }
        Err(error) => fail(world, entity, Op::QuickJoin, error),
    }
}

/// Asks all services at once, of which one knows the code.
pub(crate) fn join_by_code(world: &mut World, entity: Entity, join_code: String, password: Option<Password>) {
    if !is_running(world, entity, Op::JoinByCode) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    let mut index = world.resource_mut::<SessionIndex>();
    if let Some(record) = index.record_mut(entity) {
        record.password.clone_from(&password);
    }
    let request = JoinByCode {
        join_code,
        build: index.build.clone().unwrap_or_else(default_build),
        password,
    };
    let services: Vec<_> = index
        .services
        .all()
        .map(|(reach, service)| (reach, service.clone()))
        .collect();
    debug!(operation = %Op::JoinByCode, "asking the session services");
    index.set_work(entity, Op::JoinByCode, |progress| {
        Work::Answer(crate::code::ask_all(services, &request, &progress))
    });
}

pub(crate) fn rejoin(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Rejoin) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    let build = world.resource::<SessionIndex>().build.clone();
    match join_request(world, entity) {
        Some(request) if build.is_some_and(|build| build != request.build) => {
            fail(
                world,
                entity,
                Op::Rejoin,
                SessionError::VersionMismatch { source: None },
            );
        }
        Some(request) => {
            launch(world, entity, Op::Rejoin, |service, progress| {
                seat(service.rejoin(request, progress))
            });
        }
        None => fail(world, entity, Op::Rejoin, never_joined()),
    }
}

pub(crate) fn find(world: &mut World, entity: Entity) {
    let Some(search) = world.get::<SessionSearch>(entity) else {
        return;
    };
    let query = search.query.clone();
    let mut index = world.resource_mut::<SessionIndex>();
    let services = index.services.clone();
    let parts: Vec<_> = services
        .all()
        .filter_map(|(reach, service)| Some(Part::new(reach, service.find(query.of(reach)?))))
        .collect();
    if parts.is_empty() {
        let reach = query.reach.unwrap_or(services.usual());
        return fail(world, entity, Op::Find, SessionError::ReachUnavailable { reach });
    }
    index.set_work(entity, Op::Find, |_| Work::Search(SearchWork(parts)));
}

/// A live search is asked again.
pub(crate) fn refresh(world: &mut World, entity: Entity, name: SessionName) {
    let mut index = world.resource_mut::<SessionIndex>();
    if !index.is_running(entity, Op::Find) {
        index.expect_answer(entity, name, Op::Find);
        find(world, entity);
    }
}

pub(crate) fn join_code(world: &mut World, entity: Entity) {
    match game_session_id(world, entity) {
        Some(id) => launch(world, entity, Op::JoinCode, |service, _| {
            let code = service.join_code(id);
            Box::pin(async move { code.await.map(Reply::JoinCode) })
        }),
        None => fail(world, entity, Op::JoinCode, never_joined()),
    }
}

pub(crate) fn update(world: &mut World, entity: Entity) {
    match update_request(world, entity) {
        Ok(request) => launch(world, entity, Op::Update, |service, _| {
            let updated = service.update(request);
            Box::pin(async move { updated.await.map(|session| Reply::Description(Box::new(session))) })
        }),
        Err(error) => fail(world, entity, Op::Update, error),
    }
}

pub(crate) fn cancel(world: &mut World, entity: Entity) {
    if let Some(op) = world.resource_mut::<SessionIndex>().take_cancellable(entity) {
        outcome::cancelled(world, entity, op);
    }
}

pub(crate) fn leave(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Leave) {
        return;
    }
    outcome::set_phase(world, entity, SessionPhase::Leaving);
    travelling::stop_travel(world, entity);
    match game_session_id(world, entity) {
        Some(id) => launch(world, entity, Op::Leave, |service, _| {
            done(service.leave(LeaveGameSession { id }))
        }),
        None => fail(world, entity, Op::Leave, never_joined()),
    }
}

pub(crate) fn end(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::End) {
        return;
    }
    outcome::set_phase(world, entity, SessionPhase::Ending);
    match game_session_id(world, entity) {
        Some(id) => launch(world, entity, Op::End, |service, _| {
            done(service.end(EndGameSession { id }))
        }),
        None => fail(world, entity, Op::End, never_joined()),
    }
}

/// Hands a good ticket to the transport, or fetches one first.
pub(crate) fn travel(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Travel) {
        return;
    }
    if travelling::request_travel(world, entity) {
        return;
    }
    debug!("a fresh ticket is needed for the travel");
    match join_request(world, entity) {
        Some(request) => launch(world, entity, Op::Travel, |service, _| {
            seat(service.rejoin(request, Progress::ignored()))
        }),
        None => fail(world, entity, Op::Travel, never_joined()),
    }
}

fn begin_way(world: &mut World, entity: Entity, phase: SessionPhase) {
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.step = None;
    }
    outcome::set_phase(world, entity, phase);
    state::sync(world);
}

/// Over which orchestrator a new game session is placed.
fn reach_of_settings(world: &mut World, entity: Entity) {
    let settings = world.get::<SessionSettings>(entity).cloned().unwrap_or_default();
    let mut index = world.resource_mut::<SessionIndex>();
    let reach = settings.reach.unwrap_or(index.services.usual());
    if let Some(record) = index.record_mut(entity) {
        record.reach = reach;
        record.password.clone_from(&settings.password);
        record.fixed = (settings.privacy, settings.password);
    }
}

fn is_running(world: &World, entity: Entity, operation: Op) -> bool {
    world.resource::<SessionIndex>().is_running(entity, operation)
}

fn launch(world: &mut World, entity: Entity, operation: Op, ask: impl FnOnce(&dyn SessionService, Progress) -> Answer) {
    debug!(%operation, "asking the session service");
    let launched = world.resource_mut::<SessionIndex>().launch(entity, operation, ask);
    if let Err(error) = launched {
        fail(world, entity, operation, error);
    }
}

fn fail(world: &mut World, entity: Entity, operation: Op, error: SessionError) {
    if let Some(op) = world.resource_mut::<SessionIndex>().take(entity, operation) {
        outcome::failed(world, entity, op, error);
    }
}

fn seat(seat: BoxedFuture<Result<Seat, ServiceError>>) -> Answer {
    Box::pin(async move { seat.await.map(|seat| Reply::Seat(Box::new(seat), None)) })
}

fn done(done: BoxedFuture<Result<(), ServiceError>>) -> Answer {
    Box::pin(async move { done.await.map(|()| Reply::Done) })
}
