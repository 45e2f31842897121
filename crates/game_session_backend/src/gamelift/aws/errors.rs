//! What the errors of the AWS SDK mean.

use aws_sdk_gamelift::error::{ProvideErrorMetadata, SdkError};

use crate::gamelift::{GameLiftError, GameLiftErrorKind};

pub(super) fn failed<E: ProvideErrorMetadata, R>(operation: &'static str, error: &SdkError<E, R>) -> GameLiftError {
    let kind = match error {
        SdkError::TimeoutError(_) => GameLiftErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_timeout() => GameLiftErrorKind::TimedOut,
        SdkError::DispatchFailure(failure) if failure.is_io() => GameLiftErrorKind::Unreachable,
        SdkError::DispatchFailure(_) => GameLiftErrorKind::Unauthorized,
        SdkError::ServiceError(service) => kind_of(service.err().code().unwrap_or_default()),
        _ => GameLiftErrorKind::Internal,
    };
    let detail = match error {
        // Not the message: it may repeat what was sent.
        SdkError::ServiceError(service) => service.err().code().unwrap_or("no code").to_owned(),
        SdkError::DispatchFailure(failure) => failure
            .as_connector_error()
            .map_or_else(|| "the request could not be sent".to_owned(), |error| causes(error)),
        other => other.to_string(),
    };
    GameLiftError {
        operation,
        kind,
        detail,
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

fn kind_of(code: &str) -> GameLiftErrorKind {
    match code {
        "NotFoundException" => GameLiftErrorKind::NotFound,
        "ConflictException" => GameLiftErrorKind::Conflict,
        "FleetCapacityExceededException" => GameLiftErrorKind::NoCapacity,
        "IdempotentParameterMismatchException" => GameLiftErrorKind::ParameterMismatch,
        "GameSessionFullException" => GameLiftErrorKind::Full,
        "InvalidGameSessionStatusException" => GameLiftErrorKind::WrongSessionStatus,
        "InvalidFleetStatusException" => GameLiftErrorKind::WrongFleetStatus,
        "LimitExceededException" => GameLiftErrorKind::LimitExceeded,
        "NotReadyException" => GameLiftErrorKind::NotReady,
        "InvalidRequestException" | "ValidationException" => GameLiftErrorKind::InvalidRequest,
        "TerminalRoutingStrategyException" => GameLiftErrorKind::AliasEnds,
        "UnauthorizedException"
        | "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException" => GameLiftErrorKind::Unauthorized,
        "UnsupportedRegionException" => GameLiftErrorKind::WrongRegion,
        "UnknownOperationException" => GameLiftErrorKind::Unsupported,
        "ThrottlingException"
        | "Throttling"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "ThrottledException"
        | "SlowDown" => GameLiftErrorKind::Throttled,
        _ => GameLiftErrorKind::Internal,
    }
}

pub(super) fn unreadable(operation: &'static str) -> GameLiftError {
    let detail = "the answer lacks a required member".to_owned();
    GameLiftError {
        operation,
        kind: GameLiftErrorKind::Internal,
        detail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_code_of_the_api_has_a_meaning_and_an_unknown_one_is_no_answer() {
        for (code, kind) in [
            ("FleetCapacityExceededException", GameLiftErrorKind::NoCapacity),
            (
                "IdempotentParameterMismatchException",
                GameLiftErrorKind::ParameterMismatch,
            ),
            ("LimitExceededException", GameLiftErrorKind::LimitExceeded),
            ("ThrottlingException", GameLiftErrorKind::Throttled),
            ("ExpiredTokenException", GameLiftErrorKind::Unauthorized),
            ("SomethingNewException", GameLiftErrorKind::Internal),
            ("", GameLiftErrorKind::Internal),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }
}
