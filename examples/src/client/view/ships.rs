//! Ships with their glow and name.

use bevy::prelude::*;

use super::depth;
use super::looks::{Looks, pilot_color};
use crate::client::flight::{FlightSystems, OwnShip, Shown};
use crate::game::{Pilot, Ship};
use crate::sim::SHIP_RADIUS;

pub(super) fn build(app: &mut App) {
    app.add_observer(dress_ship).add_systems(
        Update,
        (move_ships, write_names, mark_own_ship).chain().after(FlightSystems),
    );
}

/// What turns with the ship.
#[derive(Component)]
struct Hull;

/// The name under a ship.
#[derive(Component)]
struct NameTag;

/// The ring around the player's own ship.
#[derive(Component)]
struct OwnRing;

fn dress_ship(
    ship: On<Add, Ship>,
    ships: Query<&Ship>,
    looks: Res<Looks>,
    mut materials: ResMut<Assets<ColorMaterial>>,
    mut commands: Commands,
) {
    let Ok(Ship { number }) = ships.get(ship.entity) else {
        return;
    };
    let color = pilot_color(*number);
    commands
        .entity(ship.entity)
        .insert((Transform::from_xyz(0.0, 0.0, depth::SHIP), Visibility::default()))
        .with_children(|parts| {
            parts.spawn((
                looks.glow(color.with_alpha(0.38), SHIP_RADIUS * 6.0),
                Transform::from_xyz(0.0, 0.0, -0.2),
            ));
            parts.spawn((
                Hull,
                Mesh2d(looks.ship.clone()),
                MeshMaterial2d(materials.add(color)),
                Transform::default(),
            ));
            parts.spawn((
                NameTag,
                Text2d::default(),
                TextFont {
                    font: looks.medium.clone().into(),
                    font_size: FontSize::Px(13.0),
                    ..default()
                },
                TextColor(Color::WHITE.with_alpha(0.75)),
                Transform::from_xyz(0.0, -SHIP_RADIUS - 15.0, 0.5),
            ));
        });
}

fn move_ships(
    time: Res<Time>,
    mut ships: Query<(&Shown, &Children, &mut Transform), Without<Hull>>,
    mut hulls: Query<&mut Transform, With<Hull>>,
) {
    let share = 1.0 - (-22.0 * time.delta_secs()).exp();
    for (shown, children, mut transform) in &mut ships {
        transform.translation = shown.0.at.extend(transform.translation.z);
        for child in children {
            if let Ok(mut hull) = hulls.get_mut(*child) {
                if shown.0.dazed > 0 {
                    hull.rotate_z(14.0 * time.delta_secs());
                } else {
                    hull.rotation = hull.rotation.slerp(Quat::from_rotation_z(shown.0.heading), share);
                }
                let stretch = if shown.0.dash > 0 {
                    Vec3::new(1.35, 0.85, 1.0)
                } else {
                    Vec3::ONE
                };
                hull.scale = hull.scale.lerp(stretch, share);
            }
        }
    }
}

fn write_names(
    ships: Query<(&Pilot, &Children), Changed<Pilot>>,
    mut tags: Query<(&mut Text2d, &mut TextColor), With<NameTag>>,
) {
    for (pilot, children) in &ships {
        for child in children {
            if let Ok((mut text, mut color)) = tags.get_mut(*child) {
                text.0.clone_from(&pilot.name);
                color.0.set_alpha(if pilot.bot { 0.4 } else { 0.85 });
            }
        }
    }
}

fn mark_own_ship(
    own: Res<OwnShip>,
    ships: Query<(Entity, &Ship)>,
    rings: Query<(), With<OwnRing>>,
    looks: Res<Looks>,
    mut commands: Commands,
) {
    if !rings.is_empty() {
        return;
    }
    let mine = ships.iter().find(|(_, ship)| Some(ship.number) == own.0);
    if let Some((entity, _)) = mine {
        commands.entity(entity).with_child((
            OwnRing,
            Mesh2d(looks.ring.clone()),
            MeshMaterial2d(looks.white.clone()),
            Transform::default(),
        ));
    }
}
