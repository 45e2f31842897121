//! Fetches from a container's metadata what nobody gave the process.

use super::http::get;
use crate::{
    Error, ServerParameters,
    container::{self, ContainerNetwork, HttpUrl},
    parameters::Environment,
    proto::AwsCredentials,
};

/// Whether the process is in a container and has neither token nor credentials.
pub(super) fn lacks(parameters: &ServerParameters, environment: Environment<'_>) -> bool {
    container::is_container(environment) && !parameters.is_authorized(environment)
}

/// Adds credentials, and the task as the host if there is none.
pub(super) async fn complete(
    parameters: ServerParameters,
    environment: Environment<'_>,
) -> Result<ServerParameters, Error> {
    let credentials = credentials(environment).await?;
    let parameters = parameters.container_credentials(credentials);
    if parameters.has_host(environment) {
        return Ok(parameters);
    }
    let task = fetch("task", &container::task_url(environment)?).await?;
    Ok(parameters.host_id(container::task_id(&task)?))
}

/// The credentials of the task's role. They change every few hours.
pub(super) async fn credentials(environment: Environment<'_>) -> Result<AwsCredentials, Error> {
    let text = fetch("credentials", &container::credentials_url(environment)?).await?;
    container::credentials(&text, environment)
}

/// Who else is in the container group.
pub(super) async fn network(environment: Environment<'_>) -> Result<Vec<ContainerNetwork>, Error> {
    if !container::is_container(environment) {
        return Err(Error::UnsupportedComputeType {
            compute_type: environment("GAMELIFT_COMPUTE_TYPE").unwrap_or_default(),
        });
    }
    let url = if let Some(url) = container::discovery_url(environment)? {
        url
    } else {
        let task = fetch("task", &container::task_url(environment)?).await?;
        container::discovery_url_of_task(&task)?
    };
    container::networks(&fetch("network", &url).await?)
}

