//! What controls do when mouse or keyboard touch them, and how they show it.

use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::*;

use super::{Choice, Control, Field, Focus, Form, Inside, Kit, Press, Pressed, Tone};
use crate::client::view::looks::SKY_BLUE;

pub(super) fn press(
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<Focus>,
    buttons: Query<(Entity, &Press, Ref<Interaction>)>,
    mut pressed: MessageWriter<Pressed>,
) {
    let enter = keys.any_just_pressed([KeyCode::Enter, KeyCode::NumpadEnter]);
    for (button, Press(action), interaction) in &buttons {
        let clicked = interaction.is_changed() && *interaction == Interaction::Pressed;
        if clicked || (enter && focus.0 == Some(button)) {
            pressed.write(Pressed(*action));
        }
    }
}

/// A click and the arrow keys turn a choice.
pub(super) fn turn_choices(
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<Focus>,
    choices: Query<(Entity, &Choice, Ref<Interaction>)>,
    mut form: ResMut<Form>,
) {
    for (entity, Choice(id), interaction) in &choices {
        let focused = focus.0 == Some(entity);
        let clicked = interaction.is_changed() && *interaction == Interaction::Pressed;
        let on = [KeyCode::ArrowRight, KeyCode::Enter];
        if clicked || (focused && keys.any_just_pressed(on)) {
            form.turn(*id, 1);
        } else if focused && keys.just_pressed(KeyCode::ArrowLeft) {
            form.turn(*id, -1);
        }
    }
}

pub(super) fn type_text(
    mut typed: MessageReader<KeyboardInput>,
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<Focus>,
    fields: Query<&Field>,
    mut form: ResMut<Form>,
) {
    let field = focus.0.and_then(|focused| fields.get(focused).ok());
    let command = keys.any_pressed([KeyCode::ControlLeft, KeyCode::ControlRight]);
    for key in typed.read().filter(|key| key.state == ButtonState::Pressed) {
        let Some(Field(id)) = field else { continue };
        match (&key.logical_key, &key.text) {
            (Key::Backspace, _) if command => form.set(*id, ""),
            (Key::Backspace, _) => form.backspace(*id),
            (_, Some(text)) if !command => form.append(*id, text),
            _ => {}
        }
    }
}

pub(super) fn paint(
    focus: Res<Focus>,
    mut controls: Query<(Entity, &Control, &Interaction, &mut BackgroundColor, &mut BorderColor)>,
) {
    for (entity, control, interaction, mut ground, mut border) in &mut controls {
        let focused = focus.0 == Some(entity);
        let light = match (control.tone, focused) {
            (Tone::Main, false) => 0.42,
            (Tone::Main, true) => 0.62,
            (Tone::Plain, false) => 0.1,
            (Tone::Plain, true) => 0.24,
            (Tone::Quiet, false) => 0.0,
            (Tone::Quiet, true) => 0.2,
        };
        let light = if *interaction == Interaction::Pressed {
            light + 0.2
        } else {
            light
        };
        let edge = match (control.tone, focused) {
            (Tone::Quiet, false) => 0.0,
            (_, false) => 0.3,
            (_, true) => 1.0,
        };
        ground.set_if_neq(BackgroundColor(SKY_BLUE.with_alpha(light)));
        border.set_if_neq(BorderColor::all(SKY_BLUE.with_alpha(edge)));
    }
}

pub(super) fn write_choices(
    form: Res<Form>,
    choices: Query<(&Choice, &Children)>,
    mut texts: Query<&mut Text, With<Inside>>,
) {
    for (Choice(id), children) in &choices {
        for child in children {
            if let Ok(mut text) = texts.get_mut(*child) {
                text.set_if_neq(Text::new(form.chosen(*id)));
            }
        }
    }
}

/// Fields show what is typed, a cursor that blinks, or what could be there.
pub(super) fn write_fields(
    form: Res<Form>,
    focus: Res<Focus>,
    time: Res<Time<Real>>,
    fields: Query<(Entity, &Field, &Children)>,
    mut texts: Query<(&mut Text, &mut TextColor), With<Inside>>,
) {
    let blinks = time.elapsed_secs().fract() < 0.5;
    for (entity, Field(id), children) in &fields {
        let typed = form.text(*id);
        let focused = focus.0 == Some(entity);
        let (shown, color) = match (focused, typed.is_empty()) {
            (true, _) => (format!("{typed}{}", if blinks { "|" } else { " " }), Kit::BRIGHT),
            (false, true) => (id.hint().to_owned(), Kit::DIM.with_alpha(0.6)),
            (false, false) => (typed.to_owned(), Kit::BRIGHT),
        };
        for child in children {
            if let Ok((mut text, mut ink)) = texts.get_mut(*child) {
                text.set_if_neq(Text(shown.clone()));
                ink.set_if_neq(TextColor(color));
            }
        }
    }
}
