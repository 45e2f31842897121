//! Role credentials that are still good, and the knowledge that there are none.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use crate::{Error, FleetRoleCredentials};

/// Credentials are asked for anew this long before they expire.
const MARGIN: Duration = Duration::from_mins(15);
/// Roles that are kept at once.
const ROLES: usize = 64;

#[derive(Default)]
pub(crate) struct Credentials {
    by_role: HashMap<String, FleetRoleCredentials>,
    not_managed: bool,
}

impl Credentials {
    /// What is kept for a role.
    pub(crate) fn kept(&self, role: &str, now: SystemTime) -> Result<Option<FleetRoleCredentials>, Error> {
        if self.not_managed {
            return Err(Error::NotManagedFleet);
        }
        let good = |credentials: &&FleetRoleCredentials| {
            let milliseconds = u64::try_from(credentials.expiration).unwrap_or(0);
            let end = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(milliseconds));
            end.is_some_and(|end| end >= now + MARGIN)
        };
        Ok(self.by_role.get(role).filter(good).cloned())
    }

    /// Keeps the service's answer. An empty key means, for every role and for good, that the fleet is not managed.
    pub(crate) fn keep(
        &mut self,
        role: String,
        credentials: FleetRoleCredentials,
    ) -> Result<FleetRoleCredentials, Error> {
        if credentials.access_key_id.is_empty() {
            self.not_managed = true;
            return Err(Error::NotManagedFleet);
        }
        if self.by_role.len() >= ROLES {
            self.by_role.clear();
        }
        self.by_role.insert(role, credentials.clone());
        Ok(credentials)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn cached_until_15_min_before_expiry() {
        let mut credentials = Credentials::default();
        let answer = FleetRoleCredentials {
            access_key_id: "ak".into(),
            expiration: 3_600_000,
            ..FleetRoleCredentials::default()
        };
        credentials.keep("role".into(), answer.clone()).unwrap();
        let at = |seconds| {
            credentials
                .kept("role", SystemTime::UNIX_EPOCH + Duration::from_secs(seconds))
                .unwrap()
        };
        assert_eq!((at(0), at(2700), at(2701)), (Some(answer.clone()), Some(answer), None));
        assert_eq!(credentials.kept("other", SystemTime::UNIX_EPOCH), Ok(None));
    }

    #[test]
    fn empty_access_key_latches_not_managed() {
        let mut credentials = Credentials::default();
        let answer = credentials.keep("role".into(), FleetRoleCredentials::default());
        assert_eq!(answer, Err(Error::NotManagedFleet));
        assert_eq!(
            credentials.kept("other", SystemTime::now()),
            Err(Error::NotManagedFleet)
        );
    }
}
