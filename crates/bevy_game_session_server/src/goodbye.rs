//! How a transport gets the time to say goodbye before seats are freed.

use std::sync::Arc;

use bevy_ecs::resource::Resource;

/// Who still says goodbye. A transport that hears [`SessionEnding`](crate::SessionEnding) takes a hold and drops it
/// when its players were told, on whatever thread. The end goes on without it after the goodbye time.
#[derive(Resource, Debug, Default)]
pub struct Goodbyes(Arc<()>);

/// Keeps an ending game session waiting, within the goodbye time.
#[derive(Debug)]
pub struct GoodbyeHold(#[expect(dead_code, reason = "it is counted, not read")] Arc<()>);

impl Goodbyes {
    /// Asks for time to say goodbye.
    pub fn hold(&self) -> GoodbyeHold {
        GoodbyeHold(self.0.clone())
    }

    pub(crate) fn are_held(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }
}
