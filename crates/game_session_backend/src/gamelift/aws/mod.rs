//! GameLift through the AWS SDK: the only folder that names it. Here: where it is and who asks it.
//!
//! | file | what |
//! |---|---|
//! | `calls` | the calls |
//! | `errors` | what its errors mean |
//! | `fleet` | which fleet is asked: as configured, or found once and remembered |
//! | `queue` | a queue and the fleets behind it, in whatever regions |
//! | `regions` | one client for each region, made when it is needed |
//! | `shapes` | its types as ours, and ours as its |

mod calls;
mod errors;
mod fleet;
mod queue;
mod regions;
mod shapes;

use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::config::retry::RetryConfig;
use aws_sdk_gamelift::config::timeout::TimeoutConfig;
use aws_sdk_gamelift::config::{Builder, Credentials};

use crate::config::{AwsTarget, FleetTarget, Target};

use fleet::FleetInUse;

pub use queue::AwsQueue;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// GameLift through the AWS SDK. Cheap to clone.
#[derive(Clone)]
pub struct AwsGameLift {
    client: Client,
    fleet: Arc<FleetInUse>,
    region: Option<String>,
    endpoint: Option<String>,
}

impl std::fmt::Debug for AwsGameLift {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AwsGameLift")
            .field("fleet", self.fleet.target())
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}

impl AwsGameLift {
    /// Reads the configuration that the target names; makes no call yet.
    pub async fn connect(target: &AwsTarget, fleet: FleetTarget) -> Self {
        let (config, endpoint) = configuration(target).await;
        Self::over(config, fleet, endpoint)
    }

    /// As [`connect`](Self::connect), over a configuration of the AWS SDK: for credentials and connections of its own.
    /// Time-outs and repetitions are this crate's.
    #[doc(hidden)]
    pub fn over(config: Builder, fleet: FleetTarget, endpoint: Option<String>) -> Self {
        Self::of(client(config), fleet, endpoint)
    }

    fn of(client: Client, fleet: FleetTarget, endpoint: Option<String>) -> Self {
        let region = client.config().region().map(ToString::to_string);
        Self {
            client,
            fleet: Arc::new(FleetInUse::new(fleet)),
            region,
            endpoint,
        }
    }

    /// The endpoint it was pointed at, if it is not AWS's own.
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }
}

/// The configuration of the usual environment variables and profiles, and its endpoint where that is not AWS's own. A
/// variable that is set and empty counts as not set.
#[doc(hidden)]
pub async fn environment() -> (Builder, Option<String>) {
    let shared = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let set = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let endpoint = set("AWS_ENDPOINT_URL_GAMELIFT").or_else(|| set("AWS_ENDPOINT_URL"));
    let mut config = Builder::from(&shared);
    let empty = |name| std::env::var_os(name).is_some_and(|value| value.is_empty());
    if empty("AWS_ENDPOINT_URL_GAMELIFT") || empty("AWS_ENDPOINT_URL") {
        // The SDK would take it for an address.
        config.set_endpoint_url(endpoint.clone());
    }
    (config, endpoint)
}

/// The configuration that a target names, and its endpoint where that is not AWS's own.
async fn configuration(target: &AwsTarget) -> (Builder, Option<String>) {
    match &target.0 {
        Target::Environment => environment().await,
        Target::Endpoint { url, region } => {
            let config = Builder::new()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new(region.clone()))
                .credentials_provider(Credentials::new("local", "local", None, None, "local stack"))
                .endpoint_url(url);
            (config, Some(url.clone()))
        }
    }
}

/// A client with the time-outs of this crate, which also repeats by itself.
fn client(config: Builder) -> Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(CALL_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT)
        .build();
    let config = config
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .build();
    Client::from_conf(config)
}
