//! What a process is told before it starts: parameters and the official environment variables.

use std::time::Duration;

use crate::{
    Error,
    proto::{
        Authorization, AwsCredentials, Config, Handshake, Random, Secret, message::ActivateServerProcess,
        validate_handshake,
    },
};

/// The place of the environment, so that tests need not change the real one.
pub(crate) type Environment<'a> = &'a (dyn Fn(&str) -> Option<String> + Sync);

/// Where to connect to, and as whom. **The environment beats every value given here**, field by field, as in the official
/// SDKs; a variable that is set but empty counts as unset.
///
/// On managed fleets and under a launcher the environment says everything: `ServerParameters::from_env()`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerParameters {
    websocket_url: String,
    process_id: String,
    host_id: String,
    fleet_id: String,
    auth_token: Secret,
    region: String,
    access_key_id: String,
    secret_access_key: Secret,
    session_token: Secret,
    connect_attempts: Option<u32>,
    call_timeout: Option<Duration>,
    root_certificates: RootCertificates,
}

/// PEM or DER. They are public, but too long to be printed.
#[derive(Clone, Default, PartialEq, Eq)]
struct RootCertificates(Vec<Vec<u8>>);

impl std::fmt::Debug for RootCertificates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} given", self.0.len())
    }
}

impl ServerParameters {
    /// Takes everything from `GAMELIFT_SDK_WEBSOCKET_URL`, `GAMELIFT_SDK_PROCESS_ID`, `GAMELIFT_SDK_HOST_ID`,
    /// `GAMELIFT_SDK_FLEET_ID` and `GAMELIFT_SDK_AUTH_TOKEN`; without a token from `GAMELIFT_REGION`,
    /// `GAMELIFT_ACCESS_KEY`, `GAMELIFT_SECRET_KEY` and `GAMELIFT_SESSION_TOKEN`. They are read by `init`.
    pub fn from_env() -> Self {
        Self::default()
    }

    /// The endpoint, such as `wss://us-west-2.api.amazongamelift.com`.
    #[must_use]
    pub fn websocket_url(mut self, url: impl Into<String>) -> Self {
        self.websocket_url = url.into();
        self
    }

    /// The process's id, unique in the fleet. `ManagedResource` means: make one.
    #[must_use]
    pub fn process_id(mut self, id: impl Into<String>) -> Self {
        self.process_id = id.into();
        self
    }

    /// The compute: on Anywhere the name given to `RegisterCompute`.
    #[must_use]
    pub fn host_id(mut self, id: impl Into<String>) -> Self {
        self.host_id = id.into();
        self
    }

    /// The fleet.
    #[must_use]
    pub fn fleet_id(mut self, id: impl Into<String>) -> Self {
        self.fleet_id = id.into();
        self
    }

    /// The token from `GetComputeAuthToken`. It beats AWS credentials.
    #[must_use]
    pub fn auth_token(mut self, token: impl Into<String>) -> Self {
        self.auth_token = Secret::new(token);
        self
    }

    /// AWS credentials in place of a token.
    #[must_use]
    pub fn aws_credentials(mut self, credentials: AwsCredentials) -> Self {
        self.region = credentials.region;
        self.access_key_id = credentials.access_key_id;
        self.secret_access_key = credentials.secret_access_key;
        self.session_token = credentials.session_token.unwrap_or_default();
        self
    }

    /// How often the first connect is tried before `init` fails. The official 8 attempts take about 156 s; a local test
    /// wants 1. Refusals (401, 403) are final at once.
    #[must_use]
    pub fn connect_attempts(mut self, attempts: u32) -> Self {
        self.connect_attempts = Some(attempts.max(1));
        self
    }

