//! Who is let in: the promises of the door.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bevy_game_session_server::*;
use common::*;
use game_session_protocol::in_memory::{SeatStatus, read_ticket};
use game_session_protocol::*;

#[test]
fn a_good_ticket_lets_its_player_in() {
    let (mut server, seat) = server().with_session(2);
    let id = server.knock(&seat);
    let player = server.decision(id).unwrap();
    assert_eq!(*player.player_session_id(), seat.player_session_id);
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
}

#[test]
fn a_used_ticket_is_refused() {
    let (mut server, seat) = server().with_session(2);
    let _in_already = server.enter(&seat);
    let id = server.knock(&seat);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Used);
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
}

#[test]
fn two_connections_with_one_ticket_let_one_player_in() {
    let (mut server, seat) = server().with_session(2);
    let (first, second) = (server.knock(&seat), server.knock(&seat));
    assert_eq!(server.decision(second).unwrap_err(), RefusalCode::Used);
    server.decision(first).unwrap();
}

#[test]
fn a_ticket_older_than_45_seconds_is_refused() {
    let (mut server, old) = server().with_session(4);
    let bob = server.join("bob", &old.game_session);
    server.enter(&bob); // from here on the server knows the backend's time
    server.frames_for(Duration::from_millis(45_010));
    let id = server.knock(&old);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Expired);
}

#[test]
fn a_ticket_of_45_seconds_is_good() {
    let (mut server, old) = server().with_session(4);
    let bob = server.join("bob", &old.game_session);
    server.enter(&bob);
    server.frames_for(Duration::from_millis(44_900));
    let id = server.knock(&old);
    assert!(server.decision(id).is_ok());
}

#[test]
fn a_newer_ticket_shows_that_an_older_one_has_expired() {
    let (mut server, old) = server().with_session(4);
    server.orchestrator.advance(Duration::from_millis(45_001));
    let bob = server.join("bob", &old.game_session);
    server.enter(&bob);
    let id = server.knock(&old);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Expired);
}

#[test]
fn a_ticket_made_with_another_key_is_refused() {
    let (mut server, seat) = server().with_session(2);
    let claims = TicketClaims {
        player_session_id: seat.player_session_id.clone(),
        build: "dev".parse().unwrap(),
        issued_at_ms: server.orchestrator.now_ms(),
    };
    let id = server.knock_with(&claims.seal(&SessionKey::random(), [1; 16]));
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::WrongTicket);
    server.frame();
    assert_eq!(server.heard().last().unwrap(), "rejected WrongTicket");
    assert_eq!(server.seat_status(&seat), SeatStatus::Reserved);
}

#[test]
fn a_ticket_of_another_build_is_refused() {
    let (mut server, seat) = server().with_session(2);
    let claims = TicketClaims {
        player_session_id: seat.player_session_id.clone(),
        build: "old".parse().unwrap(),
        issued_at_ms: server.orchestrator.now_ms(),
    };
    let key = server.app.world().resource::<HostedSession>().key().clone();
    let id = server.knock_with(&claims.seal(&key, [1; 16]));
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::WrongBuild);
}

#[test]
fn accepting_is_tried_again_while_the_orchestrator_is_busy() {
    let (mut server, seat) = server().with_session(2);
    (0..3).for_each(|_| server.orchestrator.refuse_next_accept(unavailable()));
    let id = server.knock(&seat);
    assert!(server.decision(id).is_ok());
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
}

#[test]
fn accepting_is_given_up_after_10_seconds() {
    let (mut server, seat) = server().with_session(2);
    (0..100).for_each(|_| server.orchestrator.refuse_next_accept(unavailable()));
    let id = server.knock(&seat);
    server.frames_for(Duration::from_secs(8));
    assert!(server.decided().is_empty());
    server.frames_for(Duration::from_secs(2));
    assert!(
        matches!(server.decided()[..], [Decided { id: decided, decision: Decision::Refused(RefusalCode::Unavailable) }] if decided == id)
    );
}

#[test]
fn a_definite_no_is_final() {
    let (mut server, seat) = server().with_session(2);
    server.orchestrator.advance(Duration::from_mins(1)); // the seat lapses
    let id = server.knock(&seat);
    server.frame();
    assert!(
        matches!(server.decided()[..], [Decided { id: decided, decision: Decision::Refused(RefusalCode::NotReserved) }] if decided == id)
    );
}

#[test]
fn a_refused_player_may_come_again_with_the_same_seat() {
    let (mut server, seat) = server().with_session(2);
    server.orchestrator.refuse_next_accept(HostError::Refused {
        action: "accept a player",
        message: "no".into(),
    });
    let id = server.knock(&seat);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::NotReserved);
    let id = server.knock(&seat);
    assert!(server.decision(id).is_ok());
}

