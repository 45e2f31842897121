//! The life of a session in an app, against a service that answers as the test says.

use bevy_app::prelude::*;
use bevy_ecs::prelude::*;
use bevy_game_session_client::*;

use game_session_protocol::*;

use super::common::*;

#[test]
fn a_session_is_created_started_travelled_to_and_left() {
    let (mut app, service) = automatic();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    assert_eq!(phase(&app, entity), Some(SessionPhase::Starting));
    assert_eq!(state(&mut app), ClientSessionState::Connecting);
    assert!(!app.world().contains_resource::<CurrentSession>());
    assert!(service.next().accept());
    app.update();
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
    assert_eq!(app.world().resource::<CurrentSession>().entity(), entity);
    assert_eq!(
        heard(&mut app),
        ["game created", "game started", "game travel requested"]
    );
    commands(&mut app, |commands| commands.session_arrived(entity));
    assert_eq!(heard(&mut app), ["game arrived"]);
    assert_eq!(state(&mut app), ClientSessionState::InSession);
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert_eq!(phase(&app, entity), Some(SessionPhase::Leaving));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["travel stopped", "game left"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
    assert_eq!(state(&mut app), ClientSessionState::Idle);
    assert!(!app.world().contains_resource::<CurrentSession>());
    assert!(app.world().get::<SessionConnection>(entity).is_none());
}

#[test]
fn the_settings_are_asked_for_as_they_are_at_the_start() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap()
    });
    app.world_mut().get_mut::<SessionSettings>(entity).unwrap().max_players = 6;
    with_sessions(&mut app, |sessions| sessions.start("game"));
    let Asked::Create(request, ..) = service.next() else {
        panic!()
    };
    assert_eq!((request.name.as_str(), request.max_players), ("game", 6));
}

#[test]
fn progress_is_told_once_per_step_and_in_order() {
    #[derive(Resource, Default)]
    struct Steps(Vec<ProgressStep>);
    let (mut app, service) = automatic();
    app.init_resource::<Steps>();
    app.add_observer(|event: On<SessionProgress>, mut steps: ResMut<Steps>| steps.0.push(event.step));
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
    });
    let asked = service.next();
    let Asked::Create(_, progress, _) = &asked else {
        panic!()
    };
    for step in [ProgressStep::Activating, ProgressStep::Placing, ProgressStep::Placing] {
        progress.report(step);
    }
    app.update();
    progress.report(ProgressStep::Placing);
    app.update();
    assert!(asked.accept());
    app.update();
    assert_eq!(
        app.world().resource::<Steps>().0,
        [
            ProgressStep::Creating,
            ProgressStep::Placing,
            ProgressStep::Activating,
            ProgressStep::Ticket,
            ProgressStep::Connecting
        ]
    );
}

#[test]
fn a_start_that_fails_leaves_the_draft_and_can_be_tried_again() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::NoCapacity, "none"))
    );
    assert_eq!(
        heard(&mut app),
        ["game created", "game failed start: no server process is free"]
    );
    assert_eq!(phase(&app, entity), Some(SessionPhase::Pending));
    assert_eq!(state(&mut app), ClientSessionState::Idle);
    with_sessions(&mut app, |sessions| sessions.start("game"));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["game started"]);
}

#[test]
fn a_start_without_an_answer_times_out_and_is_cancelled() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    pass(&mut app, 59 * SECOND);
    assert_eq!(heard(&mut app), ["game created"]);
    pass(&mut app, SECOND);
    assert_eq!(heard(&mut app), ["game failed start: no answer came within 60000 ms"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Pending));
    let asked = service.next();
    assert!(asked.is_cancelled());
    assert!(!asked.accept(), "a late answer finds nobody");
    assert_eq!(heard(&mut app), Vec::<String>::new());
}

#[test]
fn an_answer_that_came_in_a_long_frame_counts_before_the_deadline() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
    });
    assert!(service.next().accept());
    pass(&mut app, 100 * SECOND);
    assert_eq!(heard(&mut app), ["game created", "game started"]);
}