    /// How long a call waits for its reply. 20 s unless said otherwise.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = Some(timeout.max(Duration::from_millis(1)));
        self
    }

    /// Trusts one more root certificate, or a PEM file of several, besides the system's: for an emulator or a proxy with
    /// a certificate of its own. May be called again. Takes PEM or DER.
    #[must_use]
    pub fn root_certificate(mut self, pem_or_der: impl Into<Vec<u8>>) -> Self {
        self.root_certificates.0.push(pem_or_der.into());
        self
    }

    /// Takes the root certificates off, as they were given.
    pub(crate) fn take_root_certificates(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.root_certificates.0)
    }

    /// Whether a token or credentials are given.
    pub(crate) fn is_authorized(&self, environment: Environment<'_>) -> bool {
        let set = |name: &str| environment(name).is_some_and(|text| !text.is_empty());
        !self.auth_token.is_empty()
            || !self.access_key_id.is_empty()
            || set("GAMELIFT_SDK_AUTH_TOKEN")
            || set("GAMELIFT_ACCESS_KEY")
    }

    /// Whether a host id is given.
    pub(crate) fn has_host(&self, environment: Environment<'_>) -> bool {
        !self.host_id.is_empty() || environment("GAMELIFT_SDK_HOST_ID").is_some_and(|text| !text.is_empty())
    }

    /// Credentials of the container; the region may have been given before.
    pub(crate) fn container_credentials(self, mut credentials: AwsCredentials) -> Self {
        if credentials.region.is_empty() {
            credentials.region.clone_from(&self.region);
        }
        self.aws_credentials(credentials)
    }

    /// Mixes in the environment and checks the result.
    pub(crate) fn resolve(self, environment: Environment<'_>, random: &mut Random) -> Result<Config, Error> {
        let pick = |name: &str, given: String| environment(name).filter(|text| !text.is_empty()).unwrap_or(given);
        let secret = |name: &str, given: Secret| Secret::new(pick(name, given.expose().to_owned()));
        let mut process_id = pick("GAMELIFT_SDK_PROCESS_ID", self.process_id);
        if process_id == "ManagedResource" {
            process_id = random.uuid();
        }
        let token = secret("GAMELIFT_SDK_AUTH_TOKEN", self.auth_token);
        let authorization = if token.is_empty() {
            let session_token = secret("GAMELIFT_SESSION_TOKEN", self.session_token);
            let credentials = AwsCredentials {
                region: pick("GAMELIFT_REGION", self.region),
                access_key_id: pick("GAMELIFT_ACCESS_KEY", self.access_key_id),
                secret_access_key: secret("GAMELIFT_SECRET_KEY", self.secret_access_key),
                session_token: (!session_token.is_empty()).then_some(session_token),
            };
            check_credentials(&credentials)?;
            Authorization::SigV4(credentials)
        } else {
            if token.expose().len() > 4096 {
                return Err(bad("auth_token", "it is longer than 4096 characters"));
            }
            Authorization::Token(token)
        };
        let handshake = Handshake {
            endpoint: pick("GAMELIFT_SDK_WEBSOCKET_URL", self.websocket_url).parse()?,
            process_id,
            host_id: pick("GAMELIFT_SDK_HOST_ID", self.host_id),
            fleet_id: pick("GAMELIFT_SDK_FLEET_ID", self.fleet_id),
            authorization,
        };
        validate_handshake(&handshake)?;
        let mut config = Config::new(handshake);
        config.connect_attempts = self.connect_attempts.unwrap_or(config.connect_attempts);
        config.call_timeout = self.call_timeout.unwrap_or(config.call_timeout);
        Ok(config)
    }
}

fn bad(field: &'static str, reason: &str) -> Error {
    Error::Validation {
        field,
        reason: reason.to_owned(),
    }
}

fn check_credentials(credentials: &AwsCredentials) -> Result<(), Error> {
    let none = credentials.access_key_id.is_empty() && credentials.secret_access_key.is_empty();
    if none {
        return Err(bad(
            "auth_token",
            "it is missing; set GAMELIFT_SDK_AUTH_TOKEN, or give AWS credentials",
        ));
    }
    if credentials.access_key_id.is_empty() {
        return Err(bad("access_key_id", "it is missing; set GAMELIFT_ACCESS_KEY"));
    }
    if credentials.secret_access_key.is_empty() {
        return Err(bad("secret_access_key", "it is missing; set GAMELIFT_SECRET_KEY"));
    }
    if credentials.region.is_empty() {
        return Err(bad("region", "it is missing; set GAMELIFT_REGION"));
    }
    Ok(())
}

/// What the process says of itself when it is ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessParameters {
    port: u16,
    log_paths: Vec<String>,
}

impl ProcessParameters {
    /// The port players connect to, 1 to 60000.
    pub fn new(port: u16) -> Self {
        Self {
            port,
            log_paths: Vec::new(),
        }
    }

