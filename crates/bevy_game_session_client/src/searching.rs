//! A search on its way: all services are asked at once, and one that fails or is slow spoils nothing. What one has found is
//! shown while the others are waited for.

use std::collections::HashSet;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bevy_ecs::prelude::*;
use game_session_protocol::{BoxedFuture, BuildId, GameSessionId, GameSessionPage, ServiceError};
use tracing::debug;

use crate::components::{Reach, SessionName};
use crate::error::SessionError;
use crate::events::{SessionsFound, SessionsPinged, emit};
use crate::in_flight::InFlight;
use crate::index::SessionIndex;
use crate::outcome;
use crate::reachability;
use crate::search::{FoundSession, NextPage, SearchFailure, SearchOrder, SearchResults, SessionSearch};

/// How long the pings of one search may take.
pub(crate) const PING_LIMIT: Duration = Duration::from_secs(3);

type Page = Result<GameSessionPage, ServiceError>;

/// One service that was asked.
pub(crate) struct Part {
    reach: Reach,
    asked: BoxedFuture<Page>,
    answer: Option<Page>,
}

impl Part {
    pub(crate) fn new(reach: Reach, asked: BoxedFuture<Page>) -> Self {
        Self {
            reach,
            asked,
            answer: None,
        }
    }
}

/// The services that were asked. Dropping it cancels the requests.
pub(crate) struct SearchWork(pub(crate) Vec<Part>);

impl SearchWork {
    /// The answers that are there, when there is a new one.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Found> {
        let mut any = false;
        for part in self.0.iter_mut().filter(|part| part.answer.is_none()) {
            if let Poll::Ready(answer) = Pin::new(&mut part.asked).poll(cx) {
                part.answer = Some(answer);
                any = true;
            }
        }
        if any { Poll::Ready(self.found()) } else { Poll::Pending }
    }

    /// What is there when the time is up.
    pub(crate) fn take(&mut self, after: Duration) -> Found {
        for part in self.0.iter_mut().filter(|part| part.answer.is_none()) {
            part.answer = Some(Err(ServiceError::TimedOut { after }));
        }
        self.found()
    }

    fn found(&self) -> Found {
        Found(self.0.iter().map(|part| (part.reach, part.answer.clone())).collect())
    }
}

/// What each service answered, `None` while it is waited for.
pub(crate) struct Found(Vec<(Reach, Option<Page>)>);

impl Found {
    /// Everything together: duplicates are told once, those of the LAN rather than the same online. Of a service that is
    /// waited for or failed, what it found `before` is kept.
    fn merge(&self, build: Option<&BuildId>, order: SearchOrder, before: Option<&SearchResults>) -> SearchResults {
        let mut results = SearchResults::default();
        let (mut next_page, mut seen) = (NextPage::default(), HashSet::new());
        for (reach, page) in self.0.iter().cloned() {
            let known = before.into_iter().flat_map(|before| &before.sessions);
            let known = known.filter(|found| found.reach == reach).cloned();
            let sessions: Vec<_> = match page {
                Some(Ok(page)) => {
                    next_page.set(reach, page.next_page);
                    let new = page.game_sessions.into_iter();
                    new.map(|it| FoundSession::new(it, reach, build)).collect()
                }
                Some(Err(error)) => {
                    let error = error.into();
                    results.failures.push(SearchFailure { reach, error });
                    known.collect()
                }
                None => {
                    results.waiting_for.push(reach);
                    known.collect()
                }
            };
            let new = sessions
                .into_iter()
                .filter(|it| seen.insert(it.game_session.id.clone()));
            results.sessions.extend(new);
        }
        order.sort(&mut results.sessions);
        results.next_page = next_page.if_any().filter(|_| results.waiting_for.is_empty());
        results
    }

    fn is_nothing_but_failures(&self) -> bool {
        self.0.iter().all(|(_, page)| matches!(page, Some(Err(_))))
    }

    /// Whether no service is waited for.
    fn is_all(&self) -> bool {
        self.0.iter().all(|(_, page)| page.is_some())
    }

    /// Whether there is something to show.
    fn has_sessions(&self) -> bool {
        self.0
            .iter()
            .any(|(_, page)| matches!(page, Some(Ok(page)) if !page.game_sessions.is_empty()))
    }
}

/// Some services have answered and others have not: what is there is shown, and the call goes on.
fn found_some(world: &mut World, entity: Entity, op: InFlight, found: &Found) {
    let build = world.resource::<SessionIndex>().build.clone();
    let order = world
        .get::<SessionSearch>(entity)
        .map_or_else(SearchOrder::default, |search| search.query.order);
    let before = world.get::<SearchResults>(entity);
    let mut results = found.merge(build.as_ref(), order, before);
    if let Some(before) = before {
        keep_pings(&mut results.sessions, &before.sessions, order);
    }
    if (found.has_sessions() || before.is_some())
        && before != Some(&results)
        && let Ok(mut search) = world.get_entity_mut(entity)
    {
        search.insert(results);
    }
    world.resource_mut::<SessionIndex>().put_back(op);
}

