//! What a bot wants: the best star near it, and now and then a rich rival in its way.

use bevy::math::Vec2;
use fastrand::Rng;

use super::ARENA_RADIUS;
use super::arena::Craft;
use super::motion::{Input, Motion};
use super::stars::DriftingStar;

/// How long a bot sticks to its choice, in ticks.
const PATIENCE: u32 = 9;
/// So near a rival tempts it.
const TEMPTING: f32 = 150.0;
/// So near it dashes.
const DASH_FROM: f32 = 95.0;
/// So many stars make a rival worth it.
const RICH: u16 = 3;

/// Another ship as a bot sees it.
#[derive(Debug, Clone, Copy)]
pub struct Rival {
    /// Its number.
    pub number: u16,
    /// Its place.
    pub at: Vec2,
    /// The stars it has.
    pub score: u16,
    /// Whether it spins already.
    pub dazed: bool,
}

impl Rival {
    pub(super) fn of(ship: &Craft) -> Self {
        Self {
            number: ship.number,
            at: ship.motion.at,
            score: ship.score,
            dazed: ship.motion.dazed > 0,
        }
    }
}

/// What a bot has in mind.
#[derive(Debug, Clone)]
pub struct Mind {
    rng: Rng,
    ticks: u32,
    target: Option<Vec2>,
    prey: Option<u16>,
}

impl Mind {
    /// A bot of that character.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let ticks = rng.u32(..PATIENCE);
        Self {
            rng,
            ticks,
            target: None,
            prey: None,
        }
    }

    /// What it wants this tick, given what it sees; `rivals` may contain the ship itself.
    pub fn decide(&mut self, number: u16, me: &Motion, stars: &[DriftingStar], rivals: &[Rival]) -> Input {
        let ripe = stars.iter().filter(|star| star.is_ripe());
        self.decide_by(number, me, ripe.map(|star| (star.at, star.worth)), rivals)
    }

    /// The same, from places and worths of the stars.
    pub fn decide_by(
        &mut self,
        number: u16,
        me: &Motion,
        stars: impl Iterator<Item = (Vec2, u8)>,
        rivals: &[Rival],
    ) -> Input {
        self.ticks += 1;
        if self.ticks.is_multiple_of(PATIENCE) {
            self.choose(number, me, stars, rivals);
        }
        let prey = rivals
            .iter()
            .find(|rival| Some(rival.number) == self.prey && !rival.dazed);
        let aim = prey.map(|prey| prey.at).or(self.target);
        let way = aim.map_or(Vec2::ZERO, |aim| aim - me.at);
        let steer = way.normalize_or_zero();
        let ahead = me.velocity.normalize_or_zero().dot(steer) > 0.9;
        Input {
            steer,
            dash: prey.is_some() && ahead && way.length() < DASH_FROM,
        }
    }

    fn choose(&mut self, number: u16, me: &Motion, stars: impl Iterator<Item = (Vec2, u8)>, rivals: &[Rival]) {
        let cost = |(at, worth): &(Vec2, u8)| at.distance(me.at) / f32::from((*worth).max(1));
        let best = stars.min_by(|a, b| cost(a).total_cmp(&cost(b)));
        let stray = Vec2::new(self.rng.f32() - 0.5, self.rng.f32() - 0.5) * 26.0;
        self.target = best.map(|(at, _)| at + stray).or(self.target);
        if self.target.is_none_or(|target| target.distance(me.at) < 12.0) && best.is_none() {
            self.target = Some(Vec2::from_angle(self.rng.f32() * 6.3) * ARENA_RADIUS * 0.6);
        }
        let tempting = rivals.iter().filter(|rival| {
            rival.number != number && rival.score >= RICH && rival.at.distance(me.at) < TEMPTING && !rival.dazed
        });
        let richest = tempting.max_by_key(|rival| rival.score).map(|rival| rival.number);
        self.prey = richest.filter(|_| me.rest == 0 && self.rng.u8(..) < 90);
    }
}
