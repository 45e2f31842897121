//! What the player typed and chose, kept from screen to screen.

use std::collections::HashMap;

use bevy::prelude::*;

use crate::client::saved::Saved;
use crate::client::service::PlaysOnline;
use crate::game::Pilot;

/// A line of text that the player types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum FieldId {
    SessionName,
    Code,
    PlayerName,
    Backend,
    Filter,
}

impl FieldId {
    /// What stands in the empty field.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::SessionName => "what others see",
            Self::Code => "8 letters and digits",
            Self::PlayerName => "what others call you",
            Self::Backend => "empty: started on this machine",
            Self::Filter => "part of a name",
        }
    }

    fn most(self) -> usize {
        match self {
            Self::SessionName | Self::Filter => 32,
            Self::Code => 12,
            Self::PlayerName => Pilot::NAME_LENGTH,
            Self::Backend => 120,
        }
    }
}

/// One of a few that the player picks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum ChoiceId {
    Players,
    Place,
    Privacy,
    Bots,
}

impl ChoiceId {
    fn options(self) -> &'static [&'static str] {
        match self {
            Self::Players => &["2", "3", "4", "5", "6", "7", "8"],
            Self::Place => &["Online", "Local network"],
            Self::Privacy => &["Everyone", "Friends with the code"],
            Self::Bots => &["Take empty seats", "Stay away"],
        }
    }
}

/// What the player typed and chose.
#[derive(Resource, Debug)]
pub(super) struct Form {
    texts: HashMap<FieldId, String>,
    choices: HashMap<ChoiceId, usize>,
}

impl FromWorld for Form {
    fn from_world(world: &mut World) -> Self {
        let saved = world.get_resource::<Saved>().cloned().unwrap_or_default();
        let session = format!("{}'s arena", saved.name);
        let plays_online = world.get_resource::<PlaysOnline>().is_none_or(|online| online.0);
        Self {
            texts: HashMap::from([
                (FieldId::PlayerName, saved.name),
                (FieldId::Backend, saved.backend.unwrap_or_default()),
                (FieldId::SessionName, session),
            ]),
            choices: HashMap::from([
                (ChoiceId::Players, ChoiceId::Players.options().len() - 1),
                (ChoiceId::Place, usize::from(!plays_online)),
            ]),
        }
    }
}

impl Form {
    pub(super) fn text(&self, id: FieldId) -> &str {
        self.texts.get(&id).map_or("", String::as_str)
    }

    pub(super) fn set(&mut self, id: FieldId, text: &str) {
        self.texts.insert(id, text.to_owned());
    }

    pub(super) fn append(&mut self, id: FieldId, typed: &str) {
        let text = self.texts.entry(id).or_default();
        let room = id.most().saturating_sub(text.chars().count());
        text.extend(typed.chars().filter(|c| !c.is_control()).take(room));
    }

    pub(super) fn backspace(&mut self, id: FieldId) {
        self.texts.entry(id).or_default().pop();
    }

    /// The next option, or the one before.
    pub(super) fn turn(&mut self, id: ChoiceId, by: isize) {
        let count = id.options().len();
        let picked = self.choices.entry(id).or_default();
        *picked = picked.checked_add_signed(by).unwrap_or(count - 1) % count;
    }

    /// Which option is picked.
    pub(super) fn picked(&self, id: ChoiceId) -> usize {
        self.choices.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn chosen(&self, id: ChoiceId) -> &'static str {
        id.options().get(self.picked(id)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_bounded_and_takes_no_control_characters() {
        let mut form = Form::from_world(&mut World::new());
        form.append(FieldId::Code, "AB\u{8}C");
        assert_eq!(form.text(FieldId::Code), "ABC");
        form.append(FieldId::Code, &"x".repeat(99));
        assert_eq!(form.text(FieldId::Code).len(), 12);
        form.backspace(FieldId::Code);
        assert_eq!(form.text(FieldId::Code).len(), 11);
    }

    #[test]
    fn choices_go_round_in_both_directions() {
        let mut form = Form::from_world(&mut World::new());
        assert_eq!(form.chosen(ChoiceId::Players), "8");
        form.turn(ChoiceId::Players, 1);
        assert_eq!(form.chosen(ChoiceId::Players), "2");
        form.turn(ChoiceId::Players, -1);
        assert_eq!(form.chosen(ChoiceId::Players), "8");
    }
}
