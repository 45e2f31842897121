//! Which control the keyboard speaks to: the one the mouse was last over, or the one the keys moved to.

use bevy::prelude::*;
use bevy::ui::ComputedStackIndex;

use super::{Control, Field};
use crate::client::menu::Screen;

/// The control that the keyboard speaks to.
#[derive(Resource, Debug, Default)]
pub(in crate::client::menu) struct Focus(pub(in crate::client::menu) Option<Entity>);

pub(super) fn leave_gone_control(gone: On<Remove, Control>, mut focus: ResMut<Focus>) {
    if focus.0 == Some(gone.entity) {
        focus.0 = None;
    }
}

/// The focus goes where the mouse goes; to what appears under a mouse that rests only from nowhere.
pub(super) fn follow_mouse(
    mut moved: MessageReader<CursorMoved>,
    touched: Query<(Entity, &Interaction), (Changed<Interaction>, With<Control>)>,
    typing: Query<(), With<Field>>,
    mut focus: ResMut<Focus>,
) {
    let moved = moved.read().count() > 0;
    for (control, interaction) in &touched {
        // a mouse that only passes by does not take the keyboard from somebody who types
        let types = focus.0.is_some_and(|focused| typing.contains(focused));
        match interaction {
            Interaction::Pressed => focus.0 = Some(control),
            Interaction::Hovered if !types && (moved || focus.0.is_none()) => focus.0 = Some(control),
            _ => {}
        }
    }
}

/// Whether a key was pressed that moves the focus.
pub(super) fn moves(keys: &ButtonInput<KeyCode>) -> bool {
    keys.any_just_pressed([KeyCode::Tab, KeyCode::ArrowDown, KeyCode::ArrowUp])
}

/// From control to control in the order in which a screen was built, which is the order of reading.
pub(super) fn move_by_keys(
    keys: Res<ButtonInput<KeyCode>>,
    screen: Res<State<Screen>>,
    controls: Query<(Entity, &ComputedStackIndex, &InheritedVisibility), With<Control>>,
    mut focus: ResMut<Focus>,
) {
    let shift = keys.any_pressed([KeyCode::ShiftLeft, KeyCode::ShiftRight]);
    let tab = keys.just_pressed(KeyCode::Tab);
    let step = if keys.just_pressed(KeyCode::ArrowDown) || (tab && !shift) {
        1
    } else if keys.just_pressed(KeyCode::ArrowUp) || (tab && shift) {
        -1
    } else {
        return;
    };
    if *screen.get() == Screen::Playing && controls.is_empty() {
        return;
    }
    let mut order: Vec<_> = controls.iter().filter(|(_, _, visible)| visible.get()).collect();
    order.sort_by_key(|(_, place, _)| place.0);
    let count = i32::try_from(order.len()).unwrap_or_default();
    if count == 0 {
        return;
    }
    let now = order.iter().position(|(control, ..)| Some(*control) == focus.0);
    let next = match now.and_then(|now| i32::try_from(now).ok()) {
        Some(now) => (now + step).rem_euclid(count),
        None if step > 0 => 0,
        None => count - 1,
    };
    focus.0 = usize::try_from(next)
        .ok()
        .and_then(|next| order.get(next))
        .map(|(control, ..)| *control);
}
