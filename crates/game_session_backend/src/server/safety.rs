//! What a backend refuses to start with.

use std::net::{IpAddr, SocketAddr};

use super::BackendError;
use crate::config::{BackendConfig, BehindProxy};
use crate::events::sns::Topic;
use crate::identity::GuestDoor;
use crate::placing::Place;

/// Refuses what would be open to a network and not safe there.
pub(super) fn check(config: &BackendConfig) -> Result<(), BackendError> {
    check_endpoint(config.aws.plain_endpoint())?;
    check_door(config)?;
    check_placing(config)?;
    if config.listen.ip().is_loopback() {
        return Ok(());
    }
    check_lasting(config)?;
    if config.tls.is_none() && config.behind_proxy == BehindProxy::No {
        return Err(BackendError::PlainHttp);
    }
    Ok(())
}

/// Refuses a backend that nobody could enter.
pub(super) fn check_door(config: &BackendConfig) -> Result<(), BackendError> {
    if config.guests == GuestDoor::Closed && config.issuers.is_empty() {
        return Err(BackendError::NobodyMayEnter);
    }
    Ok(())
}

/// Refuses a queue together with what knows none, and events that anybody could send.
pub(super) fn check_placing(config: &BackendConfig) -> Result<(), BackendError> {
    if matches!(config.place, Some(Place::Queue(_))) && config.legacy.is_on() {
        return Err(BackendError::LegacyQueue);
    }
    let Some(events) = &config.events else { return Ok(()) };
    match (&events.topic, &events.certificate) {
        (Some(topic), _) if Topic::of_arn(topic).is_none() => Err(BackendError::Topic(topic.clone())),
        (_, Some(url)) if !is_loopback(url) => Err(BackendError::EventsCertificate),
        _ => Ok(()),
    }
}

/// Refuses a keyring that nobody keeps.
pub(super) fn check_lasting(config: &BackendConfig) -> Result<(), BackendError> {
    if config.keyring.as_ref().is_some_and(crate::Keyring::is_lasting) {
        Ok(())
    } else {
        Err(BackendError::KeyringMissing)
    }
}

/// Refuses an endpoint to which the keys of game sessions would travel unencrypted.
pub(super) fn check_endpoint(url: Option<&str>) -> Result<(), BackendError> {
    match url {
        Some(url) if !is_loopback(url) && !url.starts_with("https://") => Err(BackendError::PlainEndpoint),
        _ => Ok(()),
    }
}

/// The names under which a backend on the loopback interface may be addressed.
pub(super) fn loopback_names(address: SocketAddr, allowed: &[String]) -> Vec<String> {
    let port = address.port();
    let own = ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}"));
    own.into_iter()
        .chain([address.to_string()])
        .chain(allowed.iter().cloned())
        .collect()
}

/// Whether a URL leads to this machine.
pub(super) fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host
        .rsplit_once(':')
        .map_or(host, |(name, port)| if port.ends_with(']') { host } else { name });
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_and_nothing_else() {
        for url in [
            "http://127.0.0.1:9870",
            "http://localhost",
            "http://[::1]:9870/",
            "http://127.0.0.1/x",
        ] {
            assert!(is_loopback(url) && check_endpoint(Some(url)).is_ok(), "{url}");
        }
        for url in [
            "http://localhost.evil.example",
            "http://10.0.0.1:80",
            "http://user@localhost@evil.example",
            "",
        ] {
            assert!(!is_loopback(url) && check_endpoint(Some(url)).is_err(), "{url}");
        }
        let aws = "https://gamelift.eu-west-1.amazonaws.com";
        assert!(!is_loopback(aws) && check_endpoint(Some(aws)).is_ok() && check_endpoint(None).is_ok());
    }
}
