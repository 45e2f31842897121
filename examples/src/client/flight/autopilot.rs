//! Flies where nobody sits at the keys: the mind of the server's bots, fed with what this client sees.

use bevy::prelude::*;
use bevy_game_session::prelude::*;

use super::{Intent, OwnShip, Shown};
use crate::game::{Score, Ship, Spot, Star};
use crate::sim::{Mind, Rival};

/// Flies by itself; each seed differently.
pub(crate) struct AutopilotPlugin(pub(crate) u64);

impl Plugin for AutopilotPlugin {
    fn build(&self, app: &mut App) {
        app.insert_resource(Brain(Mind::new(self.0)))
            .add_systems(FixedPreUpdate, decide.run_if(in_state(ClientSessionState::InSession)));
    }
}

#[derive(Resource)]
struct Brain(Mind);

fn decide(
    mut brain: ResMut<Brain>,
    own: Res<OwnShip>,
    ships: Query<(&Ship, &Shown, &Score)>,
    stars: Query<(&Star, &Spot)>,
    mut intent: ResMut<Intent>,
) {
    let Some((ship, shown, _)) = ships.iter().find(|(ship, ..)| Some(ship.number) == own.0) else {
        return;
    };
    let rivals: Vec<_> = ships
        .iter()
        .map(|(ship, shown, score)| Rival {
            number: ship.number,
            at: shown.0.at,
            score: score.0,
            dazed: shown.0.dazed > 0,
        })
        .collect();
    let stars = stars.iter().map(|(star, spot)| (spot.at(), star.worth));
    intent.0 = brain.0.decide_by(ship.number, &shown.0, stars, &rivals);
}
