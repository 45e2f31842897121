//! What a container's metadata says: where to ask, and how to read the answers.

use serde::Deserialize;
use serde_json::Value;

use crate::{
    Error,
    parameters::Environment,
    proto::{AwsCredentials, Endpoint, Secret},
};

/// Where ECS serves the credentials of a task's role.
const CREDENTIALS_HOST: &str = "http://169.254.170.2";
/// Where else credentials may be asked for in the clear: what AWS's own SDKs allow.
const CREDENTIALS_HOSTS: [&str; 3] = ["169.254.170.2", "169.254.170.23", "localhost"];
/// The port of the discovery server beside the container.
const DISCOVERY_PORT: u16 = 4092;

/// One container of the container group that this process runs in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ContainerNetwork {
    /// Its name in the container group definition.
    pub container_name: String,
    /// The runtime's id.
    pub container_id: String,
    /// Where it can be reached.
    pub ip_address: String,
    /// Which group it belongs to.
    pub container_group_type: ContainerGroupType,
}

pub use crate::proto::message::ContainerGroupType;

/// A plain HTTP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpUrl {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) authorization: Option<Secret>,
}

impl HttpUrl {
    fn parse(field: &'static str, text: &str) -> Result<Self, Error> {
        let bad = || Error::Validation {
            field,
            reason: "it must be an address that starts with http://".to_owned(),
        };
        let rest = text.strip_prefix("http://").ok_or_else(bad)?;
        let endpoint: Endpoint = format!("ws://{rest}").parse().map_err(|_| bad())?;
        let target = rest.find('/').map_or("/", |at| &rest[at..]);
        Ok(Self {
            host: endpoint.host().to_owned(),
            port: endpoint.port(),
            target: target.to_owned(),
            authorization: None,
        })
    }
}

fn variable(environment: Environment<'_>, name: &str) -> Option<String> {
    environment(name).filter(|text| !text.is_empty())
}

pub(crate) fn is_container(environment: Environment<'_>) -> bool {
    variable(environment, "GAMELIFT_COMPUTE_TYPE").is_some_and(|kind| kind == "CONTAINER")
}

fn missing(what: &'static str, variable: &str) -> Error {
    Error::ContainerMetadata {
        what,
        cause: format!("{variable} is not set; is this a container of GameLift?"),
    }
}

/// Where the credentials of the task's role are.
pub(crate) fn credentials_url(environment: Environment<'_>) -> Result<HttpUrl, Error> {
    let relative = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI";
    if let Some(path) = variable(environment, relative) {
        if !path.starts_with('/') {
            return Err(Error::Validation {
                field: relative,
                reason: "it must start with /".to_owned(),
            });
        }
        return HttpUrl::parse(relative, &format!("{CREDENTIALS_HOST}{path}"));
    }
    let full = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let text = variable(environment, full).ok_or_else(|| missing("credentials", relative))?;
    let mut url = HttpUrl::parse(full, &text)?;
    let loopback = url.host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if !loopback && !CREDENTIALS_HOSTS.contains(&url.host.as_str()) {
        return Err(Error::Validation {
            field: full,
            reason: "its host must be this machine or the container's metadata service".to_owned(),
        });
    }
    let token = variable(environment, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
    if token
        .as_ref()
        .is_some_and(|token| !token.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' '))
    {
        return Err(Error::Validation {
            field: "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            reason: "it must be visible ASCII".to_owned(),
        });
    }
    url.authorization = token.map(Secret::new);
    Ok(url)
}

/// Where the task's metadata are.
pub(crate) fn task_url(environment: Environment<'_>) -> Result<HttpUrl, Error> {
    let name = "ECS_CONTAINER_METADATA_URI_V4";
    let base = variable(environment, name).ok_or_else(|| missing("task", name))?;
    HttpUrl::parse(name, &format!("{}/task", base.trim_end_matches('/')))
}

/// Where the discovery server is, if the environment says so.
pub(crate) fn discovery_url(environment: Environment<'_>) -> Result<Option<HttpUrl>, Error> {
    let name = "GAMELIFT_CONTAINER_DISCOVERY_SERVER_ENDPOINT";
    variable(environment, name)
        .map(|base| HttpUrl::parse(name, &format!("{}/v1/", base.trim_end_matches('/'))))
        .transpose()
}

