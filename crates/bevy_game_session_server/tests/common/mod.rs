//! A server app on an orchestrator in memory, turned by hand in virtual time.
#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

pub(crate) mod said;

use std::time::Duration;

use bevy_app::{App, AppExit};
use bevy_ecs::prelude::*;
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_game_session_server::*;
use bevy_state::app::StatesPlugin;
use bevy_state::state::State;
use bevy_time::{Fixed, Time, TimePlugin, TimeUpdateStrategy};
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::{
    GameSessionSnapshot, InMemoryOrchestrator, ProcessNumber, ProcessStatus, SeatStatus, read_ticket,
};
use game_session_protocol::*;

/// One frame.
pub(crate) const FRAME: Duration = Duration::from_millis(10);
const LONG_FRAME: Duration = Duration::from_millis(100);
const FINE_TIME: Duration = Duration::from_millis(300);

/// What the game heard, in order.
#[derive(Resource, Default)]
pub(crate) struct Heard(pub(crate) Vec<String>);

/// A server app.
pub(crate) struct Server {
    pub(crate) app: App,
    pub(crate) orchestrator: InMemoryOrchestrator,
    pub(crate) process: ProcessNumber,
    exit: Option<AppExit>,
}

pub(crate) fn server() -> Server {
    Server::new(InMemoryOrchestrator::new(), |plugin| plugin)
}

pub(crate) fn server_with(policies: ServerPolicies) -> Server {
    Server::new(InMemoryOrchestrator::new(), |plugin| plugin.policies(policies))
}

pub(crate) fn listening_for_many() -> Server {
    Server::new(
        InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions),
        |plugin| plugin,
    )
}

