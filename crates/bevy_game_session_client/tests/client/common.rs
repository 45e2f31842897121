//! A service that answers when and how a test says, and an app around it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_game_session_client::*;
use bevy_state::prelude::*;
use bevy_time::{Fixed, Time, TimeUpdateStrategy};
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;
use tokio::sync::oneshot;

/// A request that waits for the test's answer.
pub(crate) enum Asked {
    Create(CreateGameSession, Progress, Answer<Seat>),
    Find(FindGameSessions, Answer<GameSessionPage>),
    Join(JoinGameSession, Answer<Seat>),
    JoinByCode(JoinByCode, Answer<Seat>),
    JoinCode(Answer<JoinCode>),
    QuickJoin(Answer<Seat>),
    Update(UpdateGameSession, Answer<GameSession>),
    Leave(Answer<()>),
    End(Answer<()>),
}

pub(crate) type Answer<T> = oneshot::Sender<Result<T, ServiceError>>;

impl Asked {
    /// What was asked for.
    pub(crate) fn operation(&self) -> SessionOperation {
        match self {
            Self::Create(..) => SessionOperation::Start,
            Self::Find(..) => SessionOperation::Find,
            Self::Join(..) => SessionOperation::Join,
            Self::QuickJoin(..) => SessionOperation::QuickJoin,
            Self::JoinByCode(..) => SessionOperation::JoinByCode,
            Self::JoinCode(..) => SessionOperation::JoinCode,
            Self::Update(..) => SessionOperation::Update,
            Self::Leave(..) => SessionOperation::Leave,
            Self::End(..) => SessionOperation::End,
        }
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_cancelled(&self) -> bool {
        match self {
            Self::Create(_, _, answer)
            | Self::Join(_, answer)
            | Self::JoinByCode(_, answer)
            | Self::QuickJoin(answer) => answer.is_closed(),
            Self::JoinCode(answer) => answer.is_closed(),
            Self::Find(_, answer) => answer.is_closed(),
            Self::Update(_, answer) => answer.is_closed(),
            Self::Leave(answer) | Self::End(answer) => answer.is_closed(),
        }
    }

    /// Answers yes; whether somebody still waited.
    pub(crate) fn accept(self) -> bool {
        match self {
            Self::Create(request, _, answer) => answer.send(Ok(seat(&request.name))).is_ok(),
            Self::Join(_, answer) | Self::JoinByCode(_, answer) | Self::QuickJoin(answer) => {
                answer.send(Ok(seat("found"))).is_ok()
            }
            Self::JoinCode(answer) => answer.send(Ok(join_code())).is_ok(),
            Self::Find(_, answer) => answer
                .send(Ok(GameSessionPage {
                    game_sessions: vec![game_session("found")],
                    next_page: None,
                }))
                .is_ok(),
            Self::Update(_, answer) => answer.send(Ok(game_session("updated"))).is_ok(),
            Self::Leave(answer) | Self::End(answer) => answer.send(Ok(())).is_ok(),
        }
    }

    /// Answers no; whether somebody still waited.
    pub(crate) fn refuse(self, error: ServiceError) -> bool {
        match self {
            Self::Create(_, _, answer)
            | Self::Join(_, answer)
            | Self::JoinByCode(_, answer)
            | Self::QuickJoin(answer) => answer.send(Err(error)).is_ok(),
            Self::JoinCode(answer) => answer.send(Err(error)).is_ok(),
            Self::Find(_, answer) => answer.send(Err(error)).is_ok(),
            Self::Update(_, answer) => answer.send(Err(error)).is_ok(),
            Self::Leave(answer) | Self::End(answer) => answer.send(Err(error)).is_ok(),
        }
    }
}

/// Everything that was asked and not answered, oldest first.
#[derive(Clone, Default)]
pub(crate) struct Scripted(Arc<Mutex<Vec<Asked>>>);

impl Scripted {
    fn ask<T: Send + 'static>(&self, asked: impl FnOnce(Answer<T>) -> Asked) -> BoxedFuture<Result<T, ServiceError>> {
        let (tell, answer) = oneshot::channel();
        self.0.lock().unwrap().push(asked(tell));
        Box::pin(async move {
            answer.await.unwrap_or_else(|_| {
                Err(ServiceError::Protocol {
                    what: "the test dropped the request".into(),
                })
            })
        })
    }

    /// The oldest request.
    #[track_caller]
    pub(crate) fn next(&self) -> Asked {
        self.0.lock().unwrap().remove(0)
    }

