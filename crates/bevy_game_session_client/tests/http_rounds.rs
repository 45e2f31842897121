//! Host, leave, join elsewhere, host again over HTTP, a hundred times: threads, sockets and entities are back where they
//! began. A process of its own, so that nothing else has threads or sockets in it.
#![cfg(all(feature = "http", target_os = "linux"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "client/common.rs"]
#[expect(dead_code, reason = "it is shared with the other tests")]
mod common;
#[path = "client/http_server.rs"]
#[expect(dead_code, reason = "it is shared with the other tests")]
mod http_server;

use std::time::{Duration, Instant};

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_client::*;
use common::*;
use futures_lite::future::{block_on, poll_once};
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;
use http_server::{Reply, Request, Server, guest};
use serde::Serialize;

const ROUNDS: usize = 100;

/// The HTTP API in front of an orchestrator in memory, for one player.
fn backend(orchestrator: &InMemoryOrchestrator, host: InMemoryHost) -> Server {
    let service = orchestrator.service("anna".parse().unwrap());
    Server::start(move |request| answer(&service, &host, request))
}

fn answer(service: &InMemoryService, host: &InMemoryHost, request: &Request) -> Reply {
    let (method, path) = request.line.split_once(' ').unwrap();
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    let id = path.split('/').nth(3).map(|id| id.parse::<GameSessionId>().unwrap());
    match (method, path, id) {
        ("POST", routes::GUESTS, _) => guest("token-1"),
        ("POST", routes::GAME_SESSIONS, _) => {
            let mut draft: CreateGameSession = serde_json::from_str(&request.body).unwrap();
            draft.idempotency_key = request.headers[routes::IDEMPOTENCY_KEY].parse().unwrap();
            let mut seat = service.create(draft, Progress::ignored());
            let seat = block_on(poll_once(&mut seat)).unwrap_or_else(|| {
                serve(host);
                block_on(seat)
            });
            reply(201, seat)
        }
        ("GET", routes::GAME_SESSIONS, _) => reply(200, block_on(service.find(FindGameSessions::default()))),
        ("POST", _, Some(id)) => {
            let join = JoinGameSession::new(id, "dev".parse().unwrap());
            reply(201, block_on(service.join(join, Progress::ignored())))
        }
        ("DELETE", _, Some(id)) => {
            let ended = block_on(service.end(EndGameSession { id }));
            serve(host);
            reply(204, ended.map(|()| serde_json::Value::Null))
        }
        _ => panic!("{} was asked", request.line),
    }
}

fn reply(status: u16, answer: Result<impl Serialize, ServiceError>) -> Reply {
    match answer {
        Ok(body) if status == 204 => {
            drop(body);
            Reply::Raw(b"HTTP/1.1 204 X\r\nconnection: close\r\n\r\n".to_vec())
        }
        Ok(body) => Reply::Json(status, serde_json::to_string(&body).unwrap()),
        Err(error) => panic!("the backend refused: {error}"),
    }
}

/// Turns the app until it heard this.
fn hears(app: &mut App, news: &str, all: &mut Vec<String>) {
    let end = Instant::now() + Duration::from_mins(1);
    while !all.iter().any(|heard| heard == news) {
        assert!(Instant::now() < end, "{news} was not heard: {all:?}");
        all.extend(heard(app));
        std::thread::yield_now();
    }
}

fn round(app: &mut App) -> Vec<String> {
    let mut all = Vec::new();
    let entity = with_sessions(app, |sessions| {
        let entity = sessions.create("mine", SessionSettings::new(4)).unwrap();
        sessions.start("mine");
        entity
    });
    hears(app, "mine started", &mut all);
    commands(app, |commands| commands.session_arrived(entity));
    with_sessions(app, |sessions| sessions.end("mine"));
    hears(app, "mine ended", &mut all);
    with_sessions(app, |sessions| sessions.destroy("mine"));
    let search = with_sessions(app, |sessions| sessions.find(SessionQuery::new()));
    let end = Instant::now() + Duration::from_mins(1);
    let found = loop {
        assert!(Instant::now() < end, "nothing was found");
        app.update();
        if let Some(results) = app.world().get::<SearchResults>(search) {
            break results.sessions[0].clone();
        }
        std::thread::yield_now();
    };
    all.extend(heard(app).into_iter().filter(|heard| !heard.starts_with("search")));
    app.world_mut().despawn(search);
    let entity = with_sessions(app, move |sessions| sessions.join("theirs", &found));
    hears(app, "theirs joined", &mut all);
    commands(app, |commands| commands.session_arrived(entity));
    with_sessions(app, |sessions| sessions.leave("theirs"));
    hears(app, "theirs left", &mut all);
    with_sessions(app, |sessions| sessions.destroy("theirs"));
    all.extend(heard(app));
    all
}

fn count(what: &str) -> usize {
    std::fs::read_dir(what).unwrap().count()
}

/// Waits until there are so many again: a closed connection takes the system a moment.
fn comes_back_to(what: &str, least: usize, round: usize) {
    let end = Instant::now() + Duration::from_mins(1);
    while count(what) > least {
        assert!(
            Instant::now() < end,
            "{what}: {} after round {round}, {least} before",
            count(what)
        );
        std::thread::park_timeout(Duration::from_millis(1));
    }
}

#[test]
fn a_hundred_rounds_over_http_leave_no_thread_no_socket_and_no_entity_behind() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let (elsewhere, host) = (ready(&orchestrator), ready(&orchestrator));
    let request = CreateGameSession::new("elsewhere", 8, "dev".parse().unwrap());
    hosted(&orchestrator, &elsewhere, "other", request);
    let server = backend(&orchestrator, host);
    let service = HttpSessionService::new(server.url.clone()).unwrap();
    let mut app = app(service, TravelPolicy::Automatic);
    let heard_once = round(&mut app);
    assert!(heard_once.iter().all(|word| !word.contains("failed")), "{heard_once:?}");
    let entities = app.world().entities().count_spawned();
    // the server closes each connection, so that at rest none is open
    let (threads, sockets) = (count("/proc/self/task"), count("/proc/self/fd"));
    for number in 1..ROUNDS {
        assert_eq!(round(&mut app), heard_once, "round {number}");
        assert_eq!(app.world().entities().count_spawned(), entities, "round {number}");
        assert_eq!(state(&mut app), ClientSessionState::Idle);
        assert!(!app.world().contains_resource::<CurrentSession>());
        comes_back_to("/proc/self/fd", sockets, number);
        comes_back_to("/proc/self/task", threads, number);
    }
    let mut left = app
        .world_mut()
        .query_filtered::<Entity, Or<(With<SessionName>, With<SessionSearch>)>>();
    assert_eq!(left.iter(app.world()).count(), 0);
}
