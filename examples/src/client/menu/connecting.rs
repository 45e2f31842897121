//! The way into a session: its steps as they happen, and a way back.

use bevy::prelude::*;
use bevy_game_session::protocol::ProgressStep;

use super::{Action, Kit, Looks, Screen, Tone, in_the_middle};
use crate::client::flow::Flow;
use crate::client::timeline::{Timeline, milliseconds};
use crate::client::view::looks::SKY_BLUE;

pub(super) fn build(app: &mut App) {
    app.add_systems(OnEnter(Screen::Connecting), show)
        .add_systems(Update, (show_steps, show_doing).run_if(in_state(Screen::Connecting)));
}

/// The dot before a step.
#[derive(Component)]
struct Mark(ProgressStep);

/// The name of a step.
#[derive(Component)]
struct Label(ProgressStep);

/// When a step was reached.
#[derive(Component)]
struct When(ProgressStep);

/// What is being done.
#[derive(Component)]
struct Doing;

/// A step as the player reads it.
pub(super) fn in_words(step: ProgressStep) -> &'static str {
    match step {
        ProgressStep::Creating => "Asking for a session",
        ProgressStep::Placing => "Finding a server",
        ProgressStep::Activating => "Loading the arena",
        ProgressStep::Ticket => "Getting your seat",
        ProgressStep::Connecting => "Connecting",
        ProgressStep::InSession => "Taking off",
        _ => "One moment",
    }
}

fn show(looks: Res<Looks>, flow: Res<Flow>, mut commands: Commands) {
    let kit = Kit(&looks);
    commands
        .spawn((in_the_middle(), DespawnOnExit(Screen::Connecting)))
        .with_children(|page| {
            page.spawn(Kit::panel(470.0)).with_children(|panel| {
                panel.spawn((kit.their_words(flow.doing.clone(), 28.0, Kit::BRIGHT), Doing));
                for step in Timeline::STEPS {
                    panel.spawn(Kit::row()).with_children(|row| {
                        let dot = Node {
                            width: px(12),
                            height: px(12),
                            border_radius: BorderRadius::MAX,
                            ..default()
                        };
                        row.spawn((dot, BackgroundColor(Kit::DIM), Mark(step)));
                        let words = Node {
                            flex_grow: 1.0,
                            ..default()
                        };
                        row.spawn((kit.text(in_words(step), 19.0, Kit::DIM), words, Label(step)));
                        row.spawn((kit.text("", 17.0, Kit::DIM), When(step)));
                    });
                }
                kit.button(panel, "Cancel", Action::Cancel, Tone::Plain);
            });
        });
}

fn show_doing(flow: Res<Flow>, mut texts: Query<&mut Text, With<Doing>>) {
    for mut text in &mut texts {
        text.set_if_neq(Text::new(flow.doing.clone()));
    }
}

/// Steps that are done have a light and a time; the one at work breathes.
fn show_steps(
    timeline: Res<Timeline>,
    time: Res<Time<Real>>,
    mut marks: Query<(&Mark, &mut BackgroundColor)>,
    mut labels: Query<(&Label, &mut TextColor)>,
    mut times: Query<(&When, &mut Text)>,
) {
    let current = Timeline::STEPS
        .iter()
        .rev()
        .find(|step| timeline.at(**step).is_some())
        .copied();
    for (Mark(step), mut color) in &mut marks {
        let breath = 0.8 + 0.2 * (time.elapsed_secs() * 6.0).sin();
        color.0 = match timeline.at(*step) {
            Some(_) if current == Some(*step) => SKY_BLUE.with_alpha(breath),
            Some(_) => Kit::DONE,
            None => Kit::DIM.with_alpha(0.35),
        };
    }
    for (Label(step), mut color) in &mut labels {
        color.0 = if timeline.at(*step).is_some() {
            Kit::BRIGHT
        } else {
            Kit::DIM
        };
    }
    for (When(step), mut text) in &mut times {
        let shown = timeline.at(*step).map(milliseconds).unwrap_or_default();
        text.set_if_neq(Text(shown));
    }
}
