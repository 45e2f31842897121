//! What is fixed when a world begins: names and time limits.

use std::{fmt, time::Duration};

/// The credentials that a `SigV4` handshake must be signed with.
#[derive(Clone)]
pub(crate) struct Credentials {
    pub(crate) access_key_id: String,
    pub(crate) secret_access_key: String,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// Names and time limits of a world.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(crate) struct Settings {
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) fleet_id: String,
    pub(crate) location: String,
    pub(crate) websocket_url: String,
    pub(crate) secure_websocket_url: String,
    /// Whether computes and processes are told the `wss` URL.
    pub(crate) advertise_tls: bool,
    /// Without credentials a signature is not verified, only looked at.
    pub(crate) credentials: Option<Credentials>,
    /// A token that is always good for every compute of the default fleet.
    pub(crate) fixed_token: Option<String>,
    /// Whether the default fleet is like a managed one: processes get role credentials.
    pub(crate) managed_fleet: bool,
    /// From a process's first socket to its `ProcessReady`.
    pub(crate) ready_timeout: Duration,
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
    /// From a game session's activation to its being found by a search.
    pub(crate) search_lag: Duration,
    /// How long a compute's auth token is good.
    pub(crate) token_lifetime: Duration,
    /// Whether requests of processes that come faster than the service's published rates are refused.
    pub(crate) throttled: bool,
    /// Whether a process that is known may reconnect with an empty token, as the C++ SDK does after failed sends.
    pub(crate) tokenless_reconnects: bool,
    /// Open sockets at the same time.
    pub(crate) max_sockets: usize,
    /// Which API answers.
    pub(crate) profile: Profile,
}

/// Which API answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Today's.
    Current,
    /// The five calls of the old GameLift Local.
    Legacy,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            region: "us-west-2".into(),
            account: "123456789012".into(),
            fleet_id: "fleet-local".into(),
            location: "custom-local".into(),
            websocket_url: "ws://127.0.0.1:9870".into(),
            secure_websocket_url: "wss://127.0.0.1:9870".into(),
            advertise_tls: false,
            credentials: None,
            fixed_token: None,
            managed_fleet: false,
            ready_timeout: Duration::from_mins(1),
            activation_timeout: Duration::from_mins(1),
            reservation_timeout: Duration::from_mins(1),
            socket_loss_grace: Duration::from_secs(3),
            unhealthy_after: Duration::from_mins(3),
            terminate_grace: Duration::from_mins(1),
            search_lag: Duration::ZERO,
            token_lifetime: Duration::from_hours(3),
            throttled: false,
            tokenless_reconnects: false,
            max_sockets: 16_384,
            profile: Profile::Current,
        }
    }
}

impl Settings {
    /// The URL that computes and processes are told.
    pub(crate) fn advertised_url(&self) -> &str {
        if self.advertise_tls {
            &self.secure_websocket_url
        } else {
            &self.websocket_url
        }
    }
}
