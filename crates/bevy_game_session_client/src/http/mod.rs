//! The session service over HTTP: sessions through the backend.
//!
//! [`link`] is the one file that knows the HTTP client, `beacon` the one that knows UDP; `question` is what is asked and answered, `ask` judges answers and repeats requests; `seat` waits for
//! seats; `identity` keeps the player's guest identity; `runtime` is the thread on which all of it runs.

mod ask;
mod beacon;
mod identity;
#[cfg(feature = "resume")]
mod kept;
mod link;
mod question;
mod runtime;
mod seat;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use game_session_protocol::{
    BoxedFuture, CreateGameSession, EndGameSession, FindGameSessions, GameSession, GameSessionId, GameSessionPage,
    JoinByCode, JoinCode, JoinGameSession, LeaveGameSession, Progress, QuickJoin, Seat, ServiceError, SessionService,
    UpdateGameSession, routes,
};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use ask::Backend;
use beacon::Beacons;
use identity::Identity;
use link::{Link, Method};
use question::{Question, query_of};
use runtime::Runtime;

/// The longest limit: with more the clock cannot reckon.
const LONGEST_LIMIT: Duration = Duration::from_hours(365 * 24);

/// How a backend is reached. [`connect`](Self::connect) makes the service; nothing is sent before the first call.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    url: String,
    insecure: bool,
    place: Duration,
    answer: Duration,
    #[cfg(feature = "resume")]
    files: Option<crate::PlayerFiles>,
}

impl HttpSettings {
    /// For the backend at this address, as in `https://play.example.com` or `http://127.0.0.1:8080`.
    pub fn new(backend_url: impl Into<String>) -> Self {
        let (place, answer) = (Duration::from_secs(90), Duration::from_secs(10));
        Self {
            url: backend_url.into(),
            insecure: false,
            place,
            answer,
            #[cfg(feature = "resume")]
            files: None,
        }
    }

    /// Keeps the guest over restarts: the player stays the same one, with its seat. Without it each process is a new
    /// guest.
    #[cfg(feature = "resume")]
    #[must_use]
    pub fn keep_guest(mut self, files: crate::PlayerFiles) -> Self {
        self.files = Some(files);
        self
    }

    /// Allows plain `http://` to other machines: who can read or change the traffic can take the player's seat. Only
    /// for networks that you trust.
    #[must_use]
    pub fn allow_insecure(mut self) -> Self {
        self.insecure = true;
        self
    }

    /// How long a game session may take until the seat is there: 90 s unless said otherwise, a year at most.
    #[must_use]
    pub fn placing_limit(mut self, limit: Duration) -> Self {
        self.place = limit.min(LONGEST_LIMIT);
        self
    }

    /// How long any other request may take: 10 s unless said otherwise, a year at most.
    #[must_use]
    pub fn answer_limit(mut self, limit: Duration) -> Self {
        self.answer = limit.min(LONGEST_LIMIT);
        self
    }

    /// Makes the service.
    ///
    /// # Errors
    /// [`ServiceError::Unreachable`] when the address cannot be one of a backend, or is `http://` to another machine
    /// without [`allow_insecure`](Self::allow_insecure).
    pub fn connect(self) -> Result<HttpSessionService, ServiceError> {
        let link = Link::new(&self.url, self.insecure).map_err(|reason| ServiceError::Unreachable {
            service: link::shown(&self.url),
            reason,
        })?;
        let runtime = Runtime::start().map_err(|error| ServiceError::Unreachable {
            service: link::shown(&self.url),
            reason: error.to_string(),
        })?;
        #[cfg(feature = "resume")]
        let identity = match self.files {
            Some(files) => Identity::kept(kept::KeptGuest::new(files, link.address())),
            None => Identity::default(),
        };
        #[cfg(not(feature = "resume"))]
        let identity = Identity::default();
        let backend = Arc::new(Backend::new(link, identity, self.answer));
        let renewed = backend.clone();
        runtime.spawn(renewed.keep_fresh());
        Ok(HttpSessionService {
            backend,
            beacons: Arc::default(),
            runtime,
            place: self.place,
            answer: self.answer,
        })
    }
}

/// Sessions through a backend, for one guest player. The requests run on a small thread of its own; dropping the
/// service ends it, after what still has to be undone at the backend was undone, for 2 s at most.
///
/// A lost or overloaded backend is asked again, with growing pauses, where asking twice is the same as once. A create
/// that is dropped ends its game session, and an end that is dropped is still asked for. Answers over 64 KiB and redirects are refused.
pub struct HttpSessionService {
    backend: Arc<Backend>,
    beacons: Arc<Beacons>,
    runtime: Runtime,
    place: Duration,
    answer: Duration,
}

