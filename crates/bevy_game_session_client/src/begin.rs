//! How each call begins, when its command is applied: the phase becomes visible and the request is made.
//!
//! A call that was called off before its command ran has no entry in the index any more; then nothing happens.

use bevy_ecs::prelude::*;
use game_session_protocol::{
    BoxedFuture, BuildId, CreateGameSession, EndGameSession, GameSession, GameSessionId, IdempotencyKey,
    JoinGameSession, LeaveGameSession, Progress, ProgressStep, QuickJoin, Seat, ServiceError, SessionService,
    UpdateGameSession,
};
use tracing::debug;

use crate::components::{Reach, SessionConnection, SessionPhase, SessionSettings};
use crate::error::SessionError;
use crate::in_flight::{Answer, Reply};
use crate::index::SessionIndex;
use crate::operation::SessionOperation as Op;
use crate::outcome;
use crate::search::SessionSearch;
use crate::state;
use crate::travelling;

pub(crate) fn start(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Start) {
        return;
    }
    begin_way(world, entity, SessionPhase::Starting);
    outcome::progress(world, entity, ProgressStep::Creating);
    match create_request(world, entity) {
        Ok(request) => {
            launch(world, entity, Op::Start, |service, progress| {
                seat(service.create(request, progress))
            });
        }
        Err(error) => fail(world, entity, Op::Start, error),
    }
}

pub(crate) fn join(world: &mut World, entity: Entity, found: GameSession) {
    if !is_running(world, entity, Op::Join) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    let build = world
        .resource::<SessionIndex>()
        .build
        .clone()
        .unwrap_or_else(|| found.build.clone());
    if build != found.build {
        return fail(world, entity, Op::Join, SessionError::VersionMismatch { source: None });
    }
    let request = JoinGameSession { id: found.id, build };
    launch(world, entity, Op::Join, |service, progress| {
        seat(service.join(request, progress))
    });
}

pub(crate) fn quick_join(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::QuickJoin) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    match create_request(world, entity) {
        Ok(CreateGameSession {
            idempotency_key,
            name,
            max_players,
            build,
            properties,
            ..
        }) => {
            let request = QuickJoin {
                idempotency_key,
                name,
                max_players,
                build,
                properties,
            };
            launch(world, entity, Op::QuickJoin, |service, progress| {
                seat(service.quick_join(request, progress))
            });
        }
        Err(error) => fail(world, entity, Op::QuickJoin, error),
    }
}

pub(crate) fn rejoin(world: &mut World, entity: Entity) {
    if !is_running(world, entity, Op::Rejoin) {
        return;
    }
    begin_way(world, entity, SessionPhase::Joining);
    match join_request(world, entity) {
        Some(request) => {
            launch(world, entity, Op::Rejoin, |service, progress| {
                seat(service.join(request, progress))
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
    launch(world, entity, Op::Find, |service, _| {
        let page = service.find(query);
        Box::pin(async move { page.await.map(Reply::Page) })
    });
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
            seat(service.join(request, Progress::ignored()))
        }),
        None => fail(world, entity, Op::Travel, never_joined()),
    }
}

/// What the settings of a session would be that looks like this.
pub(crate) fn settings_of(found: &GameSession) -> SessionSettings {
    let mut settings = SessionSettings::new(found.max_players)
        .shown_as(&found.name)
        .build(found.build.clone());
    settings.properties = found.properties.clone();
    settings.policy = found.policy;
    settings
}

fn begin_way(world: &mut World, entity: Entity, phase: SessionPhase) {
    if let Some(record) = world.resource_mut::<SessionIndex>().record_mut(entity) {
        record.step = None;
    }
    outcome::set_phase(world, entity, phase);
    state::sync(world);
}

fn is_running(world: &World, entity: Entity, operation: Op) -> bool {
    world.resource::<SessionIndex>().is_running(entity, operation)
}

fn launch(world: &mut World, entity: Entity, operation: Op, ask: impl FnOnce(&dyn SessionService, Progress) -> Answer) {
    debug!(%operation, "asking the session service");
    world.resource_mut::<SessionIndex>().launch(entity, operation, ask);
}

fn fail(world: &mut World, entity: Entity, operation: Op, error: SessionError) {
    if let Some(op) = world.resource_mut::<SessionIndex>().take(entity, operation) {
        outcome::failed(world, entity, op, error);
    }
}

fn seat(seat: BoxedFuture<Result<Seat, ServiceError>>) -> Answer {
    Box::pin(async move { seat.await.map(|seat| Reply::Seat(Box::new(seat))) })
}

fn done(done: BoxedFuture<Result<(), ServiceError>>) -> Answer {
    Box::pin(async move { done.await.map(|()| Reply::Done) })
}

fn never_joined() -> SessionError {
    SessionError::InvalidSettings {
        what: "the session never had a seat".to_owned(),
    }
}

fn game_session_id(world: &World, entity: Entity) -> Option<GameSessionId> {
    let record = world.resource::<SessionIndex>().record(entity)?;
    record.game_session.as_ref().map(|game_session| game_session.id.clone())
}

fn join_request(world: &World, entity: Entity) -> Option<JoinGameSession> {
    let index = world.resource::<SessionIndex>();
    let game_session = index.record(entity)?.game_session.as_ref()?;
    Some(JoinGameSession {
        id: game_session.id.clone(),
        build: game_session.build.clone(),
    })
}

fn settings(world: &World, entity: Entity) -> Result<SessionSettings, SessionError> {
    let settings = world
        .get::<SessionSettings>(entity)
        .cloned()
        .ok_or_else(|| SessionError::InvalidSettings {
            what: "the component SessionSettings was removed from the session".to_owned(),
        })?;
    settings.check().map(|()| settings)
}

fn create_request(world: &World, entity: Entity) -> Result<CreateGameSession, SessionError> {
    let settings = settings(world, entity)?;
    if settings.reach != Reach::Online {
        return Err(SessionError::ReachUnavailable { reach: settings.reach });
    }
    let index = world.resource::<SessionIndex>();
    let own_name = || {
        index
            .record(entity)
            .map_or_else(String::new, |record| record.name.to_string())
    };
    Ok(CreateGameSession {
        idempotency_key: IdempotencyKey::random(),
        name: settings.name.unwrap_or_else(own_name),
        max_players: settings.max_players,
        build: settings
            .build
            .or_else(|| index.build.clone())
            .unwrap_or_else(default_build),
        properties: settings.properties,
        privacy: settings.privacy,
    })
}

fn default_build() -> BuildId {
    "dev".parse().expect("the word is a valid build id")
}

/// Only what differs from what others find now.
fn update_request(world: &World, entity: Entity) -> Result<UpdateGameSession, SessionError> {
    let settings = settings(world, entity)?;
    let connection = world.get::<SessionConnection>(entity).ok_or_else(never_joined)?;
    let shown = connection.game_session();
    let mut properties = settings.properties;
    properties.retain(|key, value| shown.properties.get(key) != Some(value));
    Ok(UpdateGameSession {
        id: shown.id.clone(),
        name: settings.name.filter(|name| *name != shown.name),
        max_players: Some(settings.max_players).filter(|count| *count != shown.max_players),
        policy: Some(settings.policy).filter(|policy| *policy != shown.policy),
        properties,
    })
}
