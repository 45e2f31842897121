//! The world as the old GameLift Local showed it: one fleet, and no word of locations.

use super::{World, settings::Profile};

impl World {
    /// In the legacy profile: the location that nobody names.
    pub(crate) fn legacy_location(&self) -> Option<String> {
        (self.settings.profile == Profile::Legacy).then(|| self.settings.location.clone())
    }
}
