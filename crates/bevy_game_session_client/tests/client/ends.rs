//! The end of a session in an app: despawned, destroyed, left, ended, replaced.

use bevy_game_session_client::*;
use bevy_state::prelude::*;
use game_session_protocol::*;

use super::common::*;

#[test]
fn a_session_that_is_despawned_while_it_starts_is_cancelled() {
    let (mut app, service) = manual();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
        entity
    });
    heard(&mut app);
    app.world_mut().despawn(entity);
    assert_eq!(heard(&mut app), ["game cancelled start"]);
    assert!(service.next().is_cancelled());
    assert_eq!(state(&mut app), ClientSessionState::Idle);
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap()
    });
}

#[test]
fn a_session_that_is_despawned_in_progress_is_left() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    heard(&mut app);
    app.world_mut().despawn(entity);
    assert_eq!(heard(&mut app), ["travel stopped"]);
    assert_eq!(service.next().operation(), SessionOperation::Leave);
    assert!(!app.world().contains_resource::<CurrentSession>());
}

#[test]
fn destroy_works_in_every_phase_and_ends_once() {
    let (mut app, service) = manual();
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.destroy("game");
    });
    assert_eq!(heard(&mut app), ["game created", "game destroyed"]);
    with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap();
        sessions.start("game");
    });
    with_sessions(&mut app, |sessions| sessions.destroy("game"));
    assert_eq!(
        heard(&mut app),
        ["game created", "game cancelled start", "game destroyed"]
    );
    assert!(service.next().is_cancelled());
    let entity = started(&mut app, &service);
    with_sessions(&mut app, |sessions| sessions.destroy("game"));
    assert_eq!(heard(&mut app), ["game destroyed"]);
    assert_eq!(service.next().operation(), SessionOperation::Leave);
    assert!(app.world().get_entity(entity).is_err());
}

#[test]
fn an_end_that_is_on_its_way_reaches_the_orchestrator_after_a_destroy() {
    let (mut app, service) = manual();
    started(&mut app, &service);
    with_sessions(&mut app, |sessions| sessions.end("game"));
    with_sessions(&mut app, |sessions| sessions.destroy("game"));
    assert_eq!(heard(&mut app), ["game cancelled end", "game destroyed"]);
    let asked = service.next();
    assert!(asked.operation() == SessionOperation::End && !asked.is_cancelled());
    assert!(asked.accept());
    assert_eq!(heard(&mut app), Vec::<String>::new());
}

#[test]
fn an_end_or_leave_reaches_the_orchestrator_also_when_the_session_goes_before_its_command_runs() {
    for (operation, name) in [(SessionOperation::End, "end"), (SessionOperation::Leave, "leave")] {
        for is_despawned in [false, true] {
            let (mut app, service) = manual();
            started(&mut app, &service);
            part_and_go(&mut app, operation, "game", is_despawned);
            let mut expected = vec![format!("game cancelled {name}"), "game destroyed".to_owned()];
            expected.truncate(if is_despawned { 1 } else { 2 });
            assert_eq!(heard(&mut app), expected);
            assert_eq!((service.len(), service.waited_for(operation)), (1, 1), "{name}");
            assert!(service.next().accept());
            assert_eq!(heard(&mut app), Vec::<String>::new());
        }
    }
}

#[test]
fn the_owner_ends_it_for_everyone_and_an_end_that_fails_changes_nothing() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    with_sessions(&mut app, |sessions| sessions.end("game"));
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ending));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::Forbidden, "not yours"))
    );
    assert_eq!(
        heard(&mut app),
        [
            "game arrived",
            "game failed end: the session service refused: not yours (forbidden)"
        ]
    );
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
    assert_eq!(state(&mut app), ClientSessionState::InSession);
    with_sessions(&mut app, |sessions| sessions.end("game"));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["travel stopped", "game ended"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
}

#[test]
fn the_owner_who_ends_a_session_hears_its_end_and_no_loss_when_the_server_is_quicker() {
    let goodbye = DisconnectReason::Goodbye(GoodbyeCode::ShuttingDown);
    for end_arrives in [true, false] {
        let (mut app, service) = automatic();
        let entity = started(&mut app, &service);
        commands(&mut app, |commands| commands.session_arrived(entity));
        with_sessions(&mut app, |sessions| sessions.end("game"));
        heard(&mut app);
        commands(&mut app, |commands| {
            commands.session_disconnected(entity, goodbye.clone())
        });
        assert_eq!(heard(&mut app), Vec::<String>::new());
        assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
        if end_arrives {
            assert!(service.next().accept());
            assert_eq!(heard(&mut app), ["game ended"]);
        } else {
            let refusal = ServiceError::refused(ErrorCode::Forbidden, "not yours");
            assert!(service.next().refuse(refusal));
            assert_eq!(
                heard(&mut app),
                [
                    "game failed end: the session service refused: not yours (forbidden)",
                    "game disconnected: the server said goodbye: the server is shutting down"
                ]
            );
        }
        assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
        assert_eq!(state(&mut app), ClientSessionState::Idle);
    }
}

