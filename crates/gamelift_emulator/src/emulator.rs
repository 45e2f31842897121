//! The handle on a running emulator.

use std::{fmt, sync::Arc, time::Duration};

use tokio::{io::DuplexStream, sync::watch};
use uuid::Uuid;

use crate::{
    config::EmulatorConfig,
    error::EmulatorError,
    faults::Fault,
    keep::Opened,
    model::timestamp::Timestamp,
    notify::{Notifier, Subscription},
    server::{App, Running, Tasks, Tls, UdpBeacons, bind, statsd},
    snapshot::Snapshot,
    throttle::Throttle,
    world::World,
};

/// The compute that processes started from this machine belong to.
pub(crate) const LOCAL_COMPUTE: &str = "local";

/// How many bytes may be on their way in a connection without a socket.
const PIPE_BYTES: usize = 64 * 1024;

/// A running emulator. Dropping it stops it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), gamelift_emulator::EmulatorError> {
/// use gamelift_emulator::{Emulator, EmulatorConfig};
///
/// let emulator = Emulator::start(EmulatorConfig::default()).await?;
/// println!("export AWS_ENDPOINT_URL_GAMELIFT={}", emulator.endpoint());
/// for (name, value) in emulator.server_environment("process-1") {
///     // give these to a game server process
///     # drop((name, value));
/// }
/// # Ok(())
/// # }
/// ```
pub struct Emulator {
    app: Arc<App>,
    running: Running,
    port: u16,
    metrics_port: u16,
    config: EmulatorConfig,
}