#[test]
fn an_answer_that_never_comes_is_a_refusal_and_no_seat_leaks() {
    let (mut server, seat) = server().with_session(2);
    server.orchestrator.hold_hosts();
    let id = server.knock(&seat);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Unavailable);
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    server.orchestrator.release_hosts();
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
}

#[test]
fn a_seat_taken_up_for_a_connection_that_went_away_is_freed() {
    let (mut server, seat) = server().with_session(2);
    server.orchestrator.hold_hosts();
    let id = server.knock(&seat);
    server.frame();
    server.app.world_mut().resource_mut::<Admissions>().cancel(id);
    server.orchestrator.release_hosts();
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
    assert!(server.decided().is_empty());
}

#[test]
fn a_connection_that_comes_again_gets_the_answer_of_the_one_that_went_away() {
    let (mut server, seat) = server().with_session(2);
    server.orchestrator.hold_hosts();
    let gone = server.knock(&seat);
    server.frame();
    server.app.world_mut().resource_mut::<Admissions>().cancel(gone);
    let back = server.knock(&server.join("alice", &seat.game_session));
    server.orchestrator.release_hosts();
    let _player = server.decision(back).unwrap();
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
}

#[test]
fn cancelling_after_the_decision_frees_the_seat() {
    let (mut server, seat) = server().with_session(2);
    let id = server.knock(&seat);
    server.until("decided", |server| {
        server.app.world().resource::<Admissions>().has_decided()
    });
    server.app.world_mut().resource_mut::<Admissions>().cancel(id);
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
}

#[test]
fn despawning_a_player_frees_the_seat() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    server.frames_for(Duration::from_secs(1));
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    server.app.world_mut().despawn(player);
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
    assert_eq!(server.state(), ServerSessionState::Active);
}

#[test]
fn a_seat_is_freed_once_even_when_the_orchestrator_is_slow() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    server.orchestrator.hold_hosts();
    server.app.world_mut().entity_mut(player).remove::<AcceptedPlayer>();
    server.frame();
    assert_eq!(server.seat_status(&seat), SeatStatus::Completed);
    server.app.world_mut().despawn(player);
    let again = server.join("alice", &seat.game_session);
    server.orchestrator.release_hosts();
    server.enter(&again);
    server.frames_for(Duration::from_secs(15));
    assert_eq!(server.seat_status(&again), SeatStatus::Active);
}

#[test]
fn a_seat_is_freed_however_long_the_orchestrator_cannot_be_reached_and_its_player_may_return() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    let bob = server.join("bob", &seat.game_session);
    server.enter(&bob);
    let refusals = 40;
    (0..refusals).for_each(|_| server.orchestrator.refuse_next_remove(unavailable()));
    server.app.world_mut().despawn(player);
    let ((), said) = said::Said::during(|| {
        server.frames_for(Duration::from_mins(1));
        assert_eq!(server.seat_status(&seat), SeatStatus::Active, "it cannot be told");
        server.until("freed", |server| {
            server.frames_for(Duration::from_secs(1));
            server.seat_status(&seat) == SeatStatus::Completed
        });
    });
    let warnings = said.iter().filter(|line| line.contains("a seat is free"));
    assert_eq!(warnings.count(), 1, "{said:?}");
    server.orchestrator.advance(Duration::from_mins(10)); // no less than passed here
    let again = server.join("alice", &seat.game_session);
    server.enter(&again);
    assert_eq!(server.seat_status(&again), SeatStatus::Active);
}

#[test]
fn a_seat_whose_freeing_is_never_answered_is_asked_for_again() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    // the first question fails, and the answer to it is lost
    server.orchestrator.refuse_next_remove(unavailable());
    server.orchestrator.hold_hosts();
    server.app.world_mut().despawn(player);
    server.frames_for(Duration::from_secs(9));
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    server.frames_for(Duration::from_secs(2));
    assert_eq!(server.seat_status(&seat), SeatStatus::Completed);
}

#[test]
fn more_seats_than_can_be_freed_at_once_are_all_freed() {
    let (mut server, first) = server().with_session(100);
    let players: Vec<_> = (0..80)
        .map(|number| server.join(&format!("player-{number}"), &first.game_session))
        .collect();
    let entities: Vec<_> = players.iter().map(|seat| server.enter(seat)).collect();
    (0..50).for_each(|_| server.orchestrator.refuse_next_remove(unavailable()));
    for entity in entities {
        server.app.world_mut().despawn(entity);
    }
    server.until("all freed", |server| {
        server.orchestrator.snapshot().seats_that_are(SeatStatus::Active) == 0
    });
}

#[test]
fn nobody_enters_a_game_session_that_ends() {
    let (mut server, seat) = server().with_session(2);
    let bob = server.join("bob", &seat.game_session);
    server.enter(&seat);
    server.command(|commands| commands.end_session());
    server.frame();
    let id = server.knock_with(&read_ticket(&bob.ticket).unwrap());
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Closed);
}
