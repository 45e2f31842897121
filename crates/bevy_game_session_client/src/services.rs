//! The services that the plugin was given, one for each reach.

use std::sync::Arc;

use game_session_protocol::SessionService;

use crate::components::Reach;
use crate::error::SessionError;

/// The services that the plugin was given. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Services {
    pub(crate) online: Option<Arc<dyn SessionService>>,
    pub(crate) lan: Option<Arc<dyn SessionService>>,
}

impl Services {
    /// The service of that reach.
    pub(crate) fn of(&self, reach: Reach) -> Result<&Arc<dyn SessionService>, SessionError> {
        let service = match reach {
            Reach::Online => self.online.as_ref(),
            Reach::Lan => self.lan.as_ref(),
        };
        service.ok_or(SessionError::ReachUnavailable { reach })
    }

    /// The reach of a session that names none.
    pub(crate) fn usual(&self) -> Reach {
        if self.online.is_none() && self.lan.is_some() {
            Reach::Lan
        } else {
            Reach::Online
        }
    }

    /// All that are there: the LAN's first, it is the nearest.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Reach, &Arc<dyn SessionService>)> {
        let lan = self.lan.iter().map(|service| (Reach::Lan, service));
        lan.chain(self.online.iter().map(|service| (Reach::Online, service)))
    }
}
