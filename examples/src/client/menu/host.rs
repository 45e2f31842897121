//! A session of one's own.

use bevy::prelude::*;

use super::{Action, ChoiceId, FieldId, Kit, Looks, Screen, Tone, beside_arena, trouble_line};
use crate::client::flow::Flow;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Host), show);
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((beside_arena(), DespawnOnExit(Screen::Host)))
        .with_children(|page| {
            page.spawn(Kit::panel(Kit::BESIDE)).with_children(|panel| {
                panel.spawn(kit.bold("Host a game", 34.0, Kit::BRIGHT));
                kit.field(panel, "Name", FieldId::SessionName);
                kit.choice(panel, "Players", ChoiceId::Players);
                kit.choice(panel, "Where", ChoiceId::Place);
                kit.choice(panel, "Who may join", ChoiceId::Privacy);
                kit.choice(panel, "Bots", ChoiceId::Bots);
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Create", Action::Host, Tone::Main);
                kit.button(panel, "Back", Action::Go(Screen::Title), Tone::Plain);
            });
        });
}
