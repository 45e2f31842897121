//! What the plugin knows of all sessions: the one private resource behind [`Sessions`](crate::Sessions).
//!
//! It changes at the moment of a call, before any command runs; the components follow when the commands run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::{BuildId, GameSession, LeaveGameSession, Progress, ProgressStep, SessionService};

use crate::components::{SessionName, SessionPhase};
use crate::deadlines::SessionDeadlines;
use crate::error::SessionError;
use crate::in_flight::{Answer, InFlight, Reply, WakeFlag};
use crate::operation::SessionOperation;
use crate::record::{Record, Travel};
use crate::state::ClientSessionState;
use crate::transitions::{Input, Next, next};

/// How many sessions and searches there may be.
pub(crate) const MAX_SESSIONS: usize = 256;

/// How many requests of sessions that are gone may still be on their way.
const MAX_BACKGROUND: usize = 16;

#[derive(Resource)]
pub(crate) struct SessionIndex {
    // Before the service: what is cancelled by the drop is undone by it.
    in_flight: Vec<InFlight>,
    service: Arc<dyn SessionService>,
    /// The build of this client, if the game said it.
    pub(crate) build: Option<BuildId>,
    deadlines: SessionDeadlines,
    names: HashMap<SessionName, Entity>,
    records: HashMap<Entity, Record>,
    searches: HashMap<Entity, SessionName>,
    searches_made: u64,
    calls_made: u64,
    flag: Arc<WakeFlag>,
    waker: Waker,
    /// The state that was asked for last.
    pub(crate) state: ClientSessionState,
}

/// What a frame found.
pub(crate) enum News {
    Step(Entity, ProgressStep),
    Answer(InFlight, Result<Reply, SessionError>),
}

/// What was left of a session or search that is gone.
pub(crate) struct Remains {
    pub(crate) name: SessionName,
    pub(crate) cancelled: Vec<SessionOperation>,
    pub(crate) was_travelling: bool,
}

