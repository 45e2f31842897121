//! Whole apps of several players and their server processes over the in-memory orchestrator, in any order of calls,
//! answers, faults and time: every call ends exactly once, and at rest nothing is pending.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_client::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;
use proptest::prelude::*;

use super::common::*;
use super::doubles::{Counted, Exchangeable, Live};
use super::random::{Books, app_with_books, call, clear, go, parting, play_histories};

const NAMES: [&str; 2] = ["a", "b"];
const PLAYERS: usize = 2;

#[derive(Debug, Clone, Copy)]
enum Act {
    Call(usize, SessionOperation, usize),
    JoinFound(usize, usize),
    JoinCode(usize, usize),
    Arrived(usize, usize),
    Disconnected(usize, usize),
    PartAndGo(usize, (SessionOperation, usize, bool)),
    Despawn(usize, usize),
    Serve(usize),
    Crash(usize),
    NewHost,
    Hold,
    Release,
    Fail,
    Pass(u64),
    Frame(usize),
}

fn act() -> impl Strategy<Value = Act> {
    let (player, name) = (0..PLAYERS, 0..NAMES.len());
    let at = (player.clone(), name.clone());
    prop_oneof![
        8 => (player.clone(), prop::sample::select(SessionOperation::ALL.to_vec()), name)
            .prop_map(|(player, op, name)| Act::Call(player, op, name)),
        3 => at.clone().prop_map(|(player, name)| Act::JoinFound(player, name)),
        1 => at.clone().prop_map(|(player, name)| Act::JoinCode(player, name)),
        3 => at.clone().prop_map(|(player, name)| Act::Arrived(player, name)),
        1 => at.clone().prop_map(|(player, name)| Act::Disconnected(player, name)),
        1 => (player.clone(), parting(0..NAMES.len())).prop_map(|(player, parting)| Act::PartAndGo(player, parting)),
        1 => at.prop_map(|(player, name)| Act::Despawn(player, name)),
        4 => (0usize..3).prop_map(Act::Serve),
        1 => (0usize..3).prop_map(Act::Crash),
        1 => Just(Act::NewHost),
        1 => Just(Act::Hold),
        2 => Just(Act::Release),
        1 => Just(Act::Fail),
        1 => (1u64..40).prop_map(Act::Pass),
        6 => player.prop_map(Act::Frame),
    ]
}

struct Play {
    orchestrator: InMemoryOrchestrator,
    hosts: Vec<InMemoryHost>,
    players: Vec<Player>,
}

struct Player {
    app: App,
    live: Live,
    /// The orchestrator of this history.
    service: Exchangeable,
}

impl Play {
    fn new() -> Self {
        let orchestrator = InMemoryOrchestrator::new();
        let players = (0..PLAYERS).map(|number| {
            let service = Exchangeable::new(orchestrator.service(player_id(number)));
            let counted = Counted::new(service.clone());
            let live = counted.live();
            let app = app_with_books(counted);
            Player { app, live, service }
        });
        let players = players.collect();
        let hosts = Vec::new();
        Self {
            orchestrator,
            hosts,
            players,
        }
    }

    /// A new orchestrator with one server process, for the players that are there.
    fn begin(&mut self, lifetime: HostLifetime) {
        self.orchestrator = InMemoryOrchestrator::new().with_host_lifetime(lifetime);
        self.hosts.clear();
        for (number, player) in self.players.iter().enumerate() {
            player.service.exchange(self.orchestrator.service(player_id(number)));
        }
        self.new_host();
    }

    fn play(&mut self, (acts, many): (Vec<Act>, bool)) -> Result<(), TestCaseError> {
        self.begin(if many {
            HostLifetime::ManySessions
        } else {
            HostLifetime::OneSession
        });
        for act in acts {
            self.act(act);
        }
        self.orchestrator.release();
        for _ in 0..3 {
            self.pass(61);
        }
        for Player { app, live, .. } in &mut self.players {
            prop_assert_eq!(app.world().resource::<Books>().unbalanced(), vec![]);
            prop_assert_eq!(live.count(), 0, "requests are pending at rest");
            let mut phases = app.world_mut().query::<&SessionPhase>();
            for phase in phases.iter(app.world()) {
                use SessionPhase::{Ended, InProgress, Pending};
                prop_assert!(matches!(phase, Pending | InProgress | Ended), "stuck in {}", phase);
            }
            clear(app);
            prop_assert_eq!(live.count(), 0, "requests are pending after all was despawned");
        }
        Ok(())
    }

