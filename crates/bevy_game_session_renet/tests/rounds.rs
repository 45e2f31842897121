//! Host, leave, join elsewhere, host again, a hundred times in one process: nothing is left behind.
//!
//! One test, alone in its process, because it counts the sockets and threads of the process.

mod stage;

use std::sync::Arc;

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_client::SessionSettings;
use bevy_game_session_renet::TravelPlugin;
use bevy_game_session_server::ServerSessionState;
use bevy_replicon::prelude::*;
use bevy_replicon_renet::RepliconRenetPlugins;
use game_session_protocol::InMemoryOrchestrator;
use game_session_protocol::in_memory::{ProcessStatus, SeatStatus};
use stage::{Stage, mint};

const ROUNDS: usize = 100;

fn replicon(app: &mut App) {
    app.add_plugins((RepliconPlugins, RepliconRenetPlugins, TravelPlugin::replicon()));
}

/// What this process holds: open files and threads, where the system tells.
fn held() -> Option<(usize, usize)> {
    let count = |folder| std::fs::read_dir(folder).ok().map(Iterator::count);
    Some((count("/proc/self/fd")?, count("/proc/self/task")?))
}

fn entities(app: &mut App) -> usize {
    let world = app.world_mut();
    world.query::<Entity>().iter(world).count()
}

fn all_entities(stage: &mut Stage) -> Vec<usize> {
    std::iter::once(&mut stage.server)
        .chain(&mut stage.clients)
        .map(entities)
        .collect()
}

#[test]
fn a_hundred_rounds_of_hosting_leaving_and_joining_elsewhere_leave_nothing_behind() {
    let orchestrator = InMemoryOrchestrator::new().with_ticket_minter(Arc::new(mint));
    let mut here = Stage::listening(orchestrator, replicon);
    here.pump("this app is ready", |stage| stage.server_is(ServerSessionState::Ready));
    here.add_server();
    let other = here.add_client();
    let mut baseline = None;
    for round in 1..=ROUNDS {
        here.host_locally();
        // the other player's session is placed elsewhere, because this app is taken
        here.call(other, |mut sessions| {
            sessions.create("other", SessionSettings::new(4)).ok();
            sessions.start("other");
        });
        here.pump("the other one has arrived", |stage| {
            stage.count(other, "arrived") == round
        });
        here.call_host(|mut sessions| sessions.end("game"));
        here.pump("this app is ready again", |stage| {
            stage.server_is(ServerSessionState::Ready)
        });
        here.call_host(|mut sessions| sessions.destroy("game"));
        here.call_host(|mut sessions| {
            sessions.quick_join("visit", SessionSettings::new(4));
        });
        here.pump("this app has arrived elsewhere", |stage| {
            stage.count_on_server("arrived") == round
        });
        here.call_host(|mut sessions| sessions.destroy("visit"));
        here.call(other, |mut sessions| sessions.end("other"));
        here.pump("both processes are ready again", |stage| {
            let now = stage.orchestrator.snapshot();
            now.processes
                .iter()
                .all(|process| process.status == ProcessStatus::Ready)
                && now.seats_that_are(SeatStatus::Active) == 0
        });
        here.call(other, |mut sessions| sessions.destroy("other"));
        // lines end on threads of their own
        let expected = *baseline.get_or_insert_with(|| {
            let mut before = None;
            here.pump("all has come to rest", |_| {
                std::mem::replace(&mut before, held()) == held()
            });
            held()
        });
        here.pump("sockets and threads are back", |_| held() == expected);
        if round == 2 || round == ROUNDS {
            println!(
                "round {round}: {:?} open files and threads, {:?} entities",
                held(),
                all_entities(&mut here)
            );
        }
        if round == 2 {
            ENTITIES.set(all_entities(&mut here)).ok();
        }
    }
    assert_eq!(Some(&all_entities(&mut here)), ENTITIES.get());
}

static ENTITIES: std::sync::OnceLock<Vec<usize>> = std::sync::OnceLock::new();
