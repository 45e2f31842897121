//! What the function is configured with: its environment variables, which the template sets.

use std::time::Duration;

use game_session_backend::{
    AwsTarget, BackendConfig, FleetTarget, IssuerError, Limits, PlacementEvents, QueueTarget, TrustedIssuer,
};

/// The table for rows that instances share. Required.
pub const TABLE_VARIABLE: &str = "GAME_SESSION_TABLE";
/// The name or ARN of the secret in Secrets Manager that holds the keyring. Required.
pub const KEYRING_SECRET_VARIABLE: &str = "GAME_SESSION_KEYRING_SECRET";
/// The name or ARN of the queue that places game sessions; the ends of its placements are told to the function. It comes
/// before a fleet or alias.
pub const QUEUE_VARIABLE: &str = "GAME_SESSION_QUEUE";
/// The ARNs of the fleets and aliases behind the queue, separated by commas; the queue is asked unless told.
pub const DESTINATIONS_VARIABLE: &str = "GAME_SESSION_DESTINATIONS";
/// The id or ARN of the fleet. This, [`ALIAS_VARIABLE`] or [`QUEUE_VARIABLE`] is required.
pub const FLEET_VARIABLE: &str = "GAME_SESSION_FLEET";
/// The alias of the fleet.
pub const ALIAS_VARIABLE: &str = "GAME_SESSION_ALIAS";
/// The location of the fleet, required for an Anywhere fleet.
pub const LOCATION_VARIABLE: &str = "GAME_SESSION_LOCATION";
/// The UDP port that servers hold inside their containers, where it differs from the one outside.
pub const SERVER_PORT_VARIABLE: &str = "GAME_SESSION_SERVER_PORT";
/// The property keys that games may use, separated by commas; any unless told.
pub const PROPERTY_KEYS_VARIABLE: &str = "GAME_SESSION_PROPERTY_KEYS";
/// The longest an answer is held back, in seconds, 0 to 20; 5 unless told. A function is paid for while it waits.
pub const MAX_WAIT_VARIABLE: &str = "GAME_SESSION_MAX_WAIT";
/// A game session that is not active after so many seconds is ended, 1 to 600; 120 unless told.
pub const PLACEMENT_DEADLINE_VARIABLE: &str = "GAME_SESSION_PLACEMENT_DEADLINE";
/// What takes longer is answered as a time-out, in seconds, 1 to 28; 28 unless told. It must be less than the function's
/// own time-out, after which there is no answer at all.
pub const REQUEST_DEADLINE_VARIABLE: &str = "GAME_SESSION_REQUEST_DEADLINE";
/// The URL of an identity provider (OIDC) whose players may play, as its tokens' `iss` has it.
pub const OIDC_ISSUER_VARIABLE: &str = "GAME_SESSION_OIDC_ISSUER";
/// The ids of the game's clients there, separated by commas. Required with [`OIDC_ISSUER_VARIABLE`].
pub const OIDC_AUDIENCES_VARIABLE: &str = "GAME_SESSION_OIDC_AUDIENCES";
/// Where its public keys are; else its discovery document says so.
pub const OIDC_JWKS_URL_VARIABLE: &str = "GAME_SESSION_OIDC_JWKS_URL";
/// Which of its tokens count: `access` (unless told), `id` or `either`.
pub const OIDC_TOKENS_VARIABLE: &str = "GAME_SESSION_OIDC_TOKENS";
/// How its tokens may be signed, separated by commas; RS256, ES256 and Ed25519 (`EdDSA`) unless told.
pub const OIDC_ALGORITHMS_VARIABLE: &str = "GAME_SESSION_OIDC_ALGORITHMS";
/// How many seconds its clock may differ, 0 to 300; 60 unless told.
pub const OIDC_LEEWAY_VARIABLE: &str = "GAME_SESSION_OIDC_LEEWAY";
/// `no` keeps guests out: only players of the identity provider may play. `yes` unless told.
pub const GUESTS_VARIABLE: &str = "GAME_SESSION_GUESTS";

/// Every variable that [`Settings::read`] reads.
pub const VARIABLES: [&str; 19] = [
    TABLE_VARIABLE,
    KEYRING_SECRET_VARIABLE,
    FLEET_VARIABLE,
    ALIAS_VARIABLE,
    QUEUE_VARIABLE,
    DESTINATIONS_VARIABLE,
    LOCATION_VARIABLE,
    SERVER_PORT_VARIABLE,
    PROPERTY_KEYS_VARIABLE,
    MAX_WAIT_VARIABLE,
    PLACEMENT_DEADLINE_VARIABLE,
    REQUEST_DEADLINE_VARIABLE,
    OIDC_ISSUER_VARIABLE,
    OIDC_AUDIENCES_VARIABLE,
    OIDC_JWKS_URL_VARIABLE,
    OIDC_TOKENS_VARIABLE,
    OIDC_ALGORITHMS_VARIABLE,
    OIDC_LEEWAY_VARIABLE,
    GUESTS_VARIABLE,
];

