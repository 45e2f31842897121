//! Players who come back: a newer ticket takes the seat over, a lost player's seat is kept for a while.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use bevy_ecs::prelude::*;
use bevy_game_session_server::*;
use common::*;
use game_session_protocol::in_memory::{SeatStatus, read_ticket};
use game_session_protocol::*;

const GRACE: Duration = Duration::from_secs(30);

fn lose(server: &mut Server, player: Entity) {
    server.command(|commands| commands.player_lost(player));
}

fn is_absent(server: &Server, player: Entity) -> bool {
    server.app.world().get::<PlayerAbsent>(player).is_some()
}

/// Comes back with a fresh ticket, as a transport does it.
fn come_back(server: &mut Server, seat: &Seat) -> Entity {
    let fresh = server.join("alice", &seat.game_session);
    assert_eq!(fresh.player_session_id, seat.player_session_id);
    let id = server.knock(&fresh);
    let Decision::Returned(player) = server.any_decision(id) else {
        panic!("the seat was not taken over");
    };
    server.command(|commands| commands.player_returned(player));
    player
}

#[test]
fn a_newer_ticket_takes_over_seat_and_entity_and_the_orchestrator_is_not_asked_again() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    let no = HostError::Refused {
        action: "accept a player",
        message: "no".into(),
    };
    server.orchestrator.refuse_next_accept(no);
    assert_eq!(come_back(&mut server, &seat), player);
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    let bob = server.join("bob", &seat.game_session);
    let id = server.knock(&bob);
    assert_eq!(
        server.decision(id).unwrap_err(),
        RefusalCode::NotReserved,
        "the refusal was still there"
    );
}

#[test]
fn an_older_ticket_does_not_take_a_seat_back() {
    let (mut server, first) = server().with_session(2);
    server.enter(&first);
    server.orchestrator.advance(Duration::from_secs(1));
    let second = server.join("alice", &first.game_session);
    server.orchestrator.advance(Duration::from_secs(1));
    come_back(&mut server, &first);
    for old in [&first, &second] {
        let id = server.knock(old);
        assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Used);
    }
}

#[test]
fn a_ticket_takes_over_once_even_among_tickets_of_the_same_millisecond() {
    let (mut server, first) = server().with_session(2);
    let second = server.join("alice", &first.game_session);
    server.enter(&first);
    let id = server.knock(&second);
    assert!(matches!(server.any_decision(id), Decision::Returned(_)));
    for old in [&first, &second] {
        let id = server.knock(old);
        assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Used);
    }
}

#[test]
fn who_comes_back_before_the_entity_is_spawned_waits_for_it() {
    let (mut server, seat) = server().with_session(2);
    let id = server.knock(&seat);
    let player = server.decision(id).unwrap();
    let back = server.knock(&server.join("alice", &seat.game_session));
    server.frame();
    assert!(server.decided().is_empty());
    let entity = server.app.world_mut().spawn(player).id();
    assert!(matches!(server.any_decision(back), Decision::Returned(player) if player == entity));
}

#[test]
fn who_comes_back_to_a_seat_that_is_freed_meanwhile_is_refused() {
    let (mut server, seat) = server().with_session(2);
    let id = server.knock(&seat);
    let player = server.decision(id).unwrap();
    let back = server.knock(&server.join("alice", &seat.game_session));
    drop(player);
    assert_eq!(server.decision(back).unwrap_err(), RefusalCode::Used);
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
}

#[test]
fn a_lost_players_seat_and_entity_are_kept_for_the_grace_period_and_freed_once_after_it() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    lose(&mut server, player);
    server.frames_for(GRACE.checked_sub(FRAME * 2).unwrap());
    assert!(is_absent(&server, player));
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    server.frames_for(FRAME * 4);
    assert!(server.app.world().get_entity(player).is_err());
    assert_eq!(server.seat_status(&seat), SeatStatus::Completed);
    // the next player session of the same player is not touched by a second freeing
    let again = server.join("alice", &seat.game_session);
    server.enter(&again);
    server.frames_for(GRACE);
    assert_eq!(server.seat_status(&again), SeatStatus::Active);
    assert_eq!(server.heard(), ["started Friday", "lost"]);
}

#[test]
fn a_player_who_is_back_in_time_stays() {
    let (mut server, seat) = server().with_session(2);
    let player = server.enter(&seat);
    lose(&mut server, player);
    server.frames_for(GRACE / 2);
    assert_eq!(come_back(&mut server, &seat), player);
    assert!(!is_absent(&server, player));
    server.frames_for(GRACE * 2);
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    assert_eq!(server.heard(), ["started Friday", "lost", "returned"]);
}

#[test]
fn without_a_grace_period_a_lost_player_is_gone_at_once() {
    let (mut server, seat) = server_with(ServerPolicies::default().grace_period(Duration::ZERO)).with_session(2);
    let player = server.enter(&seat);
    lose(&mut server, player);
    server.until("freed", |server| server.seat_status(&seat) == SeatStatus::Completed);
    assert!(server.app.world().get_entity(player).is_err());
    assert_eq!(server.heard(), ["started Friday"]);
}

#[test]
fn an_absent_player_counts_as_one_for_the_policy_of_an_empty_session() {
    let policies = ServerPolicies::default().end_when_empty(Duration::from_secs(5));
    let (mut server, seat) = server_with(policies).with_session(2);
    let player = server.enter(&seat);
    lose(&mut server, player);
    server.frames_for(GRACE.saturating_sub(Duration::from_secs(1)));
    assert_eq!(server.state(), ServerSessionState::Active);
    server.frames_for(Duration::from_secs(7));
    assert!(server.exit().is_some());
}

#[test]
fn the_end_frees_the_seats_of_absent_players_too() {
    let (mut server, seat) = listening_for_many().with_session(2);
    let player = server.enter(&seat);
    lose(&mut server, player);
    server.command(|commands| commands.end_session());
    server.until("ready again", |server| server.state() == ServerSessionState::Ready);
    assert_eq!(server.seat_status(&seat), SeatStatus::Completed);
}

#[test]
fn nobody_comes_back_to_a_game_session_that_ends() {
    let (mut server, seat) = server().with_session(2);
    server.enter(&seat);
    let fresh = server.join("alice", &seat.game_session);
    server.command(|commands| commands.end_session());
    server.frame();
    let id = server.knock_with(&read_ticket(&fresh.ticket).unwrap());
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Closed);
}

#[test]
fn this_apps_own_player_is_accepted_without_a_ticket_and_only_once() {
    let (mut server, seat) = server().with_session(2);
    let request = |server: &mut Server| {
        let mut admissions = server.app.world_mut().resource_mut::<Admissions>();
        admissions.request_local(seat.player_session_id.clone())
    };
    let id = request(&mut server);
    let player = server.decision(id).unwrap();
    server.app.world_mut().spawn((LocalPlayer, player));
    assert_eq!(server.seat_status(&seat), SeatStatus::Active);
    let id = request(&mut server);
    assert_eq!(server.decision(id).unwrap_err(), RefusalCode::Used);
}
