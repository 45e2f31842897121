//! One's own ship: an order goes out with every tick and is followed here at once. When the server says where the ship
//! was after an order, the later ones are flown again from there; what differs is let slip away unseen.

use std::collections::VecDeque;

use bevy::prelude::*;

use super::{Intent, OwnShip, Shown};
use crate::game::{Clock, Course, Order, Orders, Ship};
use crate::sim::{Input, Motion, fly};

/// So many orders may be without an answer; two seconds of them.
const UNANSWERED: usize = 60;
/// A ship that is foreseen further off than this is put where it is.
const JUMP: f32 = 90.0;
/// How fast a smaller difference slips away, per second.
const SLIP: f32 = 9.0;

/// One's own ship ahead of the server.
#[derive(Resource, Debug, Default)]
pub struct Helm {
    newest: u32,
    unanswered: VecDeque<(u32, Order)>,
    now: Motion,
    before: Motion,
    slip: Vec2,
    begun: bool,
    off: f32,
    corrections: u32,
    worst: f32,
}

impl Helm {
    /// How many orders the server has not answered yet.
    pub fn unanswered(&self) -> usize {
        self.unanswered.len()
    }

    /// How often the ship was elsewhere than foreseen by more than a unit, and the furthest, in units.
    pub fn corrections(&self) -> (u32, f32) {
        (self.corrections, self.worst)
    }

    /// How far the ship was from where the server has it, after the same orders, at the last answer; in units.
    pub fn off(&self) -> f32 {
        self.off
    }

    fn order(&mut self, input: Input) -> Orders {
        let order = Order::from(input);
        self.newest += 1;
        self.unanswered.push_back((self.newest, order));
        if self.unanswered.len() > UNANSWERED {
            self.unanswered.pop_front();
        }
        self.before = self.now;
        self.now = fly(self.now, order.input());
        let from = self.unanswered.len().saturating_sub(Orders::AT_ONCE);
        Orders {
            newest: self.newest,
            orders: self.unanswered.range(from..).map(|(_, order)| *order).collect(),
        }
    }

    fn hear(&mut self, course: &Course) {
        while self
            .unanswered
            .front()
            .is_some_and(|(number, _)| *number <= course.followed)
        {
            self.unanswered.pop_front();
        }
        let foreseen = self.now;
        self.now = course.motion();
        for (_, order) in &self.unanswered {
            self.before = self.now;
            self.now = fly(self.now, order.input());
        }
        if self.unanswered.is_empty() {
            self.before = self.now;
        }
        let off = foreseen.at - self.now.at;
        if self.begun {
            self.off = off.length();
            if self.off > 1.0 {
                self.corrections += 1;
                self.worst = self.worst.max(self.off);
            }
        }
        if !self.begun || off.length() > JUMP {
            self.begun = true;
            self.slip = Vec2::ZERO;
            self.before = self.now;
            return;
        }
        self.slip += off;
    }

    /// Between two ticks, `share` of the way from the one before to the newest.
    fn seen(&self, share: f32) -> Motion {
        Motion {
            at: self.before.at.lerp(self.now.at, share) + self.slip,
            velocity: self.before.velocity.lerp(self.now.velocity, share),
            ..self.now
        }
    }
}

pub(super) fn steer(
    mut helm: ResMut<Helm>,
    mut intent: ResMut<Intent>,
    own: Res<OwnShip>,
    clocks: Query<&Clock>,
    mut out: MessageWriter<Orders>,
) {
    if own.0.is_none() {
        return;
    }
    let over = clocks.iter().any(|clock| clock.over);
    let input = if over { Input::default() } else { intent.0 };
    intent.0.dash = false;
    out.write(helm.order(input));
}

pub(super) fn correct(mut helm: ResMut<Helm>, own: Res<OwnShip>, courses: Query<(&Ship, &Course), Changed<Course>>) {
    for (_, course) in courses.iter().filter(|(ship, _)| Some(ship.number) == own.0) {
        helm.hear(course);
    }
}

