//! When a game session activates and ends without the game's own doing.

use std::time::Duration;

/// When a game session activates and ends without the game's own doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPolicies {
    pub(crate) auto_activate: bool,
    pub(crate) empty_for: Option<Duration>,
    pub(crate) nobody_came_in: Option<Duration>,
    pub(crate) maximum_age: Option<Duration>,
}

impl Default for ServerPolicies {
    /// Activates at once, and ends when nobody came within 60 s.
    fn default() -> Self {
        Self {
            auto_activate: true,
            empty_for: None,
            nobody_came_in: Some(Duration::from_mins(1)),
            maximum_age: None,
        }
    }
}

impl ServerPolicies {
    /// The game activates by itself, with `commands.activate_session()`, once it has loaded.
    #[must_use]
    pub fn manual_activation(mut self) -> Self {
        self.auto_activate = false;
        self
    }

    /// Ends the game session when all players have left and nobody came for so long.
    #[must_use]
    pub fn end_when_empty(mut self, time: Duration) -> Self {
        self.empty_for = Some(time);
        self
    }

    /// Ends the game session when not one player came within this time of its activation.
    #[must_use]
    pub fn end_when_nobody_came(mut self, time: Duration) -> Self {
        self.nobody_came_in = Some(time);
        self
    }

    /// Waits for the first player without limit.
    #[must_use]
    pub fn wait_for_players_forever(mut self) -> Self {
        self.nobody_came_in = None;
        self
    }

    /// Ends the game session at this age, counted from its activation.
    #[must_use]
    pub fn end_at_age(mut self, age: Duration) -> Self {
        self.maximum_age = Some(age);
        self
    }
}
