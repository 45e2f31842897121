//! Where the service is: a websocket URL without its query.

use std::{fmt, net::IpAddr, str::FromStr};

use crate::Error;

/// A parsed `ws://` or `wss://` address. Prints without anything secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    secure: bool,
    host: String,
    port: u16,
    /// Starts with `/`.
    path: String,
}

impl Endpoint {
    /// Whether the connection is encrypted (`wss`).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host: a name or an address, the latter without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether GameLift may move an encrypted connection that began at `first` to here: to the same host, or to one of
    /// Amazon's for GameLift. A token goes nowhere else.
    pub(crate) fn may_replace(&self, first: &Self) -> bool {
        let host = self.host.to_ascii_lowercase();
        let is_amazons = [".amazongamelift.com", ".amazongamelift.com.cn"]
            .into_iter()
            .any(|domain| host.ends_with(domain));
        let is_the_same =
            self.host.eq_ignore_ascii_case(&first.host) || (self.is_this_machine() && first.is_this_machine());
        !first.secure || (self.secure && (is_amazons || is_the_same))
    }

    fn is_this_machine(&self) -> bool {
        let is_loopback = |ip: IpAddr| ip.is_loopback();
        self.host.eq_ignore_ascii_case("localhost") || self.host.parse().is_ok_and(is_loopback)
    }

    /// The port, the scheme's own when none is given.
    pub fn port(&self) -> u16 {
        self.port
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    /// A query or fragment is thrown away, as the official SDKs do.
    fn from_str(url: &str) -> Result<Self, Error> {
        let bad = |reason: &str| Error::Validation {
            field: "websocket_url",
            reason: reason.to_owned(),
        };
        if url.is_empty() {
            return Err(bad(
                "it is missing; set GAMELIFT_SDK_WEBSOCKET_URL or ServerParameters::websocket_url",
            ));
        }
        if !url.bytes().all(|byte| byte.is_ascii_graphic()) || url.len() > 1024 {
            return Err(bad("it must be at most 1024 visible ASCII characters"));
        }
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| bad("it must start with ws:// or wss://"))?;
        let secure = match scheme.to_ascii_lowercase().as_str() {
            "ws" => false,
            "wss" => true,
            _ => return Err(bad("it must start with ws:// or wss://")),
        };
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.find('/').map_or((rest, "/"), |at| rest.split_at(at));
        if authority.contains('@') {
            return Err(bad("it must not contain a user or password"));
        }
        let (host, port) = split_port(authority).ok_or_else(|| bad("its host or port cannot be read"))?;
        let port = match port {
            Some(port) => port
                .parse()
                .ok()
                .filter(|port| *port != 0)
                .ok_or_else(|| bad("its port is not 1 to 65535"))?,
            None if secure => 443,
            None => 80,
        };
        let fits = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
        if host.is_empty() || !host.chars().all(fits) {
            return Err(bad("it has no readable host"));
        }
        Ok(Self {
            secure,
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }
}

fn split_port(authority: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None => rest.is_empty().then_some((host, None)),
        };
    }
    match authority.split_once(':') {
        Some((host, port)) => (!port.contains(':')).then_some((host, Some(port))),
        None => Some((authority, None)),
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.secure { "wss" } else { "ws" };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{close}:{}{}", self.host, self.port, self.path)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn base_path_kept() {
        let shown = |url: &str| url.parse::<Endpoint>().unwrap().to_string();
        assert_eq!(
            shown("wss://us-west-2.api.amazongamelift.com"),
            "wss://us-west-2.api.amazongamelift.com:443/"
        );
        assert_eq!(
            shown("ws://127.0.0.1:8080/base/path?token=x#y"),
            "ws://127.0.0.1:8080/base/path"
        );
        assert_eq!(shown("ws://[::1]:9"), "ws://[::1]:9/");
    }

    #[test]
    fn bad_urls_are_validation_errors_without_the_url() {
        for url in [
            "",
            "http://h",
            "ws://",
            "ws://h:0",
            "ws://h:x",
            "ws://u:hush@h",
            "ws://a:1:2",
            "ws://h h",
            "ws://[::1",
        ] {
            let error = url.parse::<Endpoint>().unwrap_err();
            assert!(
                matches!(
                    error,
                    Error::Validation {
                        field: "websocket_url",
                        ..
                    }
                ),
                "{url}"
            );
            assert!(!error.to_string().contains("hush"));
        }
    }
}