#[test]
fn a_start_that_is_cancelled_ends_once_and_leaves_the_draft() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    with_sessions(&mut app, |sessions| sessions.cancel("game"));
    assert_eq!(heard(&mut app), ["game created", "game cancelled start"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Pending));
    assert!(service.next().is_cancelled());
}

#[test]
fn a_start_and_its_cancel_in_one_system_ask_for_nothing_that_stays() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        sessions.cancel("game");
    });
    assert_eq!(heard(&mut app), ["game created", "game cancelled start"]);
    assert!(service.next().is_cancelled());
}

#[test]
fn a_second_session_of_the_same_name_is_refused() {
    let (mut app, _service) = manual();
    let error = with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.create("game", SessionSettings::new(4)).unwrap_err()
    });
    assert_eq!(error, SessionError::DuplicateName { name: "game".into() });
    assert_eq!(heard(&mut app), ["game created"]);
}

#[test]
fn a_second_start_or_join_is_refused_while_one_session_is_active() {
    let (mut app, service) = manual();
    started(&mut app, &service);
    let joined = with_sessions(&mut app, |sessions| {
        sessions.create("other", SessionSettings::new(4)).unwrap();
        sessions.start("other");
        sessions.quick_join("third", SessionSettings::new(4));
        sessions.join("fourth", &game_session("found"))
    });
    let busy = "the session \"game\" is being started, joined or played: leave it first";
    let expected = [
        "other created".to_owned(),
        format!("other failed start: {busy}"),
        format!("third failed quick join: {busy}"),
        format!("fourth failed join: {busy}"),
    ];
    assert_eq!(heard(&mut app), expected);
    assert_eq!(service.len(), 0);
    assert!(app.world().get_entity(joined).is_err(), "a failed join leaves nothing");
}

/// An app with the session `game` in the phase.
fn in_phase(wanted: SessionPhase) -> (App, Scripted) {
    let (mut app, service) = manual();
    bring(&mut app, &service, wanted);
    (app, service)
}

/// Brings the session `game` into the phase.
pub(super) fn bring(app: &mut App, service: &Scripted, wanted: SessionPhase) {
    use SessionPhase::{Ended, Ending, InProgress, Leaving};
    with_sessions(app, move |sessions| {
        if wanted == SessionPhase::Joining {
            sessions.join("game", &game_session("found"));
            return;
        }
        sessions.create("game", SessionSettings::new(4)).unwrap();
        if wanted != SessionPhase::Pending {
            sessions.start("game");
        }
    });
    if matches!(wanted, InProgress | Leaving | Ending | Ended) {
        assert!(service.next().accept());
        app.update();
        with_sessions(app, move |sessions| match wanted {
            Leaving | Ended => sessions.leave("game"),
            Ending => sessions.end("game"),
            _ => {}
        });
        if wanted == Ended {
            assert!(service.next().accept());
            app.update();
        }
    }
    assert_eq!(with_sessions(app, |sessions| sessions.phase("game")), Some(wanted));
    heard(app);
}

/// How a call that the phase does not take is refused: one that makes a session by the name of that one, or by the
/// player who is in it; every other by its phase.
fn refusal(phase: SessionPhase, call: SessionOperation) -> String {
    use SessionOperation::{Create, Join, JoinByCode, QuickJoin};
    let why = match call {
        Join | QuickJoin | JoinByCode if phase.is_active() => {
            "the session \"game\" is being started, joined or played: leave it first".to_owned()
        }
        Create | Join | QuickJoin | JoinByCode => {
            "a session named \"game\" exists already: destroy it first, or take another name".to_owned()
        }
        _ => format!("a session that is {phase} takes no {call}"),
    };
    format!("game failed {call}: {why}")
}