impl SessionIndex {
    pub(crate) fn new(service: Arc<dyn SessionService>, build: Option<BuildId>, deadlines: SessionDeadlines) -> Self {
        let flag = Arc::new(WakeFlag::default());
        Self {
            service,
            build,
            deadlines,
            names: HashMap::new(),
            records: HashMap::new(),
            searches: HashMap::new(),
            searches_made: 0,
            in_flight: Vec::new(),
            calls_made: 0,
            waker: Waker::from(flag.clone()),
            flag,
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
        let record = Record {
            name,
            phase,
            game_session: None,
            seat: None,
            travel: Travel::None,
            step: None,
        };
        self.records.insert(entity, record);
    }

    pub(crate) fn next_search_name(&mut self) -> SessionName {
        self.searches_made += 1;
        format!("search {}", self.searches_made)
            .parse()
            .expect("a short text without control characters is a name")
    }

    pub(crate) fn add_search(&mut self, entity: Entity, name: SessionName) {
        self.searches.insert(entity, name);
    }

    /// Notes that a call was made; its request follows by [`Self::launch`].
    pub(crate) fn expect_answer(&mut self, entity: Entity, name: SessionName, operation: SessionOperation) {
        self.calls_made += 1;
        self.in_flight.push(InFlight {
            number: self.calls_made,
            entity: Some(entity),
            name,
            operation,
            answer: None,
            limit: self.deadlines.of(operation),
            deadline: None,
            due: false,
            steps: Arc::default(),
        });
    }

    /// Makes the request of a call, if the call still stands.
    pub(crate) fn launch(
        &mut self,
        entity: Entity,
        operation: SessionOperation,
        ask: impl FnOnce(&dyn SessionService, Progress) -> Answer,
    ) {
        let service = self.service.clone();
        if let Some(op) = self.running_mut(entity, operation) {
            op.answer = Some(Mutex::new(ask(&*service, op.steps.progress())));
            op.due = true;
        }
    }

    pub(crate) fn running_mut(&mut self, entity: Entity, operation: SessionOperation) -> Option<&mut InFlight> {
        self.in_flight
            .iter_mut()
            .find(|op| op.entity == Some(entity) && op.operation == operation)
    }

    pub(crate) fn is_running(&self, entity: Entity, operation: SessionOperation) -> bool {
        self.in_flight
            .iter()
            .any(|op| op.entity == Some(entity) && op.operation == operation)
    }

    /// Takes a call out, so that nothing more can come of it.
    pub(crate) fn take(&mut self, entity: Entity, operation: SessionOperation) -> Option<InFlight> {
        let at = self
            .in_flight
            .iter()
            .position(|op| op.entity == Some(entity) && op.operation == operation)?;
        Some(self.in_flight.remove(at))
    }

    /// The call that an explicit cancel means: the one the phase stands for.
    pub(crate) fn take_cancellable(&mut self, entity: Entity) -> Option<InFlight> {
        use SessionOperation::{Join, QuickJoin, Rejoin, Start};
        [Start, Join, QuickJoin, Rejoin]
            .into_iter()
            .find_map(|operation| self.take(entity, operation))
    }

    pub(crate) fn put_back(&mut self, op: InFlight) {
        self.in_flight.push(op);
    }

    pub(crate) fn has_work(&self) -> bool {
        !self.in_flight.is_empty()
    }

    /// Begins a frame: marks what must be polled. Gives the number of the first call that is too new for it.
    pub(crate) fn begin_frame(&mut self) -> u64 {
        if self.flag.take() {
            for op in &mut self.in_flight {
                op.due = true;
            }
        }
        self.calls_made + 1
    }

    /// The next thing that happened, among the calls made before the number.
    pub(crate) fn next_news(&mut self, now: Duration, before: u64) -> Option<News> {
        let mut at = 0;
        while let Some(op) = self.in_flight.get_mut(at) {
            if op.number >= before {
                at += 1;
                continue;
            }
            let late = op.is_late(now);
            let answer = op.poll(&self.waker);
            if let (Some(entity), Some(step)) = (op.entity, op.steps.take()) {
                if let Some(answer) = answer {
                    // The steps are told first; the answer keeps until the next look.
                    op.answer = Some(Mutex::new(Box::pin(std::future::ready(answer))));
                    op.due = true;
                }
                return Some(News::Step(entity, step));
            }
            if let Some(answer) = answer {
                let op = self.in_flight.remove(at);
                return Some(News::Answer(op, answer.map_err(SessionError::from)));
            }
            if late {
                let op = self.in_flight.remove(at);
                let after = op.limit;
                return Some(News::Answer(op, Err(SessionError::TimedOut { after })));
            }
            at += 1;
        }
        None
    }

    /// Forgets a session or search: what is in flight is cancelled, a seat is given back in the background.
    pub(crate) fn forget(&mut self, entity: Entity) -> Option<Remains> {
        let record = self.records.remove(&entity);
        let name = match &record {
            Some(record) => record.name.clone(),
            None => self.searches.remove(&entity)?,
        };
        if self.names.get(&name) == Some(&entity) {
            self.names.remove(&name);
        }
        let mut cancelled = Vec::new();
        let mut at = 0;
        while let Some(op) = self.in_flight.get_mut(at) {
            if op.entity != Some(entity) {
                at += 1;
                continue;
            }
            cancelled.push(op.operation);
            let must_arrive = matches!(op.operation, SessionOperation::Leave | SessionOperation::End);
            if must_arrive && op.answer.is_some() {
                op.entity = None;
                at += 1;
            } else {
                drop(self.in_flight.remove(at));
            }
        }
        let was_travelling = record.as_ref().is_some_and(|record| record.travel.is_with_transport());
        if let Some(Record {
            phase: SessionPhase::InProgress,
            game_session: Some(game_session),
            ..
        }) = record
        {
            self.leave_in_background(game_session, name.clone());
        }
        self.bound_background();
        Some(Remains {
            name,
            cancelled,
            was_travelling,
        })
    }

    fn leave_in_background(&mut self, game_session: GameSession, name: SessionName) {
        self.calls_made += 1;
        let leave = self.service.leave(LeaveGameSession { id: game_session.id });
        self.in_flight.push(InFlight {
            number: self.calls_made,
            entity: None,
            name,
            operation: SessionOperation::Leave,
            answer: Some(Mutex::new(Box::pin(async move { leave.await.map(|()| Reply::Done) }))),
            limit: self.deadlines.of(SessionOperation::Leave),
            deadline: None,
            due: true,
            steps: Arc::default(),
        });
    }

    fn bound_background(&mut self) {
        let count = self.in_flight.iter().filter(|op| op.entity.is_none()).count();
        for _ in MAX_BACKGROUND..count {
            if let Some(oldest) = self.in_flight.iter().position(|op| op.entity.is_none()) {
                drop(self.in_flight.remove(oldest));
            }
        }
    }

    /// What must still reach the orchestrator when the app exits.
    pub(crate) fn take_background(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.in_flight)
            .into_iter()
            .filter(|op| op.entity.is_none())
            .filter_map(|op| op.answer)
            .map(|answer| answer.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
            .collect()
    }
}
