//! The LAN as a client sees it.

use std::sync::Arc;
use std::time::Duration;

use game_session_protocol::{
    BoxedFuture, CreateGameSession, EndGameSession, ErrorCode, FindGameSessions, GameSession, GameSessionId,
    GameSessionPage, JoinByCode, JoinCode, JoinGameSession, LeaveGameSession, Progress, QuickJoin, Seat, ServiceError,
    SessionService, UpdateGameSession,
};

use crate::books::Books;
use crate::runtime::Runtime;
use crate::shared::Shared;
use crate::{creating, finding, joining};

/// When a join code of a LAN ends: with its game session, and not by the clock. The last second of the year 9999.
const NEVER: u64 = 253_402_300_799;

/// The LAN as this machine's player sees it. Cheap to clone.
#[derive(Clone)]
pub struct LanService {
    shared: Arc<Shared>,
    runtime: Arc<Runtime>,
}

impl LanService {
    pub(crate) fn new(shared: Arc<Shared>, runtime: Arc<Runtime>) -> Self {
        Self { shared, runtime }
    }

    fn ask<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
    ) -> BoxedFuture<Result<T, ServiceError>> {
        self.runtime.ask(work, || Err(gone()))
    }

    /// Asks for a seat in somebody's game session; one that came when nobody waits for it any more is given back.
    fn ask_for_seat(
        &self,
        work: impl Future<Output = Result<Seat, ServiceError>> + Send + 'static,
    ) -> BoxedFuture<Result<Seat, ServiceError>> {
        let shared = self.shared.clone();
        let undo = |answer: Result<Seat, ServiceError>| async move {
            if let Ok(seat) = answer {
                let _over_already = joining::leave(shared, seat.game_session.id).await;
            }
        };
        self.runtime.ask_or_undo(work, || Err(gone()), undo)
    }

    /// What only the owner may do, on game sessions of this process alone.
    fn own<T: Send + 'static>(
        &self,
        id: &GameSessionId,
        act: impl FnOnce(&mut Books, u32) -> Result<T, ServiceError> + Send + 'static,
    ) -> BoxedFuture<Result<T, ServiceError>> {
        let (shared, id) = (self.shared.clone(), id.clone());
        Box::pin(async move {
            match crate::id::HostId::of_session(&id) {
                Some((host, number)) if host == shared.host => shared.with_books(|books, _| act(books, number)),
                Some(_) => Err(crate::books::refused(ErrorCode::Forbidden)),
                None => Err(crate::books::refused(ErrorCode::NotFound)),
            }
        })
    }
}

fn gone() -> ServiceError {
    ServiceError::Unreachable {
        service: "the LAN".into(),
        reason: "its thread is gone".into(),
    }
}

impl SessionService for LanService {
    /// Hosts it in this process. Waits some seconds for the server plugin to be ready, or for the end of the game session
    /// before.
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(creating::create(self.shared.clone(), request, progress))
    }

    /// What is on the network: the first page as soon as somebody answered, with a next page for who answers later in the
    /// second. Lists no more than 256; each page is sorted by itself.
    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        self.ask(finding::find(self.shared.clone(), query))
    }

    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask_for_seat(joining::join(self.shared.clone(), request, progress))
    }

    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(joining::quick_join(self.shared.clone(), request, progress))
    }

    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask_for_seat(joining::join_by_code(self.shared.clone(), request, progress))
    }

    /// The code lasts as long as the game session.
    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        let code = joining::join_code(self.shared.clone(), id);
        self.ask(async {
            Ok(JoinCode {
                join_code: code.await?,
                expires_at: NEVER,
            })
        })
    }

    fn ping(&self, game_session: &GameSession) -> BoxedFuture<Option<Duration>> {
        let (shared, id) = (self.shared.clone(), game_session.id.clone());
        self.runtime
            .ask(async move { finding::round_trip(&shared, &id).await }, || None)
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        let id = request.id.clone();
        self.own(&id, move |books, number| books.update(number, request))
    }

    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.ask(joining::leave(self.shared.clone(), request.id))
    }

    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.own(&request.id, Books::end)
    }
}