const DEFAULT_WAIT: u64 = 5;
/// An HTTP API cuts every request off after 30 s, and there is work besides the wait.
const LONGEST_WAIT: u64 = 20;
const LONGEST_REQUEST: u64 = 28;
const DEFAULT_DEADLINE: u64 = 120;
const LONGEST_DEADLINE: u64 = 600;
const DEFAULT_LEEWAY: u64 = 60;
const LONGEST_LEEWAY: u64 = 300;

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
    /// The identity provider is not safe to trust as it is described.
    #[error("the environment variable {name}: {source}")]
    Issuer {
        /// Which.
        name: &'static str,
        /// Why not.
        #[source]
        source: IssuerError,
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
        let backend = BackendConfig::new(AwsTarget::from_env());
        let location = get(LOCATION_VARIABLE);
        let backend = match (get(QUEUE_VARIABLE), get(FLEET_VARIABLE), get(ALIAS_VARIABLE)) {
            (Some(queue), _, _) => {
                let destinations = get(DESTINATIONS_VARIABLE).unwrap_or_default();
                let queue = destinations
                    .split(',')
                    .map(str::trim)
                    .fold(QueueTarget::new(queue), QueueTarget::destination);
                backend.queue(queue).placement_events(PlacementEvents::invoked())
            }
            (None, Some(fleet), _) => backend.fleet(at(FleetTarget::new(fleet), location)),
            (None, None, Some(alias)) => backend.fleet(at(FleetTarget::alias(alias), location)),
            (None, None, None) => return Err(SettingsError::Missing(FLEET_VARIABLE)),
        };
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
            .request_deadline(seconds(REQUEST_DEADLINE_VARIABLE, LONGEST_REQUEST, 1, LONGEST_REQUEST)?)
            .placement_deadline(seconds(
                PLACEMENT_DEADLINE_VARIABLE,
                DEFAULT_DEADLINE,
                1,
                LONGEST_DEADLINE,
            )?);
        let mut backend = backend.limits(limits);
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
        let leeway = seconds(OIDC_LEEWAY_VARIABLE, DEFAULT_LEEWAY, 0, LONGEST_LEEWAY)?;
        if let Some(issuer) = read_issuer(get, leeway)? {
            backend = backend.trust(issuer);
        }
        match get(GUESTS_VARIABLE).as_deref() {
            None | Some("yes") => {}
            Some("no") => backend = backend.no_guests(),
            Some(value) => {
                return Err(SettingsError::Wrong {
                    name: GUESTS_VARIABLE,
                    expected: "`yes` or `no`".to_owned(),
                    value: value.to_owned(),
                });
            }
        }
        Ok(Self {
            table: required(TABLE_VARIABLE)?,
            keyring_secret: required(KEYRING_SECRET_VARIABLE)?,
            backend,
        })
    }
}

