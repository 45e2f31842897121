//! How far a start or a join has come.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The steps between a click and play, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ProgressStep {
    /// The session is described on this machine.
    Creating,
    /// The orchestrator was asked and looks for a server process.
    Placing,
    /// A server process was found and loads.
    Activating,
    /// The game session is active; the player's seat was reserved and its ticket came.
    Ticket,
    /// The client travels: it shows its ticket to the server.
    Connecting,
    /// The player is in the game session.
    InSession,
}

impl ProgressStep {
    /// How many steps there are between a click and play.
    pub const COUNT: u8 = 6;

    /// Which step it is: 1 for the first, [`COUNT`](Self::COUNT) for the last.
    pub fn number(self) -> u8 {
        match self {
            Self::Creating => 1,
            Self::Placing => 2,
            Self::Activating => 3,
            Self::Ticket => 4,
            Self::Connecting => 5,
            Self::InSession => 6,
        }
    }

    /// How much of the way lies behind when this step begins, for a progress bar: above 0, and 1 for the last.
    pub fn fraction(self) -> f32 {
        f32::from(self.number()) / f32::from(Self::COUNT)
    }

    /// The step as one lower-case word or two, for people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Placing => "placing",
            Self::Activating => "activating",
            Self::Ticket => "ticket",
            Self::Connecting => "connecting",
            Self::InSession => "in session",
        }
    }
}

/// Where a [`SessionService`](crate::SessionService) reports the steps of one request. Cheap to clone.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(ProgressStep) + Send + Sync>);

impl Progress {
    /// Calls `report` at every step; it must not block.
    pub fn new(report: impl Fn(ProgressStep) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// For who does not care.
    pub fn ignored() -> Self {
        Self::new(|_| {})
    }

    /// Reports a step.
    pub fn report(&self, step: ProgressStep) {
        (self.0)(step);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
