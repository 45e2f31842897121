//! Why a request is refused: a stable code, a sentence that tells nothing of AWS, and when to come back.

use std::borrow::Cow;
use std::time::Duration;

use game_session_protocol::ErrorCode;

use crate::gamelift::{GameLiftError, GameLiftErrorKind};

/// A refusal on its way to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) code: ErrorCode,
    pub(crate) message: Cow<'static, str>,
    pub(crate) retry_after: Option<Duration>,
}

/// What was asked of GameLift when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum During {
    /// Placing a new game session.
    Create,
    /// Listing game sessions.
    Search,
    /// Something with a game session that the client named.
    Session,
    /// Changing a game session.
    Change,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    pub(crate) fn retry_after(mut self, pause: Duration) -> Self {
        self.retry_after = Some(pause);
        self
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorCode::InvalidRequest, message)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(ErrorCode::NotFound, "there is no such game session")
    }

    pub(crate) fn session_ended() -> Self {
        Self::new(ErrorCode::SessionEnded, "the game session is over")
    }

    pub(crate) fn activation_failed() -> Self {
        Self::new(
            ErrorCode::ActivationFailed,
            "the server process did not get the game session going",
        )
        .retry_after(Duration::from_secs(1))
    }

    pub(crate) fn not_accepting(message: &'static str) -> Self {
        Self::new(ErrorCode::NotAccepting, message)
    }

    pub(crate) fn busy() -> Self {
        Self::new(ErrorCode::Throttled, "too many requests: come back later").retry_after(Duration::from_secs(1))
    }

    pub(crate) fn too_many_creates(pause: Duration) -> Self {
        let message = "too many game sessions by this player: come back later";
        Self::new(ErrorCode::Throttled, message).retry_after(pause)
    }

    pub(crate) fn internal(message: &'static str) -> Self {
        Self::new(ErrorCode::Internal, message)
    }

    /// The refusal that a failed call comes to, after the error went to the log.
    pub(crate) fn of(error: &GameLiftError, during: During) -> Self {
        use GameLiftErrorKind as Kind;
        let secs = Duration::from_secs;
        tracing::warn!(operation = error.operation, kind = ?error.kind, detail = error.detail, "GameLift refused");
        match (error.kind, during) {
            (Kind::NotFound, During::Session | During::Change) => Self::not_found(),
            (Kind::NoCapacity, _) => Self::new(ErrorCode::NoCapacity, "no server process is free").retry_after(secs(5)),
            (Kind::ParameterMismatch, _) => Self::idempotency_mismatch(),
            (Kind::Full, _) => Self::new(ErrorCode::SessionFull, "all seats of the game session are taken"),
            (Kind::WrongSessionStatus, _) => Self::not_accepting("the game session does not take this now"),
            (Kind::Unsupported, _) => Self::not_accepting("the orchestrator is of an old kind that cannot do this"),
            (Kind::LimitExceeded, During::Create) => Self::too_many_creates(secs(1)),
            (Kind::Throttled | Kind::LimitExceeded, _) => {
                Self::new(ErrorCode::Throttled, "the orchestrator is too busy: come back later").retry_after(secs(2))
            }
            (Kind::InvalidRequest, During::Search) => Self::invalid("the page is not one of an earlier answer"),
            // What can be known before was checked; it changed in between.
            (Kind::InvalidRequest, During::Change) => Self::not_accepting("the game session cannot be changed so now"),
            (Kind::InvalidRequest, _) => Self::internal("the orchestrator did not understand the backend"),
            (Kind::TimedOut, _) => Self::new(ErrorCode::TimedOut, "the orchestrator did not answer in time"),
            (Kind::Conflict | Kind::Internal | Kind::Unreachable, _) => Self::unavailable(secs(2)),
            (
                Kind::NotFound
                | Kind::WrongFleetStatus
                | Kind::NotReady
                | Kind::AliasEnds
                | Kind::Unauthorized
                | Kind::WrongRegion,
                _,
            ) => Self::unavailable(secs(30)),
        }
    }

    pub(crate) fn idempotency_mismatch() -> Self {
        Self::new(
            ErrorCode::IdempotencyMismatch,
            "the idempotency key was used with another request before",
        )
    }

    pub(crate) fn unavailable(pause: Duration) -> Self {
        Self::new(ErrorCode::Unavailable, "the orchestrator cannot be used at the moment").retry_after(pause)
    }
}