/// The identity provider, if one is named.
fn read_issuer(
    get: impl Fn(&'static str) -> Option<String>,
    leeway: Duration,
) -> Result<Option<TrustedIssuer>, SettingsError> {
    let wrong = |name| move |source| SettingsError::Issuer { name, source };
    let Some(url) = get(OIDC_ISSUER_VARIABLE) else {
        return Ok(None);
    };
    let audiences = get(OIDC_AUDIENCES_VARIABLE).ok_or(SettingsError::Missing(OIDC_AUDIENCES_VARIABLE))?;
    let mut audiences = audiences.split(',');
    let mut issuer = TrustedIssuer::new(url, audiences.next().unwrap_or_default()).map_err(|source| {
        let name = match source {
            IssuerError::NoAudience => OIDC_AUDIENCES_VARIABLE,
            _ => OIDC_ISSUER_VARIABLE,
        };
        SettingsError::Issuer { name, source }
    })?;
    for audience in audiences {
        issuer = issuer.audience(audience).map_err(wrong(OIDC_AUDIENCES_VARIABLE))?;
    }
    if let Some(url) = get(OIDC_JWKS_URL_VARIABLE) {
        issuer = issuer.jwks_url(url).map_err(wrong(OIDC_JWKS_URL_VARIABLE))?;
    }
    if let Some(kind) = get(OIDC_TOKENS_VARIABLE) {
        issuer = issuer.tokens(kind.parse().map_err(wrong(OIDC_TOKENS_VARIABLE))?);
    }
    if let Some(names) = get(OIDC_ALGORITHMS_VARIABLE) {
        let algorithms: Result<Vec<_>, _> = names.split(',').map(|name| name.trim().parse()).collect();
        let algorithms = algorithms.map_err(wrong(OIDC_ALGORITHMS_VARIABLE))?;
        issuer = issuer
            .algorithms(&algorithms)
            .map_err(wrong(OIDC_ALGORITHMS_VARIABLE))?;
    }
    issuer.leeway(leeway).map(Some).map_err(wrong(OIDC_LEEWAY_VARIABLE))
}

fn at(fleet: FleetTarget, location: Option<String>) -> FleetTarget {
    match location {
        Some(location) => fleet.location(location),
        None => fleet,
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
    fn a_queue_comes_before_a_fleet_and_its_events_are_told() {
        let queue = [(QUEUE_VARIABLE, "arena"), (FLEET_VARIABLE, "")];
        let arn = "arn:aws:gamelift:eu-west-1::alias/alias-1";
        for more in ["", arn] {
            let settings = read(&[queue[0], queue[1], (DESTINATIONS_VARIABLE, more)]);
            let backend = settings
                .map(|settings| format!("{:?}", settings.backend))
                .unwrap_or_default();
            assert!(backend.contains("Queue(QueueTarget { name: \"arena\""), "{backend}");
            assert!(
                backend.contains("events: Some(PlacementEvents { topic: None"),
                "{backend}"
            );
            assert_eq!(backend.contains("alias-1"), more == arn, "{backend}");
        }
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
            (MAX_WAIT_VARIABLE, "21", "0 to 20 seconds"),
            (MAX_WAIT_VARIABLE, "soon", "0 to 20 seconds"),
            (REQUEST_DEADLINE_VARIABLE, "29", "1 to 28 seconds"),
            (OIDC_LEEWAY_VARIABLE, "301", "0 to 300 seconds"),
            (GUESTS_VARIABLE, "maybe", "`yes` or `no`"),
            (PLACEMENT_DEADLINE_VARIABLE, "0", "1 to 600 seconds"),
            (SERVER_PORT_VARIABLE, "0", "a port, 1 to 65535"),
        ] {
            let error = read(&[(name, value)]).map_err(|error| error.to_string()).err();
            let words = format!("the environment variable {name} must be {expected}, not `{value}`");
            assert_eq!(error, Some(words));
        }
    }

    #[test]
    fn an_identity_provider_is_read_whole_or_refused_with_the_name_of_what_is_wrong() {
        let good = [
            (OIDC_ISSUER_VARIABLE, "https://issuer.example"),
            (OIDC_AUDIENCES_VARIABLE, "game,other"),
            (OIDC_JWKS_URL_VARIABLE, "https://issuer.example/keys"),
            (OIDC_TOKENS_VARIABLE, "id"),
            (OIDC_ALGORITHMS_VARIABLE, "RS256, ES384"),
            (OIDC_LEEWAY_VARIABLE, "10"),
            (GUESTS_VARIABLE, "no"),
        ];
        assert!(read(&good).is_ok());
        for (name, value) in [
            (OIDC_ISSUER_VARIABLE, "http://issuer.example"),
            (OIDC_AUDIENCES_VARIABLE, "game,"),
            (OIDC_AUDIENCES_VARIABLE, ",game"),
            (OIDC_JWKS_URL_VARIABLE, "http://issuer.example/keys"),
            (OIDC_TOKENS_VARIABLE, "all"),
            (OIDC_ALGORITHMS_VARIABLE, "none"),
        ] {
            let mut all = vec![(name, value)];
            all.extend(good);
            let error = read(&all).map_err(|error| error.to_string()).err().unwrap_or_default();
            assert!(
                error.starts_with(&format!("the environment variable {name}: ")),
                "{error}"
            );
        }
        let missing = read(&[good[0]]).err();
        assert_eq!(missing, Some(SettingsError::Missing(OIDC_AUDIENCES_VARIABLE)));
    }

    #[test]
    fn the_list_of_variables_is_that_of_what_is_read() {
        let asked = std::cell::RefCell::new(std::collections::BTreeSet::new());
        let _ = Settings::read(|name| {
            asked.borrow_mut().insert(name.to_owned());
            Some(match name {
                OIDC_ISSUER_VARIABLE | OIDC_JWKS_URL_VARIABLE => "https://issuer.example".to_owned(),
                OIDC_TOKENS_VARIABLE => "id".to_owned(),
                OIDC_ALGORITHMS_VARIABLE => "RS256".to_owned(),
                GUESTS_VARIABLE => "yes".to_owned(),
                _ => "5".to_owned(),
            })
        });
        let listed = VARIABLES.map(str::to_owned).into();
        assert_eq!(asked.into_inner(), listed);
    }
}
