//! The client's seam: what a game client may ask an orchestrator.

use std::pin::Pin;
use std::time::Duration;

use crate::error::ServiceError;
use crate::game_session::{GameSession, GameSessionPage, Seat};
use crate::ids::GameSessionId;
use crate::progress::Progress;
use crate::requests::{
    CreateGameSession, EndGameSession, FindGameSessions, JoinByCode, JoinCode, JoinGameSession, LeaveGameSession,
    QuickJoin, UpdateGameSession,
};

/// A future that owns all it needs and runs on any executor. Dropping it cancels what it stands for.
pub type BoxedFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An orchestrator as a client sees it, speaking for one player.
///
/// Every future ends by itself within a deadline that the service knows. Dropping one cancels it: a game session
/// whose `create` was dropped is ended, not orphaned.
pub trait SessionService: Send + Sync + 'static {
    /// Makes a game session and takes the caller's seat in it.
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>>;

    /// Lists game sessions.
    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>>;

    /// Takes a seat in a game session: the one the caller already has, or a new one.
    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>>;

    /// Takes a seat in any fitting game session, a new one if there is none.
    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>>;

    /// Takes a seat in the game session behind a code.
    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>>;

    /// Takes the seat that the caller has, or had, in a game session: with a fresh ticket for it. Where the
    /// orchestrator makes no difference this is a [`join`](Self::join), as it is unless implemented.
    fn rejoin(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.join(request, progress)
    }

    /// The code that leads others to a game session. For its owner, and for who has a seat where the orchestrator
    /// allows it.
    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>>;

    /// The round trip to a game session, or to a beacon near it; `None` when it is not known, as it is unless
    /// implemented. Ends within about a second; may answer from memory.
    fn ping(&self, game_session: &GameSession) -> BoxedFuture<Option<Duration>> {
        let _ = game_session;
        Box::pin(std::future::ready(None))
    }

    /// Changes what others find. For the owner only.
    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>>;

    /// Gives the caller's seat back, where the orchestrator can free one. On GameLift only the server process can,
    /// when the player's connection ends; there this does nothing.
    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>>;

    /// Ends a game session for everyone. For the owner only.
    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>>;
}
