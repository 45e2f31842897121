//! Colours, meshes, the soft dot, the font: one style for all.

use bevy::asset::RenderAssetUsages;
use bevy::mesh::{Indices, PrimitiveTopology};
use bevy::prelude::*;
use bevy::render::render_resource::{Extent3d, TextureDimension, TextureFormat};
use bevy::sprite_render::AlphaMode2d;

use crate::sim::{MAX_SHIPS, SHIP_RADIUS, STAR_RADIUS, berth};

/// Behind everything.
pub(crate) const SPACE: Color = Color::srgb(0.022, 0.028, 0.07);
/// Stars and all that is worth something.
pub(crate) const GOLD: Color = Color::srgb(1.0, 0.8, 0.3);
/// The rim, buttons, the player's eye.
pub(crate) const SKY_BLUE: Color = Color::srgb(0.36, 0.62, 1.0);

/// The font of all text, and the one of titles.
const MEDIUM: &[u8] = include_bytes!("../../../../assets/fonts/Quicksand-Medium.ttf");
const BOLD: &[u8] = include_bytes!("../../../../assets/fonts/Quicksand-Bold.ttf");

/// Corners of what shall look round.
const SMOOTH: u16 = 96;
/// The width and height of the soft dot in pixels.
const DOT: u32 = 64;

pub(super) fn build(app: &mut App) {
    let meshes = app.world_mut().resource_mut::<Assets<Mesh>>().into_inner();
    let (ship, star) = (meshes.add(ship_mesh()), meshes.add(star_mesh()));
    let ring = meshes.add(rings(&[
        (SHIP_RADIUS + 6.0, Color::WHITE.with_alpha(0.0)),
        (SHIP_RADIUS + 7.0, Color::WHITE.with_alpha(0.9)),
        (SHIP_RADIUS + 8.0, Color::WHITE.with_alpha(0.0)),
    ]));
    let white = app
        .world_mut()
        .resource_mut::<Assets<ColorMaterial>>()
        .add(ColorMaterial {
            alpha_mode: AlphaMode2d::Blend,
            ..ColorMaterial::from_color(Color::WHITE)
        });
    let glow = app.world_mut().resource_mut::<Assets<Image>>().add(soft_dot());
    let mut fonts = app.world_mut().resource_mut::<Assets<Font>>();
    let bold = fonts.add(Font::from_bytes(BOLD.to_vec()));
    let medium = fonts.add(Font::from_bytes(MEDIUM.to_vec()));
    app.insert_resource(Looks {
        ship,
        star,
        ring,
        white,
        glow,
        medium,
        bold,
    });
}

/// Meshes, materials and fonts that many entities share.
#[derive(Resource, Default)]
pub(crate) struct Looks {
    pub(super) ship: Handle<Mesh>,
    pub(super) star: Handle<Mesh>,
    pub(super) ring: Handle<Mesh>,
    pub(super) white: Handle<ColorMaterial>,
    pub(super) glow: Handle<Image>,
    /// For text.
    pub(crate) medium: Handle<Font>,
    /// For titles and buttons.
    pub(crate) bold: Handle<Font>,
}

impl Looks {
    /// A soft dot of light.
    pub(super) fn glow(&self, color: Color, width: f32) -> Sprite {
        Sprite {
            image: self.glow.clone(),
            color,
            custom_size: Some(Vec2::splat(width)),
            ..default()
        }
    }
}

/// The colour of a ship by its number.
pub(crate) fn pilot_color(number: u16) -> Color {
    const COLORS: [(f32, f32, f32); MAX_SHIPS as usize] = [
        (0.30, 0.85, 1.0),
        (1.0, 0.40, 0.62),
        (0.62, 0.90, 0.38),
        (1.0, 0.60, 0.28),
        (0.72, 0.55, 1.0),
        (0.28, 0.90, 0.70),
        (1.0, 0.44, 0.40),
        (0.48, 0.58, 1.0),
    ];
    let (red, green, blue) = COLORS[usize::from(berth(number))];
    Color::srgb(red, green, blue)
}

