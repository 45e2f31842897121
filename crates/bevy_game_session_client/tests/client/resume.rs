//! Coming back after a restart of the client.
#![expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method's path does not take any two lifetimes"
)]

use std::fs;
use std::path::Path;

use bevy_app::{App, AppExit};
use bevy_game_session_client::*;
use game_session_protocol::*;

use super::common::*;

/// A process of the game: an app that keeps where it is.
fn process(directory: &Path, service: impl SessionService) -> App {
    let files = PlayerFiles::in_directory(directory).unwrap();
    app_with(
        SessionClientPlugin::new(service)
            .client_build("dev".parse().unwrap())
            .keep_session(files),
    )
}

fn resumable(app: &App) -> Option<String> {
    let resumable = app.world().get_resource::<ResumableSession>();
    resumable.map(|resumable| resumable.name().to_string())
}

/// A process that arrived in a session.
fn arrived(directory: &Path) -> (App, Scripted) {
    let service = Scripted::default();
    let mut app = process(directory, service.clone());
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    heard(&mut app);
    (app, service)
}

fn file(directory: &Path) -> std::path::PathBuf {
    directory.join("session.json")
}

#[test]
fn a_client_that_crashed_comes_back_to_its_session() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let service = Scripted::default();
    let mut app = process(directory.path(), service.clone());
    assert_eq!(resumable(&app).as_deref(), Some("game"));
    let entity = with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
    assert_eq!(phase(&app, entity), Some(SessionPhase::Joining));
    let Asked::Join(request, answer) = service.next() else {
        panic!()
    };
    assert_eq!(request.id, game_session("game").id);
    answer.send(Ok(seat("game"))).unwrap();
    assert_eq!(heard(&mut app), ["game joined", "game travel requested"]);
    commands(&mut app, |commands| commands.session_arrived(entity));
    assert_eq!(resumable(&app), None, "it is here");
    drop(app);
    assert!(file(directory.path()).exists(), "and may crash again");
}

#[test]
fn the_seat_that_is_still_held_is_had_again_with_a_fresh_ticket() {
    let directory = tempfile::tempdir().unwrap();
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let mut first = process(directory.path(), orchestrator.service("anna".parse().unwrap()));
    let entity = with_sessions(&mut first, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    serve(&host);
    first.update();
    let held = first.world().get::<SessionConnection>(entity).unwrap().seat().clone();
    futures_lite::future::block_on(host.accept_player(held.player_session_id.clone())).unwrap();
    commands(&mut first, |commands| commands.session_arrived(entity));
    drop(first);
    let mut second = process(directory.path(), orchestrator.service("anna".parse().unwrap()));
    let entity = with_sessions(&mut second, |sessions| sessions.resume()).unwrap();
    heard(&mut second);
    let again = second.world().get::<SessionConnection>(entity).unwrap().seat().clone();
    assert_eq!(again.player_session_id, held.player_session_id);
    assert_ne!(again.ticket, held.ticket);
}

#[test]
fn a_session_that_was_left_ended_or_quit_is_not_come_back_to() {
    for end in ["leave", "end", "destroy", "despawn", "exit", "kicked"] {
        let directory = tempfile::tempdir().unwrap();
        let (mut app, service) = arrived(directory.path());
        let entity = with_sessions(&mut app, |sessions| sessions.get("game")).unwrap();
        match end {
            "leave" => with_sessions(&mut app, |sessions| sessions.leave("game")),
            "end" => with_sessions(&mut app, |sessions| sessions.end("game")),
            "destroy" => with_sessions(&mut app, |sessions| sessions.destroy("game")),
            "despawn" => drop(app.world_mut().despawn(entity)),
            "exit" => drop(app.world_mut().write_message(AppExit::Success)),
            _ => commands(&mut app, |commands| {
                commands.session_disconnected(entity, DisconnectReason::Goodbye(GoodbyeCode::Kicked));
            }),
        }
        if service.len() > 0 {
            service.next().accept();
        }
        heard(&mut app);
        drop(app);
        assert!(!file(directory.path()).exists(), "{end}");
    }
}

#[test]
fn a_connection_that_was_lost_may_be_come_back_to() {
    let directory = tempfile::tempdir().unwrap();
    let (mut app, _service) = arrived(directory.path());
    let entity = with_sessions(&mut app, |sessions| sessions.get("game")).unwrap();
    commands(&mut app, |commands| {
        commands.session_disconnected(entity, DisconnectReason::TimedOut);
    });
    drop(app);
    assert!(file(directory.path()).exists());
}

#[test]
fn a_return_in_vain_is_forgotten_and_one_that_may_still_succeed_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let service = Scripted::default();
    let mut app = process(directory.path(), service.clone());
    with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
    assert!(service.next().refuse(unreachable()));
    assert_eq!(
        heard(&mut app),
        ["game failed rejoin: the session service cannot be reached"]
    );
    assert_eq!(resumable(&app).as_deref(), Some("game"));
    with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::SessionEnded, "over"))
    );
    assert_eq!(heard(&mut app), ["game failed rejoin: the game session is over"]);
    assert_eq!(resumable(&app), None);
    assert_eq!(with_sessions(&mut app, |sessions| sessions.resume()), None);
    drop(app);
    assert!(!file(directory.path()).exists());
}

