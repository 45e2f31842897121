//! The invariants of the in-memory orchestrator under random use.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures_lite::future::{block_on, poll_once};
use proptest::prelude::*;

use super::tests::{create_named, join, next_event, ready};
use super::*;
use crate::*;

/// One random thing that a client, a server process or time does.
#[derive(Debug, Clone)]
enum Step {
    Create { player: u8, max: u16 },
    Join { player: u8, session: usize },
    Leave { player: u8, session: usize },
    End { session: usize },
    Activate { host: usize },
    Accept { host: usize, seat: usize },
    Remove { host: usize, seat: usize },
    EndSession { host: usize },
    ShutDown { host: usize },
    NewHost,
    Advance { seconds: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..4u8, 1..4u16).prop_map(|(player, max)| Step::Create { player, max }),
        (0..4u8, 0..4usize).prop_map(|(player, session)| Step::Join { player, session }),
        (0..4u8, 0..4usize).prop_map(|(player, session)| Step::Leave { player, session }),
        (0..4usize).prop_map(|session| Step::End { session }),
        (0..4usize).prop_map(|host| Step::Activate { host }),
        (0..4usize, 0..8usize).prop_map(|(host, seat)| Step::Accept { host, seat }),
        (0..4usize, 0..8usize).prop_map(|(host, seat)| Step::Remove { host, seat }),
        (0..4usize).prop_map(|host| Step::EndSession { host }),
        (0..4usize).prop_map(|host| Step::ShutDown { host }),
        Just(Step::NewHost),
        (1..70u64).prop_map(|seconds| Step::Advance { seconds }),
    ]
}

/// A client, its hosts and what is on its way.
struct Play {
    orchestrator: InMemoryOrchestrator,
    hosts: Vec<InMemoryHost>,
    creating: Vec<BoxedFuture<Result<Seat, ServiceError>>>,
}

impl Play {
    fn act(&mut self, step: &Step) {
        let now = self.orchestrator.snapshot();
        let service = |number: u8| self.orchestrator.service(format!("player-{number}").parse().unwrap());
        let session = |index: usize| now.game_sessions.get(index).map(|session| session.id.clone());
        let seat = |index: usize| {
            now.game_sessions
                .iter()
                .flat_map(|s| &s.seats)
                .nth(index)
                .map(|s| s.id.clone())
        };
        let host = |index: usize| self.hosts.get(index);
        match step {
            Step::Create { player, max } => {
                let mut seat = service(*player).create(create_named("Any", *max), Progress::ignored());
                if block_on(poll_once(&mut seat)).is_none() {
                    self.creating.push(seat);
                }
            }
            Step::Join { player, session: index } => {
                let Some(id) = session(*index) else { return };
                let _ = block_on(poll_once(service(*player).join(join(&id), Progress::ignored())));
            }
            Step::Leave { player, session: index } => {
                let Some(id) = session(*index) else { return };
                block_on(service(*player).leave(LeaveGameSession { id })).unwrap();
            }
            Step::End { session: index } => {
                let Some(found) = now.game_sessions.get(*index) else {
                    return;
                };
                let owner = self.orchestrator.service(found.owner.clone());
                let _ = block_on(owner.end(EndGameSession { id: found.id.clone() }));
            }
            Step::Activate { host: index } => {
                let Some(host) = host(*index) else { return };
                while let Some(event) = next_event(host) {
                    if let HostEvent::GameSessionStarted(session) = event {
                        let _ = block_on(host.activate(session.id));
                    }
                }
            }
            Step::Accept { host: index, seat: at } => {
                let (Some(host), Some(id)) = (host(*index), seat(*at)) else {
                    return;
                };
                let _ = block_on(host.accept_player(id));
            }
            Step::Remove { host: index, seat: at } => {
                let (Some(host), Some(id)) = (host(*index), seat(*at)) else {
                    return;
                };
                let _ = block_on(host.remove_player(id));
            }
            Step::EndSession { host: index } => {
                let Some(host) = host(*index) else { return };
                let _ = block_on(host.end_session());
            }
            Step::ShutDown { host: index } => {
                let Some(host) = host(*index) else { return };
                block_on(host.shut_down()).unwrap();
            }
            Step::NewHost => self.hosts.push(ready(&self.orchestrator)),
            Step::Advance { seconds } => self.orchestrator.advance(Duration::from_secs(*seconds)),
        }
        self.creating.retain_mut(|seat| block_on(poll_once(seat)).is_none());
    }
}

fn check_rules(before: &Snapshot, after: &Snapshot, lifetime: HostLifetime) -> Result<(), TestCaseError> {
    let over = |status| matches!(status, GameSessionStatus::Terminated | GameSessionStatus::Error);
    for session in &after.game_sessions {
        let taken = session
            .seats
            .iter()
            .filter(|s| matches!(s.status, SeatStatus::Reserved | SeatStatus::Active));
        prop_assert!(
            taken.clone().count() <= usize::from(session.max_players),
            "too many seats"
        );
        prop_assert!(
            !over(session.status) || taken.count() == 0,
            "a seat outlived its game session"
        );
    }
    for process in &after.processes {
        let here = after
            .game_sessions
            .iter()
            .filter(|session| session.process == process.number);
        prop_assert!(
            here.clone().filter(|session| !over(session.status)).count() <= 1,
            "two at a time"
        );
        prop_assert!(
            lifetime == HostLifetime::ManySessions || here.count() <= 1,
            "two in one life"
        );
    }
    for seat in before.game_sessions.iter().flat_map(|session| &session.seats) {
        use SeatStatus::{Active, Completed, Reserved, TimedOut};
        let now = after.seat(&seat.id).unwrap().status;
        let legal = matches!(
            (seat.status, now),
            (Reserved, Reserved | Active | TimedOut)
                | (Active, Active | Completed)
                | (Completed, Completed)
                | (TimedOut, TimedOut)
        );
        prop_assert!(legal, "{:?} became {:?}", seat.status, now);
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_rules_hold_whatever_happens(steps in prop::collection::vec(step(), 1..60), many: bool) {
        let lifetime = if many { HostLifetime::ManySessions } else { HostLifetime::OneSession };
        let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(lifetime);
        let mut play = Play { hosts: vec![ready(&orchestrator)], creating: vec![], orchestrator };
        for step in &steps {
            let before = play.orchestrator.snapshot();
            play.act(step);
            check_rules(&before, &play.orchestrator.snapshot(), lifetime)?;
        }
    }

    #[test]
    fn reading_a_foreign_ticket_never_panics(bytes in prop::collection::vec(any::<u8>(), 1..400)) {
        prop_assert!(read_ticket(&Ticket::new(bytes).unwrap()).is_err());
    }
}
