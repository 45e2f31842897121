//! What the errors of AWS mean, in plain words with what to do about them.

use aws_sdk_gamelift::error::{ProvideErrorMetadata, SdkError};

/// Why a call to GameLift failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloudErrorKind {
    /// No credentials were found.
    NoCredentials,
    /// No region is configured.
    NoRegion,
    /// AWS does not know the access key.
    WrongKey,
    /// The credentials have expired.
    Expired,
    /// The signature is wrong: the secret key, or this machine's clock.
    BadSignature,
    /// The credentials are good, and not for this.
    Denied,
    /// GameLift is not offered in the region, or not this part of it.
    WrongRegion,
    /// There is no such thing.
    NotFound,
    /// There is one already, or it is being changed.
    Conflict,
    /// A quota is used up.
    Quota,
    /// GameLift does not take the arguments.
    Invalid,
    /// It cannot be done in the present status.
    WrongStatus,
    /// Too many calls.
    Throttled,
    /// The endpoint knows only the calls of the old GameLift Local, or is no GameLift.
    UnknownCall,
    /// No connection, or no answer in time.
    Unreachable,
    /// Something else.
    Other,
}

/// A call to GameLift that failed. Its text says why in plain words, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{}", self.why(), if self.mend().is_empty() { "" } else { ": " }, self.mend())]
pub struct CloudError {
    /// Which call.
    pub call: &'static str,
    /// Why, in one word.
    pub kind: CloudErrorKind,
    /// What AWS said, or the connection.
    pub said: String,
}

impl CloudError {
    /// What is wrong, in plain words.
    pub fn why(&self) -> String {
        use CloudErrorKind as Kind;
        let Self { call, kind, said } = self;
        match kind {
            Kind::NoCredentials => format!("no AWS credentials were found ({call})"),
            Kind::NoRegion => format!("no AWS region is configured ({call})"),
            Kind::WrongKey => format!("AWS does not know this access key ({call})"),
            Kind::Expired => format!("the AWS credentials have expired ({call})"),
            Kind::BadSignature => format!("AWS refused the signature ({call})"),
            Kind::Denied => format!("AWS does not allow these credentials gamelift:{call}"),
            Kind::WrongRegion => format!("GameLift does not offer {call} in this region"),
            Kind::UnknownCall => format!("the endpoint does not know {call}"),
            Kind::Unreachable => format!("GameLift cannot be reached ({call}: {said})"),
            Kind::Throttled => format!("GameLift takes no more {call} calls for now"),
            Kind::Quota => format!("a quota of the account is used up ({call}: {said})"),
            Kind::NotFound | Kind::Conflict | Kind::Invalid | Kind::WrongStatus | Kind::Other => {
                format!("GameLift refused {call} ({said})")
            }
        }
    }

    /// What to do about it; empty where AWS's own words must do.
    pub fn mend(&self) -> &'static str {
        use CloudErrorKind as Kind;
        match self.kind {
            Kind::NoCredentials => {
                "run `aws configure`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"
            }
            Kind::NoRegion => "run `aws configure`, or set AWS_REGION",
            Kind::WrongKey => "check AWS_ACCESS_KEY_ID or the profile",
            Kind::Expired => "sign in again",
            Kind::BadSignature => "the secret access key is wrong, or this machine's clock is",
            Kind::Denied => "attach the policy of the launcher's guide to the user",
            Kind::WrongRegion => "set AWS_REGION to one of GameLift's home regions",
            Kind::UnknownCall => {
                "it is the old GameLift Local or no GameLift at all; take gamelift-emulator, or a backend in legacy mode"
            }
            Kind::Unreachable => "check the network, AWS_REGION and AWS_ENDPOINT_URL_GAMELIFT",
            Kind::Throttled => "try again in a minute",
            Kind::Quota => "delete something, or ask AWS for more",
            Kind::NotFound | Kind::Conflict | Kind::Invalid | Kind::WrongStatus | Kind::Other => "",
        }
    }
}

