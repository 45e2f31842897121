//! The player's settings.

use bevy::prelude::*;

use super::{Action, FieldId, Kit, Looks, Screen, Tone, beside_arena, trouble_line};
use crate::client::flow::Flow;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Options), show);
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((beside_arena(), DespawnOnExit(Screen::Options)))
        .with_children(|page| {
            page.spawn(Kit::panel(Kit::BESIDE)).with_children(|panel| {
                panel.spawn(kit.bold("Settings", 34.0, Kit::BRIGHT));
                kit.field(panel, "Your name", FieldId::PlayerName);
                kit.field(panel, "Backend", FieldId::Backend);
                panel.spawn(kit.text(
                    "Another backend is used from the next start of the game.",
                    16.0,
                    Kit::DIM,
                ));
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Save", Action::Save, Tone::Main);
                kit.button(panel, "Back", Action::Go(Screen::Title), Tone::Plain);
            });
        });
}
