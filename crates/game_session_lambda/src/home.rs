//! The function: what it needs is fetched once when an instance starts, then the API answers event after event.

use std::net::IpAddr;
use std::sync::Arc;

use aws_config::BehaviorVersion;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use axum::Router;
use axum::extract::Request;
use axum::middleware::map_request;
use game_session_backend::{AppState, BackendError, Clock, Keyring, KeyringError, Peer, app};
use lambda_http::request::RequestContext;

use crate::rows::DynamoRows;
use crate::settings::{Settings, SettingsError};

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
    /// The configuration is unsafe or incomplete.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Reads the keyring and makes the API. The only calls are for the secret.
///
/// # Errors
/// [`HomeError`] when the secret cannot be read or the settings do not do.
pub async fn start(settings: Settings) -> Result<Router, HomeError> {
    let aws = aws_config::load_defaults(BehaviorVersion::latest()).await;
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
    Ok(behind_http_api(app(AppState::connect(&config).await?)))
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
