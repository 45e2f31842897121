//! The API on a socket: connections, their limits, and an orderly end.

mod connection;
mod places;
mod safety;
mod tls;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

pub use self::tls::{Tls, TlsError};

use self::connection::{FromPeer, connection};
use self::places::Places;
use crate::api::app;
use crate::clock::Clock;
use crate::config::{BackendConfig, Limits};
use crate::gamelift::GameLift;
use crate::gamelift::aws::{AwsGameLift, AwsQueue};
use crate::identity::IssuerError;
use crate::keyring::{KEYRING_FILE_VARIABLE, KEYRING_VARIABLE, KeyringError};
use crate::placing::Place;
use crate::queue::reconcile::reconcile;
use crate::state::{AppState, GameLiftPlace, Reach};

/// After a failed accept (mostly: no file descriptors left) it is tried again so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Open placements are looked after so often.
const RECONCILE_PAUSE: Duration = Duration::from_secs(10);

/// A running backend. Dropping it closes its socket and its connections at once.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    scheme: &'static str,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// A backend that does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No fleet was named.
    #[error("no fleet is configured: name the fleet, alias or queue by which game sessions are placed")]
    FleetMissing,
    /// An old endpoint or contract was asked for together with a queue.
    #[error("the old endpoint and the original contract know no queues: name a fleet in place of the queue")]
    LegacyQueue,
    /// The topic of placement events is none.
    #[error("`{0}` is no topic: its ARN is like arn:aws:sns:us-west-2:123456789012:placements")]
    Topic(String),
    /// Placement events would be believed under a certificate from another machine.
    #[error(
        "a certificate for placement events may be named for an emulator on this machine only: leave it out for AWS"
    )]
    EventsCertificate,
    /// It would be open to a network with a keyring that nobody keeps.
    #[error(
        "a backend that is not on the loopback interface needs a lasting keyring: set {KEYRING_VARIABLE} or \
         {KEYRING_FILE_VARIABLE} (`game-session-backend --new-key` makes one), or listen on 127.0.0.1"
    )]
    KeyringMissing,
    /// Keys of game sessions would cross a network unencrypted.
    #[error(
        "GameLift is asked by https, or by http on this machine only, because the keys of game sessions are in its \
         answers: check AWS_ENDPOINT_URL_GAMELIFT and the emulator's address"
    )]
    PlainEndpoint,
    /// Players' tokens would cross a network unencrypted.
    #[error(
        "a backend that is not on the loopback interface needs TLS: give it a certificate and key, say that TLS ends in \
         a proxy in front of it, or listen on 127.0.0.1"
    )]
    PlainHttp,
    /// Guests are kept out, and nobody else is known.
    #[error("without guests nobody may enter: name an identity provider whose players may play, or let guests in")]
    NobodyMayEnter,
    /// An identity provider is not safe to trust as it is described.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
    /// The certificate or its key cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The keyring cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: is something else listening there?")]
    Listen {
        /// Which.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Backend {
    /// Checks the configuration, listens and serves. Makes no call to GameLift yet.
    ///
    /// # Errors
    /// [`BackendError`] when the configuration is unsafe or incomplete, or the address is taken.
    pub async fn start(config: BackendConfig) -> Result<Self, BackendError> {
        safety::check(&config)?;
        let (gamelift, place) = connect(&config).await?;
        Self::bind(config, gamelift, Clock::system(), place).await
    }

    /// As [`start`](Self::start), over any [`GameLift`] and clock: for tests of games and of this crate.
    ///
    /// # Errors
    /// [`BackendError`] when the configuration is unsafe, or the address is taken.
    pub async fn start_with(
        config: BackendConfig,
        gamelift: Arc<dyn GameLift>,
        clock: Clock,
    ) -> Result<Self, BackendError> {
        safety::check(&config)?;
        Self::bind(config, gamelift, clock, GameLiftPlace::Remote).await
    }

    async fn bind(
        config: BackendConfig,
        gamelift: Arc<dyn GameLift>,
        clock: Clock,
        place: GameLiftPlace,
    ) -> Result<Self, BackendError> {
        let listen_error = |source| BackendError::Listen {
            address: config.listen,
            source,
        };
        let listener = TcpListener::bind(config.listen).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let reach = if config.listen.ip().is_loopback() {
            let names = safety::loopback_names(address, &config.allowed_hosts);
            Reach::Loopback { names }
        } else {
            Reach::Network
        };
        let state = AppState::with(&config, gamelift, clock, place, reach);
        let (stop, stopped) = oneshot::channel();
        let scheme = if config.tls.is_some() { "https" } else { "http" };
        tracing::info!(%address, scheme, "the backend listens");
        let task = tokio::spawn(serve(listener, state, config, stopped));
        Ok(Self {
            address,
            scheme,
            stop: Some(stop),
            task,
        })
    }

    /// The address of the API, for instance `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no new requests, finishes those in progress within ten seconds, and ends.
    pub async fn stop(mut self) {
        if let Some(stop) = self.stop.take() {
            // It ended by itself if nobody hears it.
            let _ = stop.send(());
        }
        let _ = (&mut self.task).await;
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl AppState {
    /// The state of a backend without a socket of its own: a function, or a router inside another server. Makes no call
    /// to GameLift yet.
    ///
    /// # Errors
    /// [`BackendError`] when no fleet or no lasting keyring is configured, or GameLift would be asked in the clear.
    pub async fn connect(config: &BackendConfig) -> Result<Self, BackendError> {
        safety::check_lasting(config)?;
        safety::check_door(config)?;
        safety::check_placing(config)?;
        let (gamelift, place) = connect(config).await?;
        Ok(Self::with(config, gamelift, Clock::system(), place, Reach::Network))
    }
}

/// GameLift as it is configured, and how far away it is.
async fn connect(config: &BackendConfig) -> Result<(Arc<dyn GameLift>, GameLiftPlace), BackendError> {
    let (gamelift, endpoint) = match config.place.clone().ok_or(BackendError::FleetMissing)? {
        Place::Fleet(fleet) => {
            let gamelift = AwsGameLift::connect(&config.aws, fleet).await;
            let endpoint = gamelift.endpoint().map(str::to_owned);
            (config.legacy.over(gamelift), endpoint)
        }
        Place::Queue(queue) => {
            let gamelift = AwsQueue::connect(&config.aws, queue).await;
            let endpoint = gamelift.endpoint().map(str::to_owned);
            (Arc::new(gamelift) as Arc<dyn GameLift>, endpoint)
        }
    };
    // Again: the environment may have named one.
    safety::check_endpoint(endpoint.as_deref())?;
    let place = match endpoint {
        Some(url) if safety::is_loopback(&url) => GameLiftPlace::Loopback,
        _ => GameLiftPlace::Remote,
    };
    Ok((gamelift, place))
}

async fn serve(listener: TcpListener, state: AppState, config: BackendConfig, mut stopped: oneshot::Receiver<()>) {
    let router = app(state.clone());
    let _looks_after = LooksAfter::placements(&state);
    let graceful = GracefulShutdown::new();
    let (limits, behind_proxy) = (&config.limits, config.behind_proxy);
    let places = Places::new(limits, behind_proxy);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Some(place) = places.take(peer.ip()) else { continue };
                    let from = FromPeer {
                        router: router.clone(),
                        peer: peer.ip(),
                        behind_proxy,
                    };
                    let talk = talk(stream, config.tls.clone(), from, limits.clone(), graceful.watcher());
                    connections.spawn(async move {
                        talk.await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    state.0.requests.close();
    state.0.watch.stop();
    if let Some(queue) = &state.0.queue {
        queue.watch.stop();
    }
    if timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in progress and are cut off");
    }
}

/// A task that ends with the server.
struct LooksAfter(Option<JoinHandle<()>>);

impl LooksAfter {
    /// Looks after open placements every now and then, where a queue places.
    fn placements(state: &AppState) -> Self {
        let state = state.clone();
        Self(state.0.queue.is_some().then(|| {
            tokio::spawn(async move {
                loop {
                    tokio::time::sleep(RECONCILE_PAUSE).await;
                    reconcile(&state).await;
                }
            })
        }))
    }
}

impl Drop for LooksAfter {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Serves one connection until its end, after its TLS handshake if there is one.
async fn talk(stream: TcpStream, tls: Option<Tls>, from: FromPeer, limits: Limits, watcher: Watcher) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let ended = match tls {
        None => watcher.watch(connection(stream, from, &limits)).await,
        Some(tls) => match timeout(limits.header_timeout, tls.accept(stream)).await {
            Ok(Ok(stream)) => watcher.watch(connection(stream, from, &limits)).await,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a TLS handshake failed");
                return;
            }
            Err(_) => return,
        },
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection broke");
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{AwsTarget, FleetTarget, Keyring};

    async fn refusal(config: BackendConfig) -> BackendError {
        Backend::start(config).await.unwrap_err()
    }

    #[tokio::test]
    async fn a_backend_that_is_open_to_a_network_refuses_to_start_in_an_unsafe_way() {
        let aws = || AwsTarget::endpoint("http://127.0.0.1:1");
        let at = |aws| BackendConfig::new(aws).fleet(FleetTarget::new("fleet-1"));
        let open = || at(aws()).listen("0.0.0.0:0".parse().unwrap());
        let lasting = || Keyring::new_key_text("k1").parse().unwrap();
        for config in [open(), open().keyring(Keyring::random())] {
            let error = refusal(config).await;
            assert!(matches!(error, BackendError::KeyringMissing), "{error}");
        }
        let error = refusal(open().keyring(lasting())).await;
        assert!(matches!(error, BackendError::PlainHttp), "{error}");
        let error = refusal(at(AwsTarget::endpoint("http://192.0.2.1:80"))).await;
        assert!(matches!(error, BackendError::PlainEndpoint), "{error}");
        let error = refusal(BackendConfig::new(aws())).await;
        assert!(matches!(error, BackendError::FleetMissing), "{error}");
        let error = refusal(at(aws()).no_guests()).await;
        assert!(matches!(error, BackendError::NobodyMayEnter), "{error}");
        assert!(Backend::start(open().keyring(lasting()).behind_proxy()).await.is_ok());
    }
}