    fn new_host(&mut self) {
        self.hosts.push(ready(&self.orchestrator));
    }

    fn entity(&mut self, player: usize, name: usize) -> Entity {
        let world = self.players[player].app.world_mut();
        let mut sessions = world.query::<(Entity, &SessionName)>();
        let found = sessions.iter(world).find(|(_, known)| **known == NAMES[name]);
        found.map_or(Entity::PLACEHOLDER, |(entity, _)| entity)
    }

    fn call(
        &mut self,
        player: usize,
        operation: SessionOperation,
        make: impl FnOnce(&mut Sessions) -> bool + Send + Sync + 'static,
    ) {
        let app = &mut self.players[player].app;
        if with_sessions_now(app, make) {
            app.world_mut().resource_mut::<Books>().note_call(operation);
        }
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Call(player, operation, name) => {
                self.call(player, operation, move |sessions| {
                    call(sessions, operation, NAMES[name])
                });
            }
            Act::JoinFound(player, name) => {
                let page = block_on(poll_once(
                    self.orchestrator
                        .service("looker".parse().unwrap())
                        .find(FindGameSessions::default()),
                ));
                if let Some(Ok(page)) = page
                    && let Some(found) = page.game_sessions.into_iter().next()
                {
                    self.call(player, SessionOperation::Join, move |sessions| {
                        sessions.join(NAMES[name], &found);
                        true
                    });
                }
            }
            Act::JoinCode(player, name) => {
                let owned = self.orchestrator.snapshot().game_sessions.into_iter().next_back();
                let code = owned.and_then(|session| {
                    block_on(poll_once(
                        self.orchestrator.service(session.owner).join_code(session.id),
                    ))
                });
                if let Some(Ok(JoinCode { join_code, .. })) = code {
                    self.call(player, SessionOperation::JoinByCode, move |sessions| {
                        sessions.join_by_code(NAMES[name], &join_code, None);
                        true
                    });
                }
            }
            Act::Arrived(player, name) => {
                let entity = self.entity(player, name);
                self.players[player].app.world_mut().commands().session_arrived(entity);
            }
            Act::Disconnected(player, name) => {
                let entity = self.entity(player, name);
                let lost = DisconnectReason::TimedOut;
                self.players[player]
                    .app
                    .world_mut()
                    .commands()
                    .session_disconnected(entity, lost);
            }
            Act::PartAndGo(player, (operation, name, is_despawned)) => {
                go(&mut self.players[player].app, operation, NAMES[name], is_despawned);
            }
            Act::Despawn(player, name) => {
                let entity = self.entity(player, name);
                self.players[player].app.world_mut().try_despawn(entity).ok();
            }
            Act::Serve(host) => self.serve(host),
            Act::Crash(host) if host < self.hosts.len() => drop(self.hosts.remove(host)),
            Act::Crash(_) => {}
            Act::NewHost => self.new_host(),
            Act::Hold => self.orchestrator.hold(),
            Act::Release => self.orchestrator.release(),
            Act::Fail => self
                .orchestrator
                .fail_next(ServiceError::refused(ErrorCode::Internal, "no")),
            Act::Pass(seconds) => self.pass(seconds),
            Act::Frame(player) => self.players[player].app.update(),
        }
        for Player { app, .. } in &mut self.players {
            app.world_mut().flush();
        }
    }

    fn serve(&self, host: usize) {
        if let Some(host) = self.hosts.get(host) {
            serve(host);
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.orchestrator
            .advance(SECOND.saturating_mul(u32::try_from(seconds).unwrap()));
        for Player { app, .. } in &mut self.players {
            pass(app, SECOND.saturating_mul(u32::try_from(seconds).unwrap()));
        }
    }
}

fn player_id(number: usize) -> PlayerId {
    format!("player-{number}").parse().unwrap()
}

#[test]
fn whole_apps_over_an_orchestrator_end_every_call_once_and_come_to_rest() {
    let histories = (prop::collection::vec(act(), 1..50), any::<bool>());
    play_histories(histories, Play::new, Play::play);
}
