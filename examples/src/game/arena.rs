//! The arena and how a ship moves in it: one pure function, the same on both sides.

use bevy::math::Vec2;

/// The radius of the arena.
pub const ARENA_RADIUS: f32 = 240.0;
/// The radius of a ship.
pub const SHIP_RADIUS: f32 = 14.0;
/// The radius of a star.
pub const STAR_RADIUS: f32 = 7.0;

const SPEED: f32 = 180.0;

/// Where a ship is after `seconds` of flying from `at` in direction `steer`; it cannot leave the arena. A direction
/// longer than 1 counts as 1, one that is no number as none.
pub fn fly(at: Vec2, steer: Vec2, seconds: f32) -> Vec2 {
    let steer = if steer.is_finite() {
        steer.clamp_length_max(1.0)
    } else {
        Vec2::ZERO
    };
    (at + steer * SPEED * seconds).clamp_length_max(ARENA_RADIUS - SHIP_RADIUS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ship_cannot_leave_the_arena() {
        let end = (0..1000).fold(Vec2::ZERO, |at, _| fly(at, Vec2::new(1.0, 0.3), 0.1));
        assert!(end.length() <= ARENA_RADIUS);
        assert!(end.length() > ARENA_RADIUS - 2.0 * SHIP_RADIUS);
    }

    #[test]
    fn a_cheating_direction_is_no_faster_and_no_nan_gets_in() {
        assert_eq!(fly(Vec2::ZERO, Vec2::new(1e9, 0.0), 0.1), fly(Vec2::ZERO, Vec2::X, 0.1));
        assert_eq!(fly(Vec2::ONE, Vec2::new(f32::NAN, 1.0), 0.1), Vec2::ONE);
    }
}
