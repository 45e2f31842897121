//! The panel at the left: the steps as they happen, the session, and what went wrong.

use bevy::prelude::*;
use bevy_game_session::protocol::ProgressStep;

use super::journey::{Failure, Status};
use super::timeline::{Timeline, milliseconds};

const DIM: Color = Color::srgb(0.36, 0.4, 0.52);
const BRIGHT: Color = Color::srgb(0.88, 0.91, 0.97);
const DONE: Color = Color::srgb(0.35, 0.85, 0.55);
const WRONG: Color = Color::srgb(1.0, 0.45, 0.4);

/// Shows the steps and the status.
pub(super) struct PanelPlugin;

impl Plugin for PanelPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, build_panel).add_systems(
            Update,
            (
                show_steps.run_if(resource_changed::<Timeline>),
                show_status.run_if(resource_changed::<Status>),
                show_failure.run_if(resource_exists_and_changed::<Failure>),
            ),
        );
    }
}

/// One line of the list of steps.
#[derive(Component)]
struct StepLine(ProgressStep);

/// The square before a step.
#[derive(Component)]
struct StepMark(ProgressStep);

#[derive(Component)]
struct StatusText;

#[derive(Component)]
struct FailureText;

fn text(content: &str, size: f32, color: Color) -> impl Bundle {
    (
        Text::new(content),
        TextFont {
            font_size: FontSize::Px(size),
            ..default()
        },
        TextColor(color),
    )
}

fn build_panel(mut commands: Commands) {
    let column = Node {
        position_type: PositionType::Absolute,
        left: px(24),
        top: px(22),
        width: px(268),
        flex_direction: FlexDirection::Column,
        row_gap: px(9),
        ..default()
    };
    commands.spawn(column).with_children(|panel| {
        panel.spawn(text("STAR GATHERERS", 22.0, BRIGHT));
        panel.spawn((text("", 13.0, DIM), StatusText));
        for step in Timeline::STEPS {
            let row = Node {
                align_items: AlignItems::Center,
                column_gap: px(10),
                ..default()
            };
            panel.spawn(row).with_children(|row| {
                let square = Node {
                    width: px(10),
                    height: px(10),
                    ..default()
                };
                row.spawn((square, BackgroundColor(DIM), StepMark(step)));
                row.spawn((text(step.label(), 15.0, DIM), StepLine(step)));
            });
        }
        panel.spawn((text("", 14.0, WRONG), FailureText));
        panel.spawn(text("arrows or WASD fly, Esc leaves", 12.0, DIM));
    });
}

fn show_steps(
    timeline: Res<Timeline>,
    mut lines: Query<(&StepLine, &mut Text, &mut TextColor)>,
    mut marks: Query<(&StepMark, &mut BackgroundColor)>,
) {
    for (StepLine(step), mut text, mut color) in &mut lines {
        if let Some(after) = timeline.at(*step) {
            text.0 = format!("{:<12}{:>10}", step.label(), milliseconds(after));
            color.0 = BRIGHT;
        }
    }
    for (StepMark(step), mut color) in &mut marks {
        if timeline.at(*step).is_some() {
            color.0 = DONE;
        }
    }
}

fn show_status(status: Res<Status>, mut text: Single<&mut Text, With<StatusText>>) {
    text.0.clone_from(&status.0);
}

fn show_failure(failure: Res<Failure>, mut text: Single<&mut Text, With<FailureText>>) {
    text.0.clone_from(&failure.sentence);
}
