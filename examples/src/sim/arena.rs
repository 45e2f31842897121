//! The whole game: who flies, what is gathered, who rams whom.

use bevy::math::Vec2;
use fastrand::Rng;

use super::mind::{Mind, Rival};
use super::motion::{Input, Motion, fly};
use super::round::{Phase, Round};
use super::stars::{DriftingStar, Sower};
use super::{ARENA_RADIUS, MAX_SHIPS, SHIP_RADIUS, STAR_RADIUS};

/// The most stars that one hit knocks out of a ship.
const LOOT: u16 = 4;
/// How long a ship spins after a hit, in ticks.
const DAZE: u8 = 24;
/// How fast a hit throws a ship.
const THROW: f32 = 380.0;

/// Which of the [`MAX_SHIPS`] berths a ship of that number has: its colour. Two ships have the same one only while a bot
/// makes room for a player.
pub fn berth(number: u16) -> u16 {
    number % MAX_SHIPS
}

/// A ship in the game.
#[derive(Debug, Clone)]
pub struct Craft {
    /// Tells the ships of a game apart; never used again.
    pub number: u16,
    /// Where it is and what it can do.
    pub motion: Motion,
    /// The stars it has.
    pub score: u16,
    /// What its pilot wants from now on.
    pub input: Input,
    mind: Option<Mind>,
}

impl Craft {
    /// Whether the game flies it itself.
    pub fn is_bot(&self) -> bool {
        self.mind.is_some()
    }
}

/// A game between ships.
#[derive(Debug, Clone)]
pub struct Arena {
    /// The ships, in the order in which they came.
    pub ships: Vec<Craft>,
    /// The stars that nobody has.
    pub stars: Vec<DriftingStar>,
    /// The clock.
    pub round: Round,
    rng: Rng,
    sower: Sower,
    next_number: u16,
}

