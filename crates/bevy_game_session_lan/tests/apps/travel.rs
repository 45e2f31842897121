//! Players travel to a host on the LAN with its tickets, and hear why it ends.

use bevy_app::AppExit;
use bevy_game_session_server::SessionServerCommands as _;

use super::stage::{Stage, count};

#[test]
fn players_find_a_host_travel_with_its_tickets_and_are_in() {
    let mut stage = Stage::without_own_player();
    for _ in 0..2 {
        let guest = stage.guest();
        stage.join(guest, "game");
    }
    assert_eq!(stage.players(), (0, 2));
}

#[test]
fn a_listen_server_has_a_seat_for_its_own_player_who_arrives_without_a_connection() {
    let mut stage = Stage::with_own_player();
    stage.start("mine");
    assert_eq!(stage.players(), (1, 0));
    let guest = stage.guest();
    stage.join(guest, "mine");
    assert_eq!(stage.players(), (1, 1));
    assert_eq!(count(stage.host(), "arrived"), 0);
}

#[test]
fn a_listen_server_hosts_one_session_after_another_and_guests_come_to_each() {
    let mut stage = Stage::with_own_player();
    let guest = stage.guest();
    for round in 1..=3 {
        let name = format!("round {round}");
        stage.start(&name);
        stage.join(guest, &name);
        assert_eq!(stage.players(), (1, 1));
        stage.end();
        stage.pump("the guest has heard it", |stage| {
            stage.times_heard(guest, "The session has ended.") == round
        });
        stage.forget(guest);
        assert_eq!(stage.players(), (0, 0));
    }
}

#[test]
fn when_the_hosts_game_session_ends_the_others_hear_it_with_the_reason() {
    let mut stage = Stage::without_own_player();
    let guest = stage.guest();
    stage.join(guest, "game");
    let world = stage.host().world_mut();
    world.commands().end_session();
    world.flush();
    stage.hears(guest, "The session has ended.");
}

#[test]
fn when_the_host_closes_its_game_the_others_hear_it_with_the_reason() {
    let mut listening = Stage::with_own_player();
    listening.start("game");
    for mut stage in [Stage::without_own_player(), listening] {
        let guest = stage.guest();
        stage.join(guest, "game");
        stage.host().world_mut().write_message(AppExit::Success);
        stage.hears(guest, "The server is shutting down.");
    }
}

#[test]
fn when_the_host_is_gone_without_a_word_the_others_hear_that_the_connection_is_lost() {
    let mut stage = Stage::without_own_player();
    let guest = stage.guest();
    stage.join(guest, "game");
    stage.lose_host();
    stage.hears(guest, "The connection to the server was lost.");
}
