//! Host, leave, join elsewhere, host again, a hundred times: everything is back where it began.

use bevy_app::App;
use bevy_ecs::prelude::*;
use bevy_game_session_client::*;
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;

use super::common::*;
use super::doubles::Counted;

const ROUNDS: usize = 100;

fn round(app: &mut App, host: &InMemoryHost) {
    let entity = with_sessions(app, |sessions| {
        let entity = sessions.create("mine", SessionSettings::new(4)).unwrap();
        sessions.start("mine");
        entity
    });
    serve(host);
    app.update();
    commands(app, |commands| commands.session_arrived(entity));
    with_sessions(app, |sessions| sessions.end("mine"));
    serve(host);
    app.update();
    with_sessions(app, |sessions| sessions.destroy("mine"));
    let search = with_sessions(app, |sessions| sessions.find(SessionQuery::new()));
    app.update();
    let found = app.world().get::<SearchResults>(search).unwrap().sessions[0].clone();
    app.world_mut().despawn(search);
    let entity = with_sessions(app, move |sessions| sessions.join("theirs", &found));
    app.update();
    commands(app, |commands| commands.session_arrived(entity));
    with_sessions(app, |sessions| sessions.leave("theirs"));
    app.update();
    with_sessions(app, |sessions| sessions.destroy("theirs"));
    app.update();
}

#[test]
fn a_hundred_rounds_of_host_leave_join_elsewhere_leave_nothing_behind() {
    let orchestrator = InMemoryOrchestrator::new().with_host_lifetime(HostLifetime::ManySessions);
    let (elsewhere, host) = (ready(&orchestrator), ready(&orchestrator));
    let request = CreateGameSession::new("elsewhere", 8, "dev".parse().unwrap());
    hosted(&orchestrator, &elsewhere, "other", request);
    let service = Counted::new(orchestrator.service("anna".parse().unwrap()));
    let live = service.live();
    let mut app = app(service, TravelPolicy::Automatic);
    round(&mut app, &host);
    let heard_once = heard(&mut app);
    assert!(heard_once.iter().all(|word| !word.contains("failed")), "{heard_once:?}");
    let entities = app.world().entities().count_spawned();
    for number in 1..ROUNDS {
        round(&mut app, &host);
        let search = format!("search {}", number + 1);
        let again: Vec<_> = heard(&mut app)
            .into_iter()
            .map(|word| word.replace(&search, "search 1"))
            .collect();
        assert_eq!(again, heard_once, "round {number}");
        assert_eq!(app.world().entities().count_spawned(), entities, "round {number}");
        assert_eq!(live.count(), 0, "requests are pending after round {number}");
        assert_eq!(state(&mut app), ClientSessionState::Idle);
        assert!(!app.world().contains_resource::<CurrentSession>());
    }
    let mut left = app
        .world_mut()
        .query_filtered::<Entity, Or<(With<SessionName>, With<SessionSearch>)>>();
    assert_eq!(left.iter(app.world()).count(), 0);
}

#[cfg(all(feature = "http", target_os = "linux"))]
#[test]
fn a_hundred_services_over_http_leave_no_thread_and_no_socket_behind() {
    use super::http_server::{Reply, Server, guest};
    let server = Server::start(|request| match request.line.as_str() {
        "POST /v1/guests" => guest("token-1"),
        _ => Reply::Json(200, r#"{"game_sessions":[]}"#.into()),
    });
    let ours = || {
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let names = threads.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
        names.filter(|name| name.trim() == "session service").count()
    };
    for _ in 0..ROUNDS {
        let service = HttpSessionService::new(server.url.clone()).unwrap();
        let mut app = app(service, TravelPolicy::Automatic);
        let search = with_sessions(&mut app, |sessions| sessions.find(SessionQuery::new()));
        until(&mut app, |app| app.world().get::<SearchResults>(search).is_some());
        drop(app);
    }
    // Other tests of this process have services of their own, but never a hundred.
    assert!(ours() < ROUNDS / 2, "{} threads are left", ours());
}