    /// Files that the service collects when the process ends.
    #[must_use]
    pub fn log_paths<T: Into<String>>(mut self, paths: impl IntoIterator<Item = T>) -> Self {
        self.log_paths = paths.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn into_request(self, environment: Environment<'_>) -> ActivateServerProcess {
        let tool = |name: &str| environment(name).filter(|text| !text.is_empty());
        ActivateServerProcess {
            sdk_version: crate::SDK_VERSION.to_owned(),
            sdk_language: crate::SDK_LANGUAGE.to_owned(),
            sdk_tool_name: tool("GAMELIFT_SDK_TOOL_NAME"),
            sdk_tool_version: tool("GAMELIFT_SDK_TOOL_VERSION"),
            port: self.port,
            log_paths: self.log_paths,
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    const NAMES: [&str; 5] = ["WEBSOCKET_URL", "PROCESS_ID", "HOST_ID", "FLEET_ID", "AUTH_TOKEN"];

    fn given() -> ServerParameters {
        ServerParameters::default()
            .websocket_url("ws://given:1")
            .process_id("given")
            .host_id("given")
            .fleet_id("given")
            .auth_token("given")
    }

    fn resolve(parameters: ServerParameters, environment: &[(&str, &str)]) -> Result<Config, Error> {
        let read = |name: &str| {
            environment
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, text)| (*text).to_owned())
        };
        parameters.resolve(&read, &mut Random::new(1))
    }

    fn shown(config: &Config) -> [String; 5] {
        let handshake = &config.handshake;
        let Authorization::Token(token) = &handshake.authorization else {
            panic!("no token")
        };
        [
            handshake.endpoint.host().to_owned(),
            handshake.process_id.clone(),
            handshake.host_id.clone(),
            handshake.fleet_id.clone(),
            token.expose().to_owned(),
        ]
    }

    #[test]
    fn env_overrides_each_parameter() {
        for (at, name) in NAMES.iter().enumerate() {
            let value = if at == 0 { "ws://env:1" } else { "env" };
            let config = resolve(given(), &[(&format!("GAMELIFT_SDK_{name}"), value)]).unwrap();
            let expected = std::array::from_fn(|field| if field == at { "env" } else { "given" }.to_owned());
            assert_eq!(shown(&config), expected, "{name}");
        }
    }

    #[test]
    fn empty_env_is_unset() {
        let names = NAMES.map(|name| format!("GAMELIFT_SDK_{name}"));
        let environment: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "")).collect();
        let config = resolve(given(), &environment).unwrap();
        assert_eq!(shown(&config), std::array::from_fn(|_| "given".to_owned()));
    }

    #[test]
    fn missing_url_process_fleet_host_is_validation_error_naming_field() {
        let cases = [
            (given().websocket_url(""), "websocket_url"),
            (given().process_id(""), "process_id"),
            (given().host_id(""), "host_id"),
            (given().fleet_id(""), "fleet_id"),
            (given().auth_token(""), "auth_token"),
            (given().fleet_id("fleet_1"), "fleet_id"),
            (given().host_id("a/b/c"), "host_id"),
        ];
        for (parameters, expected) in cases {
            let error = resolve(parameters, &[]).unwrap_err();
            assert!(
                matches!(&error, Error::Validation { field, .. } if *field == expected),
                "{error}"
            );
        }
    }

    #[test]
    fn managed_resource_process_id_becomes_uuid() {
        let config = resolve(given().process_id("ManagedResource"), &[]).unwrap();
        assert_eq!(
            uuid::Uuid::parse_str(&config.handshake.process_id)
                .unwrap()
                .get_version_num(),
            4
        );
    }

    const KEYS: [(&str, &str); 3] = [
        ("GAMELIFT_ACCESS_KEY", "ak"),
        ("GAMELIFT_SECRET_KEY", "sk"),
        ("GAMELIFT_REGION", "us-west-2"),
    ];

    #[test]
    fn token_beats_sigv4() {
        assert!(matches!(
            resolve(given(), &KEYS).unwrap().handshake.authorization,
            Authorization::Token(_)
        ));
        let config = resolve(given().auth_token(""), &KEYS).unwrap();
        assert!(matches!(config.handshake.authorization, Authorization::SigV4(_)));
    }

    #[test]
    fn sigv4_missing_key_secret_region() {
        for (missing, field) in [(0, "access_key_id"), (1, "secret_access_key"), (2, "region")] {
            let mut environment = KEYS.to_vec();
            environment.remove(missing);
            let error = resolve(given().auth_token(""), &environment).unwrap_err();
            assert!(
                matches!(&error, Error::Validation { field: named, .. } if *named == field),
                "{error}"
            );
        }
    }

    #[test]
    fn parameters_never_show_their_secrets() {
        let parameters = given().auth_token("hush").aws_credentials(AwsCredentials {
            region: "r".into(),
            access_key_id: "a".into(),
            secret_access_key: "hush".into(),
            session_token: Some("hush".into()),
        });
        assert!(!format!("{parameters:?}").contains("hush"));
    }

    #[test]
    fn tool_env_sent() {
        let read = |name: &str| (name == "GAMELIFT_SDK_TOOL_NAME").then(|| "Tool".to_owned());
        let request = ProcessParameters::new(7777).log_paths(["a.log"]).into_request(&read);
        assert_eq!(
            (request.sdk_tool_name.as_deref(), request.sdk_tool_version),
            (Some("Tool"), None)
        );
        assert_eq!((request.port, request.log_paths), (7777, vec!["a.log".to_owned()]));
    }
}
