//! How a ship flies: one pure function, run by the server for all and by a client ahead of time for its own ship.

use bevy::math::Vec2;

use super::{ARENA_RADIUS, SHIP_RADIUS, TICK};

/// The highest speed by steering, in units per second.
const SPEED: f32 = 190.0;
/// The speed of a dash.
const DASH_SPEED: f32 = 520.0;
/// The share of the way to the wanted velocity that a ship takes each tick.
const GRIP: f32 = 0.16;
/// The same for a ship that spins, which only slows down.
const DAZED_GRIP: f32 = 0.08;
/// How long a dash lasts, in ticks.
const DASH_TICKS: u8 = 6;
/// From one dash to the next, in ticks.
const REST_TICKS: u8 = 40;
/// What is left of the speed against the rim.
const BOUNCE: f32 = 0.5;

/// What a pilot wants in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Input {
    /// Where to fly; longer than 1 counts as 1, what is no number as nothing.
    pub steer: Vec2,
    /// Dash now, if the ship has rested.
    pub dash: bool,
}

impl Input {
    /// The wanted direction within its bounds.
    pub fn direction(self) -> Vec2 {
        if self.steer.is_finite() {
            self.steer.clamp_length_max(1.0)
        } else {
            Vec2::ZERO
        }
    }
}

/// Where a ship is, where it goes, and what it can do.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Motion {
    /// The place, from the middle of the arena.
    pub at: Vec2,
    /// Units per second.
    pub velocity: Vec2,
    /// Where the nose points, in radians, counter-clockwise from the right.
    pub heading: f32,
    /// Ticks that the dash still lasts.
    pub dash: u8,
    /// Ticks until the next dash.
    pub rest: u8,
    /// Ticks that the ship still spins after a hit.
    pub dazed: u8,
}

impl Motion {
    /// At rest at a place, the nose to the middle.
    pub fn resting(at: Vec2) -> Self {
        Self {
            at,
            heading: (-at).to_angle(),
            ..Self::default()
        }
    }

    /// How far the ship has rested for its next dash, 0 to 1.
    pub fn rested(&self) -> f32 {
        1.0 - f32::from(self.rest) / f32::from(REST_TICKS)
    }
}

/// The ship one tick later.
pub fn fly(ship: Motion, input: Input) -> Motion {
    let mut ship = ship;
    let direction = input.direction();
    if ship.dazed == 0 && direction.length_squared() > 0.01 && ship.dash == 0 {
        ship.heading = direction.to_angle();
    }
    if input.dash && ship.rest == 0 && ship.dazed == 0 {
        ship.dash = DASH_TICKS;
        ship.rest = REST_TICKS;
    }
    if ship.dash > 0 {
        ship.dash -= 1;
        ship.velocity = Vec2::from_angle(ship.heading) * DASH_SPEED;
    } else if ship.dazed > 0 {
        ship.velocity -= ship.velocity * DAZED_GRIP;
    } else {
        ship.velocity += (direction * SPEED - ship.velocity) * GRIP;
    }
    ship.rest = ship.rest.saturating_sub(1);
    ship.dazed = ship.dazed.saturating_sub(1);
    ship.at += ship.velocity * TICK;
    stay_inside(&mut ship.at, &mut ship.velocity, SHIP_RADIUS);
    ship
}

/// Bounces a round thing off the rim of the arena.
pub(super) fn stay_inside(at: &mut Vec2, velocity: &mut Vec2, radius: f32) {
    let most = ARENA_RADIUS - radius;
    if at.length_squared() > most * most {
        let outward = at.normalize_or_zero();
        *at = outward * most;
        let against = velocity.dot(outward);
        if against > 0.0 {
            *velocity -= outward * against * (1.0 + BOUNCE);
        }
    }
}
