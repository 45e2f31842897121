//! The way to the server and back: travel, lost connections, coming back.

use bevy_app::AppExit;
use bevy_game_session_client::*;
use game_session_protocol::*;

use super::common::*;

#[test]
fn a_goodbye_that_comes_before_the_answer_to_the_end_does_not_take_its_outcome() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    with_sessions(&mut app, |sessions| sessions.end("game"));
    let goodbye = DisconnectReason::Goodbye(GoodbyeCode::SessionEnded);
    commands(&mut app, |commands| commands.session_disconnected(entity, goodbye));
    heard(&mut app);
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
    assert!(service.next().accept());
    assert_eq!(heard(&mut app), ["game ended"]);
}

#[test]
fn a_travel_that_fails_keeps_the_session_and_a_second_one_gets_a_fresh_ticket() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| {
        commands.session_travel_failed(entity, TravelError::TimedOut)
    });
    commands(&mut app, |commands| {
        commands.session_travel_failed(entity, TravelError::Denied)
    });
    let failed = "game travel failed: the server did not answer in time: is it running, and does UDP reach it?";
    assert_eq!(heard(&mut app), [failed]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
    assert_eq!(state(&mut app), ClientSessionState::Idle);
    with_sessions(&mut app, |sessions| sessions.travel("game"));
    assert_eq!(heard(&mut app), Vec::<String>::new());
    assert!(service.next().accept(), "the first ticket is used up");
    assert_eq!(heard(&mut app), ["game travel requested"]);
    commands(&mut app, |commands| commands.session_arrived(entity));
    assert_eq!(heard(&mut app), ["game arrived"]);
}

#[test]
fn an_arrival_after_the_travel_was_given_up_is_ignored() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    pass(&mut app, 21 * SECOND);
    heard(&mut app);
    commands(&mut app, |commands| commands.session_arrived(entity));
    assert_eq!(heard(&mut app), Vec::<String>::new());
}

#[test]
fn a_game_with_a_transport_of_its_own_says_itself_that_it_arrived() {
    let (mut app, service) = manual();
    let entity = started(&mut app, &service);
    assert_eq!(
        app.world().get::<SessionConnection>(entity).unwrap().address(),
        seat("game").address
    );
    commands(&mut app, |commands| commands.session_arrived(entity));
    assert_eq!(heard(&mut app), ["game arrived"]);
    assert_eq!(state(&mut app), ClientSessionState::InSession);
}

#[test]
fn a_travel_to_which_no_transport_answers_times_out_and_is_stopped() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    pass(&mut app, 21 * SECOND);
    let failed = "game travel failed: the server did not answer in time: is it running, and does UDP reach it?";
    assert_eq!(heard(&mut app), ["travel stopped", failed]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
}

#[test]
fn a_ticket_that_got_old_before_the_travel_is_fetched_anew() {
    let (mut app, service) = manual();
    started(&mut app, &service);
    pass(&mut app, 31 * SECOND);
    with_sessions(&mut app, |sessions| sessions.travel("game"));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::SessionEnded, "over"))
    );
    assert_eq!(heard(&mut app), ["game travel failed: no fresh ticket could be had"]);
}

#[test]
fn a_lost_connection_ends_the_session_and_it_can_be_rejoined() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    commands(&mut app, |commands| {
        commands.session_disconnected(entity, DisconnectReason::TimedOut)
    });
    assert_eq!(
        heard(&mut app),
        [
            "game arrived",
            "game disconnected: nothing was heard from the server for too long"
        ]
    );
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
    assert!(!app.world().contains_resource::<CurrentSession>());
    with_sessions(&mut app, |sessions| sessions.rejoin("game"));
    let Asked::Join(request, answer) = service.next() else {
        panic!()
    };
    assert_eq!(request.id, game_session("game").id);
    answer.send(Ok(seat("game"))).unwrap();
    assert_eq!(heard(&mut app), ["game joined", "game travel requested"]);
    assert_eq!(phase(&app, entity), Some(SessionPhase::InProgress));
}

#[test]
fn a_rejoin_that_fails_leaves_the_session_ended() {
    let (mut app, service) = manual();
    let entity = started(&mut app, &service);
    with_sessions(&mut app, |sessions| sessions.leave("game"));
    assert!(service.next().accept());
    app.update();
    with_sessions(&mut app, |sessions| sessions.rejoin("game"));
    assert!(
        service
            .next()
            .refuse(ServiceError::refused(ErrorCode::SessionEnded, "over"))
    );
    assert_eq!(
        heard(&mut app),
        ["game left", "game failed rejoin: the game session is over"]
    );
    assert_eq!(phase(&app, entity), Some(SessionPhase::Ended));
}

#[test]
fn at_the_end_of_the_app_the_seat_is_given_back_and_the_rest_called_off() {
    let (mut app, service) = automatic();
    let entity = started(&mut app, &service);
    commands(&mut app, |commands| commands.session_arrived(entity));
    with_sessions(&mut app, |sessions| sessions.find(FindGameSessions::default()));
    heard(&mut app);
    app.world_mut().write_message(AppExit::Success);
    app.update();
    let heard = heard(&mut app);
    assert!(heard.contains(&"travel stopped".to_owned()) && heard.contains(&"search 1 cancelled find".to_owned()));
    assert!(service.next().is_cancelled());
    assert_eq!(service.next().operation(), SessionOperation::Leave);
}
