//! What the function is configured with: its environment variables, which the template sets.

use std::time::Duration;

use game_session_backend::{AwsTarget, BackendConfig, FleetTarget, Limits};

/// The table for rows that instances share. Required.
pub const TABLE_VARIABLE: &str = "GAME_SESSION_TABLE";
/// The name or ARN of the secret in Secrets Manager that holds the keyring. Required.
pub const KEYRING_SECRET_VARIABLE: &str = "GAME_SESSION_KEYRING_SECRET";
/// The id or ARN of the fleet. This or [`ALIAS_VARIABLE`] is required.
pub const FLEET_VARIABLE: &str = "GAME_SESSION_FLEET";
/// The alias of the fleet.
pub const ALIAS_VARIABLE: &str = "GAME_SESSION_ALIAS";
/// The location of the fleet, required for an Anywhere fleet.
pub const LOCATION_VARIABLE: &str = "GAME_SESSION_LOCATION";
/// The UDP port that servers hold inside their containers, where it differs from the one outside.
pub const SERVER_PORT_VARIABLE: &str = "GAME_SESSION_SERVER_PORT";
/// The property keys that games may use, separated by commas; any unless told.
pub const PROPERTY_KEYS_VARIABLE: &str = "GAME_SESSION_PROPERTY_KEYS";
/// The longest an answer is held back, in seconds, 0 to 25; 5 unless told. A function is paid for while it waits.
pub const MAX_WAIT_VARIABLE: &str = "GAME_SESSION_MAX_WAIT";
/// A game session that is not active after so many seconds is ended, 1 to 600; 120 unless told.
pub const PLACEMENT_DEADLINE_VARIABLE: &str = "GAME_SESSION_PLACEMENT_DEADLINE";

const DEFAULT_WAIT: u64 = 5;
/// An HTTP API cuts every request off after 30 s.
const LONGEST_WAIT: u64 = 25;
const DEFAULT_DEADLINE: u64 = 120;
const LONGEST_DEADLINE: u64 = 600;

/// A setting that is missing or wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A variable that must be set is not.
    #[error("the environment variable {0} is not set")]
    Missing(&'static str),
    /// A variable holds what it may not.
    #[error("the environment variable {name} must be {expected}, not `{value}`")]
    Wrong {
        /// Which.
        name: &'static str,
        /// What it may hold.
        expected: String,
        /// What it holds.
        value: String,
    },
}

/// What the function is configured with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The table for rows that instances share.
    pub table: String,
    /// The secret that holds the keyring.
    pub keyring_secret: String,
    /// All else, without keyring and shared state.
    pub backend: BackendConfig,
}

impl Settings {
    /// Reads the environment variables of the process.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable that is missing or wrong.
    pub fn from_env() -> Result<Self, SettingsError> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables from wherever; an empty one counts as not set.
    ///
    /// # Errors
    /// [`SettingsError`] names the variable that is missing or wrong.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let get = |name| variable(name).filter(|value| !value.is_empty());
        let required = |name| get(name).ok_or(SettingsError::Missing(name));
        let mut fleet = match (get(FLEET_VARIABLE), get(ALIAS_VARIABLE)) {
            (Some(fleet), _) => FleetTarget::new(fleet),
            (None, Some(alias)) => FleetTarget::alias(alias),
            (None, None) => return Err(SettingsError::Missing(FLEET_VARIABLE)),
        };
        if let Some(location) = get(LOCATION_VARIABLE) {
            fleet = fleet.location(location);
        }
        let seconds = |name, default, least, most| match get(name) {
            None => Ok(Duration::from_secs(default)),
            Some(value) => match value.parse() {
                Ok(seconds) if (least..=most).contains(&seconds) => Ok(Duration::from_secs(seconds)),
                _ => Err(SettingsError::Wrong {
                    name,
                    expected: format!("{least} to {most} seconds"),
                    value,
                }),
            },
        };
        let limits = Limits::default()
            .max_wait(seconds(MAX_WAIT_VARIABLE, DEFAULT_WAIT, 0, LONGEST_WAIT)?)
            .placement_deadline(seconds(
                PLACEMENT_DEADLINE_VARIABLE,
                DEFAULT_DEADLINE,
                1,
                LONGEST_DEADLINE,
            )?);
        let mut backend = BackendConfig::new(AwsTarget::from_env()).fleet(fleet).limits(limits);
        if let Some(value) = get(SERVER_PORT_VARIABLE) {
            let port = value.parse().ok().filter(|port| *port > 0);
            let port = port.ok_or_else(|| SettingsError::Wrong {
                name: SERVER_PORT_VARIABLE,
                expected: "a port, 1 to 65535".to_owned(),
                value,
            })?;
            backend = backend.server_port(port);
        }
        if let Some(keys) = get(PROPERTY_KEYS_VARIABLE) {
            let keys = keys.split(',').map(str::trim).filter(|key| !key.is_empty());
            backend = backend.property_keys(keys.map(str::to_owned));
        }
        Ok(Self {
            table: required(TABLE_VARIABLE)?,
            keyring_secret: required(KEYRING_SECRET_VARIABLE)?,
            backend,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
        let base = [
            (TABLE_VARIABLE, "rows"),
            (KEYRING_SECRET_VARIABLE, "keyring"),
            (FLEET_VARIABLE, "fleet-1"),
        ];
        Settings::read(|asked| {
            let all = variables.iter().chain(&base);
            all.clone()
                .find(|(name, _)| *name == asked)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_table_a_secret_and_a_fleet_are_enough() {
        assert!(read(&[]).is_ok());
        assert!(read(&[(FLEET_VARIABLE, ""), (ALIAS_VARIABLE, "alias-1")]).is_ok());
    }

    #[test]
    fn what_is_missing_is_named() {
        for name in [TABLE_VARIABLE, KEYRING_SECRET_VARIABLE, FLEET_VARIABLE] {
            assert_eq!(read(&[(name, "")]).err(), Some(SettingsError::Missing(name)));
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_it_may_be() {
        for (name, value, expected) in [
            (MAX_WAIT_VARIABLE, "26", "0 to 25 seconds"),
            (MAX_WAIT_VARIABLE, "soon", "0 to 25 seconds"),
            (PLACEMENT_DEADLINE_VARIABLE, "0", "1 to 600 seconds"),
            (SERVER_PORT_VARIABLE, "0", "a port, 1 to 65535"),
        ] {
            let error = read(&[(name, value)]).map_err(|error| error.to_string()).err();
            let words = format!("the environment variable {name} must be {expected}, not `{value}`");
            assert_eq!(error, Some(words));
        }
    }
}