/// A search has answers.
pub(crate) fn found(world: &mut World, entity: Entity, op: InFlight, found: Found) {
    if !found.is_all() {
        return found_some(world, entity, op, &found);
    }
    let now = outcome::now(world);
    let mut index = world.resource_mut::<SessionIndex>();
    index.schedule_refresh(entity, now);
    let build = index.build.clone();
    let query = world.get::<SessionSearch>(entity).map(|search| search.query.clone());
    let order = query.as_ref().map_or_else(SearchOrder::default, |query| query.order);
    let nothing = found.is_nothing_but_failures();
    let asked: Vec<_> = found.0.iter().map(|(reach, _)| *reach).collect();
    let mut results = found.merge(build.as_ref(), order, None);
    for reach in asked {
        let failure = results.failures.iter().find(|failure| failure.reach == reach);
        let error = failure.map(|failure| failure.error.clone());
        reachability::note(world, reach, error.as_ref());
    }
    let before = world.get::<SearchResults>(entity);
    if nothing {
        let Some(before) = before else {
            // Of several errors the online one says more.
            let error = results.failures.pop().map(|failure| failure.error);
            let error = error.unwrap_or_else(no_service);
            return outcome::failed(world, entity, op, error);
        };
        results.sessions.clone_from(&before.sessions);
        results.next_page.clone_from(&before.next_page);
    } else if let Some(before) = before {
        keep_pings(&mut results.sessions, &before.sessions, order);
    }
    debug!(name = %op.name, found = results.sessions.len(), "search done");
    let SearchResults {
        sessions,
        next_page,
        failures,
        ..
    } = results.clone();
    if let Ok(mut search) = world.get_entity_mut(entity) {
        search.insert(results);
    }
    if !nothing && !query.is_some_and(|query| query.without_pings) {
        let mut index = world.resource_mut::<SessionIndex>();
        index.ping(entity, op.name.clone(), &sessions);
    }
    emit(
        world,
        SessionsFound {
            entity,
            name: op.name,
            sessions,
            next_page,
            failures,
        },
    );
}

fn no_service() -> SessionError {
    SessionError::ReachUnavailable { reach: Reach::Online }
}

/// What was measured before is shown until it is measured again.
fn keep_pings(sessions: &mut [FoundSession], before: &[FoundSession], order: SearchOrder) {
    for session in &mut *sessions {
        let same = before.iter().find(|old| old.game_session.id == session.game_session.id);
        session.ping = same.and_then(|old| old.ping);
    }
    order.sort(sessions);
}

/// The pings of what a search found, on their way.
pub(crate) struct Pings {
    pub(crate) entity: Entity,
    pub(crate) name: SessionName,
    pub(crate) deadline: Option<Duration>,
    /// Whether it must be looked at.
    pub(crate) due: bool,
    pub(crate) asked: Vec<Ping>,
}

/// One of them.
pub(crate) struct Ping {
    pub(crate) id: GameSessionId,
    pub(crate) asked: std::sync::Mutex<BoxedFuture<Option<Duration>>>,
    #[expect(clippy::option_option, reason = "no answer yet, or the answer that it is not known")]
    pub(crate) answer: Option<Option<Duration>>,
}

impl Pings {
    /// Whether all are measured.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> bool {
        if !std::mem::take(&mut self.due) {
            return false;
        }
        for ping in self.asked.iter_mut().filter(|ping| ping.answer.is_none()) {
            let asked = ping.asked.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Poll::Ready(answer) = asked.as_mut().poll(cx) {
                ping.answer = Some(answer);
            }
        }
        self.asked.iter().all(|ping| ping.answer.is_some())
    }
}

/// The pings are measured, or their time is up.
pub(crate) fn pinged(world: &mut World, pings: Pings) {
    let Pings {
        entity, name, asked, ..
    } = pings;
    let order = world
        .get::<SessionSearch>(entity)
        .map_or_else(SearchOrder::default, |search| search.query.order);
    let Some(mut results) = world.get_mut::<SearchResults>(entity) else {
        return;
    };
    for ping in asked {
        if let (Some(answer), Some(session)) = (
            ping.answer,
            results
                .sessions
                .iter_mut()
                .find(|found| found.game_session.id == ping.id),
        ) {
            session.ping = answer;
        }
    }
    order.sort(&mut results.sessions);
    let sessions = results.sessions.clone();
    emit(world, SessionsPinged { entity, name, sessions });
}
