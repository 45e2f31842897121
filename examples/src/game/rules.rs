//! On the server: the [simulation](crate::sim) runs, and entities say what it says.

use bevy::prelude::*;
use bevy_replicon::prelude::*;

use super::pilots;
use super::{Clock, Course, Score, Ship, Spot, Star};
use crate::sim::Arena;

/// Runs the game while a server is open. Ships of players hang on the entities of admitted players, so they go when
/// their players go.
pub struct RulesPlugin;

impl Plugin for RulesPlugin {
    fn build(&self, app: &mut App) {
        pilots::build(app);
        app.add_systems(OnEnter(ServerState::Running), open_arena)
            .add_systems(OnExit(ServerState::Running), close_arena)
            .add_systems(
                FixedUpdate,
                (
                    pilots::fill_seats,
                    pilots::take_orders,
                    step,
                    tell_ships,
                    tell_stars,
                    tell_clock,
                )
                    .chain()
                    .run_if(resource_exists::<Game>),
            );
    }
}

/// The game that is played.
#[derive(Resource)]
pub(super) struct Game(pub(super) Arena);

/// Which star of the simulation an entity is.
#[derive(Component)]
struct StarId(u32);

fn open_arena(time: Res<Time<Real>>, mut commands: Commands) {
    let seed = u64::try_from(time.elapsed().as_nanos()).unwrap_or_default();
    let arena = Arena::new(seed);
    commands.spawn((Clock::from(&arena.round), Replicated));
    commands.insert_resource(Game(arena));
}

fn close_arena(things: Query<Entity, Or<(With<StarId>, With<Clock>, With<pilots::Bot>)>>, mut commands: Commands) {
    commands.remove_resource::<Game>();
    things.iter().for_each(|thing| commands.entity(thing).despawn());
}

fn step(mut game: ResMut<Game>) {
    game.0.step();
}

fn tell_ships(game: Res<Game>, mut ships: Query<(&Ship, Option<&pilots::Deck>, &mut Course, &mut Score)>) {
    for (ship, deck, mut course, mut score) in &mut ships {
        let Some(craft) = game.0.ships.iter().find(|craft| craft.number == ship.number) else {
            continue;
        };
        let followed = deck.map_or(0, pilots::Deck::followed);
        course.set_if_neq(Course::new(&craft.motion, followed));
        score.set_if_neq(Score(craft.score));
    }
}

fn tell_stars(game: Res<Game>, mut known: Query<(Entity, &StarId, &mut Spot)>, mut commands: Commands) {
    let stars = &game.0.stars;
    let mut newest = 0;
    for (entity, id, mut spot) in &mut known {
        newest = newest.max(id.0);
        match stars.iter().find(|star| star.id == id.0) {
            Some(star) => drop(spot.set_if_neq(Spot::new(star.at))),
            None => commands.entity(entity).despawn(),
        }
    }
    let known: Vec<u32> = known.iter().map(|(_, id, _)| id.0).collect();
    for star in stars.iter().filter(|star| !known.contains(&star.id)) {
        commands.spawn((
            StarId(star.id),
            Star { worth: star.worth },
            Spot::new(star.at),
            Replicated,
        ));
    }
}

fn tell_clock(game: Res<Game>, mut clocks: Query<&mut Clock>) {
    for mut clock in &mut clocks {
        clock.set_if_neq(Clock::from(&game.0.round));
    }
}
