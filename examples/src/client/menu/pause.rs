//! The menu of a running game. The game goes on behind it.

use bevy::clipboard::Clipboard;
use bevy::prelude::*;

use super::{Action, Kit, Looks, Paused, Screen, Tone, in_the_middle, trouble_line};
use crate::client::flow::Flow;
use crate::client::view::looks::GOLD;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnExit(Screen::Playing), close)
        .add_systems(Update, (show, hide).run_if(resource_changed::<Paused>));
}

/// The menu.
#[derive(Component)]
struct PauseMenu;

/// The line above the code.
#[derive(Component)]
pub(super) struct AboutCode;

/// How a player may go: on a host's own machine nobody can leave without ending it.
fn ways_out(at_home: bool, owner: bool) -> &'static [(&'static str, Action)] {
    match (at_home, owner) {
        (true, _) => &[("End it for everyone", Action::End)],
        (false, true) => &[("Leave", Action::Leave), ("End it for everyone", Action::End)],
        (false, false) => &[("Leave", Action::Leave)],
    }
}

pub(super) fn copy_code(
    flow: Res<Flow>,
    clipboard: Option<ResMut<Clipboard>>,
    mut lines: Query<&mut Text, With<AboutCode>>,
) {
    let (Some(code), Some(mut clipboard)) = (&flow.code, clipboard) else {
        return;
    };
    let said = match clipboard.set_text(code.as_str()) {
        Ok(()) => "The code is copied: paste it to your friends.",
        Err(_) => "The code could not be copied: read it to your friends.",
    };
    for mut line in &mut lines {
        line.set_if_neq(Text::new(said));
    }
}

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
                panel.spawn(kit.their_words(name, 30.0, Kit::BRIGHT));
                if let Some(code) = &flow.code {
                    panel.spawn((kit.text("Friends join with this code:", 17.0, Kit::DIM), AboutCode));
                    panel.spawn(Kit::row()).with_children(|row| {
                        let grow = Node {
                            flex_grow: 1.0,
                            ..default()
                        };
                        row.spawn((kit.bold(code.clone(), 30.0, GOLD), grow));
                        kit.button(row, "Copy", Action::CopyCode, Tone::Plain);
                    });
                }
                if flow.at_home {
                    let sentence = "It runs on this machine: without you it ends.";
                    panel.spawn(kit.text(sentence, 17.0, Kit::DIM));
                }
                trouble_line(panel, &kit, &flow);
                kit.button(panel, "Play on", Action::Resume, Tone::Main);
                for (label, action) in ways_out(flow.at_home, flow.owner) {
                    kit.button(panel, label, *action, Tone::Plain);
                }
            });
        });
}

fn hide(paused: Res<Paused>, menus: Query<Entity, With<PauseMenu>>, mut commands: Commands) {
    if !paused.0 {
        menus.iter().for_each(|menu| commands.entity(menu).despawn());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_leaves_a_game_on_their_own_machine_is_told_that_it_ends_for_everyone() {
        let labels = |at_home, owner| {
            let ways = ways_out(at_home, owner).iter();
            ways.map(|(label, _)| *label).collect::<Vec<_>>()
        };
        assert_eq!(labels(true, true), ["End it for everyone"]);
        assert_eq!(labels(false, true), ["Leave", "End it for everyone"]);
        assert_eq!(labels(false, false), ["Leave"]);
    }
}
