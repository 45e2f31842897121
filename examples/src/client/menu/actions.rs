//! What each button does, and the Escape key.

use bevy::prelude::*;
use bevy_game_session::client::SessionSettings;
use bevy_game_session::protocol::Privacy;

use super::browse::{Sorting, Table};
use super::pause;
use super::widgets::Pressed;
use super::{Action, ChoiceId, FieldId, Form, Paused, Screen, TroubleLine};
use crate::client::flight::PlayerName;
use crate::client::flow::{Flow, MAX_PLAYERS, Stage, Wish, settings};
use crate::client::saved::Saved;
use crate::game::Pilot;

pub(super) fn build(app: &mut App) {
    app.add_systems(Update, (escape, act, say_trouble).chain());
}

/// Escape is the way back of every screen.
fn escape(
    keys: Res<ButtonInput<KeyCode>>,
    screen: Res<State<Screen>>,
    paused: Res<Paused>,
    mut pressed: MessageWriter<Pressed>,
) {
    if !keys.just_pressed(KeyCode::Escape) {
        return;
    }
    let action = match screen.get() {
        Screen::Title => return,
        Screen::Connecting => Action::Cancel,
        Screen::Playing if !paused.0 => Action::Go(Screen::Playing),
        Screen::Playing => Action::Resume,
        Screen::Lost => Action::Leave,
        _ => Action::Go(Screen::Title),
    };
    pressed.write(Pressed(action));
}

fn act(
    mut pressed: MessageReader<Pressed>,
    (form, table): (Res<Form>, Res<Table>),
    mut next: ResMut<NextState<Screen>>,
    (mut paused, mut sorting): (ResMut<Paused>, ResMut<Sorting>),
    mut flow: ResMut<Flow>,
    mut wishes: MessageWriter<Wish>,
    mut commands: Commands,
) {
    for Pressed(action) in pressed.read() {
        // pressed once more, before the screen has changed
        if flow.stage == Stage::OnTheWay && action.sets_out() {
            continue;
        }
        match *action {
            Action::Go(Screen::Playing) => paused.0 = true,
            Action::Go(screen) => {
                flow.trouble = None;
                next.set(screen);
            }
            Action::Quick => {
                wishes.write(Wish::Quick(quick_settings(&form)));
            }
            Action::Host => {
                wishes.write(Wish::Host(host_settings(&form)));
            }
            Action::Refresh => sorting.wants_refresh = true,
            Action::Sort(column) => sorting.by(column),
            Action::JoinRow(row) => {
                if let Some(found) = table.rows.get(row) {
                    wishes.write(Wish::Join(Box::new(found.clone())));
                }
            }
            Action::JoinCode => {
                wishes.write(Wish::Code(form.text(FieldId::Code).to_owned()));
            }
            Action::CopyCode => {
                commands.run_system_cached(pause::copy_code);
            }
            Action::Save => {
                flow.trouble = None;
                commands.run_system_cached(save);
            }
            Action::Cancel => {
                wishes.write(Wish::Cancel);
            }
            Action::Resume => paused.0 = false,
            Action::Leave => {
                wishes.write(Wish::Leave);
            }
            Action::End => {
                wishes.write(Wish::End);
            }
            Action::Rejoin => {
                wishes.write(Wish::Rejoin);
            }
            Action::Quit => {
                commands.write_message(AppExit::Success);
            }
        }
    }
}

fn quick_settings(form: &Form) -> SessionSettings {
    settings(&session_name(form), MAX_PLAYERS)
}

fn session_name(form: &Form) -> String {
    let typed = form.text(FieldId::SessionName).trim();
    if typed.is_empty() {
        "Star Gatherers".into()
    } else {
        typed.into()
    }
}

fn host_settings(form: &Form) -> SessionSettings {
    let players = form.chosen(ChoiceId::Players).parse().unwrap_or(MAX_PLAYERS);
    let private = form.picked(ChoiceId::Privacy) == 1;
    let mut settings = settings(&session_name(form), players);
    if private {
        settings = settings.privacy(Privacy::Private);
    }
    if form.picked(ChoiceId::Bots) == 1 {
        settings = settings.property("bots", "0");
    }
    if form.picked(ChoiceId::Place) == 1 {
        settings = settings.reach(bevy_game_session::client::Reach::Lan);
    }
    settings
}

/// Keeps the settings, and says so where they cannot be kept.
fn save(
    mut form: ResMut<Form>,
    mut saved: ResMut<Saved>,
    mut name: ResMut<PlayerName>,
    mut flow: ResMut<Flow>,
    mut next: ResMut<NextState<Screen>>,
) {
    let Some(fit) = Pilot::fit_name(form.text(FieldId::PlayerName)) else {
        flow.trouble = Some(vec!["Please choose a name.".into()]);
        return;
    };
    let backend = form.text(FieldId::Backend).trim().to_owned();
    if let Err(error) = saved.choose(&fit, &backend) {
        flow.trouble = Some(vec![error]);
        return;
    }
    form.set(FieldId::PlayerName, &fit);
    name.0 = fit;
    match saved.save() {
        Ok(()) => next.set(Screen::Title),
        Err(error) => {
            let sentence = format!("The settings hold for this game only: they could not be written ({error}).");
            flow.trouble = Some(vec![sentence]);
        }
    }
}

fn say_trouble(flow: Res<Flow>, mut lines: Query<&mut Text, With<TroubleLine>>) {
    for mut line in &mut lines {
        line.set_if_neq(Text::new(flow.trouble_sentence().unwrap_or_default()));
    }
}
