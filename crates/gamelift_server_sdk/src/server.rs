//! The handle that a game server holds.

use std::{
    fmt,
    future::poll_fn,
    process::ExitCode,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::SystemTime,
};

use crate::{
    ContainerNetwork, Error, Event, Metrics, PlayerSessionStream, ProcessParameters, ServerParameters,
    credentials::Credentials,
    driver::Line,
    proto::{
        Answer, Call, Secret,
        message::{
            ComputeCertificate, DescribePlayerSessions, FleetRoleCredentials, GetFleetRoleCredentials,
            PlayerSessionCreationPolicy, PlayerSessions, StartMatchBackfill, StartedMatchBackfill, StopMatchBackfill,
        },
    },
};

/// A game server process's line to Amazon GameLift. Cheap to clone; all clones are the same line.
///
/// Every future may be awaited on any executor and may be dropped at any time: a call that was polled once is sent
/// whether or not anyone still waits for its reply. When the last clone is dropped the connection closes by itself.
#[derive(Clone)]
pub struct GameLiftServer {
    line: Arc<Line>,
    facts: Arc<Mutex<Facts>>,
}

#[derive(Default)]
struct Facts {
    game_session_id: Option<String>,
    termination_time: Option<SystemTime>,
    credentials: Credentials,
    metrics: Option<Metrics>,
}

impl GameLiftServer {
    /// Connects to the service (`InitSDK`). Must be called within a tokio runtime; the line then lives on it as one task.
    ///
    /// # Errors
    /// [`Error::Validation`] when a parameter is missing or wrong, [`Error::Connect`] when the service cannot be reached
    /// or refuses, [`Error::AlreadyInitialized`] when this process id has a line in this program,
    /// [`Error::NoRuntime`] outside a runtime.
    pub async fn init(parameters: ServerParameters) -> Result<Self, Error> {
        let line = Line::open(parameters).await?;
        Ok(Self {
            line: Arc::new(line),
            facts: Arc::default(),
        })
    }

    /// Says that this process can host a game session (`ProcessReady`). Heartbeats start with it. Once in a life.
    ///
    /// # Errors
    /// The service's, or [`Error::AlreadyReady`].
    pub async fn process_ready(&self, parameters: ProcessParameters) -> Result<(), Error> {
        let request = parameters.into_request(&|name| std::env::var(name).ok());
        self.done(Call::ProcessReady(request)).await
    }

    /// Says that the game session is ready for players.
    ///
    /// # Errors
    /// The service's, or [`Error::NoGameSession`].
    pub async fn activate_game_session(&self) -> Result<(), Error> {
        self.done(Call::ActivateGameSession).await
    }

    /// Says that the player of this seat has come. Until then the seat lapses after a minute.
    ///
    /// # Errors
    /// The service's when the seat is unknown, used, or of another game session; or [`Error::NoGameSession`].
    pub async fn accept_player_session(&self, player_session_id: &str) -> Result<(), Error> {
        self.done(Call::AcceptPlayerSession(player_session_id.to_owned())).await
    }

    /// Says that the player of this seat has gone: the seat is free again.
    ///
    /// # Errors
    /// The service's, or [`Error::NoGameSession`].
    pub async fn remove_player_session(&self, player_session_id: &str) -> Result<(), Error> {
        self.done(Call::RemovePlayerSession(player_session_id.to_owned())).await
    }

    /// Opens or closes the game session for new players.
    ///
    /// # Errors
    /// The service's, or [`Error::NoGameSession`].
    pub async fn update_player_session_creation_policy(
        &self,
        policy: PlayerSessionCreationPolicy,
    ) -> Result<(), Error> {
        self.done(Call::UpdatePlayerSessionCreationPolicy(policy)).await
    }

    /// Asks for one page of player sessions, by exactly one id. For more, ask again with the page's `next_token`.
    ///
    /// # Errors
    /// The service's, or [`Error::Validation`].
    pub async fn describe_player_sessions(&self, request: DescribePlayerSessions) -> Result<PlayerSessions, Error> {
        self.read(Call::DescribePlayerSessions(request), "DescribePlayerSessions")
            .await
    }

