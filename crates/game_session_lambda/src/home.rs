//! The functions: what they need is fetched once when an instance starts, then it answers event after event.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader};
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use game_session_backend::events::handle_invocation;
use game_session_backend::{AppState, BackendError, Clock, Keyring, KeyringError, Peer, Reconciled, app, reconcile};
use lambda_http::Error;
use lambda_http::lambda_runtime::{self, LambdaEvent, service_fn};
use lambda_http::request::RequestContext;
use serde_json::{Value, json};

use crate::rows::DynamoRows;
use crate::settings::{Settings, SettingsError};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// With the SDK's own repetitions.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// An instance that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// The environment variables are not as they must be.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The secret cannot be read.
    #[error("the secret with the keyring cannot be read ({0}): does it exist, and may the function's role read it?")]
    Secret(String),
    /// The keyring in the secret cannot be used.
    #[error("the secret holds no keyring; `game-session-backend --new-key` makes one")]
    Keyring(#[from] KeyringError),
    /// The function has a handler that means nothing.
    #[error("the handler `{0}` is not one of api, events, reconciler")]
    Handler(String),
    /// A run of the reconciler could not look after all that was due.
    #[error("{0} placements could not be looked after: the next run tries again")]
    Left(usize),
    /// The configuration is unsafe or incomplete.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Reads the keyring and makes what all requests share. The only calls are for the secret.
///
/// # Errors
/// [`HomeError`] when the secret cannot be read or the settings do not do.
pub async fn start(settings: Settings) -> Result<AppState, HomeError> {
    let aws = bounded(aws_config::defaults(BehaviorVersion::latest())).load().await;
    let secrets = aws_sdk_secretsmanager::Client::new(&aws);
    let secret = secrets
        .get_secret_value()
        .secret_id(settings.keyring_secret)
        .send()
        .await;
    let secret = secret.map_err(|error| HomeError::Secret(kind(&error)))?;
    let keyring: Keyring = secret.secret_string().unwrap_or_default().parse()?;
    let rows = DynamoRows::new(aws_sdk_dynamodb::Client::new(&aws), settings.table, Clock::system());
    let config = settings.backend.keyring(keyring).shared_state(Arc::new(rows));
    Ok(AppState::connect(&config).await?)
}

/// The same with bounds on every call: 2 s for each try and 5 s in all. A request has 28 s and makes several.
pub fn bounded(config: ConfigLoader) -> ConfigLoader {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(CALL_TIMEOUT);
    config.timeout_config(timeouts.build())
}

/// What a function is for: the name of its handler says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// `api`: answers the requests of the HTTP API.
    Api,
    /// `events`: takes the ends of placements, from a rule of `EventBridge` or a topic of SNS.
    Events,
    /// `reconciler`: looks after open placements, on a schedule.
    Reconciler,
}

impl Role {
    /// The role of a handler's name; none, or that of the program, is the API.
    ///
    /// # Errors
    /// [`HomeError::Handler`] when there is no such role.
    pub fn of_handler(name: Option<&str>) -> Result<Self, HomeError> {
        match name {
            None | Some("" | "api" | "bootstrap") => Ok(Self::Api),
            Some("events") => Ok(Self::Events),
            Some("reconciler") => Ok(Self::Reconciler),
            Some(other) => Err(HomeError::Handler(other.to_owned())),
        }
    }
}

/// Answers event after event, for as long as the instance lives.
///
/// # Errors
/// When the Runtime API cannot be asked.
pub async fn run(state: AppState, role: Role) -> Result<(), Error> {
    let state = &state;
    match role {
        Role::Api => lambda_http::run(behind_http_api(app(state.clone()))).await,
        Role::Events => {
            let take = |event: LambdaEvent<Value>| async move {
                handle_invocation(state, &event.payload).await.map_err(Error::from)
            };
            lambda_runtime::run(service_fn(take)).await
        }
        Role::Reconciler => {
            let look = |_: LambdaEvent<Value>| async move { looked_after(reconcile(state).await).map_err(Error::from) };
            lambda_runtime::run(service_fn(look)).await
        }
    }
}

/// The counts of a run; an error, which an alarm hears of, when something was left for the next one.
fn looked_after(done: Reconciled) -> Result<Value, HomeError> {
    if done.failed > 0 {
        return Err(HomeError::Left(done.failed));
    }
    Ok(json!({"due": done.due, "closed": done.closed, "stopped": done.stopped}))
}

fn kind<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> String {
    error.code().unwrap_or("it did not answer").to_owned()
}

/// Tells the API who asks: API Gateway's word for it, never a header's.
pub fn behind_http_api(api: Router) -> Router {
    api.layer(map_request(|mut request: Request| async move {
        if let Some(address) = request.extensions().get().and_then(source_of) {
            request.extensions_mut().insert(Peer(address));
        }
        request
    }))
}

fn source_of(context: &RequestContext) -> Option<IpAddr> {
    match context {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}
