//! Variables that somebody set by hand: a server that is started without the launcher would take them.

use std::time::Duration;

use gamelift_server_sdk::{GameLiftServer, ServerParameters};
use tokio::time::timeout;

use super::finding::Finding;

const CONNECT_WITHIN: Duration = Duration::from_secs(10);

const VARIABLES: [&str; 5] = [
    "GAMELIFT_SDK_WEBSOCKET_URL",
    "GAMELIFT_SDK_PROCESS_ID",
    "GAMELIFT_SDK_HOST_ID",
    "GAMELIFT_SDK_FLEET_ID",
    "GAMELIFT_SDK_AUTH_TOKEN",
];

/// Says nothing when none is set.
pub(super) async fn variables() -> Option<Finding> {
    const CHECK: &str = "pasted variables";
    let set = |name: &&&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let there = VARIABLES.iter().filter(set).count();
    if there == 0 {
        return None;
    }
    let mend = "unset GAMELIFT_SDK_* and start servers with `game-session anywhere up`, which renews the token in time";
    if there < VARIABLES.len() {
        let missing: Vec<&str> = VARIABLES.iter().filter(|name| !set(name)).copied().collect();
        let seen = format!(
            "some GAMELIFT_SDK_ variables are set by hand, but not {}",
            missing.join(", ")
        );
        return Some(Finding::problem(CHECK, seen, mend));
    }
    // an id of its own: a server may run under the pasted one, and a process that never gets ready is forgotten
    let parameters = ServerParameters::from_env()
        .process_id("game-session-doctor")
        .connect_attempts(1);
    Some(match timeout(CONNECT_WITHIN, GameLiftServer::init(parameters)).await {
        Ok(Ok(server)) => {
            // it was only to see whether the door opens
            let _ = timeout(CONNECT_WITHIN, server.destroy()).await;
            Finding::warning(
                CHECK,
                "GAMELIFT_SDK_ variables are set by hand; their token is still good",
                mend,
            )
        }
        Ok(Err(error)) => {
            let seen = format!(
                "GAMELIFT_SDK_ variables are set by hand and open no connection, an expired token mostly: {error}"
            );
            Finding::problem(CHECK, seen, mend)
        }
        Err(_) => Finding::problem(
            CHECK,
            "GAMELIFT_SDK_ variables are set by hand, and nobody answers there",
            mend,
        ),
    })
}
