//! Players admitted per second: 200 tickets checked and 200 seats accepted by an orchestrator in memory.
//!
//! `cargo bench -p bevy_game_session_server --bench admission`. Beside it the floor: 200 bare calls of the orchestrator.

use std::time::{Duration, Instant};

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_server::{
    AcceptedPlayer, Admissions, Decision, HostedSession, ListenPort, ServerSessionState, SessionServerPlugin,
};
use bevy_state::app::StatesPlugin;
use bevy_state::state::State;
use bevy_time::TimePlugin;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::{SeatStatus, read_ticket};
use game_session_protocol::{
    CreateGameSession, GameProperties, HostEvent, IdempotencyKey, InMemoryOrchestrator, JoinGameSession, Privacy,
    Progress, ReadyProcess, SessionHost as _, SessionService as _,
};

/// The most players that GameLift lets into a game session.
const PLAYERS: u16 = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let rounds = if is_bench { 20 } else { 1 };
    let (mut admitted, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        admitted.push(admit_all()?);
        bare.push(accept_all()?);
    }
    show("admitted, ticket and acceptance", &mut admitted);
    show("floor: bare acceptances", &mut bare);
    println!("aim: {PLAYERS} with ticket and acceptance in 250 ms");
    Ok(())
}

fn show(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let median = times[times.len() / 2];
    let rate = f64::from(PLAYERS) / median.as_secs_f64();
    println!(
        "{what}: {PLAYERS} in {median:.2?} (median of {}), {rate:.0} a second",
        times.len()
    );
}

/// From the first ticket at the door to the last entity in the world.
fn admit_all() -> Result<Duration, Box<dyn std::error::Error>> {
    let orchestrator = InMemoryOrchestrator::new();
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin, SessionServerPlugin::new(orchestrator.host())))
        .insert_resource(ListenPort(7777));
    app.finish();
    app.cleanup();
    let is = |app: &App, state| *app.world().resource::<State<ServerSessionState>>().get() == state;
    while !is(&app, ServerSessionState::Ready) {
        app.update();
    }
    let mut first = orchestrator
        .service("player-0".parse()?)
        .create(draft()?, Progress::ignored());
    let first = loop {
        match block_on(poll_once(&mut first)) {
            Some(seat) => break seat?,
            None => app.update(),
        }
    };
    let mut tickets = vec![read_ticket(&first.ticket)?];
    for player in 1..PLAYERS {
        let request = JoinGameSession {
            id: first.game_session.id.clone(),
            build: first.game_session.build.clone(),
            password: None,
        };
        let service = orchestrator.service(format!("player-{player}").parse()?);
        tickets.push(read_ticket(
            &block_on(service.join(request, Progress::ignored()))?.ticket,
        )?);
    }
    let begun = Instant::now();
    let session = app.world().resource::<HostedSession>().clone();
    let mut admissions = app.world_mut().resource_mut::<Admissions>();
    for ticket in &tickets {
        admissions.request(ticket, &session);
    }
    let mut players = 0;
    while players < usize::from(PLAYERS) {
        app.update();
        for decided in app.world_mut().resource_mut::<Admissions>().take_decided() {
            match decided.decision {
                Decision::Admitted(player) => {
                    app.world_mut().spawn(player);
                    players += 1;
                }
                other => return Err(format!("a player was not admitted: {other:?}").into()),
            }
        }
    }
    let time = begun.elapsed();
    let world = app.world_mut();
    assert_eq!(
        world
            .query_filtered::<Entity, With<AcceptedPlayer>>()
            .iter(world)
            .count(),
        players
    );
    assert_eq!(orchestrator.snapshot().seats_that_are(SeatStatus::Active), players);
    Ok(time)
}

/// The orchestrator's part alone.
fn accept_all() -> Result<Duration, Box<dyn std::error::Error>> {
    let orchestrator = InMemoryOrchestrator::new();
    let host = orchestrator.host();
    let process = ReadyProcess {
        port: 7777,
        log_paths: Vec::new(),
    };
    block_on(host.ready(process))?;
    let mut first = orchestrator
        .service("player-0".parse()?)
        .create(draft()?, Progress::ignored());
    assert!(block_on(poll_once(&mut first)).is_none(), "it waits for the activation");
    let HostEvent::GameSessionStarted(session) = block_on(std::future::poll_fn(|cx| host.poll_event(cx))) else {
        return Err("no game session was started".into());
    };
    block_on(host.activate(session.id))?;
    let first = block_on(first)?;
    let mut seats = vec![first.player_session_id];
    for player in 1..PLAYERS {
        let request = JoinGameSession {
            id: first.game_session.id.clone(),
            build: first.game_session.build.clone(),
            password: None,
        };
        let service = orchestrator.service(format!("player-{player}").parse()?);
        seats.push(block_on(service.join(request, Progress::ignored()))?.player_session_id);
    }
    let begun = Instant::now();
    for seat in seats {
        block_on(host.accept_player(seat))?;
    }
    Ok(begun.elapsed())
}

fn draft() -> Result<CreateGameSession, Box<dyn std::error::Error>> {
    Ok(CreateGameSession {
        idempotency_key: IdempotencyKey::random(),
        name: "bench".into(),
        max_players: PLAYERS,
        build: "dev".parse()?,
        properties: GameProperties::new(),
        privacy: Privacy::Listed,
        password: None,
        latencies: game_session_protocol::Latencies::default(),
    })
}
