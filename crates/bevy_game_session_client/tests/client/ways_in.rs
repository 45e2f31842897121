//! Codes, passwords, quick joins.

use bevy_game_session_client::*;
use game_session_protocol::in_memory::InMemoryHost;
use game_session_protocol::*;

use super::common::*;

/// A locked game session of `owner`, and its server process.
fn locked(orchestrator: &InMemoryOrchestrator) -> (InMemoryHost, bevy_app::App) {
    let host = ready(orchestrator);
    let mut owner = player(orchestrator, "owner");
    with_sessions(&mut owner, |sessions| {
        sessions
            .create("game", SessionSettings::new(4).password("xyzzy"))
            .unwrap();
        sessions.start("game");
    });
    serve(&host);
    heard(&mut owner);
    (host, owner)
}

fn player(orchestrator: &InMemoryOrchestrator, name: &str) -> bevy_app::App {
    app(orchestrator.service(name.parse().unwrap()), TravelPolicy::Manual)
}

fn code(owner: &mut bevy_app::App) -> String {
    with_sessions(owner, |sessions| sessions.join_code("game"));
    let heard = heard(owner);
    heard[0].strip_prefix("game code ").unwrap().to_owned()
}

#[test]
fn a_friend_joins_by_code_and_password_and_may_tell_the_code_on() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, mut owner) = locked(&orchestrator);
    let code = code(&mut owner);
    let mut friend = player(&orchestrator, "friend");
    let spoken = format!("{}-{}", code[..4].to_lowercase(), &code[4..]);
    with_sessions(&mut friend, move |sessions| {
        sessions.join_by_code("game", &spoken, Some(Password::new("xyzzy")))
    });
    assert_eq!(heard(&mut friend), ["game joined"]);
    assert_eq!(self::code(&mut friend), code);
}

#[test]
fn a_wrong_password_is_its_own_error_and_another_try_is_free() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, mut owner) = locked(&orchestrator);
    let code = code(&mut owner);
    let mut friend = player(&orchestrator, "friend");
    let search = with_sessions(&mut friend, |sessions| sessions.find(SessionQuery::new()));
    heard(&mut friend);
    let found = friend.world().get::<SearchResults>(search).unwrap().sessions[0].clone();
    assert!(found.game_session.locked);
    let again = found.clone();
    with_sessions(&mut friend, move |sessions| sessions.join("game", &found));
    with_sessions(&mut friend, move |sessions| {
        sessions.join_by_code("game", &code, Some(Password::new("no")))
    });
    let wrong = "the game session needs a password, and this is not it";
    let failed = [
        format!("game failed join: {wrong}"),
        format!("game failed join by code: {wrong}"),
    ];
    assert_eq!(heard(&mut friend), failed);
    with_sessions(&mut friend, move |sessions| {
        sessions.join_locked("game", again, Password::new("xyzzy"))
    });
    assert_eq!(heard(&mut friend), ["game joined"]);
}

#[test]
fn a_seat_that_lapsed_in_a_locked_session_is_rejoined_with_the_same_password() {
    let orchestrator = InMemoryOrchestrator::new();
    let (_host, mut owner) = locked(&orchestrator);
    let code = code(&mut owner);
    let mut friend = player(&orchestrator, "friend");
    with_sessions(&mut friend, move |sessions| {
        sessions.join_by_code("game", &code, Some(Password::new("xyzzy")))
    });
    with_sessions(&mut friend, |sessions| sessions.leave("game"));
    heard(&mut friend);
    orchestrator.advance(61 * SECOND);
    with_sessions(&mut friend, |sessions| sessions.rejoin("game"));
    assert_eq!(heard(&mut friend), ["game joined"]);
}

/// An app that asks both for a code, and what they were asked.
fn asking_for_a_code() -> (bevy_app::App, Scripted, Scripted) {
    let (online, lan) = (Scripted::default(), Scripted::default());
    let plugin = SessionClientPlugin::new(online.clone()).lan(lan.clone());
    let mut app = app_with(plugin.travel(TravelPolicy::Manual));
    with_sessions(&mut app, |sessions| sessions.join_by_code("game", "ABCD2345", None));
    assert_eq!((online.len(), lan.len()), (1, 1), "both at once");
    (app, online, lan)
}

fn refusal(code: ErrorCode) -> ServiceError {
    ServiceError::refused(code, "no")
}

#[test]
fn a_code_is_asked_of_the_lan_and_online_at_once_and_the_first_seat_counts() {
    let (mut app, online, lan) = asking_for_a_code();
    let Asked::JoinByCode(request, answer) = online.next() else {
        panic!()
    };
    assert_eq!(request.join_code, "ABCD2345");
    answer.send(Ok(seat("found"))).unwrap();
    assert_eq!(heard(&mut app), ["game joined"]);
    assert!(lan.next().is_cancelled());
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert_eq!(online.next().operation(), SessionOperation::Leave);

    let (mut app, online, lan) = asking_for_a_code();
    assert!(lan.next().accept());
    assert_eq!(heard(&mut app), ["game joined"]);
    assert!(online.next().is_cancelled());
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert_eq!(lan.next().operation(), SessionOperation::Leave);
}