    /// Takes one request out.
    pub(crate) fn take(&self, at: usize) -> Option<Asked> {
        let mut asked = self.0.lock().unwrap();
        (!asked.is_empty()).then(|| {
            let at = at % asked.len();
            asked.remove(at)
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// How many requests of the kind somebody waits for.
    pub(crate) fn waited_for(&self, operation: SessionOperation) -> usize {
        let asked = self.0.lock().unwrap();
        let alike = asked.iter().filter(|asked| asked.operation() == operation);
        alike.filter(|asked| !asked.is_cancelled()).count()
    }
}

impl SessionService for Scripted {
    fn create(&self, request: CreateGameSession, progress: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(|answer| Asked::Create(request, progress, answer))
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        self.ask(|answer| Asked::Find(query, answer))
    }

    fn join(&self, request: JoinGameSession, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(|answer| Asked::Join(request, answer))
    }

    fn join_by_code(&self, request: JoinByCode, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(|answer| Asked::JoinByCode(request, answer))
    }

    fn join_code(&self, _: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        self.ask(Asked::JoinCode)
    }

    fn quick_join(&self, _: QuickJoin, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        self.ask(Asked::QuickJoin)
    }

    fn update(&self, request: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        self.ask(|answer| Asked::Update(request, answer))
    }

    fn leave(&self, _: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.ask(Asked::Leave)
    }

    fn end(&self, _: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        self.ask(Asked::End)
    }
}

/// Lets frames pass until something is so.
#[track_caller]
pub(crate) fn until(app: &mut App, is_so: impl Fn(&App) -> bool) {
    for _ in 0..20_000 {
        app.update();
        if is_so(app) {
            return;
        }
        std::thread::park_timeout(Duration::from_millis(1));
    }
    panic!("it did not become so");
}

pub(crate) fn unreachable() -> ServiceError {
    ServiceError::Unreachable {
        service: "the test".into(),
        reason: "it is off".into(),
    }
}

pub(crate) fn game_session(name: &str) -> GameSession {
    GameSession {
        id: format!("gs-{}", name.replace(' ', "-")).parse().unwrap(),
        name: name.to_owned(),
        build: "dev".parse().unwrap(),
        max_players: 8,
        current_players: 1,
        policy: PlayerSessionPolicy::AcceptAll,
        properties: GameProperties::new(),
        owner: None,
        locked: false,
        ping_beacon: None,
    }
}

pub(crate) fn join_code() -> JoinCode {
    JoinCode {
        join_code: "ABCD2345".into(),
        expires_at: 1_800_000_000,
    }
}

pub(crate) fn seat(name: &str) -> Seat {
    Seat {
        game_session: game_session(name),
        address: "127.0.0.1:7777".parse().unwrap(),
        player_session_id: "psess-1".parse().unwrap(),
        ticket: Ticket::new(vec![1]).unwrap(),
        timings: SeatTimings::default(),
    }
}

/// What happened, in words, in its order, as messages and as observed events.
#[derive(Resource, Default, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Heard {
    pub(crate) events: Vec<String>,
    pub(crate) messages: Vec<String>,
}

macro_rules! hear {
    ($app:expr, $($event:ident => $word:expr),* $(,)?) => {
        $(
            $app.add_observer(|event: On<$event>, mut heard: ResMut<Heard>| {
                let word: fn(&$event) -> String = $word;
                heard.events.push(format!("{} {}", event.name, word(&event)));
            });
            $app.add_systems(Last, |mut reader: MessageReader<$event>, mut heard: ResMut<Heard>| {
                let word: fn(&$event) -> String = $word;
                for event in reader.read() {
                    heard.messages.push(format!("{} {}", event.name, word(event)));
                }
            });
        )*
    };
}

/// An app in which time passes only by [`pass`].
pub(crate) fn app(service: impl SessionService, policy: TravelPolicy) -> App {
    app_with(SessionClientPlugin::new(service).travel(policy))
}

/// The same with any settings of the plugin.
pub(crate) fn app_with(plugin: SessionClientPlugin) -> App {
    let mut app = App::new();
    app.add_plugins(plugin)
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO))
        // Nothing here works at a fixed rate, and long frames would make up for many turns of it.
        .insert_resource(Time::<Fixed>::from_seconds(3600.0))
        .init_resource::<Heard>();
    hear!(app,
        SessionCreated => |_| "created".into(),
        SessionStarted => |_| "started".into(),
        SessionJoined => |_| "joined".into(),
        SessionsFound => |event| format!("found {}", event.sessions.len()),
        SessionJoinCodeReceived => |event| format!("code {}", event.code.join_code),
        SessionUpdated => |_| "updated".into(),
        SessionLeft => |_| "left".into(),
        SessionEnded => |_| "ended".into(),
        SessionDestroyed => |_| "destroyed".into(),
        SessionCancelled => |event| format!("cancelled {}", event.operation),
        SessionFailed => |event| format!("failed {}: {}", event.operation, event.error),
        SessionArrived => |_| "arrived".into(),
        SessionTravelFailed => |event| format!("travel failed: {}", event.error),
        SessionDisconnected => |event| format!("disconnected: {}", event.reason),
    );
    app.add_observer(|event: On<TravelRequested>, mut heard: ResMut<Heard>| {
        heard.events.push(format!("{} travel requested", event.name));
    });
    app.add_observer(|_: On<TravelStopped>, mut heard: ResMut<Heard>| heard.events.push("travel stopped".into()));
    app.finish();
    app.cleanup();
    // A frame of a few small systems is cheaper on one thread than handed around between several.
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    app.update();
    app
}

