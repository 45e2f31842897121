//! The faults that a client meets, each by its name.

use bevy_game_session_client::*;
use game_session_protocol::*;

use super::common::*;

/// What a start that meets the error ends in.
#[track_caller]
fn start_meets(error: ServiceError, ends_in: &str) {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    assert!(service.next().refuse(error));
    assert_eq!(
        heard(&mut app),
        ["game created".to_owned(), format!("game failed start: {ends_in}")]
    );
    assert_eq!(phase(&app, entity), Some(SessionPhase::Pending));
    with_sessions(&mut app, |sessions| sessions.start("game"));
    assert!(service.next().accept(), "it may be tried again");
    assert_eq!(heard(&mut app), ["game started"]);
}

#[test]
fn backend_down_is_a_typed_error_and_the_lan_is_still_usable() {
    start_meets(unreachable(), "the session service cannot be reached");
    let (online, lan) = (Scripted::default(), Scripted::default());
    let plugin = SessionClientPlugin::new(online.clone()).lan(lan.clone());
    let mut app = app_with(plugin.travel(TravelPolicy::Manual));
    with_sessions(&mut app, |sessions| {
        let settings = SessionSettings::new(4).reach(Reach::Lan);
        sessions.create("game", settings).unwrap();
        sessions.start("game");
    });
    assert!(lan.next().accept());
    assert_eq!(heard(&mut app), ["game created", "game started"]);
    assert_eq!(online.len(), 0);
}

#[test]
fn backend_slow_ends_each_phase_at_its_deadline_and_drops_the_request() {
    use SessionOperation::{End, JoinCode, Leave, Start, Update};

    let calls: [(SessionOperation, u32); 9] = [
        (SessionOperation::Start, 60),
        (SessionOperation::Join, 60),
        (SessionOperation::QuickJoin, 60),
        (SessionOperation::JoinByCode, 60),
        (SessionOperation::Find, 10),
        (SessionOperation::Update, 10),
        (SessionOperation::JoinCode, 10),
        (SessionOperation::Leave, 5),
        (SessionOperation::End, 15),
    ];
    for (call, seconds) in calls {
        let (mut app, service) = manual();
        if matches!(call, Update | JoinCode | Leave | End) {
            started(&mut app, &service);
        } else if call == Start {
            with_sessions(&mut app, |sessions| {
                sessions.create("game", SessionSettings::new(4)).unwrap()
            });
            heard(&mut app);
        }
        with_sessions(&mut app, move |sessions| {
            super::random::call(sessions, call, "game");
            if call == Update {
                assert_eq!(sessions.phase("game"), Some(SessionPhase::InProgress));
            }
        });
        pass(&mut app, (seconds - 1) * SECOND);
        assert_eq!(heard(&mut app), Vec::<String>::new(), "{call}");
        pass(&mut app, SECOND);
        let heard = heard(&mut app);
        assert_eq!(heard.len(), 1, "{call}: {heard:?}");
        let asked = service.next();
        assert!(
            asked.is_cancelled() && !asked.accept(),
            "{call}: a late answer finds nobody"
        );
    }
}

#[test]
fn fleet_capacity_exceeded_not_found_and_conflict_have_stable_errors() {
    start_meets(
        ServiceError::refused(ErrorCode::NoCapacity, "none"),
        "no server process is free",
    );
    start_meets(
        ServiceError::refused(ErrorCode::NotFound, "none"),
        "there is no such game session",
    );
    let mismatch = ServiceError::refused(ErrorCode::IdempotencyMismatch, "other body");
    start_meets(
        mismatch,
        "the session service refused: other body (idempotency_mismatch)",
    );
}

#[test]
fn a_throttled_service_is_told_with_its_pause() {
    let error = ServiceError::Refused {
        code: ErrorCode::Throttled,
        message: "busy".into(),
        retry_after: Some(7 * SECOND),
    };
    let told = SessionError::from(error.clone());
    assert_eq!(told.player_message(), "The game service is busy. Try again in 7 s.");
    start_meets(error, "the session service is busy");
}

