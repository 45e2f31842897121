//! The port: binding it, accepting connections within limits, and stopping everything.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::server::TlsStream;

use super::{
    router::{Alive, App, Secure, router},
    statsd, tls,
};

/// Open connections, websockets not counted.
const MAX_CONNECTIONS: usize = 4_096;
/// A request's headers must have come by then, also on a connection that is kept for the next request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(100);
/// A TLS handshake must be over by then.
const TLS_TIMEOUT: Duration = Duration::from_secs(10);
/// All headers of a request together.
const MAX_HEADER_BYTES: usize = 64 * 1024;
/// Headers of a request.
const MAX_HEADERS: usize = 64;
/// After a failed accept, for example when there are no file handles left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Takes the port, on loopback only.
pub(crate) async fn bind(port: u16) -> io::Result<(TcpListener, u16)> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let port = listener.local_addr()?.port();
    Ok((listener, port))
}

/// The tasks of an emulator. They end when `stop` is sent or dropped.
pub(crate) struct Running {
    stop: watch::Sender<bool>,
    ended: mpsc::Receiver<Infallible>,
    /// Not a sender of its own, which would keep the emulator from ever coming to its end.
    alive: mpsc::WeakSender<Infallible>,
}

/// What keeps count of the tasks before they are started.
pub(crate) struct Tasks {
    alive: Alive,
    running: Running,
}

impl Tasks {
    pub(crate) fn new(stop: watch::Sender<bool>) -> Self {
        let (alive, ended) = mpsc::channel(1);
        let running = Running {
            stop,
            ended,
            alive: alive.downgrade(),
        };
        Self { alive, running }
    }

    /// For tasks that start later and are to be waited for too.
    pub(crate) fn weak(&self) -> mpsc::WeakSender<Infallible> {
        self.alive.downgrade()
    }

    /// Starts accepting connections and running timers.
    pub(crate) fn start(self, app: Arc<App>, listener: TcpListener, metrics: UdpSocket) -> Running {
        let Self { alive, running } = self;
        statsd::listen(Arc::clone(&app), metrics, alive.clone());
        tokio::spawn(accept(alive.clone(), Arc::clone(&app), listener));
        let mut stopped = app.stop.clone();
        tokio::spawn(async move {
            tokio::select! {
                () = app.driver.run_timers() => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
            drop(app);
            drop(alive);
        });
        running
    }
}

impl Running {
    /// Serves a connection that did not come over the port. One that comes after the end is dropped.
    pub(crate) fn serve(&self, app: Arc<App>, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let Some(alive) = self.alive.upgrade() else { return };
        let mut stopped = app.stop.clone();
        let router = router(app, alive.clone()).layer(axum::Extension(Secure(false)));
        tokio::spawn(async move {
            tokio::select! {
                () = serve(stream, router) => {}
                _ = stopped.wait_for(|stop| *stop) => {}
            }
            drop(alive);
        });
    }

    /// Asks all tasks to end, and does not wait.
    pub(crate) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Ends all tasks and waits until they have ended.
    pub(crate) async fn stopped(&mut self) {
        self.stop();
        while self.ended.recv().await.is_some() {}
    }
}

/// The port and the emulator are let go before `alive`, the first parameter, is: whoever waits for the end finds them free.
async fn accept(alive: Alive, app: Arc<App>, listener: TcpListener) {
    let mut stopped = app.stop.clone();
    let router = router(Arc::clone(&app), alive.clone());
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    // Dropping the set ends the connections in it; upgraded ones have left it and end by themselves.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
            _ = stopped.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let Ok(seat) = Arc::clone(&room).try_acquire_owned() else {
            continue;
        };
        let (router, app, alive) = (router.clone(), Arc::clone(&app), alive.clone());
        connections.spawn(async move {
            sort(stream, app, router).await;
            drop((seat, alive));
        });
    }
}

/// Plain or TLS, by the first byte.
async fn sort(stream: TcpStream, app: Arc<App>, router: axum::Router) {
    if stream.set_nodelay(true).is_err() {
        return;
    }
    match timeout(HEADER_TIMEOUT, tls::is_tls(&stream)).await {
        Ok(Ok(false)) => serve(stream, router.layer(axum::Extension(Secure(false)))).await,
        Ok(Ok(true)) => match timeout(TLS_TIMEOUT, secured(stream, app)).await {
            Ok(Ok(stream)) => serve(stream, router.layer(axum::Extension(Secure(true)))).await,
            Ok(Err(error)) => tracing::debug!(%error, "a TLS handshake failed"),
            Err(_) => {}
        },
        Ok(Err(_)) | Err(_) => {}
    }
}

/// Through the TLS handshake. The first one of a run waits for the key, not on a thread that others need.
async fn secured(stream: TcpStream, app: Arc<App>) -> io::Result<TlsStream<TcpStream>> {
    let acceptor = tokio::task::spawn_blocking(move || app.tls.acceptor()).await?;
    let acceptor = acceptor.ok_or_else(|| io::Error::other("there is no certificate"))?;
    acceptor.accept(stream).await
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, router: axum::Router) {
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEADER_BYTES)
        .max_headers(MAX_HEADERS)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection broke");
    }
}
