//! After a loss: the reason, and the ways on.

use bevy::prelude::*;

use super::{Action, Kit, Looks, Screen, Tone, in_the_middle, trouble_line};
use crate::client::flow::Flow;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Lost), show);
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((in_the_middle(), DespawnOnExit(Screen::Lost)))
        .with_children(|page| {
            page.spawn(Kit::panel(500.0)).with_children(|panel| {
                panel.spawn(kit.bold("Out of the game", 34.0, Kit::BRIGHT));
                trouble_line(panel, &kit, &flow);
                let another = if flow.may_rejoin {
                    kit.button(panel, "Rejoin", Action::Rejoin, Tone::Main);
                    Tone::Plain
                } else {
                    Tone::Main
                };
                kit.button(panel, "Play another game", Action::Quick, another);
                kit.button(panel, "Back to the title", Action::Leave, Tone::Plain);
            });
        });
}
