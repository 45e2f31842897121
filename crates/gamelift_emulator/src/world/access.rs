//! Auth tokens of computes: random, remembered with the compute they were given to, good until they expire.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::World;
use crate::model::timestamp::Timestamp;

/// A token with less life left than this is not handed out again.
pub(super) const RENEWAL_MARGIN: Duration = Duration::from_mins(15);

/// What a token stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) fleet_id: String,
    pub(super) compute_name: String,
    pub(super) expires: Timestamp,
}

impl World {
    /// The compute's token: the one it has while that is good for a while yet, else a new one.
    pub(super) fn grant_token(&mut self, fleet_id: &str, compute_name: &str, now: Timestamp) -> (String, Timestamp) {
        self.grants.retain(|_, grant| grant.expires > now);
        let margin = RENEWAL_MARGIN.min(self.settings.token_lifetime / 2);
        let held = self.grants.iter().find(|(_, grant)| {
            grant.fleet_id == fleet_id && grant.compute_name == compute_name && grant.expires > now + margin
        });
        if let Some((token, grant)) = held {
            return (token.clone(), grant.expires);
        }
        let token = self.new_id("");
        let expires = now + self.settings.token_lifetime;
        let grant = Grant {
            fleet_id: fleet_id.to_owned(),
            compute_name: compute_name.to_owned(),
            expires,
        };
        self.grants.insert(token.clone(), grant);
        (token, expires)
    }

    /// When the token expires, if it is one of this compute and good now.
    pub(super) fn token_expiry(
        &self,
        token: &str,
        fleet_id: &str,
        compute_name: &str,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let settings = &self.settings;
        if settings.fixed_token.as_deref() == Some(token) && fleet_id == settings.fleet_id {
            return self
                .find_compute(fleet_id, compute_name)
                .map(|_| now + settings.token_lifetime);
        }
        self.grants
            .get(token)
            .filter(|grant| grant.fleet_id == fleet_id && grant.compute_name == compute_name && grant.expires > now)
            .map(|grant| grant.expires)
    }
}
