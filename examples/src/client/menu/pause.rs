//! The menu of a running game. The game goes on behind it.

use bevy::prelude::*;

use super::{Action, Kit, Looks, Paused, Screen, Tone, in_the_middle, trouble_line};
use crate::client::flow::Flow;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnExit(Screen::Playing), close)
        .add_systems(Update, (show, hide).run_if(resource_changed::<Paused>));
}

/// The menu.
#[derive(Component)]
struct PauseMenu;

fn close(mut paused: ResMut<Paused>) {
    paused.0 = false;
}

fn show(paused: Res<Paused>, flow: Res<Flow>, looks: Res<Looks>, mut commands: Commands) {
    if !paused.0 {
        return;
    }
    let kit = Kit(&looks);
    let name = flow
        .session
        .as_ref()
        .map_or("The game", |session| session.name.as_str());
    commands
        .spawn((
            in_the_middle(),
            PauseMenu,
            DespawnOnExit(Screen::Playing),
            GlobalZIndex(5),
        ))
        .with_children(|page| {
            page.spawn(Kit::panel(430.0)).with_children(|panel| {
                panel.spawn(kit.bold(name, 30.0, Kit::BRIGHT));
                if let Some(code) = &flow.code {
                    panel.spawn(kit.text("Friends join with this code:", 17.0, Kit::DIM));
                    panel.spawn(kit.bold(code.clone(), 30.0, crate::client::view::looks::GOLD));
                }
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Play on", Action::Resume, Tone::Main);
                kit.button(panel, "Leave", Action::Leave, Tone::Plain);
                if flow.owner {
                    kit.button(panel, "End it for everyone", Action::End, Tone::Plain);
                }
            });
        });
}

fn hide(paused: Res<Paused>, menus: Query<Entity, With<PauseMenu>>, mut commands: Commands) {
    if !paused.0 {
        menus.iter().for_each(|menu| commands.entity(menu).despawn());
    }
}
