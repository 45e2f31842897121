//! The few widgets of which all screens are made: text, panels, buttons, choices, fields. Mouse and keyboard work on all
//! of them alike: Tab and the arrow keys move, Enter presses.

mod build;
mod controls;
mod focus;
mod scroll;

use bevy::prelude::*;

use super::{Action, ChoiceId, FieldId, Form};

pub(super) use build::{Kit, Tone};
pub(super) use focus::Focus;
pub(super) use scroll::Scrolls;

/// Makes widgets work.
pub(super) struct WidgetsPlugin;

impl Plugin for WidgetsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Focus>()
            .init_resource::<Form>()
            .add_message::<Pressed>()
            .add_observer(focus::leave_gone_control)
            .add_systems(
                PreUpdate,
                (
                    focus::follow_mouse,
                    focus::move_by_keys,
                    scroll::follow_focus,
                    scroll::turn_wheel,
                    controls::press,
                    controls::turn_choices,
                    controls::type_text,
                )
                    .chain()
                    .after(bevy::ui::UiSystems::Focus),
            )
            .add_systems(
                Update,
                (controls::paint, controls::write_choices, controls::write_fields),
            );
    }
}

/// A widget that can be focused; the label is for the state log.
#[derive(Component, Debug, Clone)]
#[require(bevy::ui::widget::Button)]
pub(super) struct Control {
    pub(super) label: String,
    tone: Tone,
}

/// What a button does.
#[derive(Component, Debug, Clone, Copy)]
struct Press(Action);

/// Picks one of a few.
#[derive(Component, Debug, Clone, Copy)]
struct Choice(ChoiceId);

/// Takes a line of text.
#[derive(Component, Debug, Clone, Copy)]
pub(super) struct Field(pub(super) FieldId);

/// The text inside a choice or field.
#[derive(Component)]
struct Inside;

/// A button was pressed.
#[derive(Message, Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pressed(pub(super) Action);