/// Rings around the middle from the inside out, each with its radius and colour, smooth between them.
pub(super) fn rings(rings: &[(f32, Color)]) -> Mesh {
    let (mut places, mut colors, mut indices) = (Vec::new(), Vec::new(), Vec::new());
    for (radius, color) in rings {
        for corner in 0..SMOOTH {
            let turn = f32::from(corner) / f32::from(SMOOTH) * std::f32::consts::TAU;
            let at = Vec2::from_angle(turn) * radius;
            places.push([at.x, at.y, 0.0]);
            colors.push(color.to_linear().to_f32_array());
        }
    }
    for ring in 1..rings.len() {
        let outer = u16::try_from(ring).unwrap_or(u16::MAX) * SMOOTH;
        let inner = outer - SMOOTH;
        for corner in 0..SMOOTH {
            let next = (corner + 1) % SMOOTH;
            indices.extend([inner + corner, outer + corner, outer + next]);
            indices.extend([inner + corner, outer + next, inner + next]);
        }
    }
    mesh(places, colors, indices)
}

/// A dart that points to the right; its material gives it its colour.
fn ship_mesh() -> Mesh {
    let (bright, plain, dark) = (1.0, 0.8, 0.42);
    let corners = [
        (Vec2::new(1.25, 0.0), bright),
        (Vec2::new(-0.85, 0.85), plain),
        (Vec2::new(-0.45, 0.0), dark),
        (Vec2::new(-0.85, -0.85), plain),
    ];
    let place = |(at, _): &(Vec2, f32)| [at.x * SHIP_RADIUS, at.y * SHIP_RADIUS, 0.0];
    let color = |(_, light): &(Vec2, f32)| [*light, *light, *light, 1.0];
    mesh(
        corners.iter().map(place).collect(),
        corners.iter().map(color).collect(),
        vec![0, 1, 2, 0, 2, 3],
    )
}

/// A star with five points, bright in the middle.
fn star_mesh() -> Mesh {
    let gold = GOLD.to_linear().to_f32_array();
    let mut places = vec![[0.0; 3]];
    let mut colors = vec![[1.0, 0.95, 0.75, 1.0]];
    let mut indices = Vec::new();
    for corner in 0..10_u16 {
        let turn = f32::from(corner) / 10.0 * std::f32::consts::TAU;
        let radius = if corner % 2 == 0 {
            STAR_RADIUS * 1.15
        } else {
            STAR_RADIUS * 0.52
        };
        let at = Vec2::from_angle(turn) * radius;
        places.push([at.x, at.y, 0.0]);
        colors.push(gold);
        indices.extend([0, corner + 1, (corner + 1) % 10 + 1]);
    }
    mesh(places, colors, indices)
}

fn mesh(places: Vec<[f32; 3]>, colors: Vec<[f32; 4]>, indices: Vec<u16>) -> Mesh {
    Mesh::new(PrimitiveTopology::TriangleList, RenderAssetUsages::default())
        .with_inserted_attribute(Mesh::ATTRIBUTE_POSITION, places)
        .with_inserted_attribute(Mesh::ATTRIBUTE_COLOR, colors)
        .with_inserted_indices(Indices::U16(indices))
}

/// A white dot that fades out to its edge.
fn soft_dot() -> Image {
    let middle = (f64::from(DOT) - 1.0) / 2.0;
    let light = |index: u32| {
        let (x, y) = (f64::from(index % DOT) - middle, f64::from(index / DOT) - middle);
        let inward = (1.0 - x.hypot(y) / middle).max(0.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of 255")]
        let alpha = (inward * inward * 255.0) as u8;
        [255, 255, 255, alpha]
    };
    Image::new(
        Extent3d {
            width: DOT,
            height: DOT,
            depth_or_array_layers: 1,
        },
        TextureDimension::D2,
        (0..DOT * DOT).flat_map(light).collect(),
        TextureFormat::Rgba8UnormSrgb,
        RenderAssetUsages::RENDER_WORLD,
    )
}