/// A server process that waits for a game session.
pub(crate) fn ready(orchestrator: &InMemoryOrchestrator) -> InMemoryHost {
    let host = orchestrator.host();
    let process = ReadyProcess {
        port: 7777,
        log_paths: vec![],
    };
    block_on(host.ready(process)).unwrap();
    host
}

/// The server process does what it is told.
pub(crate) fn serve(host: &InMemoryHost) {
    while let Some(event) = block_on(poll_once(std::future::poll_fn(|cx| host.poll_event(cx)))) {
        match event {
            HostEvent::GameSessionStarted(session) => drop(block_on(host.activate(session.id))),
            HostEvent::GameSessionEndRequested => drop(block_on(host.end_session())),
            HostEvent::ShutdownRequested { .. } => drop(block_on(host.shut_down())),
            _ => {}
        }
    }
}

/// A game session of this player that runs on the process.
pub(crate) fn hosted(
    orchestrator: &InMemoryOrchestrator,
    host: &InMemoryHost,
    player: &str,
    request: CreateGameSession,
) -> GameSession {
    let mut seat = orchestrator
        .service(player.parse().unwrap())
        .create(request, Progress::ignored());
    assert!(block_on(poll_once(&mut seat)).is_none());
    serve(host);
    block_on(seat).unwrap().game_session
}

/// Makes calls, and lets a frame pass.
pub(crate) fn with_sessions<T: Send + Sync + 'static>(
    app: &mut App,
    calls: impl FnOnce(&mut Sessions) -> T + Send + Sync + 'static,
) -> T {
    let made = with_sessions_now(app, calls);
    app.update();
    made
}

/// Makes calls.
pub(crate) fn with_sessions_now<T: Send + Sync + 'static>(
    app: &mut App,
    calls: impl FnOnce(&mut Sessions) -> T + Send + Sync + 'static,
) -> T {
    let mut calls = Some(calls);
    let calls: Calls<T> = Box::new(move |sessions| (calls.take().expect("the system runs once"))(sessions));
    app.world_mut().run_system_cached_with(run_calls::<T>, calls).unwrap()
}

type Calls<T> = Box<dyn FnMut(&mut Sessions) -> T + Send + Sync>;

fn run_calls<T: 'static>(In(mut calls): In<Calls<T>>, mut sessions: Sessions) -> T {
    calls(&mut sessions)
}

/// Leaves or ends a session that goes before the command of that call runs: destroyed by the next call, or despawned by
/// a command that was queued before.
pub(crate) fn part_and_go(app: &mut App, operation: SessionOperation, name: &'static str, is_despawned: bool) {
    let parting = (operation, name, is_despawned);
    app.world_mut().run_system_cached_with(run_parting, parting).unwrap();
}

fn run_parting(
    In((operation, name, is_despawned)): In<(SessionOperation, &'static str, bool)>,
    mut commands: Commands,
    mut sessions: Sessions,
) {
    if is_despawned && let Some(entity) = sessions.get(name) {
        commands.entity(entity).try_despawn();
    }
    match operation {
        SessionOperation::End => sessions.end(name),
        _ => sessions.leave(name),
    }
    if !is_despawned {
        sessions.destroy(name);
    }
}

/// Lets time pass.
pub(crate) fn pass(app: &mut App, time: Duration) {
    app.insert_resource(TimeUpdateStrategy::ManualDuration(time));
    app.update();
    app.insert_resource(TimeUpdateStrategy::ManualDuration(Duration::ZERO));
    app.update();
}

/// What was heard since the last time; both ways of hearing must agree.
#[track_caller]
pub(crate) fn heard(app: &mut App) -> Vec<String> {
    app.update();
    let heard = std::mem::take(&mut *app.world_mut().resource_mut::<Heard>());
    let mut by_observers: Vec<_> = heard
        .events
        .iter()
        .filter(|event| !event.contains("travel requested") && *event != "travel stopped")
        .cloned()
        .collect();
    let mut by_readers = heard.messages;
    by_observers.sort();
    by_readers.sort();
    assert_eq!(by_observers, by_readers, "observers and readers hear the same");
    heard.events
}

pub(crate) fn phase(app: &App, entity: Entity) -> Option<SessionPhase> {
    app.world().get::<SessionPhase>(entity).copied()
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);

pub(crate) fn manual() -> (App, Scripted) {
    let service = Scripted::default();
    (app(service.clone(), TravelPolicy::Manual), service)
}

pub(crate) fn automatic() -> (App, Scripted) {
    let service = Scripted::default();
    (app(service.clone(), TravelPolicy::Automatic), service)
}

/// A session that was created and started.
pub(crate) fn started(app: &mut App, service: &Scripted) -> Entity {
    let entity = with_sessions(app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    assert!(service.next().accept());
    app.update();
    heard(app);
    entity
}

pub(crate) fn state(app: &mut App) -> ClientSessionState {
    app.update();
    *app.world().resource::<State<ClientSessionState>>().get()
}

pub(crate) fn commands(app: &mut App, queue: impl FnOnce(&mut Commands)) {
    queue(&mut app.world_mut().commands());
    app.world_mut().flush();
    app.update();
}
