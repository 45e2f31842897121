//! Everything that can go wrong.

use std::{fmt, time::Duration};

/// Why a call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A parameter breaks a rule of the service; nothing was sent.
    #[error("{field} is not valid: {reason}")]
    Validation {
        /// The parameter.
        field: &'static str,
        /// The rule.
        reason: String,
    },
    /// The service cannot be reached, or refuses the connection.
    #[error(
        "cannot connect to {endpoint} for fleet {fleet_id}, compute {host_id}, after {attempts} attempt(s): {cause}{}",
        again(*next_wait)
    )]
    Connect {
        /// Where to, without any secret.
        endpoint: String,
        /// The fleet.
        fleet_id: String,
        /// The compute.
        host_id: String,
        /// How often it was tried.
        attempts: u32,
        /// When it is tried again, if it is.
        next_wait: Option<Duration>,
        /// The status with which the service refused, if it did. 403 usually means an expired auth token.
        http_status: Option<u16>,
        /// What happened, and what is likely behind it.
        cause: String,
    },
    /// The service answered with an error.
    #[error("{action} failed: {message} ({kind})")]
    Service {
        /// The call's action on the wire.
        action: &'static str,
        /// The status; `None` when the reply had none.
        status: Option<u16>,
        /// The class of the status.
        kind: ServiceErrorKind,
        /// The service's words.
        message: String,
    },
    /// A success whose content cannot be read.
    #[error("{action} was answered with content that cannot be read: {reason}")]
    BadReply {
        /// The call's action on the wire.
        action: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// No answer came in time. Whether the service acted on the call is not known.
    #[error("{action} was not answered within {after:?}; check the connection to the service")]
    Timeout {
        /// The call's action on the wire.
        action: &'static str,
        /// How long the call waited.
        after: Duration,
    },
    /// The connection was lost before the answer, and the call is not one that can be repeated safely.
    #[error(
        "{action} was sent but the connection was lost before its answer; find out what happened before repeating it"
    )]
    Disconnected {
        /// The call's action on the wire.
        action: &'static str,
    },
    /// The call needs a process that is ready.
    #[error("{action} needs process_ready() first")]
    NotReady {
        /// The call's action on the wire.
        action: &'static str,
    },
    /// `process_ready()` was called before.
    #[error("process_ready() was called before; it is called once in a process's life")]
    AlreadyReady,
    /// This process id has a live connection in this program.
    #[error("process {process_id} is initialized already; clone the handle instead")]
    AlreadyInitialized {
        /// The process id.
        process_id: String,
    },
    /// The call needs a game session.
    #[error("{action} needs a game session; wait for Event::StartGameSession")]
    NoGameSession {
        /// The call's action on the wire.
        action: &'static str,
    },
    /// The process is ending or the handle was destroyed.
    #[error("the process is ending; no more calls are possible")]
    Ended,
    /// Too many calls are waiting for their answers.
    #[error("too many calls are waiting for their answers; try again later")]
    Busy,
    /// No termination was announced.
    #[error("no termination time is known; it comes with Event::ProcessTerminate")]
    TerminationTimeNotSet,
    /// The fleet is not a managed one and has no role credentials.
    #[error("fleet role credentials exist on managed fleets only")]
    NotManagedFleet,
    /// The call is for containers only.
    #[error("this works in containers only (GAMELIFT_COMPUTE_TYPE=CONTAINER); the compute type is {compute_type:?}")]
    UnsupportedComputeType {
        /// What the environment says; empty when nothing.
        compute_type: String,
    },
    /// A container's metadata cannot be read.
    #[error("the container's {what} cannot be read: {cause}")]
    ContainerMetadata {
        /// Which part of them.
        what: &'static str,
        /// What happened, without secrets.
        cause: String,
    },
    /// There is no tokio runtime to run on.
    #[error("GameLiftServer::init needs a tokio runtime with its io and time drivers enabled")]
    NoRuntime,
}

/// When it is tried again.
fn again(next_wait: Option<Duration>) -> String {
    next_wait.map_or_else(String::new, |wait| format!("; it is tried again in {wait:?}"))
}

impl Error {
    /// Whether the same call may succeed when made again a little later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Timeout { .. } | Self::Busy | Self::ContainerMetadata { .. } => true,
            Self::Service { kind, .. } => {
                matches!(
                    kind,
                    ServiceErrorKind::TooManyRequests | ServiceErrorKind::InternalService
                )
            }
            Self::Connect { http_status, .. } => !matches!(http_status, Some(401 | 403)),
            _ => false,
        }
    }
}

/// The class of an error of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceErrorKind {
    /// 400 and every 4xx without a word of its own.
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 409.
    Conflict,
    /// 429.
    TooManyRequests,
    /// Everything else, also a reply without a status.
    InternalService,
}

impl ServiceErrorKind {
    /// The class of a status code.
    pub fn of(status: Option<u16>) -> Self {
        match status {
            Some(401) => Self::Unauthorized,
            Some(403) => Self::Forbidden,
            Some(404) => Self::NotFound,
            Some(409) => Self::Conflict,
            Some(429) => Self::TooManyRequests,
            Some(400..=499) => Self::BadRequest,
            _ => Self::InternalService,
        }
    }

    /// What is said when the service says nothing.
    pub(crate) fn default_message(self) -> &'static str {
        match self {
            Self::BadRequest => "the service calls the request bad",
            Self::Unauthorized => "the service does not know who is asking",
            Self::Forbidden => "the service does not allow the request",
            Self::NotFound => "the service does not know what was asked for",
            Self::Conflict => "the request conflicts with the state of things",
            Self::TooManyRequests => "the service is asked too often",
            Self::InternalService => "the service has an internal error",
        }
    }
}

impl fmt::Display for ServiceErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "bad request",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::TooManyRequests => "too many requests",
            Self::InternalService => "internal service error",
        })
    }
}
