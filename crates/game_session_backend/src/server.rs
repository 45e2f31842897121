//! The API on a socket: connections, their limits, and an orderly end.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use game_session_protocol::BoxedFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;
use tower::ServiceExt as _;

use crate::api::{Peer, app};
use crate::clock::Clock;
use crate::config::{BackendConfig, Limits};
use crate::gamelift::GameLift;
use crate::gamelift::aws::AwsGameLift;
use crate::keyring::{KEYRING_FILE_VARIABLE, KEYRING_VARIABLE, KeyringError};
use crate::locks::locked;
use crate::state::{AppState, GameLiftPlace};

/// After a failed accept (mostly: no file descriptors left) it is tried again so much later.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const MOST_HEADERS: usize = 64;
const HEAD_BYTES: usize = 16 * 1024;

/// A running backend. Dropping it closes its socket and its connections at once.
#[derive(Debug)]
pub struct Backend {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

/// A backend that does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// No fleet was named.
    #[error("no fleet is configured: name the fleet or alias in which game sessions are placed")]
    FleetMissing,
    /// It would be open to a network with a keyring that nobody keeps.
    #[error(
        "a backend that is not on the loopback interface needs a lasting keyring: set {KEYRING_VARIABLE} or \
         {KEYRING_FILE_VARIABLE} (`game-session-backend --new-key` makes one), or listen on 127.0.0.1"
    )]
    KeyringMissing,
    /// Keys of game sessions would cross a network unencrypted.
    #[error(
        "a backend that is not on the loopback interface asks GameLift by https or on this machine only: the keys of \
         game sessions are in the answers"
    )]
    PlainEndpoint,
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
        let fleet = config.fleet.clone().ok_or(BackendError::FleetMissing)?;
        check_safe(&config)?;
        let gamelift = AwsGameLift::connect(&config.aws, fleet).await;
        let place = place_of(&gamelift);
        let gamelift = config.legacy.over(gamelift);
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
        check_safe(&config)?;
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
        let on_loopback = config.listen.ip().is_loopback();
        let hosts = on_loopback.then(|| loopback_names(address, &config.allowed_hosts));
        let state = AppState::with(&config, gamelift, clock, place, hosts);
        let (stop, stopped) = oneshot::channel();
        tracing::info!(%address, "the backend listens");
        let task = tokio::spawn(serve(listener, state, config.limits, stopped));
        Ok(Self {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// The address of the API, for instance `http://127.0.0.1:8080`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
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
        let fleet = config.fleet.clone().ok_or(BackendError::FleetMissing)?;
        check_lasting(config)?;
        let gamelift = AwsGameLift::connect(&config.aws, fleet).await;
        let place = place_of(&gamelift);
        let gamelift = config.legacy.over(gamelift);
        Ok(Self::with(config, gamelift, Clock::system(), place, None))
    }
}

fn place_of(gamelift: &AwsGameLift) -> GameLiftPlace {
    match gamelift.endpoint() {
        Some(url) if is_loopback(url) => GameLiftPlace::Loopback,
        _ => GameLiftPlace::Remote,
    }
}

/// Refuses what would be open to a network and not safe there.
fn check_safe(config: &BackendConfig) -> Result<(), BackendError> {
    if config.listen.ip().is_loopback() {
        Ok(())
    } else {
        check_lasting(config)
    }
}

fn check_lasting(config: &BackendConfig) -> Result<(), BackendError> {
    if !config.keyring.as_ref().is_some_and(crate::Keyring::is_lasting) {
        return Err(BackendError::KeyringMissing);
    }
    match config.aws.plain_endpoint() {
        Some(url) if !is_loopback(url) && !url.starts_with("https://") => Err(BackendError::PlainEndpoint),
        _ => Ok(()),
    }
}