/// The discovery server beside the container: the first address of its network.
pub(crate) fn discovery_url_of_task(task: &str) -> Result<HttpUrl, Error> {
    let task: Value = read("task", task)?;
    let address = first_ipv4(&task).ok_or_else(|| Error::ContainerMetadata {
        what: "task",
        cause: "it has no IPv4 address".to_owned(),
    })?;
    let [a, b, c, _] = address.octets();
    Ok(HttpUrl {
        host: format!("{a}.{b}.{c}.1"),
        port: DISCOVERY_PORT,
        target: "/v1/".to_owned(),
        authorization: None,
    })
}

fn first_ipv4(value: &Value) -> Option<std::net::Ipv4Addr> {
    let of_networks = |value: &Value| {
        let networks = value.get("Networks")?.as_array()?.iter();
        networks
            .filter_map(|network| network.get("IPv4Addresses")?.as_array())
            .flatten()
            .find_map(|address| address.as_str()?.parse().ok())
    };
    let containers = value.get("Containers").and_then(Value::as_array);
    of_networks(value).or_else(|| containers?.iter().find_map(of_networks))
}

/// Reads the credentials. The region comes from the environment or the parameters.
pub(crate) fn credentials(text: &str, environment: Environment<'_>) -> Result<AwsCredentials, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        access_key_id: String,
        secret_access_key: Secret,
        token: Secret,
    }
    let answer: Answer = read("credentials", text)?;
    if answer.access_key_id.is_empty() || answer.secret_access_key.is_empty() {
        return Err(Error::ContainerMetadata {
            what: "credentials",
            cause: "there is no key in them".to_owned(),
        });
    }
    Ok(AwsCredentials {
        region: variable(environment, "GAMELIFT_REGION").unwrap_or_default(),
        access_key_id: answer.access_key_id,
        secret_access_key: answer.secret_access_key,
        session_token: (!answer.token.is_empty()).then_some(answer.token),
    })
}

/// What follows the last `/` of the task's ARN.
pub(crate) fn task_id(text: &str) -> Result<String, Error> {
    let task: Value = read("task", text)?;
    let arn = task.get("TaskARN").and_then(Value::as_str).unwrap_or_default();
    match arn.rsplit('/').next() {
        Some(id) if !id.is_empty() => Ok(id.to_owned()),
        _ => Err(Error::ContainerMetadata {
            what: "task",
            cause: "it has no TaskARN".to_owned(),
        }),
    }
}

/// Reads the discovery server's answer.
pub(crate) fn networks(text: &str) -> Result<Vec<ContainerNetwork>, Error> {
    read("network", text)
}

/// The parser's words name a place, never the content.
fn read<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|error| Error::ContainerMetadata {
        what,
        cause: format!(
            "line {}, column {} is not what is expected there",
            error.line(),
            error.column()
        ),
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn credentials_are_asked_for_at_the_metadata_service_or_on_this_machine_only() {
        let url = |name: &'static str, value: &'static str| {
            credentials_url(&move |asked: &str| (asked == name).then(|| value.to_owned()))
        };
        let relative = url("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/credentials?id=1").unwrap();
        assert_eq!(
            (relative.host.as_str(), relative.port, relative.target.as_str()),
            ("169.254.170.2", 80, "/v2/credentials?id=1")
        );
        for bad in ["@evil/", "v2", ":8080/x"] {
            assert!(url("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", bad).is_err(), "{bad}");
        }
        assert!(url("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/x").is_ok());
        for bad in [
            "http://10.0.0.1/x",
            "https://127.0.0.1/x",
            "http://localhost.evil/x",
            "file:///x",
        ] {
            assert!(url("AWS_CONTAINER_CREDENTIALS_FULL_URI", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_task_without_an_id_or_an_address_is_an_error() {
        for task in ["{}", r#"{"TaskARN":""}"#, r#"{"TaskARN":"arn:task/"}"#, "[]", "{"] {
            assert!(task_id(task).is_err(), "{task}");
            assert!(discovery_url_of_task(task).is_err(), "{task}");
        }
    }

    #[test]
    fn an_unknown_group_type_is_kept() {
        let found = networks(r#"[{"containerGroupType":"PER_INSTANCE"},{"containerGroupType":"NEW","x":1}]"#).unwrap();
        assert_eq!(found[0].container_group_type, ContainerGroupType::PerInstance);
        assert_eq!(found[1].container_group_type.as_str(), "NEW");
    }
}