impl HttpSessionService {
    /// For the backend at this address, with the usual [`HttpSettings`].
    ///
    /// # Errors
    /// As [`HttpSettings::connect`].
    pub fn new(backend_url: impl Into<String>) -> Result<Self, ServiceError> {
        HttpSettings::new(backend_url).connect()
    }

    /// A request that can be called off by just not going on with it.
    fn call<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, ServiceError>> + Send + 'static,
    ) -> BoxedFuture<Result<T, ServiceError>> {
        let (tell, answer) = oneshot::channel();
        let task = self.runtime.spawn(async move {
            let _ = tell.send(work.await);
        });
        Box::pin(Call { answer, task })
    }
}

impl fmt::Debug for HttpSessionService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSessionService")
            .field("backend", &self.backend.address())
            .finish_non_exhaustive()
    }
}

impl SessionService for HttpSessionService {
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let (tell, answer) = oneshot::channel();
        let deadline = Instant::now() + self.place;
        let work = seat::create(self.backend.clone(), request, progress, deadline, self.place, tell);
        let undo = self.runtime.undoer();
        undo.spawn(work);
        Box::pin(CreateCall {
            answer: Some(answer),
            backend: self.backend.clone(),
            undo,
        })
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move {
            let question = Question::new(Method::Get, routes::GAME_SESSIONS).queries(query_of(&query));
            backend.ask(&question, limit).await?.read()
        })
    }

    fn join(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move { seat::join(&backend, &request, &progress, limit).await })
    }

    fn quick_join(&self, request: QuickJoin, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.place);
        self.call(async move { seat::quick_join(&backend, &request, &progress, limit).await })
    }

    fn join_by_code(&self, request: JoinByCode, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move { seat::join_by_code(&backend, &request, &progress, limit).await })
    }

    /// Asks for the seat that the player has or had: its build and password were checked when it was taken.
    fn rejoin(&self, request: JoinGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move { seat::rejoin(&backend, &request.id, &progress, limit).await })
    }

    fn join_code(&self, id: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move {
            let question = Question::new(Method::Post, routes::JOIN_CODE).id(&id);
            backend.ask(&question, limit).await?.read()
        })
    }

    /// The round trip to the beacon of the game session's location, remembered for a minute.
    fn ping(&self, game_session: &GameSession) -> BoxedFuture<Option<Duration>> {
        let Some(beacon) = game_session.ping_beacon.clone() else {
            return Box::pin(std::future::ready(None));
        };
        let beacons = self.beacons.clone();
        let ping = self.call(async move { Ok(beacons.ping(&beacon).await) });
        Box::pin(async move { ping.await.ok().flatten() })
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.call(async move {
            let question = Question::new(Method::Patch, routes::GAME_SESSION)
                .id(&request.id)
                .body(&request)?;
            backend.ask(&question, limit).await?.read()
        })
    }

    /// Nothing to ask: the server frees the seat when the connection ends.
    fn leave(&self, _: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Whoever drops it only no longer hears how it went.
    fn end(&self, request: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        let (tell, answer) = oneshot::channel();
        let (backend, limit) = (self.backend.clone(), self.answer);
        self.runtime.undoer().spawn(async move {
            let _ = tell.send(backend.end(&request.id, limit).await);
        });
        Box::pin(async move { answer.await.unwrap_or_else(|_| Err(stopped())) })
    }
}

fn stopped() -> ServiceError {
    ServiceError::Unreachable {
        service: "the backend".to_owned(),
        reason: "the session service was dropped".to_owned(),
    }
}

/// Waits for an answer on any executor; dropping it stops the request.
struct Call<T> {
    answer: oneshot::Receiver<Result<T, ServiceError>>,
    task: AbortHandle,
}

impl<T> Future for Call<T> {
    type Output = Result<T, ServiceError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer)
            .poll(cx)
            .map(|answer| answer.unwrap_or_else(|_| Err(stopped())))
    }
}

impl<T> Drop for Call<T> {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for the seat of a new game session on any executor; dropping it ends the game session.
struct CreateCall {
    answer: Option<oneshot::Receiver<Result<Seat, ServiceError>>>,
    backend: Arc<Backend>,
    undo: runtime::Undoer,
}

impl Future for CreateCall {
    type Output = Result<Seat, ServiceError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(answer) = &mut self.answer else {
            return Poll::Ready(Err(stopped()));
        };
        let polled = Pin::new(answer).poll(cx);
        if polled.is_ready() {
            self.answer = None;
        }
        polled.map(|answer| answer.unwrap_or_else(|_| Err(stopped())))
    }
}

impl Drop for CreateCall {
    fn drop(&mut self) {
        // The task sees that nobody waits any more and undoes what it did; a seat that was told already is undone here.
        let Some(mut answer) = self.answer.take() else { return };
        answer.close();
        if let Ok(Ok(seat)) = answer.try_recv() {
            let backend = self.backend.clone();
            self.undo
                .spawn(async move { backend.undo(&seat.game_session.id).await });
        }
    }
}