#[test]
fn every_call_in_every_phase_is_taken_or_refused_as_the_documentation_says() {
    let table = include_str!("../../src/transitions.md");
    for phase in SessionPhase::ALL {
        for call in SessionOperation::ALL {
            let (mut app, _service) = in_phase(phase);
            let error = with_sessions(&mut app, move |sessions| match call {
                SessionOperation::Create => sessions.create("game", SessionSettings::new(4)).err(),
                call => {
                    super::random::call(sessions, call, "game");
                    None
                }
            });
            let told = error.map(|error| format!("game failed {call}: {error}"));
            let failures: Vec<_> = heard(&mut app)
                .into_iter()
                .chain(told)
                .filter(|it| it.contains(" failed "))
                .collect();
            let is_taken = call == SessionOperation::Find || table.contains(&format!("| {phase} | {call} |"));
            let expected = if is_taken { vec![] } else { vec![refusal(phase, call)] };
            assert_eq!(failures, expected, "{phase}: {call}");
        }
    }
}

#[test]
fn a_call_that_the_phase_does_not_take_names_phase_and_call() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.leave("game");
        sessions.start("nobody");
    });
    let expected = [
        "game created",
        "game failed leave: a session that is pending takes no leave",
        "nobody failed start: there is no session named \"nobody\": create or join one first",
    ];
    assert_eq!(heard(&mut app), expected);
    assert_eq!(service.len(), 0);
}

#[test]
fn a_lan_session_says_that_no_lan_service_is_there() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions
            .create("game", SessionSettings::new(4).reach(Reach::Lan))
            .unwrap();
        sessions.start("game");
    });
    assert_eq!(
        heard(&mut app),
        [
            "game created",
            "game failed start: no service for lan sessions was given to the plugin"
        ]
    );
    assert_eq!(service.len(), 0);
}

#[test]
fn a_search_tells_what_it_found_and_keeps_it() {
    let (mut app, service) = manual();
    let query = FindGameSessions {
        limit: Some(3),
        ..FindGameSessions::default()
    };
    let search = with_sessions(&mut app, |sessions| sessions.find(query));
    let asked = service.next();
    assert!(matches!(&asked, Asked::Find(query, _) if query.limit == Some(3)));
    assert!(asked.accept());
    assert_eq!(heard(&mut app), ["search 1 found 1"]);
    assert_eq!(
        app.world().get::<SearchResults>(search).unwrap().sessions,
        [FoundSession::new(game_session("found"), Reach::Online, None)]
    );
}

#[test]
fn a_search_whose_entity_goes_is_cancelled() {
    let (mut app, service) = manual();
    let search = with_sessions(&mut app, |sessions| sessions.find(FindGameSessions::default()));
    app.world_mut().despawn(search);
    assert_eq!(heard(&mut app), ["search 1 cancelled find"]);
    assert!(service.next().is_cancelled());
}

#[test]
fn a_join_takes_a_seat_and_one_that_fails_leaves_nothing() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| sessions.join("game", &game_session("found")));
    assert_eq!(phase(&app, entity), Some(SessionPhase::Joining));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::SessionFull, "4 of 4"))
    );
    assert_eq!(heard(&mut app), ["game failed join: the game session is full"]);
    assert!(app.world().get_entity(entity).is_err());
    let entity = with_sessions(&mut app, |sessions| sessions.join("game", &game_session("found")));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["game joined"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
}

#[test]
fn another_build_is_refused_before_anything_is_asked() {
    let service = Scripted::default();
    let plugin = SessionClientPlugin::new(service.clone()).client_build("mine".parse().unwrap());
    let mut app = app_with(plugin);
    let mut found = game_session("found");
    found.build = "other".parse().unwrap();
    with_sessions(&mut app, move |sessions| sessions.join("game", &found));
    assert_eq!(
        heard(&mut app),
        ["game failed join: the game session runs another version of the game"]
    );
    assert_eq!(service.len(), 0);
}

#[test]
fn a_failed_join_may_be_made_again_by_the_observer_of_its_failure() {
    let (mut app, service) = manual();
    app.add_observer(|failed: On<SessionFailed>, mut sessions: Sessions| {
        assert_eq!(sessions.phase("game"), None);
        if failed.error.is_retryable() {
            sessions.join("game", &game_session("found"));
        }
    });
    with_sessions(&mut app, |sessions| sessions.join("game", &game_session("found")));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::Throttled, "busy"))
    );
    app.update();
    assert!(service.next().accept());
    assert_eq!(
        heard(&mut app),
        ["game failed join: the session service is busy", "game joined"]
    );
}
