//! A server app on the GameLift emulator, over real sockets.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use bevy_app::{App, AppExit, Update};
use bevy_game_session_server::*;
use bevy_state::app::StatesPlugin;
use bevy_state::state::State;
use bevy_time::TimePlugin;
use game_session_protocol::*;
use gamelift_emulator::{Emulator, EmulatorConfig, GameSessionStatus, PlayerSessionStatus, ProcessStatus};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

const LIMIT: Duration = Duration::from_secs(20);

struct World {
    emulator: Emulator,
    runtime: Runtime,
}

impl World {
    fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let emulator = runtime.block_on(Emulator::start(EmulatorConfig::default())).unwrap();
        Self { emulator, runtime }
    }

    fn app(&self) -> App {
        let host = GameLiftHost::from_variables(self.emulator.server_environment("process-1")).unwrap();
        let mut app = App::new();
        app.add_plugins((TimePlugin, StatesPlugin))
            .add_plugins(SessionServerPlugin::new(host))
            .insert_resource(ListenPort(7777));
        app.finish();
        app.cleanup();
        app
    }

    /// Asks the emulator as a backend would, in AWS's JSON 1.1.
    fn ask(&self, operation: &str, input: &Value) -> Value {
        let address = self.emulator.endpoint().trim_start_matches("http://").to_owned();
        let body = input.to_string();
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Amz-Target: GameLift.{operation}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{operation}: {answer}");
        serde_json::from_str(body).unwrap()
    }

    fn create(&self, data: &GameSessionData) -> String {
        let input = json!({
            "FleetId": self.emulator.fleet_id(),
            "Location": self.emulator.location(),
            "MaximumPlayerSessionCount": 2,
            "Name": "Friday",
            "GameSessionData": data.to_json(),
        });
        self.ask("CreateGameSession", &input)["GameSession"]["GameSessionId"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    fn reserve(&self, game_session: &str) -> PlayerSessionId {
        let input = json!({ "GameSessionId": game_session, "PlayerId": "alice" });
        self.ask("CreatePlayerSession", &input)["PlayerSession"]["PlayerSessionId"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    /// Waits until the process can host.
    fn until_placeable(&self, app: &mut App) {
        until(app, "placeable", |_| {
            self.emulator
                .snapshot()
                .processes
                .iter()
                .any(|process| process.placeable)
        });
    }
}

/// Turns the app until something is so.
fn until(app: &mut App, what: &str, mut is_so: impl FnMut(&mut App) -> bool) {
    let begun = Instant::now();
    while !is_so(app) {
        assert!(begun.elapsed() < LIMIT, "not {what} in time");
        app.update();
        std::thread::yield_now();
    }
}

fn state(app: &App) -> ServerSessionState {
    *app.world().resource::<State<ServerSessionState>>().get()
}

fn session_data() -> GameSessionData {
    GameSessionData {
        version: 1,
        key_id: "k1".into(),
        token: "t-1".into(),
        key: SessionKey::random(),
        owner: "alice".parse().unwrap(),
        build: "dev".parse().unwrap(),
        privacy: Privacy::Listed,
        trace_id: "trace-1".into(),
    }
}

#[test]
fn a_player_is_let_in_and_out_and_the_process_ends_politely() {
    let world = World::new();
    let mut app = world.app();
    world.until_placeable(&mut app);
    let data = session_data();
    let game_session = world.create(&data);
    until(&mut app, "active", |app| state(app) == ServerSessionState::Active);
    assert_eq!(
        world.emulator.snapshot().game_sessions[0].status,
        GameSessionStatus::Active
    );

    let seat = world.reserve(&game_session);
    let claims = TicketClaims {
        player_session_id: seat,
        build: data.build.clone(),
        issued_at_ms: 1,
    };
    let hosted = app.world().resource::<HostedSession>().clone();
    assert_eq!((hosted.id().as_str(), hosted.name()), (game_session.as_str(), "Friday"));
    app.world_mut()
        .resource_mut::<Admissions>()
        .request(&claims.seal(&data.key, [1; 16]), &hosted);
    let mut player = None;
    until(&mut app, "decided", |app| {
        player = app.world_mut().resource_mut::<Admissions>().take_decided().pop();
        player.is_some()
    });
    let Decision::Admitted(player) = player.unwrap().decision else {
        panic!("the player was not admitted");
    };
    let player = app.world_mut().spawn(player).id();
    assert_eq!(
        world.emulator.snapshot().player_sessions[0].status,
        PlayerSessionStatus::Active
    );

    app.world_mut().despawn(player);
    until(&mut app, "freed", |_| {
        world.emulator.snapshot().player_sessions[0].status == PlayerSessionStatus::Completed
    });
    app.world_mut().commands().end_session();
    until(&mut app, "left", |app| app.should_exit().is_some());
    assert_eq!(app.should_exit(), Some(AppExit::Success));
    let end = world.emulator.snapshot();
    assert_eq!(end.processes[0].status, ProcessStatus::Ended);
    assert_eq!(end.game_sessions[0].status, GameSessionStatus::Terminated);
    assert!(
        end.fleet_events.iter().all(|event| !event.code.contains("CRASH")),
        "{:?}",
        end.fleet_events
    );
}

#[test]
fn the_owners_end_reaches_the_process() {
    let world = World::new();
    let mut app = world.app();
    world.until_placeable(&mut app);
    let game_session = world.create(&session_data());
    until(&mut app, "active", |app| state(app) == ServerSessionState::Active);
    let input = json!({ "GameSessionId": game_session, "TerminationMode": "TRIGGER_ON_PROCESS_TERMINATE" });
    world.ask("TerminateGameSession", &input);
    until(&mut app, "left", |app| app.should_exit().is_some());
    assert_eq!(app.should_exit(), Some(AppExit::Success));
    assert_eq!(world.emulator.snapshot().processes[0].status, ProcessStatus::Ended);
}

#[test]
fn a_panic_of_the_game_still_tells_gamelift_that_the_process_ends() {
    let world = World::new();
    let mut app = world.app();
    world.until_placeable(&mut app);
    world.create(&session_data());
    until(&mut app, "active", |app| state(app) == ServerSessionState::Active);
    app.add_systems(Update, || panic!("the game's own mistake"));
    let outcome = std::panic::catch_unwind(AssertUnwindSafe(move || app.update()));
    assert!(outcome.is_err());
    let ended = world.runtime.block_on(
        world
            .emulator
            .wait_until(|now| now.processes[0].status == ProcessStatus::Ended, LIMIT),
    );
    let ended = ended.unwrap();
    assert!(
        ended.fleet_events.iter().all(|event| !event.code.contains("CRASH")),
        "{:?}",
        ended.fleet_events
    );
}

#[test]
fn a_missing_variable_is_named() {
    let error = GameLiftHost::from_env().unwrap_err();
    assert!(error.to_string().contains("GAMELIFT_SDK_WEBSOCKET_URL"), "{error}");
}

#[test]
fn a_server_started_outside_gamelift_says_so_and_serves_plainly() {
    let (host, logged) = common::said::Said::during(|| GameLiftHost::detect().unwrap());
    assert!(host.is_none());
    assert_eq!(logged.len(), 1);
    assert!(
        logged[0].contains("GameLift has not started this process"),
        "{logged:?}"
    );
    // any other host serves then, with the same plugin
    let (mut server, seat) = common::server().with_session(2);
    server.enter(&seat);
    assert_eq!(
        server.seat_status(&seat),
        game_session_protocol::in_memory::SeatStatus::Active
    );
}
