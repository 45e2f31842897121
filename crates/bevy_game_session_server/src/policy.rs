//! When a game session activates and ends without the game's own doing.

use std::time::Duration;

/// When a game session activates and ends without the game's own doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPolicies {
    pub(crate) auto_activate: bool,
    pub(crate) empty_for: Option<Duration>,
    pub(crate) nobody_came_in: Option<Duration>,
    pub(crate) maximum_age: Option<Duration>,
    pub(crate) grace_period: Duration,
}

impl Default for ServerPolicies {
    /// Activates at once, ends when nobody came within 60 s, and keeps a lost player's seat for 30 s.
    fn default() -> Self {
        Self {
            auto_activate: true,
            empty_for: None,
            nobody_came_in: Some(Duration::from_mins(1)),
            maximum_age: None,
            grace_period: Duration::from_secs(30),
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

    /// Keeps the seat and the entity of a player whose connection was lost for so long. A player who comes back within
    /// it, with a fresh ticket of the same seat, finds the same entity. With zero a lost player is gone at once. A
    /// player who leaves politely is gone at once always.
    #[must_use]
    pub fn grace_period(mut self, time: Duration) -> Self {
        self.grace_period = time;
        self
    }

    /// Ends the game session at this age, counted from its activation.
    #[must_use]
    pub fn end_at_age(mut self, age: Duration) -> Self {
        self.maximum_age = Some(age);
        self
    }
}
