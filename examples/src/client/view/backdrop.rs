//! The camera, the sky, the arena.

use bevy::camera::ScalingMode;
use bevy::prelude::*;

use super::depth;
use super::looks::{Looks, SKY_BLUE, rings};
use crate::client::menu::Screen;
use crate::sim::ARENA_RADIUS;

/// What of the world is always in sight, beside the arena there is room for names and scores.
pub(super) const IN_SIGHT: Vec2 = Vec2::new(1180.0, 664.0);
/// How far the arena makes room for a menu at its left.
const ROOM: f32 = 264.0;
/// How many dots the sky has.
const SKY_DOTS: usize = 130;

pub(super) fn build(app: &mut App) {
    app.add_systems(Startup, (set_camera, draw_sky, draw_arena))
        .add_systems(Update, (twinkle, make_room));
}

/// A dot of the sky and when it is brightest.
#[derive(Component)]
struct SkyDot {
    brightness: f32,
    turn: f32,
}

fn set_camera(mut commands: Commands) {
    let projection = OrthographicProjection {
        scaling_mode: ScalingMode::AutoMin {
            min_width: IN_SIGHT.x,
            min_height: IN_SIGHT.y,
        },
        ..OrthographicProjection::default_2d()
    };
    commands.spawn((Camera2d, Projection::from(projection), Msaa::Sample4));
}

fn draw_sky(looks: Res<Looks>, mut commands: Commands) {
    let mut rng = fastrand::Rng::with_seed(11);
    for _ in 0..SKY_DOTS {
        let at = Vec2::new(rng.f32() - 0.5, rng.f32() - 0.5) * IN_SIGHT * 1.9;
        let width = 2.5 + 5.0 * rng.f32() * rng.f32();
        let dot = SkyDot {
            brightness: 0.12 + 0.4 * rng.f32(),
            turn: rng.f32() * 6.3,
        };
        let color = Color::hsl(205.0 + 60.0 * rng.f32(), 0.6, 0.85);
        commands.spawn((
            dot,
            looks.glow(color, width),
            Transform::from_translation(at.extend(depth::SKY)),
        ));
    }
    for (x, y, hue, width) in [(-420.0, 190.0, 265.0, 760.0), (440.0, -200.0, 205.0, 860.0)] {
        let mist = looks.glow(Color::hsla(hue, 0.7, 0.45, 0.17), width);
        commands.spawn((mist, Transform::from_xyz(x, y, depth::SKY - 1.0)));
    }
}

fn draw_arena(looks: Res<Looks>, mut meshes: ResMut<Assets<Mesh>>, mut commands: Commands) {
    let floor = |light: f32| Color::srgb(0.035 * light, 0.05 * light, 0.13 * light);
    let line = SKY_BLUE.with_alpha(0.16);
    let none = SKY_BLUE.with_alpha(0.0);
    let mut part = |mesh: Mesh, above: f32| {
        commands.spawn((
            Mesh2d(meshes.add(mesh)),
            MeshMaterial2d(looks.white.clone()),
            Transform::from_xyz(0.0, 0.0, depth::ARENA + above),
        ));
    };
    part(
        rings(&[
            (0.0, floor(1.6)),
            (ARENA_RADIUS * 0.7, floor(1.0)),
            (ARENA_RADIUS, floor(0.7)),
        ]),
        0.0,
    );
    for share in [0.333, 0.666] {
        let radius = ARENA_RADIUS * share;
        part(
            rings(&[(radius - 1.2, none), (radius, line), (radius + 1.2, none)]),
            0.1,
        );
    }
    part(
        rings(&[
            (ARENA_RADIUS - 26.0, none),
            (ARENA_RADIUS - 2.0, SKY_BLUE.with_alpha(0.1)),
            (ARENA_RADIUS - 1.5, SKY_BLUE.with_alpha(0.95)),
            (ARENA_RADIUS + 1.5, SKY_BLUE.with_alpha(0.95)),
            (ARENA_RADIUS + 2.0, SKY_BLUE.with_alpha(0.16)),
            (ARENA_RADIUS + 34.0, none),
        ]),
        0.2,
    );
}

/// The arena stands in the middle in a game, and at the right of a menu.
fn make_room(time: Res<Time>, screen: Res<State<Screen>>, mut cameras: Query<&mut Transform, With<Camera2d>>) {
    let room = if screen.get().is_beside_arena() { -ROOM } else { 0.0 };
    for mut camera in &mut cameras {
        let way = room - camera.translation.x;
        if way.abs() > 0.1 {
            camera.translation.x += way * (1.0 - (-5.0 * time.delta_secs()).exp());
        }
    }
}

fn twinkle(time: Res<Time>, mut dots: Query<(&SkyDot, &mut Sprite)>) {
    for (dot, mut sprite) in &mut dots {
        let wave = (time.elapsed_secs() * 0.7 + dot.turn).sin();
        sprite.color.set_alpha(dot.brightness * (1.0 + 0.5 * wave));
    }
}
