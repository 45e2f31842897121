//! The calls that wait for their answers: begun, looked at each frame, taken out, cancelled.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Context;
use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::{EndGameSession, LeaveGameSession, Progress, ProgressStep, SessionService};

use crate::components::{Reach, SessionName, SessionPhase};
use crate::error::SessionError;
use crate::in_flight::{Answer, InFlight, Reply, Work};
use crate::index::SessionIndex;
use crate::operation::SessionOperation;
use crate::record::Record;
use crate::search::FoundSession;
use crate::searching::{PING_LIMIT, Ping, Pings};
use crate::services::Services;

/// How many requests of sessions that are gone may still be on their way.
const MAX_BACKGROUND: usize = 16;

/// What a frame found.
pub(crate) enum News {
    Step(Entity, ProgressStep),
    Answer(InFlight, Result<Reply, SessionError>),
    Pings(Pings),
    /// A live search is to be refreshed.
    Refresh(Entity, SessionName),
}

/// What was left of a session or search that is gone.
pub(crate) struct Remains {
    pub(crate) name: SessionName,
    pub(crate) cancelled: Vec<SessionOperation>,
    pub(crate) was_travelling: bool,
}

impl SessionIndex {
    /// Notes that a call was made; its request follows by [`Self::launch`].
    pub(crate) fn expect_answer(&mut self, entity: Entity, name: SessionName, operation: SessionOperation) {
        self.calls_made += 1;
        self.in_flight.push(InFlight {
            number: self.calls_made,
            entity: Some(entity),
            name,
            operation,
            work: None,
            limit: self.deadlines.of(operation),
            deadline: None,
            due: false,
            steps: Arc::default(),
        });
    }

    /// Makes the request of a call, if the call still stands.
    ///
    /// # Errors
    /// [`SessionError::ReachUnavailable`].
    pub(crate) fn launch(
        &mut self,
        entity: Entity,
        operation: SessionOperation,
        ask: impl FnOnce(&dyn SessionService, Progress) -> Answer,
    ) -> Result<(), SessionError> {
        let reach = self.records.get(&entity).map_or(Reach::Online, |record| record.reach);
        let service = self.services.of(reach)?.clone();
        if let Some(op) = self.running_mut(entity, operation) {
            let answer = ask(&*service, op.steps.progress());
            op.work = Some(Mutex::new(Work::Answer(answer)));
            op.due = true;
        }
        Ok(())
    }

    /// Makes a request that is not one of one service.
    pub(crate) fn set_work(
        &mut self,
        entity: Entity,
        operation: SessionOperation,
        make: impl FnOnce(Progress) -> Work,
    ) {
        if let Some(op) = self.running_mut(entity, operation) {
            op.work = Some(Mutex::new(make(op.steps.progress())));
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
        use SessionOperation::{Join, JoinByCode, QuickJoin, Rejoin, Start};
        [Start, Join, QuickJoin, JoinByCode, Rejoin]
            .into_iter()
            .find_map(|operation| self.take(entity, operation))
    }

    pub(crate) fn put_back(&mut self, op: InFlight) {
        self.in_flight.push(op);
    }

    /// Whether there is anything to look at.
    pub(crate) fn has_work(&self, now: Duration) -> bool {
        !self.in_flight.is_empty() || !self.pings.is_empty() || self.due_search(now).is_some()
    }

    fn due_search(&self, now: Duration) -> Option<Entity> {
        let due = self
            .searches
            .iter()
            .find(|(_, search)| search.due.is_some_and(|due| now >= due));
        due.map(|(entity, _)| *entity)
    }

    /// Says when a live search is refreshed: a pause after now, and up to a fifth of it more.
    pub(crate) fn schedule_refresh(&mut self, entity: Entity, now: Duration) {
        if let Some(search) = self.searches.get_mut(&entity) {
            let random = u32::try_from(RandomState::new().hash_one(()) % 1000).unwrap_or_default();
            let due = |pause: Duration| now.saturating_add(pause).saturating_add(pause / 5000 * random);
            search.due = search.pause.map(due);
        }
    }

    /// Measures how far away the game sessions are that were found.
    pub(crate) fn ping(&mut self, entity: Entity, name: SessionName, sessions: &[FoundSession]) {
        self.pings.retain(|pings| pings.entity != entity);
        let asked: Vec<_> = sessions
            .iter()
            .filter(|found| found.reach == Reach::Lan || found.game_session.ping_beacon.is_some())
            .filter_map(|found| {
                let service = self.services.of(found.reach).ok()?;
                Some(Ping {
                    id: found.game_session.id.clone(),
                    asked: Mutex::new(service.ping(&found.game_session)),
                    answer: None,
                })
            })
            .collect();
        if !asked.is_empty() {
            self.pings.push(Pings {
                entity,
                name,
                deadline: None,
                due: true,
                asked,
            });
        }
    }

    /// Begins a frame: marks what must be polled. Gives the number of the first call that is too new for it.
    pub(crate) fn begin_frame(&mut self) -> u64 {
        if self.flag.take() {
            for op in &mut self.in_flight {
                op.due = true;
            }
            for pings in &mut self.pings {
                pings.due = true;
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
                    op.work = Some(Mutex::new(Work::Answer(Box::pin(std::future::ready(answer)))));
                    op.due = true;
                }
                return Some(News::Step(entity, step));
            }
            if let Some(answer) = answer {
                let op = self.in_flight.remove(at);
                return Some(News::Answer(op, answer.map_err(SessionError::from)));
            }
            if late {
                let mut op = self.in_flight.remove(at);
                let answer = op.expire();
                return Some(News::Answer(op, answer.map_err(SessionError::from)));
            }
            at += 1;
        }
        self.next_of_searches(now)
    }

