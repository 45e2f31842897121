//! Auth tokens of computes: random, remembered with the compute they were given to, good until they expire.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use super::World;
use crate::model::timestamp::Timestamp;

/// A token with less life left than this is not handed out again.
pub(super) const RENEWAL_MARGIN: Duration = Duration::from_mins(15);

/// Tokens of a compute that are good at the same time. A new one ends the oldest.
const MAX_TOKENS: usize = 100;

/// What a token stands for.
#[derive(Serialize, Deserialize)]
pub(super) struct Grant {
    pub(super) fleet_id: String,
    pub(super) compute_name: String,
    pub(super) expires: Timestamp,
}

impl Grant {
    fn is_of(&self, fleet_id: &str, compute_name: &str) -> bool {
        self.fleet_id == fleet_id && self.compute_name == compute_name
    }
}

impl World {
    /// The compute's token: the newest it has while that is good for a while yet, else a new one.
    pub(super) fn grant_token(&mut self, fleet_id: &str, compute_name: &str, now: Timestamp) -> (String, Timestamp) {
        let margin = RENEWAL_MARGIN.min(self.settings.token_lifetime / 2);
        let held = self
            .grants
            .iter()
            .filter(|(_, grant)| grant.is_of(fleet_id, compute_name));
        let newest = held.max_by_key(|(_, grant)| grant.expires);
        match newest.filter(|(_, grant)| grant.expires > now + margin) {
            Some((token, grant)) => (token.clone(), grant.expires),
            None => self.fresh_token(fleet_id, compute_name, now),
        }
    }

    /// A new token for the compute. Those it has stay good until they expire.
    pub(super) fn fresh_token(&mut self, fleet_id: &str, compute_name: &str, now: Timestamp) -> (String, Timestamp) {
        self.grants.retain(|_, grant| grant.expires > now);
        let held = self
            .grants
            .iter()
            .filter(|(_, grant)| grant.is_of(fleet_id, compute_name));
        let held: Vec<_> = held.map(|(token, grant)| (grant.expires, token.clone())).collect();
        if held.len() >= MAX_TOKENS
            && let Some((_, oldest)) = held.into_iter().min()
        {
            self.grants.remove(&oldest);
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
            .filter(|grant| grant.is_of(fleet_id, compute_name) && grant.expires > now)
            .map(|grant| grant.expires)
    }
}