impl Emulator {
    /// Starts an emulator on the current tokio runtime.
    ///
    /// # Errors
    /// When the port cannot be taken, or a name in the configuration is not one that GameLift would take.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(mut config: EmulatorConfig) -> Result<Self, EmulatorError> {
        config.check()?;
        let wanted = config.port;
        let (listener, port) = bind(wanted)
            .await
            .map_err(|source| EmulatorError::Listen { port: wanted, source })?;
        let (metrics, metrics_port) =
            statsd::bind(config.statsd_port, port)
                .await
                .map_err(|source| EmulatorError::Metrics {
                    port: config.statsd_port.unwrap_or_default(),
                    source,
                })?;
        config.settings.websocket_url = format!("ws://127.0.0.1:{port}");
        config.settings.secure_websocket_url = format!("wss://127.0.0.1:{port}");
        let settings = config.settings.clone();
        let (stop, stopped) = watch::channel(false);
        let tasks = Tasks::new(stop);
        let mut ping_delays = config.ping_delays.clone();
        ping_delays.extend(config.seed.ping_delays());
        let beacons = UdpBeacons::new(ping_delays, tasks.weak(), stopped.clone());
        let kept = Opened::open(config.data_dir.as_deref())?;
        let endpoint = format!("http://127.0.0.1:{port}");
        let notifier = Arc::new(Notifier::new(endpoint, config.retries(), stopped.clone()));
        for subscription in &config.subscriptions {
            notifier.subscribe(subscription.clone())?;
        }
        let driver = kept.drive(settings, Box::new(beacons), notifier, &config.seed)?;
        let throttle = config.throttled.then(|| Throttle::with(config.rates.clone()));
        let app = Arc::new(App::new(
            driver,
            port,
            Uuid::new_v4().to_string(),
            Tls::default(),
            throttle,
            stopped,
        ));
        let running = tasks.start(Arc::clone(&app), listener, metrics);
        tracing::info!(port, "emulator listens");
        Ok(Self {
            app,
            running,
            port,
            metrics_port,
            config,
        })
    }

    /// The endpoint for AWS SDKs: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The endpoint for server SDKs: `ws://127.0.0.1:PORT`.
    pub fn websocket_url(&self) -> String {
        self.config.settings.websocket_url.clone()
    }

    /// The same through TLS, on the same port: `wss://127.0.0.1:PORT`.
    pub fn secure_websocket_url(&self) -> String {
        self.config.settings.secure_websocket_url.clone()
    }

    /// The self-signed certificate of this run as PEM, for clients that verify it. It is made when it is first needed, here
    /// or by a connection through TLS, which takes a moment; empty when the system has no randomness for a key.
    pub fn certificate(&self) -> String {
        self.app.tls.certificate()
    }

    /// The id of the fleet that exists from the start.
    pub fn fleet_id(&self) -> String {
        self.config.settings.fleet_id.clone()
    }

    /// The location that exists from the start.
    pub fn location(&self) -> String {
        self.config.settings.location.clone()
    }

    /// The region in ARNs, for clients that need one.
    pub fn region(&self) -> String {
        self.config.settings.region.clone()
    }

    /// The variables that make a server process on this machine connect to this emulator: the five `GAMELIFT_SDK_*` ones.
    /// Registers a compute on first use. One of the values is a secret.
    pub fn server_environment(&self, process_id: &str) -> Vec<(String, String)> {
        let token = self.app.driver.act(|world, now| world.local_token(LOCAL_COMPUTE, now));
        if let Err(broken) = self.app.driver.settle() {
            tracing::error!(%broken, "the auth token may be forgotten");
        }
        let token = token.unwrap_or_else(|error| {
            // Only when the fleet or its location was deleted through the API: then no token is good.
            tracing::error!(%error, "no auth token for a local process");
            String::new()
        });
        [
            (
                "GAMELIFT_SDK_WEBSOCKET_URL",
                self.config.settings.advertised_url().to_owned(),
            ),
            ("GAMELIFT_SDK_PROCESS_ID", process_id.to_owned()),
            ("GAMELIFT_SDK_HOST_ID", LOCAL_COMPUTE.to_owned()),
            ("GAMELIFT_SDK_FLEET_ID", self.fleet_id()),
            ("GAMELIFT_SDK_AUTH_TOKEN", token),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// The variables that make a server SDK 5.4 or later send its metrics and its words to the crash reporter here:
    /// `GAMELIFT_STATSD_HOST` and so on. They change nothing in a game server that does not ask its SDK for metrics.
    pub fn metrics_environment(&self) -> Vec<(String, String)> {
        let host = "127.0.0.1".to_owned();
        [
            ("GAMELIFT_STATSD_HOST", host.clone()),
            ("GAMELIFT_STATSD_PORT", self.metrics_port.to_string()),
            ("GAMELIFT_CRASH_REPORTER_HOST", host),
            ("GAMELIFT_CRASH_REPORTER_PORT", self.port.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// A connection as if to the port, without a socket: for tests in tokio's paused time, which would run away while a
    /// socket is waited for. HTTP and websockets go over it as over any other; the host to name is that of
    /// [`Emulator::endpoint`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn connect(&self) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(PIPE_BYTES);
        self.running.serve(Arc::clone(&self.app), ours);
        theirs
    }

    /// The names of the AWS operations that were called, in order.
    pub fn calls(&self) -> Vec<String> {
        self.app.driver.calls()
    }

    /// Forgets the calls so far.
    pub fn reset_calls(&self) {
        self.app.driver.reset_calls();
    }

    /// What the emulator knows now.
    pub fn snapshot(&self) -> Snapshot {
        self.app.driver.look(World::snapshot)
    }

    /// Makes something go wrong, or clears what was set to go wrong.
    ///
    /// # Errors
    /// When the fault names an error or an operation that the service does not have, or a process or a location that
    /// nobody has.
    pub fn inject(&self, fault: Fault) -> Result<(), EmulatorError> {
        fault.inject(&self.app.driver)
    }

    /// Has a subscriber told of placement events from now on; its id. One of a topic is asked to confirm first.
    ///
    /// # Errors
    /// When its endpoint is no `http://` URL, its topic no ARN of one, or there are too many subscribers.
    pub fn subscribe(&self, subscription: Subscription) -> Result<String, EmulatorError> {
        self.app.driver.notifier.subscribe(subscription)
    }

    /// What the control routes under `/_emulator/` want as a bearer token. It is random in every run.
    pub fn control_secret(&self) -> String {
        self.app.secret.clone()
    }

    /// Waits until the emulator's state fulfils a condition. It is looked at after every change, never on a timer.
    ///
    /// # Errors
    /// [`EmulatorError::NotReached`] when that has not happened within the limit.
    pub async fn wait_until(
        &self,
        mut condition: impl FnMut(&Snapshot) -> bool,
        limit: Duration,
    ) -> Result<Snapshot, EmulatorError> {
        let mut changes = self.app.driver.changes();
        let reached = async {
            loop {
                let snapshot = self.snapshot();
                if condition(&snapshot) {
                    return Some(snapshot);
                }
                changes.changed().await.ok()?;
            }
        };
        match tokio::time::timeout(limit, reached).await {
            Ok(Some(snapshot)) => Ok(snapshot),
            Ok(None) | Err(_) => Err(EmulatorError::NotReached(limit)),
        }
    }

    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut World, Timestamp) -> R) -> R {
        self.app.driver.act(act)
    }

    /// Stops the emulator and waits until its port is free and its last task has ended.
    pub async fn stop(mut self) {
        self.running.stopped().await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.running.stop();
    }
}

impl fmt::Debug for Emulator {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Emulator")
            .field("endpoint", &self.endpoint())
            .finish_non_exhaustive()
    }
}
