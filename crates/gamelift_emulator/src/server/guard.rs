//! Who may talk to this port: a web page that a browser on this machine shows may not.
//!
//! `Host` must be a loopback name with our port, which stops DNS rebinding, and an `Origin`, which only browsers send,
//! must be our own.

use axum::http::{
    HeaderMap,
    header::{HOST, ORIGIN},
};

/// The names of this machine for itself.
pub(super) const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Why a request is not answered.
pub(super) fn refusal(headers: &HeaderMap, port: u16) -> Option<&'static str> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(host), None) if host.to_str().is_ok_and(|host| is_ours(host, port)) => {}
        _ => return Some("the Host header must be a loopback name with the emulator's port"),
    }
    let foreign = headers.get_all(ORIGIN).iter().any(|origin| {
        let host = origin.to_str().ok().and_then(|origin| origin.strip_prefix("http://"));
        !host.is_some_and(|host| is_ours(host, port))
    });
    foreign.then_some("requests of web pages from elsewhere are refused")
}

fn is_ours(host: &str, port: u16) -> bool {
    let (name, stated) = match host.rsplit_once(':') {
        Some((name, stated)) if !stated.ends_with(']') => (name, stated.parse().ok()),
        _ => (host, Some(80)),
    };
    stated == Some(port) && LOOPBACK_NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn check(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        refusal(&headers, 9870).is_none()
    }

    #[test]
    fn only_loopback_names_with_our_port_are_hosts() {
        for host in ["127.0.0.1:9870", "localhost:9870", "LocalHost:9870", "[::1]:9870"] {
            assert!(check(host, None), "{host}");
        }
        for host in [
            "127.0.0.1",
            "localhost:9871",
            "evil.example:9870",
            "localhost.evil.example:9870",
            "[::1]",
            "",
            ":9870",
        ] {
            assert!(!check(host, None), "{host}");
        }
        assert!(refusal(&HeaderMap::new(), 9870).is_some(), "no Host at all");
    }

    #[test]
    fn only_our_own_origin_is_let_in() {
        assert!(check("localhost:9870", Some("http://localhost:9870")));
        for origin in [
            "null",
            "http://evil.example",
            "https://localhost:9870",
            "http://localhost:3000",
        ] {
            assert!(!check("localhost:9870", Some(origin)), "{origin}");
        }
    }
}