pub(super) fn show_own(
    mut helm: ResMut<Helm>,
    own: Res<OwnShip>,
    ticks: Res<Time<Fixed>>,
    time: Res<Time>,
    mut ships: Query<(&Ship, &mut Shown)>,
) {
    helm.slip *= (-SLIP * time.delta_secs()).exp();
    if !helm.begun {
        return;
    }
    for (_, mut shown) in ships.iter_mut().filter(|(ship, _)| Some(ship.number) == own.0) {
        shown.0 = helm.seen(ticks.overstep_fraction());
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    /// A server that follows orders in their order, and answers `late` ticks later.
    fn fly_together(late: usize, ticks: u16) -> Helm {
        let mut helm = Helm::default();
        let (mut there, mut followed) = (Motion::default(), 0);
        let mut on_the_way = VecDeque::new();
        helm.hear(&Course::new(&there, 0));
        for tick in 0..ticks {
            let input = Input {
                steer: Vec2::from_angle(f32::from(tick) * 0.1),
                dash: tick % 45 == 0,
            };
            for (number, order) in helm.order(input).numbered() {
                if number > followed {
                    there = fly(there, order.input());
                    followed = number;
                }
            }
            on_the_way.push_back(Course::new(&there, followed));
            if on_the_way.len() > late {
                helm.hear(&on_the_way.pop_front().unwrap());
            }
        }
        helm
    }

    #[test]
    fn a_ship_that_nobody_disturbs_is_where_it_was_foreseen_however_late_the_answers_are() {
        for late in [0, 3, 12] {
            let helm = fly_together(late, 300);
            assert_eq!(helm.corrections().0, 0, "late by {late}: {helm:?}");
            assert_eq!(helm.unanswered(), late);
            assert!(helm.off() < 0.05, "late by {late}: {helm:?}");
        }
    }

    #[test]
    fn ones_own_ship_obeys_at_once_where_the_server_is_in_this_process_too() {
        use bevy::ecs::system::RunSystemOnce;

        use crate::client::flight::{Playback, tracks};
        use crate::sim::TICKS_PER_SECOND;

        let mut world = World::new();
        let mut ticks = Time::<Fixed>::from_hz(TICKS_PER_SECOND.into());
        ticks.accumulate_overstep(ticks.timestep().mul_f32(0.99));
        world.insert_resource(ticks);
        world.insert_resource(Time::<()>::default());
        world.insert_resource(OwnShip(Some(1)));
        let steer = Input {
            steer: Vec2::X,
            dash: false,
        };
        world.insert_resource(Intent(steer));
        world.init_resource::<Helm>();
        world.init_resource::<Playback>();
        world.init_resource::<Messages<Orders>>();
        // no `Remote`: nothing of this came over a network
        let ship = (Ship { number: 1 }, Course::new(&Motion::default(), 0), Shown::default());
        let ship = world.spawn((ship, tracks::Track::default())).id();
        world.run_system_once(tracks::note_courses).unwrap();
        world.run_system_once(correct).unwrap();
        for _tick in 0..2 {
            world.run_system_once(super::steer).unwrap();
        }
        world.run_system_once(tracks::show_others).unwrap();
        world.run_system_once(show_own).unwrap();
        let shown = world.get::<Shown>(ship).unwrap().0.at.x;
        assert!(
            shown > 1.0,
            "the server has answered neither order, and it flies: {shown}"
        );
    }

    #[test]
    fn a_push_by_the_server_is_shown_without_a_jump() {
        let mut helm = fly_together(0, 30);
        let before = helm.seen(1.0).at;
        let mut pushed = helm.now;
        pushed.at += Vec2::new(20.0, 0.0);
        helm.hear(&Course::new(&pushed, helm.newest));
        assert!(helm.seen(1.0).at.distance(before) < 0.1, "not seen at once");
        helm.slip = Vec2::ZERO;
        assert!(helm.seen(1.0).at.distance(pushed.at) < 0.1, "but in the end");
        assert_eq!(helm.corrections().0, 1);
    }
}
