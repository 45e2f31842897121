//! What comes to the port, sorted: AWS calls, sockets of server processes, and the emulator's own routes.

use std::{
    convert::Infallible,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Response, StatusCode, header::UPGRADE},
};
use tokio::sync::{Semaphore, mpsc, watch};

use super::{aws, control, crash_reporter, driver::Driver, guard, process_socket, sns, tls::Tls};
use crate::{
    dashboard::{self, MAX_WATCHERS},
    throttle::Throttle,
};

/// What all handlers share.
pub(crate) struct App {
    pub(crate) driver: Driver,
    pub(super) port: u16,
    pub(crate) stop: watch::Receiver<bool>,
    pub(crate) secret: String,
    pub(crate) tls: Tls,
    throttle: Option<Mutex<Throttle>>,
    requests: AtomicU64,
    /// Seats for those who watch the dashboard.
    pub(crate) watchers: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(
        driver: Driver,
        port: u16,
        secret: String,
        tls: Tls,
        throttle: Option<Throttle>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            driver,
            port,
            stop,
            secret,
            tls,
            throttle: throttle.map(Mutex::new),
            requests: AtomicU64::new(0),
            watchers: Arc::new(Semaphore::new(MAX_WATCHERS)),
        }
    }

    /// Whether a call may be carried out now.
    pub(super) fn has_a_turn(&self, operation: &str) -> bool {
        self.throttle.as_ref().is_none_or(|throttle| {
            let mut throttle = throttle.lock().unwrap_or_else(PoisonError::into_inner);
            throttle.allows(operation, self.driver.now())
        })
    }

    pub(super) fn next_request_id(&self) -> String {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        format!("{:08x}-0000-4000-8000-{number:012x}", self.port)
    }
}

/// A sender that nobody sends on: when all of them are gone, all tasks are.
pub(super) type Alive = mpsc::Sender<Infallible>;

/// Whether a request came over TLS.
#[derive(Clone, Copy)]
pub(super) struct Secure(pub(super) bool);

#[derive(Clone)]
struct Shared {
    app: Arc<App>,
    alive: Alive,
}

pub(super) fn router(app: Arc<App>, alive: Alive) -> Router {
    Router::new().fallback(sort).with_state(Shared { app, alive })
}

async fn sort(State(Shared { app, alive }): State<Shared>, request: Request) -> Response<Body> {
    if let Some(answer) = crash_reporter::answer(&app, &request) {
        return answer;
    }
    if let Some(reason) = guard::refusal(request.headers(), app.port) {
        return text(StatusCode::FORBIDDEN, reason);
    }
    if let Some((operation, codec)) = aws::operation(&request) {
        let caller = aws::caller(&app, request.headers());
        return aws::answer(&app, &operation, codec, caller, request.into_body()).await;
    }
    let upgrade = request.headers().get(UPGRADE).and_then(|value| value.to_str().ok());
    if upgrade.is_some_and(|value| value.eq_ignore_ascii_case("websocket")) {
        return process_socket::open(app, alive, request).await;
    }
    if let Some(answer) = sns::answer(&app, &request) {
        return answer;
    }
    let page = dashboard::answer(request.method(), request.uri().path(), request.headers(), &app.secret);
    if let Some(page) = page {
        return page;
    }
    if request.uri().path().starts_with("/_emulator/") {
        return control::answer(&app, request).await;
    }
    text(
        StatusCode::NOT_FOUND,
        "this is gamelift-emulator: AWS GameLift calls are POSTs in JSON 1.1 or RPC v2 CBOR, server processes connect with a websocket",
    )
}

pub(super) fn text(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{message}\n")));
    *response.status_mut() = status;
    response
}
