//! Ships with their glow and name.

use bevy::prelude::*;
use bevy::sprite::Text2dShadow;

use super::backdrop::IN_SIGHT;
use super::depth;
use super::looks::{Looks, SPACE, pilot_color};
use crate::client::flight::{FlightSystems, OwnShip, Shown};
use crate::game::{Pilot, Ship};
use crate::sim::SHIP_RADIUS;

pub(super) fn build(app: &mut App) {
    app.add_observer(dress_ship).add_systems(
        Update,
        (move_ships, write_names, fit_names, mark_own_ship)
            .chain()
            .after(FlightSystems),
    );
}

/// The size of a name, in units of the world.
const NAME: f32 = 13.0;
/// It is never smaller or larger than so many pixels.
const SMALLEST_NAME: f32 = 10.0;
const LARGEST_NAME: f32 = 64.0;
/// The names of bots are dimmer than those of players.
const BOT_NAME: Color = Color::srgb(0.62, 0.66, 0.77);

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
                // over a star too it is read
                Text2dShadow {
                    offset: Vec2::new(1.0, -1.0),
                    color: SPACE,
                },
                TextFont {
                    font: looks.medium.clone().into(),
                    font_size: FontSize::Px(NAME),
                    ..default()
                },
                TextColor::default(),
                Transform::from_xyz(0.0, -SHIP_RADIUS - 15.0, depth::NAME_ABOVE_SHIP),
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
                // no star shines through
                color.0 = if pilot.bot { BOT_NAME } else { Color::WHITE };
            }
        }
    }
}

/// The size of a name in pixels, and how much its text shrinks or grows with the world, in a window that shows so many
/// pixels for each unit of the world: it is drawn in the pixels of the window, and never too small to be read.
fn name_size(pixels_per_unit: f32) -> (f32, f32) {
    let size = (NAME * pixels_per_unit).clamp(SMALLEST_NAME, LARGEST_NAME).round();
    (size, pixels_per_unit.recip())
}

fn fit_names(windows: Query<&Window>, mut tags: Query<(&mut TextFont, &mut Transform), With<NameTag>>) {
    let Ok(window) = windows.single() else { return };
    let pixels_per_unit = (window.size() / IN_SIGHT).min_element();
    if pixels_per_unit <= 0.0 {
        return;
    }
    let (size, scale) = name_size(pixels_per_unit);
    let (size, scale) = (FontSize::Px(size), Vec3::new(scale, scale, 1.0));
    for (mut font, mut transform) in &mut tags {
        if font.font_size != size {
            font.font_size = size;
        }
        if transform.scale != scale {
            transform.scale = scale;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_pixels_of_its_window_and_is_never_too_small_to_read() {
        for (width, pixels) in [
            (480.0, 10.0),
            (640.0, 10.0),
            (1180.0, 13.0),
            (1920.0, 21.0),
            (3840.0, 42.0),
        ] {
            let pixels_per_unit = width / IN_SIGHT.x;
            let (size, scale) = name_size(pixels_per_unit);
            assert!((size - pixels).abs() < 0.1, "{width}: {size}");
            let on_screen = size * scale * pixels_per_unit;
            assert!(
                (on_screen - size).abs() < 0.01,
                "a pixel of the text is one of the window"
            );
        }
    }
}
