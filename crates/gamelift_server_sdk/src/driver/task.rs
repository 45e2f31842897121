//! The task: one loop that asks the core what to do, does it, and tells the core what happened.

use std::{
    collections::HashMap,
    pin::pin,
    time::{Duration, SystemTime},
};

use tokio::{
    sync::{mpsc, oneshot},
    time::{Instant, sleep_until},
};

use super::{
    claim::Claim,
    connect::{Connecting, connect, connected},
    container,
    hooks::{self, Hooks, Said},
    socket::{GOODBYE, Input, Socket, WebSocket, next_input},
    tls::Tls,
};
use crate::{
    Error, Event,
    proto::{Answer, Authorization, Call, CallId, ConnectFailure, Core, Output, SocketId, Transmit},
};

/// Events that may wait to be heard.
pub(super) const EVENTS: usize = 1024;

pub(super) type Responder = oneshot::Sender<Result<Answer, Error>>;

pub(super) struct Driver {
    start: Instant,
    core: Core,
    sockets: Vec<Socket>,
    connecting: Option<Connecting>,
    waiting: HashMap<CallId, Responder>,
    last_call: u64,
    initialized: Option<oneshot::Sender<Result<(), Error>>>,
    event_queue: mpsc::Sender<Event>,
    hooks: Hooks,
    said: mpsc::Sender<Said>,
    renewing: bool,
    tls: Tls,
    claim: Option<Claim>,
    container: bool,
}

/// What the task starts with.
pub(super) struct Parts {
    pub(super) core: Core,
    pub(super) initialized: oneshot::Sender<Result<(), Error>>,
    pub(super) event_queue: mpsc::Sender<Event>,
    pub(super) hooks: Hooks,
    pub(super) said: mpsc::Sender<Said>,
    pub(super) tls: Tls,
    pub(super) claim: Claim,
    /// Whether credentials come from the container.
    pub(super) container: bool,
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
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            start: Instant::now(),
            core: parts.core,
            sockets: Vec::new(),
            connecting: None,
            waiting: HashMap::new(),
            last_call: 0,
            initialized: Some(parts.initialized),
            event_queue: parts.event_queue,
            hooks: parts.hooks,
            said: parts.said,
            renewing: false,
            tls: parts.tls,
            claim: Some(parts.claim),
            container: parts.container,
        }
    }

    pub(super) async fn run(mut self, mut commands: mpsc::Receiver<(Call, Responder)>, mut said: mpsc::Receiver<Said>) {
        let mut abandoned = false;
        // Set anew only when it would ring too late: the deadline moves with every call, and mostly backwards.
        let mut timer = pin!(sleep_until(self.start));
        let mut armed = false;
        loop {
            self.transmit();
            if self.core.is_finished() {
                break;
            }
            self.report();
            if let Some(deadline) = self.deadline()
                && (!armed || deadline < timer.deadline())
            {
                timer.as_mut().reset(deadline);
                armed = true;
            }
            let woken = tokio::select! {
                command = commands.recv(), if !abandoned => Woken::Command(command),
                (socket, result) = connected(&mut self.connecting) => Woken::Connected(socket, result),
                (socket, input) = next_input(&mut self.sockets) => Woken::Socket(socket, input),
                Some(said) = said.recv() => Woken::Said(said),
                () = timer.as_mut(), if armed => Woken::Time,
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
                Woken::Said(Said::Authorization(authorization)) => {
                    self.renewing = false;
                    if let Some(authorization) = authorization {
                        self.core.handle_authorization(authorization, now);
                    }
                }
                Woken::Time => {
                    armed = false;
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
            Input::Text(text) => self.core.handle_text(socket, text.as_str(), now),
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
                        self.tls.config()
                    } else {
                        None
                    };
                    let result = Box::pin(connect(handshake.endpoint.clone(), url, tls));
                    self.connecting = Some(Connecting { socket, result });
                }
                Transmit::Send { socket, text } => {
                    if let Some(open) = self.sockets.iter_mut().find(|open| open.id == socket) {
                        open.send(text);
                    }
                }
                Transmit::Close { socket } => {
                    self.connecting.take_if(|connecting| connecting.socket == socket);
                    if let Some(open) = self.sockets.iter_mut().find(|open| open.id == socket) {
                        open.close();
                    }
                }
                Transmit::AskHealth { id } => self.ask_health(id),
                Transmit::RenewToken => self.renew_authorization(),
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
        let said = self.said.clone();
        match self.hooks.health() {
            Some(check) => {
                // If it cannot be asked, the core counts it as unhealthy in time.
                let question = move || Said::Health(id, check());
                hooks::ask(said, "gamelift-health", question, Said::Health(id, false));
            }
            None => drop(said.try_send(Said::Health(id, true))),
        }
    }

    /// One question at a time: to the game if it knows an answer, else to the container.
    fn renew_authorization(&mut self) {
        if self.renewing {
            return;
        }
        let said = self.said.clone();
        if let Some(renewal) = self.hooks.renewal() {
            let question = move || Said::Authorization(renewal().map(Authorization::Token));
            self.renewing = hooks::ask(said, "gamelift-token", question, Said::Authorization(None));
        } else if self.container {
            self.renewing = true;
            drop(tokio::spawn(async move {
                let credentials = container::credentials(&|name| std::env::var(name).ok()).await;
                if let Err(error) = &credentials {
                    tracing::warn!(%error, "the container's credentials cannot be renewed");
                }
                let authorization = credentials.ok().map(Authorization::SigV4);
                drop(said.send(Said::Authorization(authorization)).await);
            }));
        }
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
