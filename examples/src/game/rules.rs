//! The rules, on the server only: ships come and go with their players, fly, and gather stars.

use bevy::prelude::*;
use bevy_game_session::server::AcceptedPlayer;
use bevy_replicon::prelude::*;

use super::{ARENA_RADIUS, Place, SHIP_RADIUS, STAR_RADIUS, Score, Ship, Star, Steer, Welcome, fly};

const STARS: u32 = 12;

/// Runs the world. Ships hang on the entities of admitted players, so they go when their players go.
pub struct RulesPlugin;

impl Plugin for RulesPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<NextNumber>()
            .add_observer(launch_ship)
            .add_observer(welcome_player)
            .add_systems(OnEnter(ServerState::Running), scatter_stars)
            .add_systems(OnExit(ServerState::Running), clear_arena)
            .add_systems(FixedUpdate, (steer_ships, move_ships, gather_stars).chain());
    }
}

#[derive(Resource, Default)]
struct NextNumber(u32);

/// Where a ship was last told to fly.
#[derive(Component, Default)]
struct Heading(Vec2);

fn launch_ship(player: On<Add, AcceptedPlayer>, mut next: ResMut<NextNumber>, mut commands: Commands) {
    next.0 += 1;
    let at = spot(next.0) * 0.5;
    commands.entity(player.entity).insert((
        Ship { number: next.0 },
        Place::from(at),
        Score::default(),
        Heading::default(),
        Replicated,
    ));
}

fn welcome_player(ready: On<Add, AuthorizedClient>, ships: Query<&Ship>, mut out: MessageWriter<ToClients<Welcome>>) {
    if let Ok(ship) = ships.get(ready.entity) {
        let targets = SendTargets::Single(ready.entity.into());
        out.write(ToClients {
            targets,
            message: Welcome { ship: ship.number },
        });
    }
}

fn scatter_stars(mut commands: Commands) {
    for number in 0..STARS {
        commands.spawn((Star, Place::from(spot(number)), Replicated));
    }
}

fn clear_arena(stars: Query<Entity, With<Star>>, mut next: ResMut<NextNumber>, mut commands: Commands) {
    next.0 = 0;
    stars.iter().for_each(|star| commands.entity(star).despawn());
}

fn steer_ships(mut orders: MessageReader<FromClient<Steer>>, mut ships: Query<&mut Heading>) {
    for order in orders.read() {
        if let Some(mut heading) = order.client_id.entity().and_then(|player| ships.get_mut(player).ok()) {
            heading.0 = Vec2::new(order.x, order.y);
        }
    }
}

fn move_ships(time: Res<Time>, mut ships: Query<(&Heading, &mut Place)>) {
    for (heading, mut place) in &mut ships {
        let there = Place::from(fly(place.to_vec(), heading.0, time.delta_secs()));
        place.set_if_neq(there);
    }
}

fn gather_stars(
    mut ships: Query<(&Place, &mut Score)>,
    mut stars: Query<&mut Place, (With<Star>, Without<Score>)>,
    mut gathered: Local<u32>,
) {
    for (ship, mut score) in &mut ships {
        for mut star in &mut stars {
            if ship.to_vec().distance(star.to_vec()) < SHIP_RADIUS + STAR_RADIUS {
                score.0 += 1;
                *gathered += 1;
                *star = Place::from(spot(STARS + *gathered));
            }
        }
    }
}

/// Spots spread over the arena by the golden angle: any run of them looks scattered, and every server agrees.
fn spot(number: u32) -> Vec2 {
    #[expect(clippy::cast_precision_loss, reason = "a spot needs no precision")]
    let turn = number as f32;
    let radius = (ARENA_RADIUS - 30.0) * (turn * 0.618_034).fract().sqrt();
    Vec2::from_angle(turn * 2.399_963) * radius
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spot_is_inside_the_arena() {
        assert!((0..10_000).all(|number| spot(number).length() < ARENA_RADIUS));
    }
}
