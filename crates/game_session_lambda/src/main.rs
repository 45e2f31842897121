//! The Lambda function: started by the runtime `provided.al2023` under the name `bootstrap`.

use std::process::ExitCode;

use game_session_lambda::{Role, Settings, run, start};
use lambda_http::Error;
use tracing_subscriber::EnvFilter;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_env_filter(filter)
        .without_time()
        .init();
    match serve().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("the function did not start: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve() -> Result<(), Error> {
    let role = Role::of_handler(std::env::var("_HANDLER").ok().as_deref())?;
    let state = start(Settings::from_env()?).await?;
    run(state, role).await
}