#[test]
fn an_activation_that_never_comes_is_not_told_as_started() {
    let error = ServiceError::refused(ErrorCode::ActivationFailed, "too slow");
    start_meets(error, "the server did not get the game session going");
}

#[test]
fn a_double_start_is_one_request_and_the_second_is_refused_here() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        sessions.start("game");
    });
    assert_eq!(service.len(), 1);
    assert!(service.next().accept());
    let refused = "game failed start: a session that is starting takes no start";
    assert_eq!(heard(&mut app), ["game created", refused, "game started"]);
}

#[test]
fn two_joins_race_for_the_last_slot_and_exactly_one_wins() {
    let orchestrator = InMemoryOrchestrator::new();
    let host = ready(&orchestrator);
    let request = CreateGameSession::new("last", 2, "dev".parse().unwrap());
    let found = hosted(&orchestrator, &host, "owner", request);
    orchestrator.hold();
    let mut heard_of_both = Vec::new();
    let mut apps: Vec<_> = ["anna", "ben"]
        .map(|name| app(orchestrator.service(name.parse().unwrap()), TravelPolicy::Manual))
        .into();
    for app in &mut apps {
        let found = found.clone();
        with_sessions(app, move |sessions| sessions.join("game", &found));
        app.update();
    }
    orchestrator.release();
    for app in &mut apps {
        heard_of_both.extend(heard(app));
    }
    heard_of_both.sort();
    assert_eq!(
        heard_of_both,
        ["game failed join: the game session is full", "game joined"]
    );
}

#[test]
fn a_crash_after_active_is_told_as_a_lost_connection_and_the_session_can_be_left_behind() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    commands(&mut app, |commands| {
        commands.session_disconnected(entity, DisconnectReason::TimedOut)
    });
    let lost = "game disconnected: nothing was heard from the server for too long";
    assert_eq!(heard(&mut app), ["game arrived", lost]);
    with_sessions(&mut app, |sessions| sessions.rejoin("game"));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::SessionEnded, "over"))
    );
    assert_eq!(heard(&mut app), ["game failed rejoin: the game session is over"]);
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap()
    });
    assert_eq!(heard(&mut app), ["game created"]);
}

#[test]
fn a_lan_session_of_a_different_build_is_shown_as_incompatible_and_not_joinable() {
    let lan = Scripted::default();
    let plugin = SessionClientPlugin::lan_only(lan.clone()).client_build("mine".parse().unwrap());
    let mut app = app_with(plugin);
    with_sessions(&mut app, |sessions| sessions.find(SessionQuery::new()));
    assert!(lan.next().accept());
    app.update();
    let mut results = app.world_mut().query::<&SearchResults>();
    let found = results.single(app.world()).unwrap().sessions[0].clone();
    assert_eq!(found.obstacle, Some(JoinObstacle::OtherBuild));
    heard(&mut app);
    with_sessions(&mut app, move |sessions| sessions.join("game", &found));
    assert_eq!(
        heard(&mut app),
        ["game failed join: the game session runs another version of the game"]
    );
    assert_eq!(lan.len(), 0);
}

#[test]
fn a_ticket_that_is_late_by_a_skewed_clock_is_refused_and_told_to_the_player() {
    let error = TravelError::Refused(RefusalCode::Expired);
    assert_eq!(error.player_message(), "Your seat was given away. Please join again.");
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_travel_failed(entity, error));
    assert_eq!(
        heard(&mut app),
        ["game travel failed: the server refused the player: the ticket has expired"]
    );
    with_sessions(&mut app, |sessions| sessions.travel("game"));
    assert_eq!(
        service.next().operation(),
        SessionOperation::Join,
        "a fresh ticket is fetched"
    );
}
