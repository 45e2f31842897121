//! Stars.

use bevy::prelude::*;

use super::depth;
use super::looks::{GOLD, Looks};
use crate::game::{Spot, Star};

/// A jump further than this is shown at once.
const JUMP: f32 = 120.0;

pub(super) fn build(app: &mut App) {
    app.add_observer(dress_star)
        .add_systems(Update, (glide, twinkle).chain());
}

fn dress_star(star: On<Add, Star>, stars: Query<(&Star, Option<&Spot>)>, looks: Res<Looks>, mut commands: Commands) {
    let Ok((star_kind, spot)) = stars.get(star.entity) else {
        return;
    };
    let at = spot.copied().unwrap_or_default().at();
    let size = size(*star_kind);
    commands
        .entity(star.entity)
        .insert((
            Mesh2d(looks.star.clone()),
            MeshMaterial2d(looks.white.clone()),
            Transform::from_translation(at.extend(depth::STAR)).with_scale(Vec3::splat(0.05)),
        ))
        .with_child((
            looks.glow(GOLD.with_alpha(if size > 1.0 { 0.55 } else { 0.32 }), 52.0),
            Transform::from_xyz(0.0, 0.0, -0.1),
        ));
}

fn size(star: Star) -> f32 {
    if star.worth > 1 { 1.9 } else { 1.0 }
}

/// Moves what is drawn towards where the server says it is.
fn glide(time: Res<Time>, mut stars: Query<(&Spot, &mut Transform), With<Star>>) {
    let share = 1.0 - (-16.0 * time.delta_secs()).exp();
    for (spot, mut transform) in &mut stars {
        let way = spot.at() - transform.translation.truncate();
        let step = if way.length() > JUMP { way } else { way * share };
        transform.translation += step.extend(0.0);
    }
}

/// Stars turn, breathe, and grow when they appear.
fn twinkle(time: Res<Time>, mut stars: Query<(Entity, &Star, &mut Transform)>) {
    for (entity, star, mut transform) in &mut stars {
        transform.rotate_z(0.9 * time.delta_secs());
        #[expect(clippy::cast_precision_loss, reason = "a little disorder")]
        let turn = entity.index_u32() as f32;
        let breath = 1.0 + 0.08 * (time.elapsed_secs() * 3.0 + turn).sin();
        let grown = Vec3::splat(size(*star) * breath);
        transform.scale = transform.scale.lerp(grown, 1.0 - (-9.0 * time.delta_secs()).exp());
    }
}
