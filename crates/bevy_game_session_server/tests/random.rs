//! Whatever happens in whatever order: nobody is in without a seat, no seat leaks, nothing gets stuck.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_game_session_server::*;
use bevy_time::TimeUpdateStrategy;
use common::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::{GameSessionStatus, InMemoryOrchestrator, SeatSnapshot, SeatStatus};
use game_session_protocol::*;
use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    Create,
    Join { player: u8 },
    Knock { seat: usize },
    Cancel { knock: usize },
    Spawn,
    Despawn { player: usize },
    LosePlayer { player: usize },
    Frames(u8),
    HoldAnswers,
    ReleaseAnswers,
    RefuseAccept { retryable: bool },
    RefuseRemoves { count: u8 },
    OwnerEnds,
    GameEnds,
    Shutdown { seconds: u8 },
    Lose,
    Advance { seconds: u8 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Create),
        6 => (0..3u8).prop_map(|player| Step::Join { player }),
        18 => (0..3usize).prop_map(|seat| Step::Knock { seat }),
        12 => (0..2usize).prop_map(|knock| Step::Cancel { knock }),
        8 => Just(Step::Spawn),
        5 => (0..3usize).prop_map(|player| Step::Despawn { player }),
        5 => (0..3usize).prop_map(|player| Step::LosePlayer { player }),
        16 => (1..6u8).prop_map(Step::Frames),
        8 => Just(Step::HoldAnswers),
        8 => Just(Step::ReleaseAnswers),
        2 => any::<bool>().prop_map(|retryable| Step::RefuseAccept { retryable }),
        1 => (1..20u8).prop_map(|count| Step::RefuseRemoves { count }),
        1 => Just(Step::OwnerEnds),
        1 => Just(Step::GameEnds),
        1 => (0..5u8).prop_map(|seconds| Step::Shutdown { seconds }),
        1 => Just(Step::Lose),
        1 => (1..70u8).prop_map(|seconds| Step::Advance { seconds }),
    ]
}

/// A server and what is on its way to it.
struct Play {
    server: Server,
    creating: Vec<BoxedFuture<Result<Seat, ServiceError>>>,
    seats: Vec<Seat>,
    knocks: Vec<AdmissionId>,
    was_lost: bool,
}

impl Play {
    fn act(&mut self, step: &Step) {
        let orchestrator = self.server.orchestrator.clone();
        match step {
            Step::Create => {
                let service = orchestrator.service("player-0".parse().unwrap());
                self.creating.push(service.create(draft("Any", 3), Progress::ignored()));
            }
            Step::Join { player } => {
                let service = orchestrator.service(format!("player-{player}").parse().unwrap());
                let Some(session) = orchestrator.snapshot().game_sessions.last().cloned() else {
                    return;
                };
                let request = JoinGameSession {
                    id: session.id,
                    build: "dev".parse().unwrap(),
                    password: None,
                };
                self.creating.push(service.join(request, Progress::ignored()));
            }
            Step::Knock { seat } => {
                let hosts = self.server.app.world().contains_resource::<HostedSession>();
                if let Some(seat) = self.seats.iter().rev().nth(*seat).filter(|_| hosts).cloned() {
                    self.knocks.push(self.server.knock(&seat));
                }
            }
            Step::Cancel { knock } => {
                if let Some(id) = self.knocks.iter().rev().nth(*knock) {
                    self.server.app.world_mut().resource_mut::<Admissions>().cancel(*id);
                }
            }
            Step::Spawn => {
                for decided in self.server.decided() {
                    match decided.decision {
                        Decision::Admitted(player) => drop(self.server.app.world_mut().spawn(player)),
                        Decision::Returned(player) => self.server.command(|commands| commands.player_returned(player)),
                        Decision::Refused(_) => {}
                    }
                }
            }
            Step::Despawn { player } => {
                if let Some(entity) = self.players().get(*player) {
                    self.server.app.world_mut().despawn(*entity);
                }
            }
            Step::LosePlayer { player } => {
                if let Some(entity) = self.players().get(*player).copied() {
                    self.server.command(|commands| commands.player_lost(entity));
                }
            }
            Step::Frames(count) => (0..*count).for_each(|_| self.server.frame()),
            Step::HoldAnswers => orchestrator.hold_hosts(),
            Step::ReleaseAnswers => orchestrator.release_hosts(),
            Step::RefuseAccept { retryable: true } => orchestrator.refuse_next_accept(unavailable()),
            Step::RefuseAccept { retryable: false } => {
                let message = "no".to_owned();
                orchestrator.refuse_next_accept(HostError::Refused {
                    action: "accept a player",
                    message,
                });
            }
            Step::RefuseRemoves { count } => (0..*count).for_each(|_| orchestrator.refuse_next_remove(unavailable())),
            Step::OwnerEnds => {
                let Some(session) = orchestrator.snapshot().game_sessions.last().cloned() else {
                    return;
                };
                let service = orchestrator.service(session.owner);
                let _ = block_on(poll_once(service.end(EndGameSession { id: session.id })));
            }
            Step::GameEnds => self.server.command(|commands| commands.end_session()),
            Step::Shutdown { seconds } => {
                orchestrator.request_shutdown(self.server.process, Some(Duration::from_secs((*seconds).into())));
            }
            Step::Lose => {
                self.was_lost = true;
                orchestrator.lose_connection(self.server.process);
            }
            Step::Advance { seconds } => orchestrator.advance(Duration::from_secs((*seconds).into())),
        }
        self.poll();
    }

