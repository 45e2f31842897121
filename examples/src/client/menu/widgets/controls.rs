//! What controls do when mouse or keyboard touch them, and how they show it.

use bevy::clipboard::Clipboard;
use bevy::input::ButtonState;
use bevy::input::keyboard::{Key, KeyboardInput};
use bevy::prelude::*;

use super::{Choice, Control, Field, Focus, Form, Inside, Kit, Press, Pressed, Tone};
use crate::client::view::looks::SKY_BLUE;

/// What is held for commands such as to paste.
const COMMAND: [KeyCode; 2] = if cfg!(target_os = "macos") {
    [KeyCode::SuperLeft, KeyCode::SuperRight]
} else {
    [KeyCode::ControlLeft, KeyCode::ControlRight]
};

const SHIFT: [KeyCode; 2] = [KeyCode::ShiftLeft, KeyCode::ShiftRight];

/// A click, and Enter on a button; Enter in a field presses the main button of its screen.
pub(super) fn press(
    keys: Res<ButtonInput<KeyCode>>,
    focus: Res<Focus>,
    buttons: Query<(Entity, &Press, &Control, Ref<Interaction>)>,
    fields: Query<(), With<Field>>,
    mut pressed: MessageWriter<Pressed>,
) {
    let enter = keys.any_just_pressed([KeyCode::Enter, KeyCode::NumpadEnter]);
    let types = focus.0.is_some_and(|focused| fields.contains(focused));
    for (button, Press(action), control, interaction) in &buttons {
        let clicked = interaction.is_changed() && *interaction == Interaction::Pressed;
        let meant = focus.0 == Some(button) || (types && control.tone == Tone::Main);
        if clicked || (enter && meant) {
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
    mut clipboard: Option<ResMut<Clipboard>>,
    mut held: Local<(bool, bool)>,
    mut form: ResMut<Form>,
) {
    let field = focus.0.and_then(|focused| fields.get(focused).ok());
    // in a long frame a whole chord comes at once
    let (mut command, mut shift) = *held;
    *held = (keys.any_pressed(COMMAND), keys.any_pressed(SHIFT));
    for key in typed.read() {
        let pressed = key.state == ButtonState::Pressed;
        if COMMAND.contains(&key.key_code) {
            command = pressed;
        } else if SHIFT.contains(&key.key_code) {
            shift = pressed;
        }
        let Some(Field(id)) = field.filter(|_| pressed) else {
            continue;
        };
        let pastes = (command && key.key_code == KeyCode::KeyV) || (shift && key.key_code == KeyCode::Insert);
        match (&key.logical_key, &key.text) {
            _ if pastes => {
                let read = clipboard.as_mut().and_then(|board| board.fetch_text().poll_result());
                if let Some(Ok(text)) = read {
                    form.append(*id, text.trim());
                }
            }
            (Key::Backspace, _) if command => form.set(*id, ""),
            (Key::Backspace, _) => form.backspace(*id),
            (_, Some(text)) if !command => form.append(*id, text),
            _ => {}
        }
    }
}

/// The ground and the edge of a control.
pub(super) fn colors(tone: Tone, focused: bool, pressed: bool) -> (BackgroundColor, BorderColor) {
    let light = match (tone, focused) {
        (Tone::Main, false) => 0.42,
        (Tone::Main, true) => 0.62,
        (Tone::Plain, false) => 0.1,
        (Tone::Plain, true) => 0.24,
        (Tone::Quiet, false) => 0.0,
        (Tone::Quiet, true) => 0.2,
    };
    let light = if pressed { light + 0.2 } else { light };
    let edge = match (tone, focused) {
        (Tone::Quiet, false) => 0.0,
        (_, false) => 0.3,
        (_, true) => 1.0,
    };
    let ground = if light > 0.0 {
        Kit::GROUND.to_linear().mix(&SKY_BLUE.to_linear(), light).into()
    } else {
        Color::NONE
    };
    (BackgroundColor(ground), BorderColor::all(SKY_BLUE.with_alpha(edge)))
}

pub(super) fn paint(
    focus: Res<Focus>,
    mut controls: Query<(Entity, &Control, &Interaction, &mut BackgroundColor, &mut BorderColor)>,
) {
    for (entity, control, interaction, mut ground, mut border) in &mut controls {
        let focused = focus.0 == Some(entity) || *interaction == Interaction::Hovered;
        let colors = colors(control.tone, focused, *interaction == Interaction::Pressed);
        ground.set_if_neq(colors.0);
        border.set_if_neq(colors.1);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::menu::{Action, ChoiceId, FieldId};

    #[test]
    fn a_chord_that_comes_in_one_frame_types_nothing() {
        let mut app = App::new();
        app.init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<Focus>()
            .init_resource::<Form>()
            .add_message::<KeyboardInput>()
            .add_systems(Update, type_text);
        let field = app.world_mut().spawn(Field(FieldId::Code)).id();
        app.world_mut().resource_mut::<Focus>().0 = Some(field);
        let mut key = |key_code, state, text: Option<&str>| {
            app.world_mut().write_message(KeyboardInput {
                key_code,
                logical_key: Key::Unidentified(bevy::input::keyboard::NativeKey::Unidentified),
                state,
                text: text.map(Into::into),
                repeat: false,
                window: Entity::PLACEHOLDER,
            });
        };
        key(KeyCode::KeyA, ButtonState::Pressed, Some("a"));
        key(KeyCode::ControlLeft, ButtonState::Pressed, None);
        key(KeyCode::KeyV, ButtonState::Pressed, Some("v"));
        key(KeyCode::ControlLeft, ButtonState::Released, None);
        key(KeyCode::KeyB, ButtonState::Pressed, Some("b"));
        app.update();
        assert_eq!(app.world().resource::<Form>().text(FieldId::Code), "ab");
    }

    #[test]
    fn enter_in_a_field_presses_the_main_button_and_no_other() {
        let mut app = App::new();
        app.init_resource::<ButtonInput<KeyCode>>()
            .init_resource::<Focus>()
            .add_message::<Pressed>()
            .add_systems(Update, press);
        let control = |tone| Control {
            label: "it".into(),
            tone,
        };
        let world = app.world_mut();
        world.spawn((control(Tone::Main), Press(Action::JoinCode)));
        world.spawn((control(Tone::Plain), Press(Action::Cancel)));
        let field = world.spawn((control(Tone::Plain), Field(FieldId::Code))).id();
        let choice = world.spawn((control(Tone::Plain), Choice(ChoiceId::Bots))).id();
        let mut pressed_at = |focused| {
            app.world_mut().resource_mut::<Focus>().0 = Some(focused);
            let mut keys = app.world_mut().resource_mut::<ButtonInput<KeyCode>>();
            keys.reset_all();
            keys.press(KeyCode::Enter);
            app.update();
            app.world_mut()
                .resource_mut::<Messages<Pressed>>()
                .drain()
                .collect::<Vec<_>>()
        };
        assert_eq!(pressed_at(field), [Pressed(Action::JoinCode)]);
        assert_eq!(pressed_at(choice), [], "Enter turns it");
    }
}
