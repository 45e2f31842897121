//! Stable error codes, and what each of the two seams can fail with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

macro_rules! error_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $status:literal;)*) => {
        /// The stable code of a refused request, with the HTTP status it travels under.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[$doc])* $name,)*
            /// A code that a newer orchestrator knows and this crate does not.
            Unknown(String),
        }

        impl ErrorCode {
            /// Every code that this crate knows.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];

            /// The code as it travels.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Unknown(text) => text,
                }
            }

            /// The HTTP status that goes with it; 500 for an unknown one.
            pub fn http_status(&self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                    Self::Unknown(_) => 500,
                }
            }
        }

        impl From<String> for ErrorCode {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$name,)*
                    _ => Self::Unknown(text),
                }
            }
        }
    };
}

error_codes! {
    /// The request is malformed or out of bounds.
    InvalidRequest = "invalid_request", 400;
    /// The caller's token is missing, wrong or expired.
    Unauthorized = "unauthorized", 401;
    /// The caller may not do this.
    Forbidden = "forbidden", 403;
    /// The game session needs a password, and none or another one was given.
    WrongPassword = "wrong_password", 403;
    /// There is no such game session.
    NotFound = "not_found", 404;
    /// The route exists, but not with this method.
    MethodNotAllowed = "method_not_allowed", 405;
    /// All seats are taken.
    SessionFull = "session_full", 409;
    /// The game session takes no new players.
    NotAccepting = "not_accepting", 409;
    /// The caller runs another build than the game session.
    VersionMismatch = "version_mismatch", 409;
    /// The game session is over.
    SessionEnded = "session_ended", 410;
    /// The request's body is too large.
    TooLarge = "too_large", 413;
    /// The idempotency key was used with another request before.
    IdempotencyMismatch = "idempotency_mismatch", 422;
    /// Too many requests; come back later.
    Throttled = "throttled", 429;
    /// Something inside broke.
    Internal = "internal", 500;
    /// No server process is free.
    NoCapacity = "no_capacity", 503;
    /// The server process did not get the game session going.
    ActivationFailed = "activation_failed", 503;
    /// The orchestrator cannot be reached at the moment.
    Unavailable = "unavailable", 503;
    /// It took too long.
    TimedOut = "timed_out", 504;
}

impl From<ErrorCode> for String {
    fn from(code: ErrorCode) -> Self {
        code.as_str().to_owned()
    }
}

impl std::fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .description(Some(
                "Why, in one word. There may be new ones: judge those by the status.",
            ))
            .examples(Self::KNOWN.iter().map(Self::as_str))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for ErrorCode {}

/// The body of every refused HTTP request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorBody {
    /// The stable code.
    pub code: ErrorCode,
    /// One sentence for a developer. Nothing secret, nothing from AWS.
    pub message: String,
    /// Finds the request in the backend's log.
    pub request_id: String,
}

/// Why a [`SessionService`](crate::SessionService) could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The orchestrator could not be reached at all.
    #[error("the session service at {service} cannot be reached ({reason}): is it running, and is its address right?")]
    Unreachable {
        /// Its address.
        service: String,
        /// What the network said.
        reason: String,
    },
    /// No answer in time.
    #[error("the session service did not answer within {} ms", after.as_millis())]
    TimedOut {
        /// How long it was waited for.
        after: Duration,
    },
    /// The orchestrator answered, and the answer is no.
    #[error("the session service refused: {message} ({code})")]
    Refused {
        /// Why, in one word.
        code: ErrorCode,
        /// Why, in one sentence.
        message: String,
        /// When asking again may help, if the orchestrator says so.
        retry_after: Option<Duration>,
    },
    /// The orchestrator answered something that cannot be understood.
    #[error(
        "the session service answered something unexpected ({what}): is its address that of a backend of this project?"
    )]
    Protocol {
        /// What was wrong with it.
        what: String,
    },
}

impl ServiceError {
    /// A refusal with the given code and sentence.
    pub fn refused(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Refused {
            code,
            message: message.into(),
            retry_after: None,
        }
    }

    /// The code of a refusal, `None` for the other kinds.
    pub fn code(&self) -> Option<&ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }
}

/// Why a [`SessionHost`](crate::SessionHost) could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// The orchestrator answered, and the answer is no. Asking again does not help.
    #[error("the orchestrator refused to {action}: {message}")]
    Refused {
        /// What was asked.
        action: &'static str,
        /// Why not.
        message: String,
    },
    /// The orchestrator could not be asked, or is too busy. Asking again may help.
    #[error("the orchestrator could not be asked to {action}: {message}")]
    Unavailable {
        /// What was asked.
        action: &'static str,
        /// Why not.
        message: String,
    },
    /// The call does not fit the state of the process, for instance accepting a player without a game session.
    #[error("{action} is not possible now: {message}")]
    WrongState {
        /// What was asked.
        action: &'static str,
        /// Which state that is.
        message: String,
    },
    /// The settings to reach the orchestrator are missing or wrong.
    #[error("the settings of the orchestrator are not usable: {message}")]
    Settings {
        /// Which, and what to set.
        message: String,
    },
}

impl HostError {
    /// Whether asking again may help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
