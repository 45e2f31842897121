//! What widgets look like when they are built.

use bevy::prelude::*;

use super::controls::colors;
use super::{Choice, Control, Field, Inside, Press};
use crate::client::menu::{Action, ChoiceId, FieldId};
use crate::client::view::looks::{Looks, SKY_BLUE};

/// How loud a widget is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::client::menu) enum Tone {
    /// One among others.
    #[default]
    Plain,
    /// What most people want.
    Main,
    /// A row of a table, the head of a column.
    Quiet,
}

/// A line of text with its looks.
type Line = (Text, TextFont, TextColor);

/// Builds widgets in the game's style.
pub(in crate::client::menu) struct Kit<'a>(pub(in crate::client::menu) &'a Looks);

impl Kit<'_> {
    /// The width of a panel at the left of the arena.
    pub(in crate::client::menu) const BESIDE: f32 = 510.0;
    /// What is behind text; nothing of the arena shines through.
    pub(in crate::client::menu) const GROUND: Color = Color::srgb(0.025, 0.038, 0.095);
    /// Text that is read.
    pub(in crate::client::menu) const BRIGHT: Color = Color::srgb(0.93, 0.95, 1.0);
    /// Text that explains.
    pub(in crate::client::menu) const DIM: Color = Color::srgb(0.56, 0.62, 0.76);
    /// What went wrong.
    pub(in crate::client::menu) const WRONG: Color = Color::srgb(1.0, 0.5, 0.46);
    /// What is done.
    pub(in crate::client::menu) const DONE: Color = Color::srgb(0.4, 0.9, 0.62);

    /// A line of text.
    pub(in crate::client::menu) fn text(&self, text: impl Into<String>, size: f32, color: Color) -> Line {
        Self::written(text.into(), size, color, &self.0.medium)
    }

    /// A line of bold text.
    pub(in crate::client::menu) fn bold(&self, text: impl Into<String>, size: f32, color: Color) -> Line {
        Self::written(text.into(), size, color, &self.0.bold)
    }

    /// What a player wrote, such as the name of a game: it stays within its place, however long it is.
    pub(in crate::client::menu) fn their_words(
        &self,
        text: impl Into<String>,
        size: f32,
        color: Color,
    ) -> (Line, TextLayout) {
        (
            self.bold(text, size, color),
            TextLayout::linebreak(LineBreak::WordOrCharacter),
        )
    }

    fn written(text: String, size: f32, color: Color, font: &Handle<Font>) -> Line {
        (
            Text(text),
            TextFont {
                font: font.clone().into(),
                font_size: FontSize::Px(size),
                ..default()
            },
            TextColor(color),
        )
    }

    /// A panel, its parts below each other.
    pub(in crate::client::menu) fn panel(width: f32) -> impl Bundle + use<> {
        (
            Node {
                width: px(width),
                max_width: percent(96),
                margin: auto().vertical(),
                flex_direction: FlexDirection::Column,
                row_gap: px(12),
                padding: px(26).all(),
                border: px(2).all(),
                border_radius: BorderRadius::all(px(18)),
                ..default()
            },
            BackgroundColor(Self::GROUND),
            BorderColor::all(SKY_BLUE.with_alpha(0.28)),
        )
    }

    /// A row, its parts beside each other.
    pub(in crate::client::menu) fn row() -> Node {
        Node {
            align_items: AlignItems::Center,
            column_gap: px(12),
            ..default()
        }
    }

    /// A button.
    pub(in crate::client::menu) fn button(
        &self,
        parent: &mut ChildSpawnerCommands,
        label: &str,
        action: Action,
        tone: Tone,
    ) -> Entity {
        let node = Node {
            justify_content: JustifyContent::Center,
            ..Self::control_node()
        };
        parent
            .spawn((Self::control(label, tone), Press(action), node))
            .with_child(self.bold(label, 19.0, Self::BRIGHT))
            .id()
    }

    /// A button that holds what the caller puts in, such as a row of a table.
    pub(in crate::client::menu) fn hollow_button<'p>(
        parent: &'p mut ChildSpawnerCommands,
        label: &str,
        action: Action,
        node: Node,
    ) -> EntityCommands<'p> {
        parent.spawn((Self::control(label, Tone::Quiet), Press(action), node))
    }

    /// A choice between a few, with what it is about before it.
    pub(in crate::client::menu) fn choice(&self, parent: &mut ChildSpawnerCommands, about: &str, id: ChoiceId) {
        self.labelled(parent, about, |row| {
            let node = Node {
                flex_grow: 1.0,
                justify_content: JustifyContent::SpaceBetween,
                ..Self::control_node()
            };
            row.spawn((Self::control(about, Tone::Plain), Choice(id), node))
                .with_children(|inside| {
                    inside.spawn(self.bold("<", 18.0, Self::DIM));
                    inside.spawn((self.text("", 18.0, Self::BRIGHT), Inside));
                    inside.spawn(self.bold(">", 18.0, Self::DIM));
                });
        });
    }

    /// A field for a line of text, with what it is about before it.
    /// Of a text that is longer than the field its end is seen, where the cursor is.
    pub(in crate::client::menu) fn field(&self, parent: &mut ChildSpawnerCommands, about: &str, id: FieldId) {
        self.labelled(parent, about, |row| {
            let node = Node {
                flex_grow: 1.0,
                min_width: px(0),
                justify_content: JustifyContent::FlexEnd,
                overflow: Overflow::clip(),
                overflow_clip_margin: OverflowClipMargin::content_box(),
                ..Self::control_node()
            };
            // as wide as the field at least, and wider if it is longer
            let inside = Node {
                flex_grow: 1.0,
                flex_shrink: 0.0,
                ..default()
            };
            row.spawn((Self::control(about, Tone::Plain), Field(id), node))
                .with_child((self.text("", 18.0, Self::BRIGHT), TextLayout::no_wrap(), inside, Inside));
        });
    }

    fn labelled(&self, parent: &mut ChildSpawnerCommands, about: &str, widget: impl FnOnce(&mut ChildSpawnerCommands)) {
        parent.spawn(Self::row()).with_children(|row| {
            let label = Node {
                width: px(150),
                flex_shrink: 0.0,
                ..default()
            };
            row.spawn(label).with_child(self.text(about, 18.0, Self::DIM));
            widget(row);
        });
    }

    fn control(label: &str, tone: Tone) -> impl Bundle + use<> {
        (
            Control {
                label: label.to_owned(),
                tone,
            },
            colors(tone, false, false),
        )
    }

    fn control_node() -> Node {
        Node {
            align_items: AlignItems::Center,
            min_height: px(44),
            padding: px(16).horizontal(),
            border: px(1.5).all(),
            border_radius: BorderRadius::all(px(12)),
            ..default()
        }
    }
}