pub(super) fn failed<E: ProvideErrorMetadata, R>(call: &'static str, error: &SdkError<E, R>) -> CloudError {
    let (kind, said) = match error {
        SdkError::ServiceError(service) => {
            let error = service.err();
            let code = error.code().unwrap_or("an unnamed error");
            let said = error.message().map_or_else(|| code.to_owned(), str::to_owned);
            (kind_of(code), said)
        }
        SdkError::TimeoutError(_) => (CloudErrorKind::Unreachable, "no answer in time".to_owned()),
        SdkError::DispatchFailure(failure) => {
            let said = failure
                .as_connector_error()
                .map_or_else(String::new, |error| causes(error));
            (kind_of_text(&said), said)
        }
        SdkError::ConstructionFailure(failure) => {
            let said = format!("{failure:?}");
            (kind_of_text(&said), "the request could not be made".to_owned())
        }
        _ => (CloudErrorKind::Other, "the answer cannot be read".to_owned()),
    };
    CloudError { call, kind, said }
}

pub(super) fn unreadable(call: &'static str) -> CloudError {
    CloudError {
        call,
        kind: CloudErrorKind::Other,
        said: "the answer lacks a required member".to_owned(),
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let all = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<String> = all.map(ToString::to_string).collect();
    texts.join(": ")
}

/// What kept a request from being sent; the SDK has no type for it.
fn kind_of_text(text: &str) -> CloudErrorKind {
    let text = text.to_ascii_lowercase();
    if text.contains("missing region") || text.contains("signing region") || text.contains("region must be set") {
        CloudErrorKind::NoRegion
    } else if text.contains("expired") && text.contains("credential") {
        CloudErrorKind::Expired
    } else if text.contains("credential") || text.contains("identity") {
        CloudErrorKind::NoCredentials
    } else {
        CloudErrorKind::Unreachable
    }
}

fn kind_of(code: &str) -> CloudErrorKind {
    use CloudErrorKind as Kind;
    match code {
        "AccessDeniedException" | "AccessDenied" | "UnauthorizedException" | "NotAuthorized" => Kind::Denied,
        "UnrecognizedClientException" | "InvalidClientTokenId" | "MissingAuthenticationTokenException" => {
            Kind::WrongKey
        }
        "ExpiredTokenException" | "ExpiredToken" => Kind::Expired,
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "RequestExpired" => Kind::BadSignature,
        "UnsupportedRegionException" => Kind::WrongRegion,
        "NotFoundException" => Kind::NotFound,
        "ConflictException" => Kind::Conflict,
        "LimitExceededException" => Kind::Quota,
        "InvalidRequestException" | "ValidationException" | "TaggingFailedException" => Kind::Invalid,
        "InvalidFleetStatusException" | "NotReadyException" => Kind::WrongStatus,
        "ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded" => Kind::Throttled,
        "UnknownOperationException" => Kind::UnknownCall,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_beginner_meets_is_said_with_what_to_do() {
        for (code, words) in [
            (
                "AccessDeniedException",
                "does not allow these credentials gamelift:CreateFleet: attach the policy",
            ),
            ("UnrecognizedClientException", "does not know this access key"),
            ("ExpiredTokenException", "sign in again"),
            ("InvalidSignatureException", "this machine's clock"),
            ("UnsupportedRegionException", "set AWS_REGION"),
            ("UnknownOperationException", "legacy mode"),
            ("LimitExceededException", "quota"),
        ] {
            let error = CloudError {
                call: "CreateFleet",
                kind: kind_of(code),
                said: "said".to_owned(),
            };
            assert!(error.to_string().contains(words), "{code}: {error}");
        }
    }

    #[test]
    fn what_keeps_a_request_from_being_sent_is_told_apart() {
        for (text, kind) in [
            (
                "other: the credential provider was not enabled",
                CloudErrorKind::NoCredentials,
            ),
            (
                "no providers in chain provided credentials",
                CloudErrorKind::NoCredentials,
            ),
            ("Invalid Configuration: Missing Region", CloudErrorKind::NoRegion),
            ("other: missing signing region", CloudErrorKind::NoRegion),
            (
                "dns error: failed to lookup address information",
                CloudErrorKind::Unreachable,
            ),
        ] {
            assert_eq!(kind_of_text(text), kind, "{text}");
        }
    }
}
