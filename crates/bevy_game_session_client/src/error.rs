//! Why a call did not do what it should.

use std::time::Duration;

use game_session_protocol::{ErrorCode, ServiceError};

use crate::components::{Reach, SessionPhase};
use crate::operation::SessionOperation;

/// Why a call did not do what it should: in [`SessionFailed`](crate::SessionFailed), and what
/// [`Sessions::create`](crate::Sessions::create) returns at once.
///
/// `Display` is for the log and says what to try; [`player_message`](Self::player_message) is for the screen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// A session of that name exists already.
    #[error("a session named {name:?} exists already: destroy it first, or take another name")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// There is no session of that name on this machine.
    #[error("there is no session named {name:?}: create or join one first")]
    UnknownName {
        /// The name.
        name: String,
    },
    /// Another session is being started, joined or played.
    #[error("the session {name:?} is being started, joined or played: leave it first")]
    AlreadyInSession {
        /// The name of that session.
        name: String,
    },
    /// The call does not fit the phase of the session.
    #[error("a session that is {phase} takes no {call}")]
    WrongPhase {
        /// The phase.
        phase: SessionPhase,
        /// The call.
        call: SessionOperation,
    },
    /// The same call, or one that it must not overtake, has not ended yet.
    #[error("the {running} of this session has not ended yet: wait for its event")]
    Busy {
        /// What has not ended yet.
        running: SessionOperation,
    },
    /// There are too many sessions and searches.
    #[error("there are {limit} sessions and searches already: despawn those that are no longer needed")]
    TooMany {
        /// How many there may be.
        limit: usize,
    },
    /// The settings are out of bounds.
    #[error("the settings cannot be used: {what}")]
    InvalidSettings {
        /// What is wrong.
        what: String,
    },
    /// No orchestrator for that reach was given to the plugin.
    #[error("no service for {reach} sessions was given to the plugin")]
    ReachUnavailable {
        /// The reach.
        reach: Reach,
    },
    /// The service cannot be reached.
    #[error("the session service cannot be reached")]
    Unreachable {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The host of a game session on the LAN cannot be reached.
    #[error("the host of the game session cannot be reached")]
    HostUnreachable {
        /// What the network said.
        #[source]
        source: ServiceError,
    },
    /// No answer came in time.
    #[error("no answer came within {} ms", after.as_millis())]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The orchestrator knows no such game session.
    #[error("there is no such game session")]
    NotFound {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// No game session has this join code.
    #[error("no game session has this join code")]
    UnknownCode {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// All seats are taken.
    #[error("the game session is full")]
    Full {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The game session takes no new players.
    #[error("the game session takes no new players")]
    NotAccepting {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The game session is over.
    #[error("the game session is over")]
    Expired {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The game session is locked, and no password or another one was given.
    #[error("the game session needs a password, and this is not it")]
    WrongPassword {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The orchestrator refused for another reason.
    #[error("the session service refused: {message} ({code})")]
    Refused {
        /// The stable code.
        code: ErrorCode,
        /// One sentence for a developer.
        message: String,
    },
    /// The player is not known to the orchestrator, or no longer.
    #[error("the session service does not accept who is asking")]
    Unauthorized {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// Too many requests.
    #[error("the session service is busy")]
    Throttled {
        /// When asking again may help, if the orchestrator said so.
        retry_after: Option<Duration>,
    },
    /// No server process is free.
    #[error("no server process is free")]
    NoCapacity {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The game session runs another build than this player.
    #[error("the game session runs another version of the game")]
    VersionMismatch {
        /// What the service said; `None` when it was seen on this machine.
        #[source]
        source: Option<ServiceError>,
    },
    /// The server process did not get the game session going.
    #[error("the server did not get the game session going")]
    ActivationFailed {
        /// What the service said.
        #[source]
        source: ServiceError,
    },
    /// The answer cannot be understood.
    #[error("the answer of the session service cannot be understood: {what}")]
    Protocol {
        /// What was wrong with it.
        what: String,
    },
}

impl SessionError {
    /// Whether the same call may succeed later without any change by the player.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Busy { .. }
            | Self::Unreachable { .. }
            | Self::HostUnreachable { .. }
            | Self::TimedOut { .. }
            | Self::Throttled { .. }
            | Self::NoCapacity { .. }
            | Self::ActivationFailed { .. } => true,
            Self::Refused { code, .. } => *code == ErrorCode::Internal,
            _ => false,
        }
    }

    /// The same of a call over that reach: a LAN has hosts in place of a service.
    pub(crate) fn of_reach(self, reach: Reach) -> Self {
        match self {
            Self::Unreachable { source } if reach == Reach::Lan => Self::HostUnreachable { source },
            error => error,
        }
    }

    /// The same of a join by code.
    pub(crate) fn of_code(self) -> Self {
        match self {
            Self::NotFound { source } => Self::UnknownCode { source },
            error => error,
        }
    }

    /// The error and its causes in one line, for the log.
    pub fn chain(&self) -> String {
        let (mut text, mut error): (_, &dyn std::error::Error) = (self.to_string(), self);
        while let Some(cause) = error.source() {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            error = cause;
        }
        text
    }

    /// One sentence that a player understands.
    pub fn player_message(&self) -> String {
        match self {
            Self::DuplicateName { name } => format!("You already have a session called \"{name}\"."),
            Self::UnknownName { name } => format!("There is no session called \"{name}\"."),
            Self::AlreadyInSession { name } => format!("You are still in \"{name}\". Leave it first."),
            Self::WrongPhase { .. } | Self::Busy { .. } => "One moment, the last step is not finished yet.".into(),
            Self::TooMany { .. } => "There are too many open sessions. Close some first.".into(),
            Self::InvalidSettings { what } => format!("These settings do not work: {what}."),
            Self::ReachUnavailable { reach: Reach::Lan } => "Playing on the local network is not available.".into(),
            Self::ReachUnavailable { reach: Reach::Online } => "Playing online is not available.".into(),
            Self::Unreachable { .. } => "The game service cannot be reached. Check your connection.".into(),
            Self::HostUnreachable { .. } => "The host of this session cannot be reached. It may be gone.".into(),
            Self::TimedOut { .. } => "That took too long. Please try again.".into(),
            Self::NotFound { .. } => "This session no longer exists.".into(),
            Self::UnknownCode { .. } => "No session has this code.".into(),
            Self::Full { .. } => "This session is full.".into(),
            Self::NotAccepting { .. } => "This session takes no new players.".into(),
            Self::Expired { .. } => "This session is over.".into(),
            Self::WrongPassword { .. } => "That is not the password of this session.".into(),
            Self::Refused {
                code: ErrorCode::Forbidden,
                ..
            } => "Only the owner of the session may do that.".into(),
            Self::Refused { .. } => "The game service refused that.".into(),
            Self::Unauthorized { .. } => "The game service does not know you any more. Please restart the game.".into(),
            Self::Throttled {
                retry_after: Some(after),
            } => {
                format!("The game service is busy. Try again in {} s.", after.as_secs().max(1))
            }
            Self::Throttled { retry_after: None } => "The game service is busy. Try again in a moment.".into(),
            Self::NoCapacity { .. } => "All servers are busy. Try again in a moment.".into(),
            Self::VersionMismatch { .. } => "This session runs another version of the game.".into(),
            Self::ActivationFailed { .. } => "The server did not start. Please try again.".into(),
            Self::Protocol { .. } => "The game service gave an answer that the game does not understand.".into(),
        }
    }
}

impl From<ServiceError> for SessionError {
    fn from(source: ServiceError) -> Self {
        let (code, message, retry_after) = match source.clone() {
            ServiceError::TimedOut { after } => return Self::TimedOut { after },
            ServiceError::Protocol { what } => return Self::Protocol { what },
            ServiceError::Refused {
                code,
                message,
                retry_after,
            } => (code, message, retry_after),
            _ => return Self::Unreachable { source },
        };
        match code {
            ErrorCode::Unauthorized => Self::Unauthorized { source },
            ErrorCode::NotFound => Self::NotFound { source },
            ErrorCode::WrongPassword => Self::WrongPassword { source },
            ErrorCode::SessionFull => Self::Full { source },
            ErrorCode::NotAccepting => Self::NotAccepting { source },
            ErrorCode::VersionMismatch => Self::VersionMismatch { source: Some(source) },
            ErrorCode::SessionEnded => Self::Expired { source },
            ErrorCode::Throttled => Self::Throttled { retry_after },
            ErrorCode::NoCapacity => Self::NoCapacity { source },
            ErrorCode::ActivationFailed => Self::ActivationFailed { source },
            ErrorCode::Unavailable => Self::Unreachable { source },
            _ => Self::Refused { code, message },
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use std::error::Error as _;

    use super::*;

    #[test]
    fn every_code_becomes_an_error_with_a_sentence_for_the_player() {
        for code in ErrorCode::KNOWN {
            let error = SessionError::from(ServiceError::refused(code.clone(), "because"));
            let sentence = error.player_message();
            assert!(
                sentence.ends_with('.') && !sentence.contains(code.as_str()),
                "{code}: {sentence}"
            );
        }
    }

    #[test]
    fn an_error_is_worded_for_the_call_and_the_reach_it_ends() {
        let unknown = SessionError::from(ServiceError::refused(ErrorCode::NotFound, "x"));
        assert_eq!(unknown.clone().of_code().player_message(), "No session has this code.");
        assert_eq!(unknown.clone().of_reach(Reach::Lan), unknown);
        let away = SessionError::from(ServiceError::Unreachable {
            service: "192.0.2.1:7".into(),
            reason: "refused".into(),
        });
        let host = away.clone().of_reach(Reach::Lan);
        assert!(
            host.player_message()
                .starts_with("The host of this session cannot be reached.")
        );
        assert!(host.is_retryable() && host.chain().contains("192.0.2.1:7"));
        assert_eq!(away.clone().of_reach(Reach::Online).of_code(), away);
    }

    #[test]
    fn the_cause_is_kept_for_the_log() {
        let error = SessionError::from(ServiceError::refused(ErrorCode::SessionFull, "4 of 4 seats are taken"));
        assert_eq!(error.to_string(), "the game session is full");
        assert!(error.source().unwrap().to_string().contains("4 of 4 seats"));
    }

    #[test]
    fn the_log_gets_the_whole_chain_of_causes_in_one_line() {
        let error = SessionError::from(ServiceError::Unreachable {
            service: "http://127.0.0.1:1/".into(),
            reason: "connection refused".into(),
        });
        let chain = error.chain();
        assert!(
            chain.starts_with("the session service cannot be reached: the session service at"),
            "{chain}"
        );
        assert!(chain.contains("connection refused") && !chain.contains('\n'), "{chain}");
    }

    #[test]
    fn every_error_of_this_machine_has_a_sentence_for_the_player() {
        let name = || "game".to_owned();
        let source = ServiceError::refused(ErrorCode::Internal, "x");
        let errors = [
            SessionError::DuplicateName { name: name() },
            SessionError::UnknownName { name: name() },
            SessionError::AlreadyInSession { name: name() },
            SessionError::WrongPhase {
                phase: SessionPhase::Ended,
                call: SessionOperation::End,
            },
            SessionError::Busy {
                running: SessionOperation::Update,
            },
            SessionError::TooMany { limit: 256 },
            SessionError::InvalidSettings { what: "x".into() },
            SessionError::ReachUnavailable { reach: Reach::Lan },
            SessionError::ReachUnavailable { reach: Reach::Online },
            SessionError::Unreachable { source: source.clone() },
            SessionError::Unreachable { source }.of_reach(Reach::Lan),
            SessionError::TimedOut {
                after: Duration::from_secs(1),
            },
            SessionError::VersionMismatch { source: None },
            SessionError::Protocol { what: "x".into() },
        ];
        for error in errors {
            let sentence = error.player_message();
            assert!(
                sentence.ends_with('.') && sentence.starts_with(char::is_uppercase),
                "{error}: {sentence}"
            );
        }
    }

    #[test]
    fn what_may_pass_by_itself_is_retryable_and_what_may_not_is_not() {
        let of = |code| SessionError::from(ServiceError::refused(code, "x")).is_retryable();
        assert!(of(ErrorCode::Throttled) && of(ErrorCode::NoCapacity) && of(ErrorCode::Unavailable));
        assert!(!of(ErrorCode::SessionFull) && !of(ErrorCode::Forbidden) && !of(ErrorCode::VersionMismatch));
    }
}
