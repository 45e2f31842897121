//! Into a friend's session by its code.

use bevy::prelude::*;

use super::widgets::{Field, Focus};
use super::{Action, FieldId, Kit, Looks, Screen, Tone, beside_arena, trouble_line};
use crate::client::flow::Flow;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Code), (show, begin_to_type).chain());
}

fn begin_to_type(fields: Query<Entity, With<Field>>, mut focus: ResMut<Focus>) {
    focus.0 = fields.iter().next();
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((beside_arena(), DespawnOnExit(Screen::Code)))
        .with_children(|page| {
            page.spawn(Kit::panel(Kit::BESIDE)).with_children(|panel| {
                panel.spawn(kit.bold("Join by code", 34.0, Kit::BRIGHT));
                panel.spawn(kit.text("A friend finds it in their menu. Ctrl+V pastes it.", 17.0, Kit::DIM));
                kit.field(panel, "Code", FieldId::Code);
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Join", Action::JoinCode, Tone::Main);
                kit.button(panel, "Back", Action::Go(Screen::Title), Tone::Plain);
            });
        });
}
