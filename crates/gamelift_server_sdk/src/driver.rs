//! The one task that moves bytes: the only file that knows tokio and the websocket.

use std::{
    collections::{HashMap, HashSet},
    future::{Future, poll_fn},
    io,
    pin::Pin,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, SystemTime},
};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::TcpStream,
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config,
    tungstenite::{
        self, Message,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

use crate::{
    Error, Event, ServerParameters,
    proto::{Answer, Call, CallId, Config, ConnectFailure, Core, Endpoint, Output, Random, Secret, SocketId, Transmit},
};

/// Calls that may wait to be taken up.
const COMMANDS: usize = 1024;
/// Events that may wait to be heard.
const EVENTS: usize = 1024;
/// The longest message that is read.
const MAX_MESSAGE: usize = 512 * 1024;
/// The most that waits in a socket's write buffer.
const MAX_WRITE_BUFFER: usize = 1024 * 1024;
/// How long a socket may take to say goodbye.
const GOODBYE: Duration = Duration::from_secs(1);

type WebSocket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type Responder = oneshot::Sender<Result<Answer, Error>>;
type HealthCheck = Arc<dyn Fn() -> bool + Send + Sync>;
type TokenRenewal = Arc<dyn Fn() -> Option<Secret> + Send + Sync>;

/// What the game answers when it is asked.
#[derive(Default)]
struct Hooks {
    health: Option<HealthCheck>,
    renewal: Option<TokenRenewal>,
}

/// What the threads of the hooks say.
enum Said {
    Health(u64, bool),
    Token(Option<Secret>),
}

/// The user's end of the task.
pub(crate) struct Line {
    commands: mpsc::Sender<(Call, Responder)>,
    events: Mutex<mpsc::Receiver<Event>>,
    hooks: Arc<Mutex<Hooks>>,
    fallback_role_session: String,
}

impl Line {
    /// Checks the parameters, starts the task and waits for the first connection.
    pub(crate) async fn open(parameters: ServerParameters) -> Result<Self, Error> {
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| Error::NoRuntime)?;
        let mut seed = [0; 16];
        if getrandom::fill(&mut seed).is_err() {
            // Ids need to differ, not to be secret.
            let since = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            seed = (since.as_nanos() ^ (u128::from(std::process::id()) << 96)).to_le_bytes();
        }
        let seed = u128::from_le_bytes(seed);
        let config = parameters.resolve(&|name| std::env::var(name).ok(), &mut Random::new(!seed))?;
        let claim = Claim::new(&config)?;
        let (commands, command_queue) = mpsc::channel(COMMANDS);
        let (event_queue, events) = mpsc::channel(EVENTS);
        let (initialized, init) = oneshot::channel();
        let (said, said_queue) = mpsc::channel(4);
        let hooks = Arc::<Mutex<Hooks>>::default();
        let handshake = &config.handshake;
        let fallback_role_session = format!("{}-{}", handshake.fleet_id, handshake.host_id.replace('/', "-"));
        let driver = Driver {
            start: Instant::now(),
            core: Core::new(config, Duration::ZERO, seed),
            sockets: Vec::new(),
            connecting: None,
            waiting: HashMap::new(),
            last_call: 0,
            initialized: Some(initialized),
            event_queue,
            hooks: hooks.clone(),
            said,
            renewing: false,
            tls: None,
            claim: Some(claim),
        };
        runtime.spawn(driver.run(command_queue, said_queue));
        init.await.unwrap_or(Err(Error::Ended))?;
        Ok(Self {
            commands,
            events: Mutex::new(events),
            hooks,
            fallback_role_session,
        })
    }

    /// Makes a call and waits for its end. The task sees to it that there is one in time.
    pub(crate) async fn call(&self, call: Call) -> Result<Answer, Error> {
        let (responder, response) = oneshot::channel();
        self.commands.try_send((call, responder)).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Busy,
            mpsc::error::TrySendError::Closed(_) => Error::Ended,
        })?;
        response.await.unwrap_or(Err(Error::Ended))
    }

    pub(crate) fn poll_event(&self, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        self.events.lock().unwrap_or_else(PoisonError::into_inner).poll_recv(cx)
    }

    pub(crate) fn set_health_check(&self, check: HealthCheck) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).health = Some(check);
    }

    pub(crate) fn set_token_renewal(&self, renewal: TokenRenewal) {
        self.hooks.lock().unwrap_or_else(PoisonError::into_inner).renewal = Some(renewal);
    }

    /// The name under which a role is taken when the user gives none: fleet and compute, cut to 64.
    pub(crate) fn fallback_role_session(&self) -> &str {
        let name = &self.fallback_role_session;
        &name[..name.len().min(64)]
    }
}

