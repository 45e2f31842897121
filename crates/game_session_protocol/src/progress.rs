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
