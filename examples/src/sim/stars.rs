//! Stars: they appear, drift, are drawn to ships near them, and scatter from a ship that is rammed.

use bevy::math::Vec2;
use fastrand::Rng;

use super::motion::stay_inside;
use super::{ARENA_RADIUS, STAR_RADIUS, TICK, seconds};

/// How many stars of one point there are at most, those scattered by a ramming besides.
const FIELD: usize = 14;
/// From one new star to the next, in ticks.
const EVERY: u32 = 12;
/// From one great star to the next, in ticks.
const GREAT_EVERY: u32 = seconds(15);
/// What a great star is worth.
pub const GREAT_WORTH: u8 = 5;
/// How long a scattered star cannot be taken, in ticks.
const FRESH: u8 = 18;
/// So near to a ship a star is drawn to it.
const REACH: f32 = 52.0;
/// How fast it is drawn.
const PULL: f32 = 900.0;
/// What a star keeps of its speed each tick.
const GLIDE: f32 = 0.9;

/// A star that nobody has yet.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DriftingStar {
    /// Tells the stars of a game apart; never used again.
    pub id: u32,
    /// The place.
    pub at: Vec2,
    /// How many points it is.
    pub worth: u8,
    velocity: Vec2,
    fresh: u8,
}

impl DriftingStar {
    /// Whether it can be taken.
    pub fn is_ripe(&self) -> bool {
        self.fresh == 0
    }

    /// One tick: drawn to the nearest of the ships, slowed, kept inside.
    pub(super) fn drift(&mut self, ships: &[Vec2]) {
        self.fresh = self.fresh.saturating_sub(1);
        let near = ships.iter().map(|ship| *ship - self.at);
        let near = near.min_by(|a, b| a.length_squared().total_cmp(&b.length_squared()));
        if let Some(way) = near.filter(|way| self.fresh == 0 && way.length() < REACH) {
            self.velocity += way.normalize_or_zero() * PULL * TICK;
        }
        self.velocity *= GLIDE;
        if self.velocity.length_squared() < 1.0 {
            self.velocity = Vec2::ZERO;
        }
        self.at += self.velocity * TICK;
        stay_inside(&mut self.at, &mut self.velocity, STAR_RADIUS);
    }
}

/// Brings stars into the game.
#[derive(Debug, Clone, Default)]
pub(super) struct Sower {
    next_id: u32,
    since_star: u32,
    since_great: u32,
}

impl Sower {
    /// One tick: a new star now and then while the field is not full, a great one in the middle more rarely.
    pub(super) fn sow(&mut self, stars: &mut Vec<DriftingStar>, rng: &mut Rng) {
        self.since_star += 1;
        self.since_great += 1;
        if self.since_star >= EVERY && stars.len() < FIELD {
            self.since_star = 0;
            stars.push(self.star(anywhere(rng), Vec2::ZERO, 1));
        }
        if self.since_great >= GREAT_EVERY {
            self.since_great = 0;
            if !stars.iter().any(|star| star.worth == GREAT_WORTH) {
                stars.push(self.star(anywhere(rng) * 0.3, Vec2::ZERO, GREAT_WORTH));
            }
        }
    }

    /// A field to begin with.
    pub(super) fn fill(&mut self, rng: &mut Rng) -> Vec<DriftingStar> {
        (0..FIELD).map(|_| self.star(anywhere(rng), Vec2::ZERO, 1)).collect()
    }

    /// Stars that fly out of a ship that was rammed.
    pub(super) fn scatter(&mut self, stars: &mut Vec<DriftingStar>, at: Vec2, count: u16, rng: &mut Rng) {
        for _ in 0..count {
            let speed = Vec2::from_angle(rng.f32() * std::f32::consts::TAU) * (260.0 + 220.0 * rng.f32());
            let mut star = self.star(at, speed, 1);
            star.fresh = FRESH;
            stars.push(star);
        }
    }

    fn star(&mut self, at: Vec2, velocity: Vec2, worth: u8) -> DriftingStar {
        self.next_id += 1;
        DriftingStar {
            id: self.next_id,
            at,
            worth,
            velocity,
            fresh: 0,
        }
    }
}

/// Anywhere on the arena, each place as likely as the other.
fn anywhere(rng: &mut Rng) -> Vec2 {
    Vec2::from_angle(rng.f32() * std::f32::consts::TAU) * (ARENA_RADIUS - 24.0) * rng.f32().sqrt()
}
