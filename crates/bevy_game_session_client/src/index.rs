//! What the plugin knows of all sessions: the one private resource behind [`Sessions`](crate::Sessions).
//!
//! It changes at the moment of a call, before any command runs; the components follow when the commands run.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::BuildId;

use crate::components::{SessionName, SessionPhase};
use crate::deadlines::SessionDeadlines;
use crate::error::SessionError;
use crate::in_flight::{InFlight, WakeFlag};
use crate::operation::SessionOperation;
use crate::record::{Record, Travel};
use crate::searching::Pings;
use crate::services::Services;
use crate::state::ClientSessionState;
use crate::transitions::{Input, Next, next};

/// How many sessions and searches there may be.
pub(crate) const MAX_SESSIONS: usize = 256;

#[derive(Resource)]
pub(crate) struct SessionIndex {
    // Before the service: what is cancelled by the drop is undone by it.
    pub(crate) in_flight: Vec<InFlight>,
    pub(crate) pings: Vec<Pings>,
    pub(crate) services: Services,
    /// The build of this client, if the game said it.
    pub(crate) build: Option<BuildId>,
    pub(crate) deadlines: SessionDeadlines,
    pub(crate) names: HashMap<SessionName, Entity>,
    pub(crate) records: HashMap<Entity, Record>,
    pub(crate) searches: HashMap<Entity, LiveSearch>,
    searches_made: u64,
    pub(crate) calls_made: u64,
    pub(crate) flag: Arc<WakeFlag>,
    pub(crate) waker: Waker,
    /// Where the player was when the process before this one ended.
    #[cfg(feature = "resume")]
    pub(crate) resumable: Option<crate::resume::ResumableSession>,
    /// The state that was asked for last.
    pub(crate) state: ClientSessionState,
}

/// A search, and when it is refreshed.
pub(crate) struct LiveSearch {
    pub(crate) name: SessionName,
    pub(crate) pause: Option<Duration>,
    pub(crate) due: Option<Duration>,
}

impl SessionIndex {
    pub(crate) fn new(services: Services, build: Option<BuildId>, deadlines: SessionDeadlines) -> Self {
        let flag = Arc::new(WakeFlag::default());
        Self {
            services,
            build,
            deadlines,
            names: HashMap::new(),
            records: HashMap::new(),
            searches: HashMap::new(),
            searches_made: 0,
            in_flight: Vec::new(),
            pings: Vec::new(),
            calls_made: 0,
            waker: Waker::from(flag.clone()),
            flag,
            #[cfg(feature = "resume")]
            resumable: None,
            state: ClientSessionState::Idle,
        }
    }

    pub(crate) fn find(&self, name: &str) -> Option<Entity> {
        self.names.get(name).copied()
    }

    pub(crate) fn record(&self, entity: Entity) -> Option<&Record> {
        self.records.get(&entity)
    }

    pub(crate) fn record_mut(&mut self, entity: Entity) -> Option<&mut Record> {
        self.records.get_mut(&entity)
    }

    /// The one session that is being started, joined, played or left.
    pub(crate) fn active(&self) -> Option<(Entity, &Record)> {
        self.records
            .iter()
            .find(|(_, record)| record.phase.is_active())
            .map(|(entity, record)| (*entity, record))
    }

    /// All sessions and searches.
    pub(crate) fn entities(&self) -> Vec<Entity> {
        self.records.keys().chain(self.searches.keys()).copied().collect()
    }

    /// The session of that name and its phase after the call, or why it may not be made.
    pub(crate) fn call(&self, name: &str, call: SessionOperation) -> Result<(Entity, Next), SessionError> {
        let entity = self
            .find(name)
            .ok_or_else(|| SessionError::UnknownName { name: name.to_owned() })?;
        let phase = self
            .records
            .get(&entity)
            .map_or(SessionPhase::Ended, |record| record.phase);
        let next = next(phase, Input::Call, call).ok_or(SessionError::WrongPhase { phase, call })?;
        let running = |operation: SessionOperation| operation == call || (call == SessionOperation::Rejoin);
        if call != SessionOperation::Destroy
            && let Some(op) = self
                .in_flight
                .iter()
                .find(|op| op.entity == Some(entity) && running(op.operation))
        {
            return Err(SessionError::Busy { running: op.operation });
        }
        Ok((entity, next))
    }

    /// Whether the server has admitted the player.
    pub(crate) fn has_arrived(&self, entity: Entity) -> bool {
        self.records
            .get(&entity)
            .is_some_and(|record| record.travel == Travel::Arrived)
    }

    /// Fails when another session is being started, joined or played.
    pub(crate) fn must_be_free(&self) -> Result<(), SessionError> {
        match self.active() {
            Some((_, record)) => Err(SessionError::AlreadyInSession {
                name: record.name.to_string(),
            }),
            None => Ok(()),
        }
    }

    /// Whether a new session may take the name; gives the session that it would replace.
    pub(crate) fn replaced_by(&self, name: &str, call: SessionOperation) -> Result<Option<Entity>, SessionError> {
        if let Some(entity) = self.find(name) {
            let phase = self
                .records
                .get(&entity)
                .map_or(SessionPhase::Ended, |record| record.phase);
            return match next(phase, Input::Call, call) {
                Some(_) => Ok(Some(entity)),
                None => Err(SessionError::DuplicateName { name: name.to_owned() }),
            };
        }
        self.must_have_room().map(|()| None)
    }

    pub(crate) fn must_have_room(&self) -> Result<(), SessionError> {
        if self.records.len() + self.searches.len() < MAX_SESSIONS {
            Ok(())
        } else {
            Err(SessionError::TooMany { limit: MAX_SESSIONS })
        }
    }

    pub(crate) fn add_session(&mut self, entity: Entity, name: SessionName, phase: SessionPhase) {
        self.names.insert(name.clone(), entity);
        let record = Record::new(name, phase, self.services.usual());
        self.records.insert(entity, record);
    }

    pub(crate) fn next_search_name(&mut self) -> SessionName {
        self.searches_made += 1;
        format!("search {}", self.searches_made)
            .parse()
            .expect("a short text without control characters is a name")
    }

    pub(crate) fn add_search(&mut self, entity: Entity, name: SessionName, pause: Option<Duration>) {
        self.searches.insert(entity, LiveSearch { name, pause, due: None });
    }
}
