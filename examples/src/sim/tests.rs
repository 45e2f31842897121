//! What holds in every game.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bevy::math::Vec2;

use super::*;

/// A game of so many bots.
fn bots(seed: u64, count: u16) -> Arena {
    let mut arena = Arena::new(seed);
    for _ in 0..count {
        arena.launch_bot();
    }
    arena
}

fn points(arena: &Arena) -> u32 {
    let held: u32 = arena.ships.iter().map(|ship| u32::from(ship.score)).sum();
    held + arena.stars.iter().map(|star| u32::from(star.worth)).sum::<u32>()
}

#[test]
fn the_same_seed_and_input_give_the_same_game() {
    let play = |seed| {
        let mut arena = bots(seed, 7);
        let own = arena.launch();
        for tick in 0..900_u16 {
            if let Some(ship) = arena.ship_mut(own) {
                ship.input.steer = Vec2::from_angle(f32::from(tick) * 0.05);
                ship.input.dash = tick % 50 == 0;
            }
            arena.step();
        }
        format!("{:?} {:?}", arena.ships, arena.stars)
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8), "the seed decides something");
}

#[test]
fn nothing_leaves_the_arena_and_nobody_is_faster_than_a_dash() {
    let mut arena = bots(1, 8);
    for _ in 0..seconds(120) {
        arena.step();
        for ship in &arena.ships {
            // two ships that push each other may stand over the rim for one tick
            assert!(ship.motion.at.length() <= ARENA_RADIUS + SHIP_RADIUS, "{ship:?}");
            assert!(ship.motion.velocity.length() < 1200.0, "{ship:?}");
        }
        assert!(arena.stars.iter().all(|star| star.at.length() <= ARENA_RADIUS));
        assert!(arena.stars.len() < 60, "stars are bounded");
    }
}

#[test]
fn a_cheating_input_is_no_faster_and_no_nan_gets_in() {
    let ship = Motion::default();
    let fast = Input {
        steer: Vec2::new(1e9, 0.0),
        dash: false,
    };
    let fair = Input {
        steer: Vec2::X,
        dash: false,
    };
    assert_eq!(fly(ship, fast), fly(ship, fair));
    let nan = Input {
        steer: Vec2::new(f32::NAN, 1.0),
        dash: false,
    };
    assert_eq!(fly(ship, nan), fly(ship, Input::default()));
}

#[test]
fn bots_gather_and_steal_within_a_round() {
    let mut arena = bots(3, 6);
    let (mut best, mut dazed) = (0, false);
    for _ in 0..seconds(80) {
        arena.step();
        best = best.max(arena.ships.iter().map(|ship| ship.score).max().unwrap_or_default());
        dazed |= arena.ships.iter().any(|ship| ship.motion.dazed > 0);
    }
    assert!(best >= 8, "the best bot had {best}");
    assert!(dazed, "nobody rammed anybody");
}

#[test]
fn a_dash_into_a_ship_knocks_stars_out_of_it_and_none_is_lost() {
    let mut arena = Arena::new(5);
    arena.stars.clear();
    let (hunter, prey) = (arena.launch(), arena.launch());
    arena.ship_mut(prey).unwrap().score = 6;
    arena.ship_mut(prey).unwrap().motion = Motion::resting(Vec2::new(60.0, 0.0));
    let ship = arena.ship_mut(hunter).unwrap();
    ship.motion = Motion::resting(Vec2::ZERO);
    ship.input = Input {
        steer: Vec2::X,
        dash: true,
    };
    let before = points(&arena);
    let mut hits = 0;
    for _ in 0..6 {
        arena.step();
        hits += usize::from(arena.ship_mut(prey).unwrap().motion.dazed > 0);
    }
    assert!(hits > 0, "the dash hit");
    assert_eq!(arena.ship_mut(prey).unwrap().score, 2);
    assert_eq!(points(&arena), before);
}

#[test]
fn a_round_ends_with_a_result_and_the_next_begins_from_nothing() {
    let mut arena = bots(9, 4);
    while arena.round.phase == Phase::Play {
        arena.step();
    }
    let result: Vec<_> = arena.ships.iter().map(|ship| ship.score).collect();
    assert!(result.iter().any(|score| *score > 0));
    while arena.round.phase == Phase::Result {
        assert_eq!(
            arena.ships.iter().map(|ship| ship.score).collect::<Vec<_>>(),
            result,
            "a result stands"
        );
        arena.step();
    }
    assert_eq!(arena.round.number, 2);
    assert!(arena.ships.iter().all(|ship| ship.score == 0));
}

#[test]
fn every_ship_has_a_berth_of_its_own_and_a_player_takes_that_of_a_bot() {
    let mut arena = bots(1, MAX_SHIPS);
    for _ in 0..50 {
        let player = arena.launch();
        let rival = arena
            .ships
            .iter()
            .find(|ship| ship.number != player && berth(ship.number) == berth(player));
        let rival = rival.map(|ship| (ship.number, ship.is_bot())).unwrap();
        assert!(rival.1, "no player is in the way of another");
        arena.remove(rival.0);
        let mut berths: Vec<_> = arena.ships.iter().map(|ship| berth(ship.number)).collect();
        berths.sort_unstable();
        assert_eq!(berths, (0..MAX_SHIPS).collect::<Vec<_>>());
        arena.remove(player);
        assert_eq!(berth(arena.launch_bot()), berth(player));
    }
}

#[test]
fn ships_that_leave_are_gone_and_numbers_are_not_used_again() {
    let mut arena = Arena::new(0);
    let first = arena.launch();
    arena.remove(first);
    assert!(arena.ships.is_empty());
    assert_ne!(arena.launch(), first);
}
