//! What is fixed when a world begins: names and time limits.

use std::time::Duration;

/// Names and time limits of a world.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) fleet_id: String,
    pub(crate) location: String,
    pub(crate) websocket_url: String,
    /// From `CreateGameSession` to `ActivateGameSession`.
    pub(crate) activation_timeout: Duration,
    /// From `CreatePlayerSession` to `AcceptPlayerSession`.
    pub(crate) reservation_timeout: Duration,
    /// From the loss of a process's last socket to counting it as crashed.
    pub(crate) socket_loss_grace: Duration,
    /// From the last healthy heartbeat to counting a process as unhealthy.
    pub(crate) unhealthy_after: Duration,
    /// From `TerminateProcess` to counting the process as gone.
    pub(crate) terminate_grace: Duration,
    /// How long a compute's auth token is good.
    pub(crate) token_lifetime: Duration,
    /// Whether a process that is known may reconnect with an empty token, as the C++ SDK does after failed sends.
    pub(crate) tokenless_reconnects: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            fleet_id: "fleet-local".into(),
            location: "custom-local".into(),
            websocket_url: "ws://127.0.0.1:9870".into(),
            activation_timeout: Duration::from_mins(1),
            reservation_timeout: Duration::from_mins(1),
            socket_loss_grace: Duration::from_secs(3),
            unhealthy_after: Duration::from_mins(3),
            terminate_grace: Duration::from_mins(1),
            token_lifetime: Duration::from_hours(3),
            tokenless_reconnects: false,
        }
    }
}
