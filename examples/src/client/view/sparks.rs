//! Trails and sparks: soft dots that fly, shrink and go.

use std::time::Duration;

use bevy::prelude::*;
use bevy::time::common_conditions::on_timer;

use super::depth;
use super::looks::{GOLD, Looks, pilot_color};
use crate::client::flight::Shown;
use crate::game::{Ship, Star};

/// From one dot of a trail to the next.
const TRAIL_EVERY: Duration = Duration::from_millis(45);
/// There are never more.
const MOST: usize = 260;

pub(super) fn build(app: &mut App) {
    app.add_observer(burst_of_star).add_systems(
        Update,
        (leave_trails.run_if(on_timer(TRAIL_EVERY)), burst_of_hits, fly_and_fade),
    );
}

#[derive(Component)]
struct Spark {
    velocity: Vec2,
    life: f32,
    left: f32,
}

/// Whether a ship was spinning when it was last looked at.
#[derive(Component)]
struct WasDazed;

fn spark(looks: &Looks, at: Vec2, velocity: Vec2, color: Color, width: f32, life: f32) -> impl Bundle {
    (
        Spark {
            velocity,
            life,
            left: life,
        },
        looks.glow(color, width),
        Transform::from_translation(at.extend(depth::SPARK)),
    )
}

fn leave_trails(
    ships: Query<(&Ship, &Shown)>,
    sparks: Query<(), With<Spark>>,
    looks: Res<Looks>,
    mut commands: Commands,
) {
    if sparks.iter().count() > MOST {
        return;
    }
    for (ship, shown) in &ships {
        let speed = shown.0.velocity.length();
        if speed < 25.0 {
            continue;
        }
        let dashing = shown.0.dash > 0 || speed > 300.0;
        let behind = shown.0.at - Vec2::from_angle(shown.0.heading) * 11.0;
        let (width, alpha) = if dashing { (34.0, 0.75) } else { (17.0, 0.42) };
        let color = pilot_color(ship.number).with_alpha(alpha);
        commands.spawn(spark(&looks, behind, -shown.0.velocity * 0.12, color, width, 0.6));
    }
}

/// A star that was taken goes up in sparks.
fn burst_of_star(gone: On<Remove, Star>, stars: Query<(&Star, &Transform)>, looks: Res<Looks>, mut commands: Commands) {
    let Ok((star, transform)) = stars.get(gone.entity) else {
        return;
    };
    let count = if star.worth > 1 { 16 } else { 7 };
    burst(
        &mut commands,
        &looks,
        transform.translation.truncate(),
        GOLD,
        count,
        120.0,
    );
}

/// A ship that is hit throws sparks of its colour.
fn burst_of_hits(ships: Query<(Entity, &Ship, &Shown, Has<WasDazed>)>, looks: Res<Looks>, mut commands: Commands) {
    for (entity, ship, shown, was_dazed) in &ships {
        match (shown.0.dazed > 0, was_dazed) {
            (true, false) => {
                commands.entity(entity).insert(WasDazed);
                burst(&mut commands, &looks, shown.0.at, pilot_color(ship.number), 18, 240.0);
                burst(&mut commands, &looks, shown.0.at, Color::WHITE, 6, 140.0);
            }
            (false, true) => drop(commands.entity(entity).remove::<WasDazed>()),
            _ => {}
        }
    }
}

fn burst(commands: &mut Commands, looks: &Looks, at: Vec2, color: Color, count: u8, speed: f32) {
    for _ in 0..count {
        let velocity = Vec2::from_angle(fastrand::f32() * 6.3) * speed * (0.35 + 0.65 * fastrand::f32());
        let life = 0.35 + 0.4 * fastrand::f32();
        commands.spawn(spark(looks, at, velocity, color.with_alpha(0.9), 15.0, life));
    }
}

fn fly_and_fade(
    time: Res<Time>,
    mut sparks: Query<(Entity, &mut Spark, &mut Sprite, &mut Transform)>,
    mut commands: Commands,
) {
    for (entity, mut spark, mut sprite, mut transform) in &mut sparks {
        spark.left -= time.delta_secs();
        if spark.left <= 0.0 {
            commands.entity(entity).despawn();
            continue;
        }
        spark.velocity *= (-2.5 * time.delta_secs()).exp();
        transform.translation += (spark.velocity * time.delta_secs()).extend(0.0);
        let share = spark.left / spark.life;
        transform.scale = Vec3::splat(0.25 + 0.75 * share);
        let fade = (-1.6 * time.delta_secs() / spark.life).exp();
        let alpha = sprite.color.alpha();
        sprite.color.set_alpha(alpha * fade);
    }
}
