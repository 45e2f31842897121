//! The client's seam: what a game client may ask an orchestrator.

use std::pin::Pin;

use crate::error::ServiceError;
use crate::game_session::{GameSession, GameSessionPage, Seat};
use crate::progress::Progress;
use crate::requests::{
    CreateGameSession, EndGameSession, FindGameSessions, JoinGameSession, LeaveGameSession, QuickJoin,
    UpdateGameSession,
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

    /// Changes what others find. For the owner only.
    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>>;

    /// Gives the caller's seat back, where the orchestrator can free one. On GameLift only the server process can,
    /// when the player's connection ends; there this does nothing.
    fn leave(&self, request: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>>;

    /// Ends a game session for everyone. For the owner only.
    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>>;
}
