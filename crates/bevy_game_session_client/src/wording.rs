//! What each request says, from what is known of the session.

use bevy_ecs::prelude::*;
use game_session_protocol::{
    BuildId, CreateGameSession, GameSession, GameSessionId, IdempotencyKey, JoinGameSession, UpdateGameSession,
};

use crate::components::{SessionConnection, SessionSettings};
use crate::error::SessionError;
use crate::index::SessionIndex;

/// What the settings of a session would be that looks like this.
pub(crate) fn settings_of(found: &GameSession) -> SessionSettings {
    let mut settings = SessionSettings::new(found.max_players)
        .shown_as(&found.name)
        .build(found.build.clone());
    settings.properties = found.properties.clone();
    settings.policy = found.policy;
    settings
}

pub(crate) fn never_joined() -> SessionError {
    SessionError::InvalidSettings {
        what: "the session never had a seat".to_owned(),
    }
}

pub(crate) fn game_session_id(world: &World, entity: Entity) -> Option<GameSessionId> {
    let record = world.resource::<SessionIndex>().record(entity)?;
    record.game_session.as_ref().map(|game_session| game_session.id.clone())
}

pub(crate) fn join_request(world: &World, entity: Entity) -> Option<JoinGameSession> {
    let index = world.resource::<SessionIndex>();
    let game_session = index.record(entity)?.game_session.as_ref()?;
    Some(JoinGameSession {
        id: game_session.id.clone(),
        build: game_session.build.clone(),
        password: index.record(entity)?.password.clone(),
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

pub(crate) fn create_request(world: &World, entity: Entity) -> Result<CreateGameSession, SessionError> {
    let settings = settings(world, entity)?;
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
        password: settings.password,
        latencies: game_session_protocol::Latencies::default(),
    })
}

pub(crate) fn default_build() -> BuildId {
    "dev".parse().expect("the word is a valid build id")
}

/// Only what differs from what others find now.
pub(crate) fn update_request(world: &World, entity: Entity) -> Result<UpdateGameSession, SessionError> {
    let settings = settings(world, entity)?;
    let connection = world.get::<SessionConnection>(entity).ok_or_else(never_joined)?;
    let shown = connection.game_session();
    let index = world.resource::<SessionIndex>();
    let record = index.record(entity).ok_or_else(never_joined)?;
    let build = settings.build.or_else(|| index.build.clone());
    let removed = shown
        .properties
        .keys()
        .find(|key| !settings.properties.contains_key(*key));
    let what = if (settings.privacy, &settings.password) != (record.fixed.0, &record.fixed.1) {
        "privacy and password of a session stay as it was started".to_owned()
    } else if build.is_some_and(|build| build != shown.build) {
        format!(
            "the session runs the build {}, and another one is not possible",
            shown.build
        )
    } else if let Some(key) = removed {
        format!("the property {key:?} can be changed, but not taken away")
    } else {
        let name = settings.name.unwrap_or_else(|| record.name.to_string());
        let mut properties = settings.properties;
        properties.retain(|key, value| shown.properties.get(key) != Some(value));
        return Ok(UpdateGameSession {
            id: shown.id.clone(),
            name: Some(name).filter(|name| *name != shown.name),
            max_players: Some(settings.max_players).filter(|count| *count != shown.max_players),
            policy: Some(settings.policy).filter(|policy| *policy != shown.policy),
            properties,
        });
    };
    Err(SessionError::InvalidSettings { what })
}