impl Server {
    pub(crate) fn new(
        orchestrator: InMemoryOrchestrator,
        set: impl FnOnce(SessionServerPlugin) -> SessionServerPlugin,
    ) -> Self {
        let host = orchestrator.host();
        let process = host.process();
        let mut app = App::new();
        app.add_plugins((TimePlugin, StatesPlugin))
            .insert_resource(TimeUpdateStrategy::ManualDuration(FRAME))
            // nothing here works at a fixed rate, and long frames would make up for many turns of it
            .insert_resource(Time::<Fixed>::from_seconds(3600.0))
            .add_plugins(set(SessionServerPlugin::new(host)))
            .init_resource::<Heard>()
            .add_observer(|e: On<GameSessionStarted>, mut heard: ResMut<Heard>| {
                heard.0.push(format!("started {}", e.name));
            })
            .add_observer(
                |_: On<GameSessionUpdated>, mut heard: ResMut<Heard>, hosted: Res<HostedSession>| {
                    heard.0.push(format!("updated {}", hosted.name()));
                },
            )
            .add_observer(|e: On<SessionEnding>, mut heard: ResMut<Heard>| {
                heard.0.push(format!("ending {:?}", e.reason));
            })
            .add_observer(|e: On<ShutdownRequested>, mut heard: ResMut<Heard>| {
                heard.0.push(format!("shutdown in {:?}", e.time_left));
            })
            .add_observer(|e: On<PlayerRejected>, mut heard: ResMut<Heard>| {
                heard.0.push(format!("rejected {:?}", e.reason));
            })
            .add_observer(|_: On<PlayerLost>, mut heard: ResMut<Heard>| heard.0.push("lost".into()))
            .add_observer(|_: On<PlayerReturned>, mut heard: ResMut<Heard>| heard.0.push("returned".into()))
            .add_observer(|e: On<HostFailed>, mut heard: ResMut<Heard>| heard.0.push(format!("failed: {}", e.error)));
        app.add_observer(|e: On<BackfillEnded>, mut heard: ResMut<Heard>| {
            heard.0.push(format!("backfill {} ended: {}", e.ticket_id, e.outcome));
        });
        app.finish();
        app.cleanup();
        // a frame of a few small systems is cheaper on one thread than handed around between several
        for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
            schedule.set_executor(SingleThreadedExecutor::new());
        }
        Self {
            app,
            orchestrator,
            process,
            exit: None,
        }
    }

    /// A server with an active game session of these seats, and its owner's seat.
    pub(crate) fn with_session(mut self, max_players: u16) -> (Self, Seat) {
        self.app.insert_resource(ListenPort(7777));
        self.until("ready", |server| server.state() == ServerSessionState::Ready);
        let seat = self.create("alice", "Friday", max_players);
        (self, seat)
    }

    pub(crate) fn create(&mut self, player: &str, name: &str, max_players: u16) -> Seat {
        let mut seat = self
            .orchestrator
            .service(player.parse().unwrap())
            .create(draft(name, max_players), Progress::ignored());
        for _ in 0..100 {
            if let Some(seat) = block_on(poll_once(&mut seat)) {
                self.until("active", |server| server.state() == ServerSessionState::Active);
                return seat.unwrap();
            }
            self.frame();
        }
        panic!("the game session was not activated; heard: {:?}", self.heard());
    }

    pub(crate) fn join(&self, player: &str, session: &GameSession) -> Seat {
        let request = join_request(session);
        block_on(
            self.orchestrator
                .service(player.parse().unwrap())
                .join(request, Progress::ignored()),
        )
        .unwrap()
    }

    pub(crate) fn frame(&mut self) {
        if self.exit.is_none() {
            self.app.update();
            self.exit = self.app.should_exit();
        }
    }

    /// Lets time pass; most of a long time in long frames.
    pub(crate) fn frames_for(&mut self, time: Duration) {
        let long = time.saturating_sub(FINE_TIME).as_millis() / LONG_FRAME.as_millis();
        self.app.insert_resource(TimeUpdateStrategy::ManualDuration(LONG_FRAME));
        (0..long).for_each(|_| self.frame());
        self.app.insert_resource(TimeUpdateStrategy::ManualDuration(FRAME));
        let rest = time.as_millis() - long * LONG_FRAME.as_millis();
        (0..rest.div_ceil(FRAME.as_millis())).for_each(|_| self.frame());
    }

    pub(crate) fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..5000 {
            if is_so(self) {
                return;
            }
            self.frame();
        }
        panic!("not {what} after 5000 frames; heard: {:?}", self.heard());
    }

    pub(crate) fn state(&self) -> ServerSessionState {
        *self.app.world().resource::<State<ServerSessionState>>().get()
    }

    pub(crate) fn heard(&self) -> Vec<String> {
        self.app.world().resource::<Heard>().0.clone()
    }

    pub(crate) fn exit(&self) -> Option<AppExit> {
        self.exit.clone()
    }

    /// Shows a ticket at the door.
    pub(crate) fn knock(&mut self, seat: &Seat) -> AdmissionId {
        self.knock_with(&read_ticket(&seat.ticket).unwrap())
    }

    pub(crate) fn knock_with(&mut self, stamp: &TicketStamp) -> AdmissionId {
        let world = self.app.world_mut();
        let session = world.resource::<HostedSession>().clone();
        world.resource_mut::<Admissions>().request(stamp, &session)
    }

    /// A player takes a seat and shows the ticket, if there is still a game session.
    pub(crate) fn knock_of(&mut self, player: &str, session: &GameSession) -> Option<AdmissionId> {
        let service = self.orchestrator.service(player.parse().unwrap());
        let seat = block_on(service.join(join_request(session), Progress::ignored())).ok()?;
        let is_hosted = self.app.world().contains_resource::<HostedSession>();
        is_hosted.then(|| self.knock(&seat))
    }

    pub(crate) fn decided(&mut self) -> Vec<Decided> {
        self.app.world_mut().resource_mut::<Admissions>().take_decided()
    }

    /// Waits for the decision on one request.
    pub(crate) fn any_decision(&mut self, id: AdmissionId) -> Decision {
        let mut decision = None;
        self.until("decided", |server| {
            decision = server.decided().into_iter().find(|decided| decided.id == id);
            decision.is_some()
        });
        decision.unwrap().decision
    }

    /// Waits for the decision on a request that does not take over a seat.
    pub(crate) fn decision(&mut self, id: AdmissionId) -> Result<AcceptedPlayer, RefusalCode> {
        match self.any_decision(id) {
            Decision::Admitted(player) => Ok(player),
            Decision::Refused(reason) => Err(reason),
            Decision::Returned(entity) => panic!("the seat of {entity} was taken over"),
        }
    }

    /// Knocks, is let in and gets an entity.
    pub(crate) fn enter(&mut self, seat: &Seat) -> Entity {
        let id = self.knock(seat);
        let player = self.decision(id).unwrap();
        self.app.world_mut().spawn(player).id()
    }

    pub(crate) fn seat_status(&self, seat: &Seat) -> SeatStatus {
        self.orchestrator
            .snapshot()
            .seat(&seat.player_session_id)
            .unwrap()
            .status
    }

    pub(crate) fn session(&self) -> GameSessionSnapshot {
        self.orchestrator.snapshot().game_sessions.last().unwrap().clone()
    }

    pub(crate) fn process_status(&self) -> ProcessStatus {
        self.orchestrator.snapshot().process(self.process).unwrap().status
    }

    pub(crate) fn command(&mut self, give: impl FnOnce(&mut Commands)) {
        let world = self.app.world_mut();
        give(&mut world.commands());
        world.flush();
    }
}

pub(crate) fn draft(name: &str, max_players: u16) -> CreateGameSession {
    CreateGameSession {
        idempotency_key: IdempotencyKey::random(),
        name: name.into(),
        max_players,
        build: "dev".parse().unwrap(),
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
        latencies: game_session_protocol::Latencies::default(),
    }
}

pub(crate) fn join_request(session: &GameSession) -> JoinGameSession {
    JoinGameSession {
        id: session.id.clone(),
        build: session.build.clone(),
        password: None,
    }
}

pub(crate) fn unavailable() -> HostError {
    HostError::Unavailable {
        action: "accept a player",
        message: "too busy".into(),
    }
}
