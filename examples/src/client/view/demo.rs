//! A game of bots behind the menus, until a game begins: the same simulation, without any server.

use bevy::prelude::*;
use bevy_game_session::prelude::*;
use bevy_replicon::prelude::*;

use crate::game::{Course, Pilot, Score, Ship, Spot, Star};
use crate::sim::Arena;

/// How many ships fly in it.
const SHIPS: u16 = 5;

pub(super) fn build(app: &mut App) {
    let is_off = not(resource_exists::<Demo>);
    app.add_systems(OnEnter(ClientSessionState::Idle), begin.run_if(is_off))
        .add_systems(OnEnter(ClientSessionState::InSession), end)
        .add_systems(OnEnter(ServerState::Running), end)
        .add_systems(
            FixedUpdate,
            (step, move_ships, keep_stars).chain().run_if(resource_exists::<Demo>),
        );
}

#[derive(Resource)]
struct Demo(Arena);

/// What belongs to the demo.
#[derive(Component)]
struct DemoShip;

#[derive(Component)]
struct DemoStar(u32);

fn begin(time: Res<Time<Real>>, mut commands: Commands) {
    let mut arena = Arena::new(u64::from(time.elapsed().subsec_nanos()));
    for _ in 0..SHIPS {
        let number = arena.launch_bot();
        let name = String::new();
        commands.spawn((
            DemoShip,
            Ship { number },
            Pilot { name, bot: true },
            Course::default(),
            Score::default(),
        ));
    }
    commands.insert_resource(Demo(arena));
}

fn end(parts: Query<Entity, Or<(With<DemoShip>, With<DemoStar>)>>, mut commands: Commands) {
    commands.remove_resource::<Demo>();
    parts.iter().for_each(|part| commands.entity(part).despawn());
}

fn step(mut demo: ResMut<Demo>) {
    demo.0.step();
}

fn move_ships(demo: Res<Demo>, mut ships: Query<(&Ship, &mut Course), With<DemoShip>>) {
    for (ship, mut course) in &mut ships {
        if let Some(craft) = demo.0.ships.iter().find(|craft| craft.number == ship.number) {
            course.set_if_neq(Course::new(&craft.motion, 0));
        }
    }
}

fn keep_stars(demo: Res<Demo>, mut known: Query<(Entity, &DemoStar, &mut Spot)>, mut commands: Commands) {
    for (entity, id, mut spot) in &mut known {
        match demo.0.stars.iter().find(|star| star.id == id.0) {
            Some(star) => drop(spot.set_if_neq(Spot::new(star.at))),
            None => commands.entity(entity).despawn(),
        }
    }
    let known: Vec<u32> = known.iter().map(|(_, id, _)| id.0).collect();
    for star in demo.0.stars.iter().filter(|star| !known.contains(&star.id)) {
        commands.spawn((DemoStar(star.id), Star { worth: star.worth }, Spot::new(star.at)));
    }
}