    /// All player sessions that the request is about, page after page; its `limit` is the size of a page.
    pub fn player_sessions(&self, request: DescribePlayerSessions) -> PlayerSessionStream {
        PlayerSessionStream::new(self.clone(), request)
    }

    /// Asks the matchmaker for more players; the ticket's id comes back, the players with [`Event::UpdateGameSession`].
    ///
    /// # Errors
    /// The service's, or [`Error::Validation`]. Without a ticket id of your own it is not repeated when the connection
    /// is lost: [`Error::Disconnected`].
    pub async fn start_match_backfill(&self, request: StartMatchBackfill) -> Result<String, Error> {
        let started: StartedMatchBackfill = self
            .read(Call::StartMatchBackfill(request), "StartMatchBackfill")
            .await?;
        Ok(started.ticket_id)
    }

    /// Takes a backfill back.
    ///
    /// # Errors
    /// The service's, or [`Error::Validation`].
    pub async fn stop_match_backfill(&self, request: StopMatchBackfill) -> Result<(), Error> {
        self.done(Call::StopMatchBackfill(request)).await
    }

    /// Asks where the compute's TLS certificate is.
    ///
    /// # Errors
    /// The service's.
    pub async fn compute_certificate(&self) -> Result<ComputeCertificate, Error> {
        self.read(Call::GetComputeCertificate, "GetComputeCertificate").await
    }

    /// Credentials of a role of the fleet. They are kept until 15 minutes before they expire. An empty
    /// `role_session_name` stands for fleet and compute.
    ///
    /// # Errors
    /// [`Error::NotManagedFleet`] on a fleet that is not managed - once learned, without asking again.
    pub async fn fleet_role_credentials(
        &self,
        mut request: GetFleetRoleCredentials,
    ) -> Result<FleetRoleCredentials, Error> {
        if request.role_session_name.is_empty() {
            self.line
                .fallback_role_session()
                .clone_into(&mut request.role_session_name);
        }
        if let Some(kept) = self.facts().credentials.kept(&request.role_arn, SystemTime::now())? {
            return Ok(kept);
        }
        let role = request.role_arn.clone();
        let call = Call::GetFleetRoleCredentials(request);
        let credentials = self.read(call, "GetFleetRoleCredentials").await?;
        self.facts().credentials.keep(role, credentials)
    }

    /// The containers of the group that this process runs in (`ListContainersNetworkInfo`). Plain HTTP to the discovery
    /// server beside the container, within 10 s.
    ///
    /// # Errors
    /// [`Error::UnsupportedComputeType`] outside a container, [`Error::ContainerMetadata`] when the server does not answer.
    pub async fn containers_network(&self) -> Result<Vec<ContainerNetwork>, Error> {
        self.line.container_network().await
    }

    /// Says that this process is about to exit (`ProcessEnding`). Without it the service books a crash. May be repeated.
    ///
    /// # Errors
    /// The service's.
    pub async fn process_ending(&self) -> Result<(), Error> {
        self.done(Call::ProcessEnding).await
    }

    /// Closes the connection for good (`Destroy`), and stops the metrics if there are. May be repeated. Calls that still
    /// wait end with [`Error::Ended`].
    ///
    /// # Errors
    /// None today.
    pub async fn destroy(&self) -> Result<(), Error> {
        let metrics = self.facts().metrics.take();
        if let Some(metrics) = metrics {
            metrics.stop().await;
        }
        match self.done(Call::Destroy).await {
            Err(Error::Ended) => Ok(()),
            other => other,
        }
    }

    /// `process_ending()`, then `destroy()` whatever came of it.
    ///
    /// # Errors
    /// Those of `process_ending()`.
    pub async fn shutdown(&self) -> Result<(), Error> {
        let ended = self.process_ending().await;
        self.destroy().await?;
        ended
    }

