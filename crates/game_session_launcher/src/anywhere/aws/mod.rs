//! GameLift through the AWS SDK: the only folder that names it. Here: where it is and who asks it.
//!
//! | file | what |
//! |---|---|
//! | `calls` | the calls that `anywhere` and `doctor` make, in plain types |
//! | `errors` | what its errors mean, in plain words |

mod calls;
mod errors;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::retry::RetryConfig;
use aws_sdk_gamelift::config::timeout::TimeoutConfig;
use aws_sdk_gamelift::config::{Builder, Credentials};
use game_session_backend::AwsTarget;
use game_session_backend::gamelift::aws::environment;

pub(crate) use calls::{ComputeSeen, FleetSeen, NewCompute, Token};
pub use errors::{CloudError, CloudErrorKind};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
const CALL_TIMEOUT: Duration = Duration::from_secs(25);

/// Whose GameLift is meant, and with which credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(Source);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Environment,
    Emulator(String),
}

impl Account {
    /// The AWS account, region and endpoint of the usual environment variables and profiles;
    /// `AWS_ENDPOINT_URL_GAMELIFT` points it at an emulator.
    pub fn from_env() -> Self {
        Self(Source::Environment)
    }

    /// An emulator at this URL, asked with dummy credentials.
    pub fn emulator(url: impl Into<String>) -> Self {
        Self(Source::Emulator(url.into()))
    }

    /// The same for a backend.
    pub(crate) fn target(&self) -> AwsTarget {
        match &self.0 {
            Source::Environment => AwsTarget::from_env(),
            Source::Emulator(url) => AwsTarget::endpoint(url),
        }
    }
}

/// A connection to GameLift: cheap to clone, makes no call by itself.
#[derive(Clone)]
pub(crate) struct Cloud {
    client: Client,
    region: Option<String>,
    endpoint: Option<String>,
}

impl Cloud {
    /// Reads the configuration that the account names.
    pub(crate) async fn connect(account: &Account) -> Self {
        let (config, endpoint) = match &account.0 {
            Source::Environment => environment().await,
            Source::Emulator(url) => {
                let config = Builder::new()
                    .behavior_version(BehaviorVersion::latest())
                    .region(Region::new("us-west-2"))
                    .credentials_provider(Credentials::new("local", "local", None, None, "emulator"))
                    .endpoint_url(url);
                (config, Some(url.clone()))
            }
        };
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(CALL_TIMEOUT)
            .build();
        let config = config
            .retry_config(RetryConfig::standard().with_max_attempts(3))
            .timeout_config(timeouts)
            .build();
        Self {
            region: config.region().map(ToString::to_string),
            client: Client::from_conf(config),
            endpoint,
        }
    }

    /// The endpoint it was pointed at, if it is not AWS's own.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// The region of the configuration.
    pub(crate) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Where it is, for people: `region us-west-2`, or the endpoint.
    pub(crate) fn whereabouts(&self) -> String {
        match (&self.endpoint, &self.region) {
            (Some(url), _) => url.clone(),
            (None, Some(region)) => format!("region {region}"),
            (None, None) => "no region".to_owned(),
        }
    }

    /// The same as a part of a file's name.
    pub(crate) fn scope(&self) -> String {
        let text = self.endpoint.as_deref().or(self.region.as_deref()).unwrap_or("nowhere");
        let text = text.split_once("://").map_or(text, |(_, rest)| rest);
        let plain = |letter: char| if letter.is_ascii_alphanumeric() { letter } else { '-' };
        text.chars().map(plain).collect()
    }
}