async fn fetch(what: &'static str, url: &HttpUrl) -> Result<String, Error> {
    get(url).await.map_err(|cause| Error::ContainerMetadata { what, cause })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;
    use crate::proto::{Authorization, Random};

    /// Answers each request with the answer whose path it asks for, else with 404. Returns the address.
    async fn serve(answers: Vec<(&'static str, String)>) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                let request = String::from_utf8(request).unwrap();
                let path = request.split(' ').nth(1).unwrap();
                let answer = answers.iter().find(|(known, _)| *known == path);
                let answer = match answer {
                    Some((_, body)) => format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()),
                    None => "HTTP/1.1 404 Not Found\r\n\r\n".to_owned(),
                };
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        format!("http://{address}")
    }

    fn reader(variables: Vec<(&'static str, String)>) -> impl Fn(&str) -> Option<String> {
        move |name| {
            let found = variables.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| value.clone())
        }
    }

    const CREDENTIALS: &str = r#"{"RoleArn":"arn:r","AccessKeyId":"AKID","SecretAccessKey":"hush","Token":"st","Expiration":"2026-01-01T00:00:00Z"}"#;
    const TASK: &str = r#"{"Cluster":"c","TaskARN":"arn:aws:ecs:us-west-2:111122223333:task/default/158d1c8083dd49d6b527399fd6414f5c","Containers":[{"Networks":[{"NetworkMode":"awsvpc","IPv4Addresses":["10.0.2.106"]}]}]}"#;

    fn given() -> ServerParameters {
        ServerParameters::default()
            .websocket_url("ws://service:1")
            .process_id("proc-1")
            .fleet_id("fleet-1")
    }

    async fn container_environment() -> Vec<(&'static str, String)> {
        let base = serve(vec![("/creds", CREDENTIALS.into()), ("/v4/1/task", TASK.into())]).await;
        vec![
            ("GAMELIFT_COMPUTE_TYPE", "CONTAINER".into()),
            ("GAMELIFT_REGION", "us-west-2".into()),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{base}/creds")),
            ("ECS_CONTAINER_METADATA_URI_V4", format!("{base}/v4/1")),
        ]
    }

    #[tokio::test]
    async fn container_without_agent_fetches_credentials_and_task_id() {
        let environment = reader(container_environment().await);
        assert!(lacks(&given(), &environment));
        let parameters = complete(given(), &environment).await.unwrap();
        assert!(!format!("{parameters:?}").contains("hush"));
        let config = parameters.resolve(&environment, &mut Random::new(1)).unwrap();
        assert_eq!(config.handshake.host_id, "158d1c8083dd49d6b527399fd6414f5c");
        let Authorization::SigV4(credentials) = config.handshake.authorization else {
            panic!("not signed")
        };
        assert_eq!(
            (
                credentials.region.as_str(),
                credentials.access_key_id.as_str(),
                credentials.secret_access_key.expose()
            ),
            ("us-west-2", "AKID", "hush")
        );
        assert_eq!(credentials.session_token.unwrap().expose(), "st");
    }

    #[tokio::test]
    async fn container_with_agent() {
        let mut variables = container_environment().await;
        variables.push(("GAMELIFT_SDK_AUTH_TOKEN", "token".into()));
        variables.push(("GAMELIFT_SDK_HOST_ID", "host-1".into()));
        let environment = reader(variables);
        assert!(
            !lacks(&given(), &environment),
            "the agent gave a token: nothing is fetched"
        );
        let config = given().resolve(&environment, &mut Random::new(1)).unwrap();
        assert_eq!(config.handshake.host_id, "host-1");
        assert_eq!(config.handshake.authorization, Authorization::Token("token".into()));
    }

    #[tokio::test]
    async fn a_host_that_is_given_is_not_looked_up() {
        let environment = reader(container_environment().await);
        let parameters = complete(given().host_id("mine"), &environment).await.unwrap();
        let config = parameters.resolve(&environment, &mut Random::new(1)).unwrap();
        assert_eq!(config.handshake.host_id, "mine");
    }

    #[tokio::test]
    async fn metadata_that_cannot_be_read_is_an_error_that_says_what_is_missing() {
        let base = serve(vec![("/empty", "{}".into()), ("/broken", "{".into())]).await;
        for path in ["/empty", "/broken", "/missing"] {
            let environment = reader(vec![("AWS_CONTAINER_CREDENTIALS_FULL_URI", format!("{base}{path}"))]);
            let error = credentials(&environment).await.unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::ContainerMetadata {
                        what: "credentials",
                        ..
                    }
                ),
                "{error}"
            );
        }
        let error = credentials(&reader(Vec::new())).await.unwrap_err();
        assert!(
            error.to_string().contains("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn wrong_compute_type_error() {
        for compute_type in ["", "EC2"] {
            let environment = reader(vec![("GAMELIFT_COMPUTE_TYPE", compute_type.into())]);
            let expected = Error::UnsupportedComputeType {
                compute_type: compute_type.into(),
            };
            assert_eq!(network(&environment).await, Err(expected));
        }
    }

    #[tokio::test]
    async fn endpoint_env_and_fallback() {
        let answer = r#"[{"containerName":"game","containerId":"c-1","ipAddress":"10.0.0.5","containerGroupType":"GAME_SERVER"}]"#;
        let base = serve(vec![("/v1/", answer.into())]).await;
        let environment = reader(vec![
            ("GAMELIFT_COMPUTE_TYPE", "CONTAINER".into()),
            ("GAMELIFT_CONTAINER_DISCOVERY_SERVER_ENDPOINT", base),
        ]);
        let found = network(&environment).await.unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].container_name.as_str(), found[0].ip_address.as_str()),
            ("game", "10.0.0.5")
        );
        assert_eq!(found[0].container_group_type.as_str(), "GAME_SERVER");

        let none = reader(vec![("GAMELIFT_CONTAINER_DISCOVERY_SERVER_ENDPOINT", String::new())]);
        assert_eq!(container::discovery_url(&none).unwrap(), None);
        let url = container::discovery_url_of_task(TASK).unwrap();
        assert_eq!(
            (url.host.as_str(), url.port, url.target.as_str()),
            ("10.0.2.1", 4092, "/v1/")
        );
    }
}