#[test]
fn a_second_click_on_continue_and_what_no_service_said_lose_nothing() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let service = Scripted::default();
    let mut app = process(directory.path(), service.clone());
    with_sessions(&mut app, |sessions| sessions.create("game", SessionSettings::new(4))).unwrap();
    with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
    with_sessions(&mut app, |sessions| sessions.destroy("game"));
    let taken = "game failed rejoin: a session named \"game\" exists already: destroy it first, or take another name";
    assert_eq!(heard(&mut app), ["game created", taken, "game destroyed"]);
    with_sessions(&mut app, |sessions| {
        sessions.resume().unwrap();
        sessions.resume().unwrap();
    });
    let busy = "game failed rejoin: the session \"game\" is being started, joined or played: leave it first";
    assert_eq!(heard(&mut app), [busy]);
    assert_eq!(resumable(&app).as_deref(), Some("game"));
    let what = "HTML in place of JSON".to_owned();
    assert!(service.next().refuse(ServiceError::Protocol { what }));
    heard(&mut app);
    assert_eq!(resumable(&app).as_deref(), Some("game"), "a hotel's network said so");
    drop(app);
    assert!(file(directory.path()).exists());
}

#[test]
fn resume_is_taken_where_the_name_is_free_or_its_session_has_ended() {
    for phase in SessionPhase::ALL {
        let directory = tempfile::tempdir().unwrap();
        drop(arrived(directory.path()));
        let service = Scripted::default();
        let mut app = process(directory.path(), service.clone());
        super::life::bring(&mut app, &service, phase);
        with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
        let refused = heard(&mut app).iter().any(|it| it.starts_with("game failed rejoin: "));
        assert_eq!(refused, phase != SessionPhase::Ended, "{phase}");
        assert!(file(directory.path()).exists(), "{phase}");
    }
}

#[test]
fn a_clock_that_went_back_by_a_few_minutes_loses_no_session() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let kept = fs::read_to_string(file(directory.path())).unwrap();
    let mut kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    for (ahead, is_kept) in [(60, true), (60 * 60, false)] {
        let saved = std::time::SystemTime::now() + ahead * SECOND;
        kept["saved_at"] = saved.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().into();
        fs::write(file(directory.path()), kept.to_string()).unwrap();
        let app = process(directory.path(), Scripted::default());
        assert_eq!(resumable(&app).is_some(), is_kept, "{ahead} s");
    }
}

#[test]
fn a_client_of_another_build_does_not_come_back() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let files = PlayerFiles::in_directory(directory.path()).unwrap();
    let service = Scripted::default();
    let plugin = SessionClientPlugin::new(service.clone()).client_build("new".parse().unwrap());
    let mut app = app_with(plugin.keep_session(files));
    with_sessions(&mut app, |sessions| sessions.resume()).unwrap();
    let failed = "game failed rejoin: the game session runs another version of the game";
    assert_eq!(heard(&mut app), [failed]);
    assert_eq!((service.len(), resumable(&app)), (0, None));
}

#[test]
fn a_file_that_is_old_corrupt_or_foreign_is_ignored() {
    let directory = tempfile::tempdir().unwrap();
    drop(arrived(directory.path()));
    let kept = fs::read_to_string(file(directory.path())).unwrap();
    assert!(!kept.contains("ticket"), "{kept}");
    let mut old: serde_json::Value = serde_json::from_str(&kept).unwrap();
    old["saved_at"] = 1_000_000.into();
    let mut newer = old.clone();
    newer["saved_at"] = u64::MAX.into();
    let mut foreign: serde_json::Value = serde_json::from_str(&kept).unwrap();
    foreign["version"] = 9.into();
    let half = kept[..kept.len() / 2].to_owned();
    for text in [
        old.to_string(),
        newer.to_string(),
        foreign.to_string(),
        half,
        "[]".into(),
        String::new(),
    ] {
        fs::write(file(directory.path()), &text).unwrap();
        let app = process(directory.path(), Scripted::default());
        assert_eq!(resumable(&app), None, "{text}");
    }
}

#[cfg(feature = "http")]
#[test]
fn a_guest_is_the_same_player_after_a_restart_and_another_backend_does_not_see_its_secret() {
    use super::http_server::{Reply, Server, guest_with_secret};
    use futures_lite::future::block_on;
    let directory = tempfile::tempdir().unwrap();
    let answer = |request: &super::http_server::Request| match request.line.as_str() {
        "POST /v1/guests" => guest_with_secret("token-1"),
        "POST /v1/guests/refresh" => guest_with_secret("token-2"),
        _ => Reply::Json(200, r#"{"game_sessions":[]}"#.into()),
    };
    let (server, other) = (Server::start(answer), Server::start(answer));
    let ask = |server: &Server| {
        let files = PlayerFiles::in_directory(directory.path()).unwrap();
        let service = HttpSettings::new(&server.url).keep_guest(files).connect().unwrap();
        block_on(service.find(FindGameSessions::default())).unwrap();
    };
    ask(&server);
    ask(&server);
    let asked: Vec<_> = server
        .seen()
        .into_iter()
        .filter(|line| line.starts_with("POST"))
        .collect();
    assert_eq!(asked, ["POST /v1/guests", "POST /v1/guests/refresh"]);
    ask(&other);
    assert_eq!(other.seen()[0], "POST /v1/guests");
}
