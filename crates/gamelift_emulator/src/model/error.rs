//! The errors that the API answers with.

use thiserror::Error;

/// What went wrong, by the name that AWS clients know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    Conflict,
    FleetCapacityExceeded,
    GameSessionFull,
    IdempotentParameterMismatch,
    InternalService,
    InvalidFleetStatus,
    InvalidGameSessionStatus,
    InvalidRequest,
    LimitExceeded,
    NotFound,
    NotReady,
    TaggingFailed,
    TerminalRoutingStrategy,
    Unauthorized,
    UnsupportedRegion,
    // Not in the service model: AWS front ends answer with these as well.
    AccessDenied,
    ExpiredToken,
    InvalidSignature,
    UnrecognizedClient,
    Serialization,
    ServiceUnavailable,
    Throttling,
    UnknownOperation,
}

impl ErrorKind {
    /// The exception name on the wire.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Conflict => "ConflictException",
            Self::FleetCapacityExceeded => "FleetCapacityExceededException",
            Self::GameSessionFull => "GameSessionFullException",
            Self::IdempotentParameterMismatch => "IdempotentParameterMismatchException",
            Self::InternalService => "InternalServiceException",
            Self::InvalidFleetStatus => "InvalidFleetStatusException",
            Self::InvalidGameSessionStatus => "InvalidGameSessionStatusException",
            Self::InvalidRequest => "InvalidRequestException",
            Self::LimitExceeded => "LimitExceededException",
            Self::NotFound => "NotFoundException",
            Self::NotReady => "NotReadyException",
            Self::TaggingFailed => "TaggingFailedException",
            Self::TerminalRoutingStrategy => "TerminalRoutingStrategyException",
            Self::Unauthorized => "UnauthorizedException",
            Self::UnsupportedRegion => "UnsupportedRegionException",
            Self::AccessDenied => "AccessDeniedException",
            Self::ExpiredToken => "ExpiredTokenException",
            Self::InvalidSignature => "InvalidSignatureException",
            Self::UnrecognizedClient => "UnrecognizedClientException",
            Self::Serialization => "SerializationException",
            Self::ServiceUnavailable => "ServiceUnavailableException",
            Self::Throttling => "ThrottlingException",
            Self::UnknownOperation => "UnknownOperationException",
        }
    }

    /// The HTTP status that goes with it.
    pub(crate) const fn status(self) -> u16 {
        match self {
            Self::InternalService => 500,
            Self::ServiceUnavailable => 503,
            _ => 400,
        }
    }

    /// The kind with this name, in full or without the `Exception`.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        const ALL: [ErrorKind; 23] = [
            ErrorKind::Conflict,
            ErrorKind::FleetCapacityExceeded,
            ErrorKind::GameSessionFull,
            ErrorKind::IdempotentParameterMismatch,
            ErrorKind::InternalService,
            ErrorKind::InvalidFleetStatus,
            ErrorKind::InvalidGameSessionStatus,
            ErrorKind::InvalidRequest,
            ErrorKind::LimitExceeded,
            ErrorKind::NotFound,
            ErrorKind::NotReady,
            ErrorKind::TaggingFailed,
            ErrorKind::TerminalRoutingStrategy,
            ErrorKind::Unauthorized,
            ErrorKind::UnsupportedRegion,
            ErrorKind::AccessDenied,
            ErrorKind::ExpiredToken,
            ErrorKind::InvalidSignature,
            ErrorKind::UnrecognizedClient,
            ErrorKind::Serialization,
            ErrorKind::ServiceUnavailable,
            ErrorKind::Throttling,
            ErrorKind::UnknownOperation,
        ];
        ALL.into_iter()
            .find(|kind| kind.name() == name || kind.name().strip_suffix("Exception") == Some(name))
    }
}

/// An API call that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {message}", kind.name())]
pub(crate) struct ApiError {
    pub(crate) kind: ErrorKind,
    pub(crate) message: String,
}

impl ApiError {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest, message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, message)
    }
}