/// One line per process id and service in this program.
struct Claim(String);

static CLAIMS: LazyLock<Mutex<HashSet<String>>> = LazyLock::new(Mutex::default);

impl Claim {
    fn new(config: &Config) -> Result<Self, Error> {
        let handshake = &config.handshake;
        let key = format!("{} {}", handshake.endpoint, handshake.process_id);
        if CLAIMS
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone())
        {
            Ok(Self(key))
        } else {
            Err(Error::AlreadyInitialized {
                process_id: handshake.process_id.clone(),
            })
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        CLAIMS.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

struct Connecting {
    socket: SocketId,
    result: Pin<Box<dyn Future<Output = Result<Box<WebSocket>, ConnectFailure>> + Send>>,
}

struct Driver {
    start: Instant,
    core: Core,
    sockets: Vec<Socket>,
    connecting: Option<Connecting>,
    waiting: HashMap<CallId, Responder>,
    last_call: u64,
    initialized: Option<oneshot::Sender<Result<(), Error>>>,
    event_queue: mpsc::Sender<Event>,
    hooks: Arc<Mutex<Hooks>>,
    said: mpsc::Sender<Said>,
    renewing: bool,
    tls: Option<Arc<rustls::ClientConfig>>,
    claim: Option<Claim>,
}

/// What woke the task.
enum Woken {
    Command(Option<(Call, Responder)>),
    Connected(SocketId, Result<Box<WebSocket>, ConnectFailure>),
    Socket(SocketId, Input),
    Said(Said),
    Time,
}

impl Driver {
    async fn run(mut self, mut commands: mpsc::Receiver<(Call, Responder)>, mut said: mpsc::Receiver<Said>) {
        let mut abandoned = false;
        loop {
            self.transmit();
            if self.core.is_finished() {
                break;
            }
            self.report();
            let deadline = self.deadline();
            let woken = tokio::select! {
                command = commands.recv(), if !abandoned => Woken::Command(command),
                (socket, result) = connected(&mut self.connecting) => Woken::Connected(socket, result),
                (socket, input) = next_input(&mut self.sockets) => Woken::Socket(socket, input),
                Some(said) = said.recv() => Woken::Said(said),
                () = sleep_until(deadline.unwrap_or(self.start)), if deadline.is_some() => Woken::Time,
            };
            let now = self.start.elapsed();
            match woken {
                Woken::Command(Some((call, responder))) => {
                    self.last_call += 1;
                    let id = CallId(self.last_call);
                    self.waiting.insert(id, responder);
                    self.core.handle_call(id, call, now);
                }
                Woken::Command(None) => {
                    abandoned = true;
                    self.core.handle_abandoned(now);
                }
                Woken::Connected(socket, Ok(websocket)) => {
                    self.sockets.push(Socket::new(socket, websocket));
                    self.core.handle_connected(socket, now);
                }
                Woken::Connected(socket, Err(failure)) => self.core.handle_connect_failed(socket, failure, now),
                Woken::Socket(socket, input) => self.input(socket, input, now),
                Woken::Said(Said::Health(id, healthy)) => self.core.handle_health(id, healthy, now),
                Woken::Said(Said::Token(token)) => {
                    self.renewing = false;
                    if let Some(token) = token {
                        self.core.handle_token(token, now);
                    }
                }
                Woken::Time => {
                    let time = Instant::now();
                    self.sockets
                        .retain(|socket| socket.closing.is_none_or(|until| until > time));
                    self.core.handle_timeout(now);
                }
            }
        }
        self.claim = None;
        self.say_goodbye().await;
        drop(commands);
        self.report();
    }

    fn deadline(&self) -> Option<Instant> {
        let core = self.core.poll_timeout().map(|after| self.start + after);
        self.sockets
            .iter()
            .filter_map(|socket| socket.closing)
            .chain(core)
            .min()
    }

    fn input(&mut self, socket: SocketId, input: Input, now: Duration) {
        match input {
            Input::Text(text) => self.core.handle_text(socket, &text, now),
            Input::Activity => self.core.handle_activity(socket, now),
            Input::Closed(code) => {
                self.sockets.retain(|open| open.id != socket);
                self.core.handle_closed(socket, code, now);
            }
        }
    }

    /// Does what the core wants done.
    fn transmit(&mut self) {
        while let Some(transmit) = self.core.poll_transmit() {
            match transmit {
                Transmit::Connect {
                    socket,
                    handshake,
                    idempotency_token,
                } => {
                    let url = handshake.url(&idempotency_token, SystemTime::now());
                    let tls = if handshake.endpoint.is_secure() {
                        self.tls()
                    } else {
                        None
                    };
                    let result = Box::pin(connect(handshake.endpoint.clone(), url, tls));
                    self.connecting = Some(Connecting { socket, result });
                }
                Transmit::Send { socket, text } => {
                    if let Some(open) = self.sockets.iter_mut().find(|open| open.id == socket) {
                        open.outbox.push_back(Message::text(text));
                    }
                }
                Transmit::Close { socket } => {
                    self.connecting.take_if(|connecting| connecting.socket == socket);
                    if let Some(open) = self.sockets.iter_mut().find(|open| open.id == socket) {
                        open.close();
                    }
                }
                Transmit::AskHealth { id } => self.ask_health(id),
                Transmit::RenewToken => self.renew_token(),
            }
        }
    }

    /// Tells the user what there is to tell.
    fn report(&mut self) {
        while let Some(output) = self.core.poll_event() {
            match output {
                Output::Initialized(result) => {
                    if let Some(initialized) = self.initialized.take() {
                        drop(initialized.send(result));
                    }
                }
                Output::Done { call, result } => {
                    if let Some(responder) = self.waiting.remove(&call) {
                        drop(responder.send(result));
                    }
                }
                Output::Event(event) => {
                    if let Err(mpsc::error::TrySendError::Full(_)) = self.event_queue.try_send(event) {
                        tracing::error!("an event was dropped because {EVENTS} wait unheard; call next_event()");
                    }
                }
            }
        }
    }

    fn ask_health(&self, id: u64) {
        let check = self.hooks.lock().unwrap_or_else(PoisonError::into_inner).health.clone();
        match check {
            Some(check) => self.aside(
                "gamelift-health",
                move || Said::Health(id, check()),
                Said::Health(id, false),
            ),
            None => drop(self.said.try_send(Said::Health(id, true))),
        }
    }

    /// One question at a time.
    fn renew_token(&mut self) {
        let renewal = self
            .hooks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .renewal
            .clone();
        if let Some(renewal) = renewal
            && !std::mem::replace(&mut self.renewing, true)
        {
            self.aside("gamelift-token", move || Said::Token(renewal()), Said::Token(None));
        }
    }

    /// Asks the game on a thread that nobody waits for: it may take its time, hang, or panic, which says `otherwise`.
    fn aside(&self, name: &str, ask: impl FnOnce() -> Said + Send + 'static, otherwise: Said) {
        let said = self.said.clone();
        let work = move || {
            let answer = std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).unwrap_or(otherwise);
            // Fails only when the task is gone.
            let _ = said.blocking_send(answer);
        };
        if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(work) {
            tracing::warn!(%error, "no thread can be started to ask the game");
        }
    }

    /// Loads the system's root certificates, once.
    fn tls(&mut self) -> Option<Arc<rustls::ClientConfig>> {
        if self.tls.is_none() {
            let mut roots = rustls::RootCertStore::empty();
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
            let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
            self.tls = config
                .ok()
                .map(|config| Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
        }
        self.tls.clone()
    }

    /// Lets the close frames out.
    async fn say_goodbye(&mut self) {
        for socket in &mut self.sockets {
            socket.close();
        }
        let all_gone = async {
            while !self.sockets.is_empty() {
                if let (socket, Input::Closed(_)) = next_input(&mut self.sockets).await {
                    self.sockets.retain(|open| open.id != socket);
                }
            }
        };
        drop(tokio::time::timeout(GOODBYE, all_gone).await);
    }
}

async fn connected(connecting: &mut Option<Connecting>) -> (SocketId, Result<Box<WebSocket>, ConnectFailure>) {
    poll_fn(|cx| {
        let Some(attempt) = connecting else {
            return Poll::Pending;
        };
        let result = ready!(attempt.result.as_mut().poll(cx));
        let socket = attempt.socket;
        *connecting = None;
        Poll::Ready((socket, result))
    })
    .await
}

async fn connect(
    endpoint: Endpoint,
    url: Secret,
    tls: Option<Arc<rustls::ClientConfig>>,
) -> Result<Box<WebSocket>, ConnectFailure> {
    let failure = |cause: String| ConnectFailure {
        http_status: None,
        cause,
    };
    let stream = TcpStream::connect((endpoint.host(), endpoint.port()))
        .await
        .map_err(|error| {
            let likely = match error.kind() {
                io::ErrorKind::ConnectionRefused => "; is the service running, and is the port right?",
                _ => "; is the address right, and the network there?",
            };
            failure(format!("{error}{likely}"))
        })?;
    stream.set_nodelay(true).map_err(|error| failure(error.to_string()))?;
    let config = WebSocketConfig::default()
        .read_buffer_size(16 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(MAX_WRITE_BUFFER)
        .max_message_size(Some(MAX_MESSAGE))
        .max_frame_size(Some(MAX_MESSAGE));
    let connector = match tls {
        Some(tls) => Connector::Rustls(tls),
        None if endpoint.is_secure() => return Err(failure("the TLS library has no usable configuration".to_owned())),
        None => Connector::Plain,
    };
    match client_async_tls_with_config(url.expose(), stream, Some(config), Some(connector)).await {
        Ok((websocket, _)) => Ok(Box::new(websocket)),
        Err(error) => Err(refusal(&error)),
    }
}

/// Names the error without the URL, which is secret.
fn refusal(error: &tungstenite::Error) -> ConnectFailure {
    let (http_status, cause) = match error {
        tungstenite::Error::Http(response) => {
            let status = response.status().as_u16();
            let likely = match status {
                401 | 403 => "the auth token is wrong or expired, or belongs to another fleet or compute",
                404 => "there is no GameLift service at this path",
                _ => "is this a GameLift endpoint?",
            };
            (
                Some(status),
                format!("the service refused with HTTP {status}: {likely}"),
            )
        }
        tungstenite::Error::Io(error) => (
            None,
            format!("{error}; the other side may not speak this protocol (ws or wss?)"),
        ),
        tungstenite::Error::Tls(error) => (None, format!("TLS failed: {error}")),
        tungstenite::Error::Protocol(error) => (None, format!("the answer is not that of a websocket: {error}")),
        tungstenite::Error::Url(_) | tungstenite::Error::HttpFormat(_) => (None, "the URL cannot be used".to_owned()),
        _ => (None, "the websocket handshake failed".to_owned()),
    };
    ConnectFailure { http_status, cause }
}

/// What a socket brings.
enum Input {
    Text(String),
    Activity,
    Closed(Option<u16>),
}

/// One open websocket. Nothing in it waits: what cannot be written yet stays in its outbox, which holds at most the
/// calls that wait for their replies.
struct Socket {
    id: SocketId,
    websocket: Box<WebSocket>,
    outbox: std::collections::VecDeque<Message>,
    /// Set once we said goodbye: nothing more is heard of it, and it is dropped at this time.
    closing: Option<Instant>,
}

impl Socket {
    fn new(id: SocketId, websocket: Box<WebSocket>) -> Self {
        Self {
            id,
            websocket,
            outbox: std::collections::VecDeque::new(),
            closing: None,
        }
    }

    fn close(&mut self) {
        if self.closing.is_none() {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: "".into(),
            };
            self.outbox.push_back(Message::Close(Some(frame)));
            self.closing = Some(Instant::now() + GOODBYE);
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Input> {
        if self.poll_write(cx).is_err() {
            return Poll::Ready(Input::Closed(None));
        }
        loop {
            let input = match ready!(self.websocket.poll_next_unpin(cx)) {
                Some(Ok(Message::Text(text))) => Input::Text(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => {
                    // Our half of the goodbye was queued by the library; this lets it out.
                    let _ = self.websocket.poll_flush_unpin(cx);
                    Input::Closed(frame.map(|frame| frame.code.into()))
                }
                Some(Ok(_)) => Input::Activity,
                Some(Err(_)) | None => Input::Closed(None),
            };
            if self.closing.is_none() || matches!(input, Input::Closed(_)) {
                return Poll::Ready(input);
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>) -> Result<(), tungstenite::Error> {
        while !self.outbox.is_empty() && self.websocket.poll_ready_unpin(cx)?.is_ready() {
            if let Some(message) = self.outbox.pop_front() {
                self.websocket.start_send_unpin(message)?;
            }
        }
        let _ = self.websocket.poll_flush_unpin(cx)?;
        Ok(())
    }
}

async fn next_input(sockets: &mut [Socket]) -> (SocketId, Input) {
    poll_fn(|cx| {
        for socket in sockets.iter_mut() {
            if let Poll::Ready(input) = socket.poll(cx) {
                return Poll::Ready((socket.id, input));
            }
        }
        Poll::Pending
    })
    .await
}