#[test]
fn a_leave_that_the_orchestrator_does_not_hear_of_still_ends_as_left() {
    let (mut app, service) = manual();
    let entity = started(&mut app, &service);
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    pass(&mut app, 5 * SECOND);
    assert_eq!(heard(&mut app), ["game left"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
    assert!(service.next().is_cancelled());
}

#[test]
fn an_ended_session_is_replaced_by_a_new_one_of_its_name() {
    let (mut app, service) = manual();
    let old = started(&mut app, &service);
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert!(service.next().accept());
    app.update();
    let new = with_sessions(&mut app, |sessions| {
        sessions.create("game", SessionSettings::new(4)).unwrap()
    });
    assert_eq!(heard(&mut app), ["game left", "game created"]);
    assert!(app.world().get_entity(old).is_err());
    assert_eq!(phase(&app, new), Some(SessionPhase::Pending));
}

#[test]
fn an_update_tells_others_only_what_changed() {
    let (mut app, service) = manual();
    let entity = started(&mut app, &service);
    {
        let mut settings = app.world_mut().get_mut::<SessionSettings>(entity).unwrap();
        settings.max_players = 8;
        settings.policy = PlayerSessionPolicy::DenyAll;
        settings.properties.insert("map".into(), "moon".into());
    }
    with_sessions(&mut app, |sessions| {
        sessions.update("game");
        sessions.update("game");
    });
    let Asked::Update(request, answer) = service.next() else {
        panic!()
    };
    assert_eq!(request.max_players, None, "others see 8 already");
    assert_eq!(request.policy, Some(PlayerSessionPolicy::DenyAll));
    assert_eq!(request.properties["map"], "moon");
    answer.send(Ok(game_session("updated"))).unwrap();
    let busy = "game failed update: the update of this session has not ended yet: wait for its event";
    assert_eq!(heard(&mut app), [busy, "game updated"]);
    assert_eq!(
        app.world()
            .get::<SessionConnection>(entity)
            .unwrap()
            .game_session()
            .name,
        "updated"
    );
}

#[test]
fn an_update_of_what_cannot_be_changed_is_refused_in_words_and_sends_nothing() {
    type Edit = fn(&mut SessionSettings);
    let edits: [(Edit, &str); 5] = [
        (
            |settings| settings.privacy = Privacy::Private,
            "privacy and password of a session stay as it was started",
        ),
        (
            |settings| settings.password = None,
            "privacy and password of a session stay as it was started",
        ),
        (
            |settings| settings.password = Some(Password::new("other")),
            "privacy and password of a session stay as it was started",
        ),
        (
            |settings| settings.build = Some("2.0".parse().unwrap()),
            "the session runs the build dev, and another one is not possible",
        ),
        (
            |settings| drop(settings.properties.remove("map")),
            "the property \"map\" can be changed, but not taken away",
        ),
    ];
    let (mut app, service) = manual();
    let settings = SessionSettings::new(8).property("map", "moon").password("xyzzy");
    let before = settings.clone();
    let entity = with_sessions(&mut app, |sessions| {
        let entity = sessions.create("game", settings).unwrap();
        sessions.start("game");
        entity
    });
    let Asked::Create(request, _, answer) = service.next() else {
        panic!()
    };
    let mut seat = seat("game");
    seat.game_session.properties = request.properties;
    answer.send(Ok(seat)).unwrap();
    heard(&mut app);
    for (edit, what) in edits {
        let mut edited = before.clone();
        edited.max_players = 6;
        edit(&mut edited);
        app.world_mut().entity_mut(entity).insert(edited);
        with_sessions(&mut app, |sessions| sessions.update("game"));
        let failed = format!("game failed update: the settings cannot be used: {what}");
        assert_eq!((heard(&mut app), service.len()), (vec![failed], 0));
    }
    app.world_mut()
        .entity_mut(entity)
        .insert(before.property("map", "mars").shown_as("Friday"));
    with_sessions(&mut app, |sessions| sessions.update("game"));
    let Asked::Update(request, answer) = service.next() else {
        panic!()
    };
    assert_eq!((request.name.as_deref(), request.max_players), (Some("Friday"), None));
    answer.send(Ok(game_session("Friday"))).unwrap();
    app.update();
    app.world_mut().get_mut::<SessionSettings>(entity).unwrap().name = None;
    with_sessions(&mut app, |sessions| sessions.update("game"));
    let Asked::Update(request, _) = service.next() else {
        panic!()
    };
    assert_eq!(request.name.as_deref(), Some("game"), "the session's own name");
}

#[test]
fn an_idle_plugin_changes_nothing() {
    let (mut app, service) = manual();
    app.update();
    let entities = app.world().entities().count_spawned();
    let tick = app
        .world()
        .get_resource_change_ticks::<State<ClientSessionState>>()
        .unwrap();
    for _ in 0..100 {
        pass(&mut app, SECOND);
    }
    assert_eq!(app.world().entities().count_spawned(), entities);
    assert_eq!(
        app.world()
            .get_resource_change_ticks::<State<ClientSessionState>>()
            .unwrap()
            .changed,
        tick.changed
    );
    assert_eq!(heard(&mut app), Vec::<String>::new());
    assert_eq!(service.len(), 0);
}

#[test]
fn searches_are_bounded() {
    let (mut app, _service) = manual();
    with_sessions(&mut app, |sessions| {
        for _ in 0..257 {
            sessions.find(FindGameSessions::default());
        }
    });
    let heard = heard(&mut app);
    assert_eq!(heard.len(), 1);
    assert!(
        heard[0].starts_with("search 257 failed find: there are 256 sessions"),
        "{heard:?}"
    );
}