async fn serve(listener: TcpListener, state: AppState, limits: Limits, mut stopped: oneshot::Receiver<()>) {
    let router = app(state.clone());
    let graceful = GracefulShutdown::new();
    let places = Places::new(&limits);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let Some(place) = places.take(peer.ip()) else { continue };
                    let connection = connection(stream, peer.ip(), router.clone(), &limits);
                    let watched = graceful.watch(connection);
                    connections.spawn(async move {
                        if let Err(error) = watched.await {
                            tracing::debug!(%error, "a connection broke");
                        }
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
    if timeout(limits.drain, graceful.shutdown()).await.is_err() {
        tracing::warn!("requests were still in progress and are cut off");
    }
}

fn connection(
    stream: TcpStream,
    peer: IpAddr,
    router: Router,
    limits: &Limits,
) -> http1::Connection<TokioIo<TcpStream>, FromPeer> {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(
            TokioIo::new(stream),
            FromPeer {
                router,
                peer: Peer(peer),
            },
        )
}

/// The router for the requests of one connection.
struct FromPeer {
    router: Router,
    peer: Peer,
}

impl Service<Request<Incoming>> for FromPeer {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxedFuture<Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(self.peer);
        Box::pin(self.router.clone().oneshot(request))
    }
}

/// How many connections there may be.
struct Places {
    all: Arc<Semaphore>,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
    most_per_address: usize,
}

/// One connection's place; dropping it frees it.
struct Place {
    _permit: OwnedSemaphorePermit,
    address: IpAddr,
    by_address: Arc<Mutex<HashMap<IpAddr, usize>>>,
}

impl Places {
    fn new(limits: &Limits) -> Self {
        let all = Arc::new(Semaphore::new(limits.connections));
        Self {
            all,
            by_address: Arc::default(),
            most_per_address: limits.connections_per_address,
        }
    }

    fn take(&self, address: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.all).try_acquire_owned().ok()?;
        let mut by_address = locked(&self.by_address);
        let count = by_address.entry(address).or_default();
        if *count >= self.most_per_address && !address.is_loopback() {
            return None;
        }
        *count += 1;
        Some(Place {
            _permit: permit,
            address,
            by_address: Arc::clone(&self.by_address),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut by_address = locked(&self.by_address);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

fn loopback_names(address: SocketAddr, allowed: &[String]) -> Vec<String> {
    let port = address.port();
    let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
    own.into_iter()
        .chain([address.to_string()])
        .chain(allowed.iter().cloned())
        .collect()
}

/// Whether a URL leads to this machine.
fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;
    use crate::{AwsTarget, FleetTarget, Keyring};

    fn config() -> BackendConfig {
        BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1")).fleet(FleetTarget::new("fleet-1"))
    }

    #[test]
    fn loopback_is_recognised_and_nothing_else() {
        for url in [
            "http://127.0.0.1:9870",
            "http://localhost",
            "http://[::1]:9870/",
            "http://127.0.0.1/x",
        ] {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://gamelift.eu-west-1.amazonaws.com",
            "http://localhost.evil.example",
            "http://10.0.0.1:80",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[tokio::test]
    async fn a_backend_that_is_open_to_a_network_refuses_to_start_without_a_lasting_keyring() {
        let open = "0.0.0.0:0".parse().unwrap();
        for config in [config().listen(open), config().listen(open).keyring(Keyring::random())] {
            let error = Backend::start(config).await.unwrap_err();
            assert!(matches!(error, BackendError::KeyringMissing), "{error}");
        }
        let plain = BackendConfig::new(AwsTarget::endpoint("http://192.0.2.1:80"))
            .fleet(FleetTarget::new("fleet-1"))
            .listen(open)
            .keyring(Keyring::new_key_text("k1").parse().unwrap());
        let error = Backend::start(plain).await.unwrap_err();
        assert!(matches!(error, BackendError::PlainEndpoint), "{error}");
        let none = BackendConfig::new(AwsTarget::endpoint("http://127.0.0.1:1"));
        assert!(matches!(
            Backend::start(none).await.unwrap_err(),
            BackendError::FleetMissing
        ));
    }

    #[tokio::test]
    async fn a_place_is_given_back() {
        let limits = Limits::default().connections_per_address(1);
        let places = Places::new(&limits);
        let stranger = "192.0.2.1".parse().unwrap();
        let first = places.take(stranger);
        assert!(first.is_some() && places.take(stranger).is_none());
        drop(first);
        assert!(places.take(stranger).is_some());
        assert!(locked(&places.by_address).is_empty());
    }
}