    fn poll(&mut self) {
        let seats = &mut self.seats;
        self.creating.retain_mut(|seat| match block_on(poll_once(seat)) {
            Some(seat) => {
                seats.extend(seat);
                false
            }
            None => true,
        });
    }

    fn players(&mut self) -> Vec<Entity> {
        let world = self.server.app.world_mut();
        world
            .query_filtered::<Entity, With<AcceptedPlayer>>()
            .iter(world)
            .collect()
    }

    fn seats_of_players(&mut self) -> Vec<PlayerSessionId> {
        let world = self.server.app.world_mut();
        world
            .query::<&AcceptedPlayer>()
            .iter(world)
            .map(|player| player.player_session_id().clone())
            .collect()
    }

    /// Connected players are a subset of the game session's player sessions, one each.
    fn check(&mut self) -> Result<(), TestCaseError> {
        let mut players = self.seats_of_players();
        let now = self.server.orchestrator.snapshot();
        for player in &players {
            let status = now.seat(player).unwrap().status;
            prop_assert!(
                !matches!(status, SeatStatus::Reserved | SeatStatus::TimedOut),
                "{player} is in, {status:?}"
            );
        }
        let count = players.len();
        players.sort();
        players.dedup();
        prop_assert_eq!(players.len(), count, "two players on one seat");
        Ok(())
    }

    /// Seats that are taken at the orchestrator and have no player here.
    fn leaked(&mut self) -> Vec<SeatSnapshot> {
        let players = self.seats_of_players();
        let now = self.server.orchestrator.snapshot();
        let seats = now.game_sessions.into_iter().flat_map(|session| session.seats);
        seats
            .filter(|seat| seat.status == SeatStatus::Active && !players.contains(&seat.id))
            .collect()
    }

    /// Lets everything come to rest, and looks whether it does.
    fn settle(&mut self) -> Result<(), TestCaseError> {
        self.server.orchestrator.release_hosts();
        self.act(&Step::Spawn);
        self.server
            .app
            .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_secs(3)));
        for _ in 0..24 {
            self.server.frame();
            self.act(&Step::Spawn);
        }
        // as often as the orchestrator refuses, so often it is asked again
        for _ in 0..400 {
            if self.leaked().is_empty() {
                break;
            }
            self.server.frame();
        }
        self.check()?;
        if self.was_lost {
            prop_assert!(self.server.exit().is_some() || self.server.state() == ServerSessionState::Offline);
            return Ok(()); // what the orchestrator thinks is not in the server's power any more
        }
        let now = self.server.orchestrator.snapshot();
        let state = self.server.state();
        prop_assert!(
            self.server.exit().is_some() || matches!(state, ServerSessionState::Ready | ServerSessionState::Active),
            "stuck in {state:?}; heard {:?}",
            self.server.heard()
        );
        let leaked = self.leaked();
        prop_assert!(leaked.is_empty(), "seats without players: {leaked:?}");
        for session in &now.game_sessions {
            prop_assert!(session.status != GameSessionStatus::Terminating, "an end got stuck");
        }
        Ok(())
    }
}

/// Plays random histories: 1,000 always the same ones, or as many as `GAME_SESSION_HISTORIES` says, beginning with the
/// seed `GAME_SESSION_SEED`.
#[test]
fn the_promises_hold_whatever_happens() {
    let number = |name: &str, usual: u32| {
        let wanted = std::env::var(name).ok();
        wanted.map_or(usual, |text| text.parse().expect(name))
    };
    let config = ProptestConfig {
        cases: number("GAME_SESSION_HISTORIES", 1000),
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let mut seed = [0; 32];
    seed[..4].copy_from_slice(&number("GAME_SESSION_SEED", 9).to_be_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
    let histories = (prop::collection::vec(step(), 1..60), any::<bool>());
    let played = TestRunner::new_with_rng(config, random).run(&histories, |(steps, many)| play(&steps, many));
    if let Err(error) = played {
        panic!("{error}");
    }
}

fn play(steps: &[Step], many: bool) -> Result<(), TestCaseError> {
    let lifetime = if many {
        HostLifetime::ManySessions
    } else {
        HostLifetime::OneSession
    };
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(lifetime);
    let policies = ServerPolicies::default().wait_for_players_forever();
    let (server, seat) = Server::new(orchestrator, |plugin| plugin.policies(policies)).with_session(3);
    let mut play = Play {
        server,
        creating: vec![],
        seats: vec![seat],
        knocks: vec![],
        was_lost: false,
    };
    for step in steps {
        play.act(step);
        play.check()?;
    }
    play.settle()
}
