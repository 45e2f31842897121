//! When a game session activates and ends without the game's own doing.

use std::time::Duration;

use game_session_protocol::HostLifetime;

/// A dedicated server's game session that everybody has left ends after so long, unless said otherwise.
const USUAL_EMPTY_TIME: Duration = Duration::from_mins(5);

/// When a game session activates and ends without the game's own doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerPolicies {
    pub(crate) auto_activate: bool,
    when_empty: WhenEmpty,
    pub(crate) nobody_came_in: Option<Duration>,
    pub(crate) maximum_age: Option<Duration>,
    pub(crate) grace_period: Duration,
    pub(crate) spared_for_the_end: Option<Duration>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WhenEmpty {
    /// As fits the host.
    Usual,
    EndAfter(Duration),
    Stay,
}

impl Default for ServerPolicies {
    /// Activates at once, ends when nobody came within 60 s, and keeps a lost player's seat for 30 s. On a process of
    /// [one session](HostLifetime::OneSession), as on GameLift, it also ends when everybody left and nobody came for 5
    /// minutes.
    fn default() -> Self {
        Self {
            auto_activate: true,
            when_empty: WhenEmpty::Usual,
            nobody_came_in: Some(Duration::from_mins(1)),
            maximum_age: None,
            grace_period: Duration::from_secs(30),
            spared_for_the_end: None,
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
        self.when_empty = WhenEmpty::EndAfter(time);
        self
    }

    /// Keeps a game session that everybody has left, without limit.
    #[must_use]
    pub fn stay_when_empty(mut self) -> Self {
        self.when_empty = WhenEmpty::Stay;
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

    /// When a shutdown leaves time, closes the game session to new players and lets those who are in finish: it ends
    /// when the game says, when all have left, or when only `spare` of the time is left. Tell the players in an observer
    /// of [`ShutdownRequested`](crate::ShutdownRequested). Without this a shutdown ends the game session at once.
    #[must_use]
    pub fn play_on_until_shutdown(mut self, spare: Duration) -> Self {
        self.spared_for_the_end = Some(spare);
        self
    }

    /// How long a game session that everybody has left goes on.
    pub(crate) fn empty_for(&self, lifetime: HostLifetime) -> Option<Duration> {
        match (self.when_empty, lifetime) {
            (WhenEmpty::EndAfter(time), _) => Some(time),
            (WhenEmpty::Usual, HostLifetime::OneSession) => Some(USUAL_EMPTY_TIME),
            (WhenEmpty::Usual, HostLifetime::ManySessions) | (WhenEmpty::Stay, _) => None,
        }
    }
}
