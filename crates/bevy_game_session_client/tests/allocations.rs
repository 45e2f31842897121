//! What the plugin costs a frame: no allocation, neither idle nor while calls are in flight.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::alloc::System;
use std::future::pending;
use std::time::Duration;

use bevy_app::prelude::*;
use bevy_ecs::schedule::{Schedules, SingleThreadedExecutor};
use bevy_game_session_client::prelude::*;
use bevy_state::app::StatesPlugin;
use bevy_time::{TimePlugin, TimeUpdateStrategy};
use game_session_protocol::*;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const FRAMES: u32 = 200;

/// A service that finds one far session at once, and answers nothing else.
struct Silent;

impl SessionService for Silent {
    fn create(&self, _: CreateGameSession, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        Box::pin(pending())
    }

    fn find(&self, query: FindGameSessions) -> BoxedFuture<Result<GameSessionPage, ServiceError>> {
        if query.limit.is_some() {
            return Box::pin(pending());
        }
        let game_session = GameSession {
            id: "far".parse().unwrap(),
            name: "far".into(),
            build: "dev".parse().unwrap(),
            max_players: 4,
            current_players: 1,
            policy: PlayerSessionPolicy::AcceptAll,
            properties: GameProperties::new(),
            owner: None,
            locked: false,
            ping_beacon: Some("ping.example.com:7770".into()),
        };
        let page = GameSessionPage {
            game_sessions: vec![game_session],
            next_page: None,
        };
        Box::pin(std::future::ready(Ok(page)))
    }

    fn join(&self, _: JoinGameSession, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        Box::pin(pending())
    }

    fn quick_join(&self, _: QuickJoin, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        Box::pin(pending())
    }

    fn join_by_code(&self, _: JoinByCode, _: Progress) -> BoxedFuture<Result<Seat, ServiceError>> {
        Box::pin(pending())
    }

    fn join_code(&self, _: GameSessionId) -> BoxedFuture<Result<JoinCode, ServiceError>> {
        Box::pin(pending())
    }

    fn ping(&self, _: &GameSession) -> BoxedFuture<Option<Duration>> {
        Box::pin(pending())
    }

    fn update(&self, _: UpdateGameSession) -> BoxedFuture<Result<GameSession, ServiceError>> {
        Box::pin(pending())
    }

    fn leave(&self, _: LeaveGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        Box::pin(pending())
    }

    fn end(&self, _: EndGameSession) -> BoxedFuture<Result<(), ServiceError>> {
        Box::pin(pending())
    }
}

fn bare() -> App {
    let mut app = App::new();
    app.add_plugins((TimePlugin, StatesPlugin))
        .insert_resource(TimeUpdateStrategy::ManualDuration(Duration::from_micros(1)));
    app
}

/// The allocations of so many frames, once the app has settled; the least of several looks.
fn allocations(app: &mut App) -> usize {
    // The executor on several threads allocates for each system of a frame, ours or not.
    for (_, schedule) in app.world_mut().resource_mut::<Schedules>().iter_mut() {
        schedule.set_executor(SingleThreadedExecutor::new());
    }
    for _ in 0..FRAMES {
        app.update();
    }
    let looks = (0..5).map(|_| {
        let region = Region::new(ALLOCATOR);
        for _ in 0..FRAMES {
            app.update();
        }
        region.change().allocations
    });
    looks.min().unwrap()
}

#[test]
fn a_frame_costs_no_allocation_idle_or_in_flight() {
    let without = allocations(&mut bare());

    let mut idle = bare();
    idle.add_plugins(SessionClientPlugin::new(Silent));
    assert_eq!(allocations(&mut idle), without, "idle");

    let mut busy = bare();
    busy.add_plugins(SessionClientPlugin::new(Silent).lan(Silent))
        .add_systems(Startup, |mut sessions: Sessions| {
            sessions.quick_join("game", SessionSettings::new(4));
            sessions.find(SessionQuery::new().limit(1));
            sessions.find(SessionQuery::new().refresh_every(Duration::from_secs(5)));
        });
    assert_eq!(
        allocations(&mut busy),
        without,
        "a join, a search, a live search and pings in flight"
    );
    let found = busy.world_mut().query::<&SearchResults>().iter(busy.world()).count();
    assert_eq!(found, 1, "the live search has its answer and waits");
    assert_eq!(
        busy.world_mut().query::<&SessionPhase>().single(busy.world()).unwrap(),
        &SessionPhase::Joining
    );
}
