//! Components and messages, small enough for thirty a second.

use bevy::prelude::*;
use serde::{Deserialize, Serialize};

use crate::sim::{Input, Motion, Phase, Round};

/// Steps of a place on the wire per unit.
const PLACE_STEPS: f32 = 64.0;
/// Steps of a speed on the wire per unit.
const SPEED_STEPS: f32 = 16.0;
/// Steps of a direction on the wire per full turn.
const TURN_STEPS: f32 = 65_536.0 / std::f32::consts::TAU;

/// A ship; its number tells the ships of a game apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Ship {
    /// Counts up from 1.
    pub number: u16,
}

/// Who flies a ship.
#[derive(Debug, Clone, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Pilot {
    /// What others call them.
    pub name: String,
    /// Whether nobody sits behind it.
    pub bot: bool,
}

impl Pilot {
    /// The most characters of a name.
    pub const NAME_LENGTH: usize = 16;

    /// A player's name as others may see it: short, in one line; `None` when nothing is left of it.
    pub fn fit_name(name: &str) -> Option<String> {
        let fit: String = name
            .trim()
            .chars()
            .filter(|c| !c.is_control())
            .take(Self::NAME_LENGTH)
            .collect();
        (!fit.is_empty()).then_some(fit)
    }
}

/// How a ship flies, and up to which order of its pilot that is so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Component, Serialize, Deserialize)]
pub struct Course {
    at: [i16; 2],
    velocity: [i16; 2],
    heading: i16,
    dash: u8,
    rest: u8,
    dazed: u8,
    /// The number of the last order that was followed.
    pub followed: u32,
}

impl Course {
    /// For the wire.
    pub fn new(motion: &Motion, followed: u32) -> Self {
        Self {
            at: steps(motion.at, PLACE_STEPS),
            velocity: steps(motion.velocity, SPEED_STEPS),
            heading: wrapped(motion.heading),
            dash: motion.dash,
            rest: motion.rest,
            dazed: motion.dazed,
            followed,
        }
    }

    /// From the wire.
    pub fn motion(&self) -> Motion {
        Motion {
            at: units(self.at, PLACE_STEPS),
            velocity: units(self.velocity, SPEED_STEPS),
            heading: f32::from(self.heading) / TURN_STEPS,
            dash: self.dash,
            rest: self.rest,
            dazed: self.dazed,
        }
    }
}

/// The stars that a ship has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Component, Serialize, Deserialize)]
pub struct Score(pub u16);

/// A star that nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Star {
    /// How many points it is.
    pub worth: u8,
}

/// Where a star is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Component, Serialize, Deserialize)]
pub struct Spot([i16; 2]);

impl Spot {
    /// For the wire.
    pub fn new(at: Vec2) -> Self {
        Self(steps(at, PLACE_STEPS))
    }

    /// From the wire.
    pub fn at(self) -> Vec2 {
        units(self.0, PLACE_STEPS)
    }
}

/// The clock of the game, on an entity of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Component, Serialize, Deserialize)]
pub struct Clock {
    /// The round, from 1.
    pub round: u16,
    /// Whether the result of the round stands.
    pub over: bool,
    /// Seconds until the phase is over.
    pub seconds_left: u8,
}

impl From<&Round> for Clock {
    fn from(round: &Round) -> Self {
        Self {
            round: round.number,
            over: round.phase == Phase::Result,
            seconds_left: u8::try_from(round.seconds_left()).unwrap_or(u8::MAX),
        }
    }
}

/// A player says how they want to be called.
#[derive(Debug, Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
pub struct Hello {
    /// The name.
    pub name: String,
}

/// What a pilot wants in one tick.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Order {
    steer: [i8; 2],
    dash: bool,
}

impl Order {
    /// As the simulation takes it.
    pub fn input(self) -> Input {
        Input {
            steer: Vec2::new(self.steer[0].into(), self.steer[1].into()) / 127.0,
            dash: self.dash,
        }
    }
}

impl From<Input> for Order {
    fn from(input: Input) -> Self {
        let steer = input.direction() * 127.0;
        #[expect(clippy::cast_possible_truncation, reason = "a direction is at most 1 long")]
        let steer = [steer.x.round() as i8, steer.y.round() as i8];
        Self {
            steer,
            dash: input.dash,
        }
    }
}

/// The newest orders of a pilot. Those before the newest come again, so that a lost packet does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Message, Serialize, Deserialize)]
pub struct Orders {
    /// The number of the last one in the list.
    pub newest: u32,
    /// One for each tick, the newest last, at most [`Orders::AT_ONCE`].
    pub orders: Vec<Order>,
}

impl Orders {
    /// How many go out together.
    pub const AT_ONCE: usize = 4;

    /// Each with its number.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, Order)> {
        let newest_first = self.orders.iter().rev().take(Self::AT_ONCE).copied();
        let numbers = (0..).map_while(|back| self.newest.checked_sub(back));
        let mut both: Vec<_> = numbers.zip(newest_first).collect();
        both.reverse();
        both.into_iter()
    }
}

/// The server tells a player which ship is their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message, Serialize, Deserialize)]
pub struct Welcome {
    /// The number of the player's ship.
    pub ship: u16,
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the cast saturates, and nothing is that far"
)]
fn steps(v: Vec2, per_unit: f32) -> [i16; 2] {
    [(v.x * per_unit).round() as i16, (v.y * per_unit).round() as i16]
}

fn units(steps: [i16; 2], per_unit: f32) -> Vec2 {
    Vec2::new(steps[0].into(), steps[1].into()) / per_unit
}

#[expect(clippy::cast_possible_truncation, reason = "a full turn more is the same direction")]
fn wrapped(heading: f32) -> i16 {
    (heading * TURN_STEPS).round() as i32 as i16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_comes_off_the_wire_as_it_went_on() {
        let motion = Motion {
            at: Vec2::new(-286.0, 12.25),
            velocity: Vec2::new(520.0, -900.0),
            heading: -3.1,
            dash: 3,
            rest: 40,
            dazed: 2,
        };
        let back = Course::new(&motion, 9).motion();
        assert!(back.at.distance(motion.at) < 0.02 && back.velocity.distance(motion.velocity) < 0.1);
        assert!((back.heading - motion.heading).abs() < 0.001, "{}", back.heading);
        assert_eq!((back.dash, back.rest, back.dazed), (3, 40, 2));
        assert_eq!(
            Course::new(&back, 9),
            Course::new(&motion, 9),
            "the second trip changes nothing"
        );
    }

    #[test]
    fn orders_are_numbered_back_from_the_newest_and_bounded() {
        let orders = Orders {
            newest: 2,
            orders: vec![Order::default(); 100],
        };
        assert_eq!(
            orders.numbered().map(|(number, _)| number).collect::<Vec<_>>(),
            [0, 1, 2]
        );
    }

    #[test]
    fn a_name_is_short_and_in_one_line() {
        assert_eq!(Pilot::fit_name("  An\nna  ").as_deref(), Some("Anna"));
        assert_eq!(Pilot::fit_name(&"x".repeat(99)).map(|name| name.len()), Some(16));
        assert_eq!(Pilot::fit_name(" \t"), None);
    }
}
