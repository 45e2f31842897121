//! What the window shows of the world: meshes for what the server replicates, smoothed from tick to frame.

use bevy::prelude::*;
use bevy_replicon::prelude::*;

use crate::game::{ARENA_RADIUS, Place, SHIP_RADIUS, STAR_RADIUS, Score, Ship, Star};

use super::journey::OwnShip;

/// Draws the world.
pub(super) struct ViewPlugin;

impl Plugin for ViewPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(ClearColor(Color::srgb(0.035, 0.045, 0.09)))
            .add_observer(dress_ship)
            .add_observer(dress_star)
            .add_systems(Startup, (build_looks, draw_arena).chain())
            .add_systems(Update, ((glide, show_scores).chain(), spin_stars, mark_own_ship));
    }
}

/// Meshes and materials that many entities share.
#[derive(Resource)]
struct Looks {
    ship: Handle<Mesh>,
    ring: Handle<Mesh>,
    star: Handle<Mesh>,
    gold: Handle<ColorMaterial>,
    white: Handle<ColorMaterial>,
}

/// The score floating over a ship.
#[derive(Component)]
struct ScoreLabel;

/// The ring around the player's own ship.
#[derive(Component)]
struct OwnRing;

fn build_looks(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, mut materials: ResMut<Assets<ColorMaterial>>) {
    commands.insert_resource(Looks {
        ship: meshes.add(RegularPolygon::new(SHIP_RADIUS, 3)),
        ring: meshes.add(Annulus::new(SHIP_RADIUS + 3.0, SHIP_RADIUS + 5.0)),
        star: meshes.add(RegularPolygon::new(STAR_RADIUS, 4)),
        gold: materials.add(Color::srgb(1.0, 0.82, 0.3)),
        white: materials.add(Color::srgba(1.0, 1.0, 1.0, 0.85)),
    });
}

fn draw_arena(mut commands: Commands, mut meshes: ResMut<Assets<Mesh>>, mut materials: ResMut<Assets<ColorMaterial>>) {
    commands.spawn(Camera2d);
    let mut disc = |mesh: Mesh, color: Color, depth: f32| {
        commands.spawn((
            Mesh2d(meshes.add(mesh)),
            MeshMaterial2d(materials.add(color)),
            Transform::from_translation(ARENA_AT.extend(depth)),
        ));
    };
    disc(Circle::new(ARENA_RADIUS).into(), Color::srgb(0.06, 0.08, 0.15), -3.0);
    let ring = |inner: f32, outer: f32| Annulus::new(inner, outer).mesh().resolution(SMOOTH).build();
    disc(
        Circle::new(ARENA_RADIUS).mesh().resolution(SMOOTH).build(),
        Color::srgb(0.06, 0.08, 0.15),
        -3.0,
    );
    disc(
        ring(ARENA_RADIUS * 0.5 - 1.0, ARENA_RADIUS * 0.5),
        Color::srgb(0.1, 0.13, 0.22),
        -2.0,
    );
    disc(
        ring(ARENA_RADIUS - 1.0, ARENA_RADIUS + 2.0),
        Color::srgb(0.25, 0.45, 0.8),
        -1.0,
    );
}

/// Corners of what shall look round.
const SMOOTH: u32 = 128;

/// Where the middle of the arena is on the screen; the panel stands to its left.
const ARENA_AT: Vec2 = Vec2::new(150.0, 0.0);

fn dress_ship(
    ship: On<Add, Ship>,
    ships: Query<(&Ship, Option<&Place>), With<Remote>>,
    looks: Res<Looks>,
    mut materials: ResMut<Assets<ColorMaterial>>,
    mut commands: Commands,
) {
    let Ok((Ship { number }, place)) = ships.get(ship.entity) else {
        return;
    };
    #[expect(clippy::cast_precision_loss, reason = "a hue needs no precision")]
    let hue = (*number as f32 * 137.5 + 55.0) % 360.0;
    let at = place.copied().unwrap_or_default().to_vec() + ARENA_AT;
    commands
        .entity(ship.entity)
        .insert((
            Mesh2d(looks.ship.clone()),
            MeshMaterial2d(materials.add(Color::hsl(hue, 0.75, 0.62))),
            Transform::from_translation(at.extend(2.0)),
        ))
        .with_child((
            ScoreLabel,
            Text2d::new("0"),
            TextFont {
                font_size: FontSize::Px(13.0),
                ..default()
            },
            Transform::from_xyz(0.0, 0.0, 1.0),
        ));
}

fn dress_star(
    star: On<Add, Star>,
    stars: Query<Option<&Place>, With<Remote>>,
    looks: Res<Looks>,
    mut commands: Commands,
) {
    let Ok(place) = stars.get(star.entity) else { return };
    let at = place.copied().unwrap_or_default().to_vec() + ARENA_AT;
    commands.entity(star.entity).insert((
        Mesh2d(looks.star.clone()),
        MeshMaterial2d(looks.gold.clone()),
        Transform::from_translation(at.extend(1.0)),
    ));
}

/// Moves what is drawn towards where the server says it is; a jump across the arena is taken at once.
fn glide(time: Res<Time>, mut things: Query<(&Place, &mut Transform, Has<Ship>)>) {
    let share = 1.0 - (-18.0 * time.delta_secs()).exp();
    for (place, mut transform, is_ship) in &mut things {
        let there = place.to_vec() + ARENA_AT;
        let way = there - transform.translation.truncate();
        let step = if way.length() > 60.0 { way } else { way * share };
        transform.translation += step.extend(0.0);
        if is_ship && way.length() > 1.0 {
            let ahead = Quat::from_rotation_z(way.to_angle() - std::f32::consts::FRAC_PI_2);
            transform.rotation = transform.rotation.slerp(ahead, share);
        }
    }
}

fn spin_stars(time: Res<Time>, mut stars: Query<&mut Transform, With<Star>>) {
    for mut star in &mut stars {
        star.rotate_z(time.delta_secs());
    }
}

fn mark_own_ship(
    own: Option<Res<OwnShip>>,
    ships: Query<(Entity, &Ship), With<Remote>>,
    rings: Query<(), With<OwnRing>>,
    looks: Res<Looks>,
    mut commands: Commands,
) {
    if !rings.is_empty() {
        return;
    }
    let mine = own.and_then(|own| {
        ships
            .iter()
            .find(|(_, ship)| ship.number == own.0)
            .map(|(entity, _)| entity)
    });
    if let Some(entity) = mine {
        commands.entity(entity).with_child((
            OwnRing,
            Mesh2d(looks.ring.clone()),
            MeshMaterial2d(looks.white.clone()),
            Transform::default(),
        ));
    }
}

fn show_scores(
    ships: Query<(&Score, &Transform, &Children), (Changed<Transform>, With<Ship>)>,
    mut labels: Query<(&mut Text2d, &mut Transform), (With<ScoreLabel>, Without<Ship>)>,
) {
    for (score, ship, children) in &ships {
        for child in children {
            if let Ok((mut text, mut label)) = labels.get_mut(*child) {
                let shown = score.0.to_string();
                if text.0 != shown {
                    text.0 = shown;
                }
                let upright = ship.rotation.inverse();
                label.rotation = upright;
                label.translation = upright * Vec3::new(0.0, SHIP_RADIUS + 12.0, 1.0);
            }
        }
    }
}