    /// Listens until the process must end, then does what the official SDKs do for servers that have no handler of their
    /// own: `process_ending()`, `destroy()`, and an exit code for `main` to return. Every other event goes to `on_event`.
    ///
    /// The code is [`ExitCode::FAILURE`] when the service did not take the ending, or the line was destroyed by
    /// someone else.
    pub async fn run_until_terminated(&self, mut on_event: impl AsyncFnMut(Event)) -> ExitCode {
        while let Some(event) = self.next_event().await {
            if !matches!(event, Event::ProcessTerminate { .. }) {
                on_event(event).await;
                continue;
            }
            return match self.shutdown().await {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    tracing::error!(%error, "the end of the process could not be told");
                    ExitCode::FAILURE
                }
            };
        }
        ExitCode::FAILURE
    }

    /// The next event; `None` after the end. Events wait for at most one listener at a time.
    pub async fn next_event(&self) -> Option<Event> {
        poll_fn(|cx| self.poll_event(cx)).await
    }

    /// The next event without a future. Only the last waker is woken.
    pub fn poll_event(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        let event = self.line.poll_event(cx);
        match &event {
            Poll::Ready(Some(Event::StartGameSession(session))) => {
                let mut facts = self.facts();
                facts.game_session_id = Some(session.id().to_owned());
                if let Some(metrics) = &facts.metrics {
                    metrics.set_game_session(session.id());
                }
            }
            Poll::Ready(Some(Event::ProcessTerminate { termination_time })) => {
                self.facts().termination_time = *termination_time;
            }
            _ => {}
        }
        event
    }

    /// Sets what answers the service's question whether the game is well: about once a minute, on a thread of its own.
    /// Until it is set the answer is yes. An answer that takes 50 s counts as no, and so does a panic.
    pub fn set_health_check(&self, check: impl Fn() -> bool + Send + Sync + 'static) {
        self.line.set_health_check(Arc::new(check));
    }

    /// Sets what gets a new auth token when the service refuses the old one at a reconnect (tokens of `GetComputeAuthToken`
    /// expire within hours). It is asked on a thread of its own and may block; `None` means that there is none now.
    pub fn set_token_renewal(&self, renew: impl Fn() -> Option<Secret> + Send + Sync + 'static) {
        self.line.set_token_renewal(Arc::new(renew));
    }

    /// Has metrics carry this process's id and, once its event was taken, that of the game session; `destroy()` stops them.
    pub fn set_metrics(&self, metrics: &Metrics) {
        metrics.set_process(self.line.process_id());
        let mut facts = self.facts();
        if let Some(id) = &facts.game_session_id {
            metrics.set_game_session(id);
        }
        facts.metrics = Some(metrics.clone());
    }

    /// The id of the game session, once its event was taken.
    pub fn game_session_id(&self) -> Option<String> {
        self.facts().game_session_id.clone()
    }

    /// When the process will be killed, once the event was taken.
    ///
    /// # Errors
    /// [`Error::TerminationTimeNotSet`] before.
    pub fn termination_time(&self) -> Result<SystemTime, Error> {
        self.facts().termination_time.ok_or(Error::TerminationTimeNotSet)
    }

    fn facts(&self) -> std::sync::MutexGuard<'_, Facts> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn done(&self, call: Call) -> Result<(), Error> {
        self.line.call(call).await.map(drop)
    }

    async fn read<T: serde::de::DeserializeOwned>(&self, call: Call, action: &'static str) -> Result<T, Error> {
        match self.line.call(call).await? {
            Answer::Reply(reply) => reply.result().map_err(|error| Error::BadReply {
                action,
                reason: error.to_string(),
            }),
            Answer::Done => Err(Error::BadReply {
                action,
                reason: "it is empty".to_owned(),
            }),
        }
    }
}

impl fmt::Debug for GameLiftServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GameLiftServer")
            .field("game_session_id", &self.game_session_id())
            .finish_non_exhaustive()
    }
}