#[test]
fn of_two_seats_for_a_code_one_is_given_back() {
    let (mut app, online, lan) = asking_for_a_code();
    assert!(online.next().accept() && lan.next().accept());
    assert_eq!(heard(&mut app), [""; 0]);
    let given_back = online.next();
    assert_eq!(given_back.operation(), SessionOperation::Leave);
    assert!(given_back.accept());
    assert_eq!(heard(&mut app), ["game joined"]);
    assert_eq!((online.len(), lan.len()), (0, 0));
}

#[test]
fn a_code_that_one_service_refuses_or_does_not_know_may_be_known_to_the_other() {
    for code in [ErrorCode::NotFound, ErrorCode::SessionFull, ErrorCode::WrongPassword] {
        let (mut app, online, lan) = asking_for_a_code();
        assert!(lan.next().refuse(refusal(code)));
        assert_eq!(heard(&mut app), [""; 0], "on a LAN anybody may say no");
        assert!(online.next().accept());
        assert_eq!(heard(&mut app), ["game joined"]);
    }
    let (mut app, online, lan) = asking_for_a_code();
    assert!(online.next().refuse(unreachable()));
    assert_eq!(heard(&mut app), [""; 0]);
    assert!(lan.next().accept());
    assert_eq!(heard(&mut app), ["game joined"]);
}

#[test]
fn a_code_that_nobody_opens_fails_with_what_says_most() {
    let full = ["game failed join by code: the game session is full"];
    let (mut app, online, lan) = asking_for_a_code();
    assert!(online.next().refuse(refusal(ErrorCode::SessionFull)));
    assert_eq!(heard(&mut app), full, "the backend knows the code");
    assert!(lan.next().is_cancelled());
    for online_says in [refusal(ErrorCode::NotFound), unreachable()] {
        let (mut app, online, lan) = asking_for_a_code();
        assert!(lan.next().refuse(refusal(ErrorCode::SessionFull)));
        assert!(online.next().refuse(online_says));
        assert_eq!(heard(&mut app), full);
    }
    let (mut app, online, lan) = asking_for_a_code();
    assert!(lan.next().refuse(refusal(ErrorCode::NotFound)));
    assert!(online.next().refuse(refusal(ErrorCode::NotFound)));
    let unknown = ["game failed join by code: no game session has this join code"];
    assert_eq!(heard(&mut app), unknown);
}

#[test]
fn a_code_that_nobody_knows_and_a_host_that_is_away_are_said_so() {
    let (online, lan) = (Scripted::default(), Scripted::default());
    let mut app = app_with(SessionClientPlugin::new(online.clone()).lan(lan.clone()));
    with_sessions(&mut app, |sessions| sessions.join_by_code("game", "ABCD2345", None));
    for service in [lan.clone(), online] {
        let unknown = ServiceError::refused(ErrorCode::NotFound, "unknown");
        assert!(service.next().refuse(unknown));
        app.update();
    }
    let failed = "game failed join by code: no game session has this join code";
    assert_eq!(heard(&mut app), [failed]);
    let found = FoundSession::new(game_session("found"), Reach::Lan, None);
    with_sessions(&mut app, |sessions| sessions.join("game", found));
    assert!(lan.next().refuse(unreachable()));
    let failed = "game failed join: the host of the game session cannot be reached";
    assert_eq!(heard(&mut app), [failed]);
    assert_eq!(
        app.world().resource::<ServiceReachability>().of(Reach::Lan),
        Reachability::Unreachable
    );
}

#[test]
fn a_quick_join_that_would_make_a_private_or_locked_session_is_refused_and_asks_for_nothing() {
    let private = SessionSettings::new(4).privacy(Privacy::Private);
    for settings in [SessionSettings::new(4).password("xyzzy"), private] {
        let (mut app, service) = manual();
        with_sessions(&mut app, |sessions| sessions.quick_join("game", settings));
        let what = "what a quick join makes is listed and open, without privacy or a password";
        let failed = format!("game failed quick join: the settings cannot be used: {what}");
        assert_eq!((heard(&mut app), service.len()), (vec![failed], 0));
    }
}

#[test]
fn a_quick_join_shows_the_settings_of_the_session_that_it_found() {
    let (mut app, service) = manual();
    let wanted = SessionSettings::new(4).shown_as("wanted");
    let entity = with_sessions(&mut app, |sessions| sessions.quick_join("game", wanted));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["game joined"]);
    let settings = app.world().get::<SessionSettings>(entity).unwrap();
    assert_eq!((settings.name.as_deref(), settings.max_players), (Some("found"), 8));
}