    fn next_of_searches(&mut self, now: Duration) -> Option<News> {
        let waker = &self.waker;
        let done = self.pings.iter_mut().position(|pings| {
            let late = now >= *pings.deadline.get_or_insert_with(|| now.saturating_add(PING_LIMIT));
            pings.poll(&mut Context::from_waker(waker)) || late
        });
        if let Some(at) = done {
            return Some(News::Pings(self.pings.remove(at)));
        }
        let entity = self.due_search(now)?;
        let search = self.searches.get_mut(&entity)?;
        search.due = None;
        Some(News::Refresh(entity, search.name.clone()))
    }

    /// Forgets a session or search: what is in flight is cancelled, but a leave or end still reaches the orchestrator;
    /// a seat is given back in the background.
    pub(crate) fn forget(&mut self, entity: Entity) -> Option<Remains> {
        let record = self.records.remove(&entity);
        let name = match &record {
            Some(record) => record.name.clone(),
            None => self.searches.remove(&entity)?.name,
        };
        self.pings.retain(|pings| pings.entity != entity);
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
            if must_arrive
                && op.work.is_none()
                && let Some(record) = &record
            {
                // Its command did not run yet, and finds nothing when it does.
                op.work = parting(&self.services, record, op.operation);
                op.due = true;
            }
            if must_arrive && op.work.is_some() {
                op.entity = None;
                at += 1;
            } else {
                drop(self.in_flight.remove(at));
            }
        }
        let was_travelling = record.as_ref().is_some_and(|record| record.travel.is_with_transport());
        if let Some(record) = record
            && record.phase == SessionPhase::InProgress
            && let Some(work) = parting(&self.services, &record, SessionOperation::Leave)
        {
            self.calls_made += 1;
            self.in_flight.push(InFlight {
                number: self.calls_made,
                entity: None,
                name: record.name,
                operation: SessionOperation::Leave,
                work: Some(work),
                limit: self.deadlines.of(SessionOperation::Leave),
                deadline: None,
                due: true,
                steps: Arc::default(),
            });
        }
        self.bound_background();
        Some(Remains {
            name,
            cancelled,
            was_travelling,
        })
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
            .filter_map(|op| op.work)
            .filter_map(|work| match work.into_inner().unwrap_or_else(PoisonError::into_inner) {
                Work::Answer(answer) => Some(answer),
                Work::Search(_) => None,
            })
            .collect()
    }
}

/// The request by which the session is left or ended at the orchestrator, if it has a seat there.
fn parting(services: &Services, record: &Record, operation: SessionOperation) -> Option<Mutex<Work>> {
    let id = record.game_session.as_ref()?.id.clone();
    let service = services.of(record.reach).ok()?;
    let asked = match operation {
        SessionOperation::End => service.end(EndGameSession { id }),
        _ => service.leave(LeaveGameSession { id }),
    };
    Some(Mutex::new(Work::Answer(Box::pin(async move {
        asked.await.map(|()| Reply::Done)
    }))))
}
