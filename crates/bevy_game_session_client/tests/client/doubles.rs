//! Services around services: one that counts what is pending, one whose orchestrator can be exchanged.

use std::sync::{Arc, Mutex};

use game_session_protocol::*;

/// A service that knows how many of its requests are pending.
pub(crate) struct Counted<S> {
    service: S,
    live: Live,
}

/// How many requests are pending.
#[derive(Clone, Default)]
pub(crate) struct Live(Arc<()>);

impl Live {
    pub(crate) fn count(&self) -> usize {
        // One is here, one in the service.
        Arc::strong_count(&self.0) - 2
    }
}

impl<S> Counted<S> {
    pub(crate) fn new(service: S) -> Self {
        let live = Live::default();
        Self { service, live }
    }

    pub(crate) fn live(&self) -> Live {
        self.live.clone()
    }

    fn count<T: 'static>(&self, asked: BoxedFuture<T>) -> BoxedFuture<T> {
        let held = self.live.0.clone();
        Box::pin(async move {
            let answer = asked.await;
            drop(held);
            answer
        })
    }
}

impl<S: SessionService> SessionService for Counted<S> {
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.count(self.service.create(request, progress))
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        self.count(self.service.find(query))
    }

    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.count(self.service.join(request, progress))
    }

    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.count(self.service.join_by_code(request, progress))
    }

    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        self.count(self.service.join_code(id))
    }

    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.count(self.service.quick_join(request, progress))
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        self.count(self.service.update(request))
    }

    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.count(self.service.leave(request))
    }

    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.count(self.service.end(request))
    }
}

/// A service in memory that can be exchanged for one of another orchestrator.
#[derive(Clone)]
pub(crate) struct Exchangeable(Arc<Mutex<InMemoryService>>);

impl Exchangeable {
    pub(crate) fn new(service: InMemoryService) -> Self {
        Self(Arc::new(Mutex::new(service)))
    }

    pub(crate) fn exchange(&self, service: InMemoryService) {
        *self.0.lock().unwrap() = service;
    }

    fn now(&self) -> InMemoryService {
        self.0.lock().unwrap().clone()
    }
}

impl SessionService for Exchangeable {
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.now().create(request, progress)
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        self.now().find(query)
    }

    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.now().join(request, progress)
    }

    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.now().join_by_code(request, progress)
    }

    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        self.now().join_code(id)
    }

    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.now().quick_join(request, progress)
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        self.now().update(request)
    }

    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.now().leave(request)
    }

    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.now().end(request)
    }
}
