//! The title.

use bevy::prelude::*;

use super::{Action, Kit, Looks, Screen, Tone, beside_arena, trouble_line};
use crate::client::flow::Flow;
use crate::client::view::looks::GOLD;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Title), show);
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    let column = Node {
        width: px(330),
        flex_direction: FlexDirection::Column,
        row_gap: px(12),
        margin: auto().bottom(),
        ..default()
    };
    commands
        .spawn((beside_arena(), DespawnOnExit(Screen::Title)))
        .with_children(|page| {
            let first = Node {
                margin: auto().top(),
                ..default()
            };
            page.spawn((kit.bold("Star", 84.0, GOLD), first));
            let second = Node {
                margin: UiRect::new(px(0), px(0), px(-34), px(4)),
                ..default()
            };
            page.spawn((kit.bold("Gatherers", 84.0, Kit::BRIGHT), second));
            let below = Node {
                margin: px(24).bottom(),
                ..default()
            };
            page.spawn((
                kit.text("Gather stars. Dash into others. Take theirs.", 20.0, Kit::DIM),
                below,
            ));
            page.spawn(column).with_children(|column| {
                kit.button(column, "Play", Action::Quick, Tone::Main);
                kit.button(column, "Host a game", Action::Go(Screen::Host), Tone::Plain);
                kit.button(column, "Browse games", Action::Go(Screen::Browse), Tone::Plain);
                kit.button(column, "Join by code", Action::Go(Screen::Code), Tone::Plain);
                column.spawn(Kit::row()).with_children(|row| {
                    for (label, action) in [("Settings", Action::Go(Screen::Options)), ("Quit", Action::Quit)] {
                        let half = Node {
                            flex_grow: 1.0,
                            flex_basis: px(0),
                            flex_direction: FlexDirection::Column,
                            ..default()
                        };
                        row.spawn(half).with_children(|half| {
                            kit.button(half, label, action, Tone::Plain);
                        });
                    }
                });
                trouble_line(column, &kit, &flow);
            });
        });
}