impl Arena {
    /// An arena without ships. The seed decides everything that is left to chance.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut sower = Sower::default();
        Self {
            ships: Vec::new(),
            stars: sower.fill(&mut rng),
            round: Round::default(),
            rng,
            sower,
            next_number: 0,
        }
    }

    /// Lets a player's ship in; gives its number.
    pub fn launch(&mut self) -> u16 {
        self.add(None)
    }

    /// Lets a bot's ship in; gives its number.
    pub fn launch_bot(&mut self) -> u16 {
        let mind = Mind::new(self.rng.u64(..));
        self.add(Some(mind))
    }

    /// Takes a ship out; its stars go with it.
    pub fn remove(&mut self, number: u16) {
        self.ships.retain(|ship| ship.number != number);
    }

    /// The ship of that number.
    pub fn ship_mut(&mut self, number: u16) -> Option<&mut Craft> {
        self.ships.iter_mut().find(|ship| ship.number == number)
    }

    /// One tick.
    pub fn step(&mut self) {
        let begins = self.round.tick();
        if begins {
            self.begin_round();
        }
        let plays = self.round.phase == Phase::Play;
        if plays {
            self.think();
        }
        for ship in &mut self.ships {
            let input = if plays { ship.input } else { Input::default() };
            ship.motion = fly(ship.motion, input);
        }
        self.ram(plays);
        if plays {
            self.sower.sow(&mut self.stars, &mut self.rng);
            self.gather();
        }
    }

    /// The next number whose berth is free, or else, while a bot has not made room yet, is a bot's.
    fn add(&mut self, mind: Option<Mind>) -> u16 {
        let next = |number: u16| number.wrapping_add(1).max(1);
        let candidates = || std::iter::successors(Some(next(self.next_number)), |number| Some(next(*number)));
        let in_berth = |number: u16| {
            self.ships
                .iter()
                .filter(move |ship| berth(ship.number) == berth(number))
        };
        let nobody = |number: &u16| in_berth(*number).next().is_none();
        let only_bots = |number: &u16| in_berth(*number).all(Craft::is_bot);
        let once_round = usize::from(MAX_SHIPS) + 1;
        let free = candidates().take(once_round).find(nobody);
        let chosen = free.or_else(|| candidates().take(once_round).find(only_bots));
        self.next_number = chosen.unwrap_or(next(self.next_number));
        self.ships.push(Craft {
            number: self.next_number,
            motion: Motion::resting(start_place(usize::from(self.next_number))),
            score: 0,
            input: Input::default(),
            mind,
        });
        self.next_number
    }

    fn begin_round(&mut self) {
        for (place, ship) in self.ships.iter_mut().enumerate() {
            ship.score = 0;
            ship.motion = Motion::resting(start_place(place));
        }
        self.stars = self.sower.fill(&mut self.rng);
    }

    fn think(&mut self) {
        let rivals: Vec<_> = self.ships.iter().map(Rival::of).collect();
        for ship in &mut self.ships {
            if let Some(mind) = &mut ship.mind {
                ship.input = mind.decide(ship.number, &ship.motion, &self.stars, &rivals);
            }
        }
    }

    /// Ships that touch push each other away; one that dashes into another knocks stars out of it.
    fn ram(&mut self, plays: bool) {
        for second in 1..self.ships.len() {
            let (before, rest) = self.ships.split_at_mut(second);
            let b = &mut rest[0];
            for a in before {
                let way = b.motion.at - a.motion.at;
                let overlap = 2.0 * SHIP_RADIUS - way.length();
                if overlap <= 0.0 {
                    continue;
                }
                let apart = way.try_normalize().unwrap_or(Vec2::X);
                a.motion.at -= apart * overlap * 0.5;
                b.motion.at += apart * overlap * 0.5;
                let (a_dashes, b_dashes) = (a.motion.dash > 0, b.motion.dash > 0);
                let closing = (a.motion.velocity - b.motion.velocity).dot(apart).max(0.0);
                a.motion.velocity -= apart * closing * 0.8;
                b.motion.velocity += apart * closing * 0.8;
                if a_dashes && plays {
                    hit(b, apart, &mut self.sower, &mut self.stars, &mut self.rng);
                }
                if b_dashes && plays {
                    hit(a, -apart, &mut self.sower, &mut self.stars, &mut self.rng);
                }
                if a_dashes || b_dashes {
                    (a.motion.dash, b.motion.dash) = (0, 0);
                }
            }
        }
    }

    fn gather(&mut self) {
        let places: Vec<_> = self.ships.iter().map(|ship| ship.motion.at).collect();
        let ships = &mut self.ships;
        self.stars.retain_mut(|star| {
            star.drift(&places);
            let taker = ships.iter_mut().find(|ship| {
                star.is_ripe()
                    && ship.motion.dazed == 0
                    && ship.motion.at.distance_squared(star.at) < (SHIP_RADIUS + STAR_RADIUS).powi(2)
            });
            let Some(taker) = taker else { return true };
            taker.score = taker.score.saturating_add(star.worth.into());
            false
        });
    }
}

/// A hit by a ship that dashes in direction `apart`.
fn hit(ship: &mut Craft, apart: Vec2, sower: &mut Sower, stars: &mut Vec<DriftingStar>, rng: &mut Rng) {
    if ship.motion.dazed > 0 {
        return; // nobody is robbed twice while spinning
    }
    let loot = ship.score.min(LOOT);
    ship.score -= loot;
    ship.motion.dazed = DAZE;
    ship.motion.velocity = apart * THROW;
    sower.scatter(stars, ship.motion.at, loot, rng);
}

/// Where a ship starts: around the middle, those of neighbouring places far from each other.
fn start_place(place: usize) -> Vec2 {
    #[expect(clippy::cast_precision_loss, reason = "a place needs no precision")]
    let turn = (place % 8 * 3 % 8) as f32 / 8.0;
    Vec2::from_angle(turn * std::f32::consts::TAU) * ARENA_RADIUS * 0.7
}
