//! The ships of others: what the server said of them is kept for a moment and shown a little late, so that there is
//! always a place before and one after.

use std::collections::VecDeque;
use std::f32::consts::{PI, TAU};

use bevy::prelude::*;
use bevy_replicon::client::confirm_history::ConfirmHistory;
use bevy_replicon::prelude::*;

use super::{OwnShip, Shown};
use crate::game::{Course, Ship};
use crate::sim::{Motion, TICK, TICKS_PER_SECOND};

/// How late others are shown, in ticks: one for the way, two for packets that are late or lost.
const LATE: f64 = 3.0;
/// The same where the server runs in this process.
const LATE_AT_HOME: f64 = 1.0;
/// A difference of so many ticks is not made up for, but jumped over.
const LOST: f64 = 20.0;
/// How many places are kept of each ship.
const KEPT: usize = 24;

/// What was heard of a ship: ticks and motions, the oldest first.
#[derive(Component, Debug, Default)]
pub(super) struct Track(VecDeque<(f64, Motion)>);

/// The server's time as it is shown here.
#[derive(Resource, Debug, Default)]
pub struct Playback {
    /// The tick that is shown.
    shown: f64,
    /// The newest that was heard of.
    heard: f64,
}

impl Playback {
    /// How far the shown time is behind the newest heard, in ticks.
    pub fn behind(&self) -> f64 {
        self.heard - self.shown
    }

    /// The newest tick of the server that was heard of.
    pub fn newest(&self) -> f64 {
        self.heard
    }

    fn advance(&mut self, ticks: f64, late: f64) {
        let off = self.heard - late - self.shown;
        if off.abs() > LOST {
            self.shown += off;
        } else {
            // a little faster or slower until it fits, so that nobody sees it
            self.shown += ticks * (1.0 + (off * 0.08).clamp(-0.25, 0.25));
        }
    }
}

pub(super) fn note_courses(
    mut playback: ResMut<Playback>,
    ticks: Res<Time<Fixed>>,
    mut ships: Query<(&Course, Option<&ConfirmHistory>, &mut Track), Changed<Course>>,
) {
    let at_home = ticks.elapsed_secs_f64() * f64::from(TICKS_PER_SECOND);
    for (course, history, mut track) in &mut ships {
        let tick = history.map_or(at_home.round(), |history| history.last_tick().get().into());
        playback.heard = playback.heard.max(tick);
        if track.0.back().is_none_or(|(newest, _)| *newest < tick) {
            track.0.push_back((tick, course.motion()));
        }
        if track.0.len() > KEPT {
            track.0.pop_front();
        }
    }
}

pub(super) fn play_back(
    mut playback: ResMut<Playback>,
    time: Res<Time>,
    remote: Query<(), (With<Ship>, With<Remote>)>,
) {
    let late = if remote.is_empty() { LATE_AT_HOME } else { LATE };
    playback.advance(time.delta_secs_f64() * f64::from(TICKS_PER_SECOND), late);
}

pub(super) fn show_others(playback: Res<Playback>, own: Res<OwnShip>, mut ships: Query<(&Ship, &Track, &mut Shown)>) {
    for (ship, track, mut shown) in &mut ships {
        let foreseen = Some(ship.number) == own.0;
        if !foreseen && let Some(motion) = at(&track.0, playback.shown) {
            shown.0 = motion;
        }
    }
}

/// Where a ship was at that tick: between what was heard, or straight on for a short while after it.
fn at(track: &VecDeque<(f64, Motion)>, tick: f64) -> Option<Motion> {
    let (newest, last) = *track.back()?;
    if tick >= newest {
        let ahead = (tick - newest).min(LATE);
        #[expect(clippy::cast_possible_truncation, reason = "a few ticks")]
        let ahead = ahead as f32 * TICK;
        return Some(Motion {
            at: last.at + last.velocity * ahead,
            ..last
        });
    }
    let after = track.iter().position(|(heard, _)| *heard > tick)?;
    let (late, b) = track[after];
    let Some((early, a)) = after.checked_sub(1).map(|before| track[before]) else {
        return Some(b);
    };
    #[expect(clippy::cast_possible_truncation, reason = "a share from 0 to 1")]
    let share = ((tick - early) / (late - early)) as f32;
    let turn = (b.heading - a.heading + PI).rem_euclid(TAU) - PI;
    Some(Motion {
        at: if a.at.distance(b.at) > 150.0 {
            b.at
        } else {
            a.at.lerp(b.at, share)
        },
        velocity: a.velocity.lerp(b.velocity, share),
        heading: a.heading + turn * share,
        ..b
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn moving_right() -> VecDeque<(f64, Motion)> {
        let at = |tick: u8| Motion {
            at: Vec2::new(f32::from(tick), 0.0),
            velocity: Vec2::new(30.0, 0.0),
            ..default()
        };
        [0, 1, 2, 5].map(|tick| (f64::from(tick), at(tick))).into()
    }

    #[test]
    fn a_ship_is_shown_between_what_was_heard_also_over_a_gap() {
        let track = moving_right();
        for tick in [0.0, 0.5, 1.9, 3.5, 4.9, 5.5] {
            let shown = at(&track, tick).unwrap();
            #[expect(clippy::cast_possible_truncation, reason = "small")]
            let there = tick as f32;
            assert!((shown.at.x - there).abs() < 0.01, "{tick}: {shown:?}");
        }
    }

    #[test]
    fn playback_settles_behind_the_newest_and_stays_there() {
        let mut playback = Playback::default();
        for tick in 100..400 {
            playback.heard = f64::from(tick);
            playback.advance(0.5, LATE);
            playback.advance(0.5, LATE);
        }
        assert!((playback.behind() - LATE).abs() < 1.1, "{playback:?}");
    }

    #[test]
    fn a_turn_is_taken_the_short_way() {
        let near_pi = |heading| Motion { heading, ..default() };
        let track: VecDeque<_> = [(0.0, near_pi(3.0)), (1.0, near_pi(-3.0))].into();
        let half = at(&track, 0.5).unwrap().heading;
        assert!((half - PI).abs() < 0.01, "{half}");
    }
}
