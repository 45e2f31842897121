//! The HTTP client: one request, one answer of bounded size. The only file that knows reqwest.

use std::error::Error as _;
use std::net::IpAddr;
use std::time::Duration;

use game_session_protocol::{IdempotencyKey, routes};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Url, redirect};

/// The most bytes an answer may have.
pub(super) const LONGEST_ANSWER: usize = 64 * 1024;

/// The most bytes of a trace id that are passed on to the log.
const LONGEST_TRACE: usize = 64;
/// How long a connection may take to be made.
pub(super) const CONNECT_LIMIT: Duration = Duration::from_secs(3);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// One request, ready to go.
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    pub(super) query: &'a [(String, String)],
    pub(super) token: Option<&'a str>,
    pub(super) key: Option<&'a IdempotencyKey>,
    pub(super) body: Option<&'a [u8]>,
    pub(super) limit: Duration,
}

/// One answer.
pub(super) struct Incoming {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    /// By which the backend's log knows the game session.
    pub(super) trace: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Why there is no answer. The texts hold no address and no secret.
#[derive(Debug)]
pub(super) enum LinkError {
    /// The connection was not made or broke off; whether the request may have arrived before.
    Lost { reason: String, was_sent: bool },
    /// Nothing came in time.
    TimedOut,
    /// The answer is longer than [`LONGEST_ANSWER`].
    TooLong,
}

pub(super) struct Link {
    client: Client,
    base: Url,
}

impl Link {
    /// For a backend; the error is a sentence.
    pub(super) fn new(url: &str, insecure: bool) -> Result<Self, String> {
        let mut base = Url::parse(url).map_err(|error| format!("it is no valid address: {error}"))?;
        let loopback = base.host_str().is_some_and(is_loopback);
        match base.scheme() {
            "https" => {}
            "http" if loopback || insecure => {}
            "http" => {
                return Err("plain http:// is only for this machine: use https://, or allow it explicitly".into());
            }
            other => return Err(format!("an address begins with https://, not {other}://")),
        }
        if base.host_str().is_none_or(str::is_empty) || !base.username().is_empty() || base.password().is_some() {
            return Err("an address is a host and maybe a port, without user and password".into());
        }
        base.set_query(None);
        base.set_fragment(None);
        let mut client = Client::builder()
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_LIMIT)
            .tcp_nodelay(true)
            .user_agent(concat!("bevy_game_session_client/", env!("CARGO_PKG_VERSION")));
        if loopback {
            client = client.no_proxy();
        }
        if base.scheme() == "http" {
            // No certificate is ever looked at: do not load those of the system.
            client = client.tls_certs_only([]);
        }
        let client = client.build().map_err(|error| chain(&error))?;
        Ok(Self { client, base })
    }

    pub(super) fn address(&self) -> &str {
        self.base.as_str()
    }

    pub(super) async fn send(&self, outgoing: Outgoing<'_>) -> Result<Incoming, LinkError> {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), outgoing.path));
        if !outgoing.query.is_empty() {
            url.query_pairs_mut().extend_pairs(outgoing.query);
        }
        let method = match outgoing.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Patch => reqwest::Method::PATCH,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.client.request(method, url).timeout(outgoing.limit);
        if let Some(token) = outgoing.token {
            request = request.bearer_auth(token);
        }
        if let Some(key) = outgoing.key {
            request = request.header(routes::IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(body) = outgoing.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_vec());
        }
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status().as_u16();
        let retry_after = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok());
        let retry_after = retry_after
            .and_then(|text| text.trim().parse().ok())
            .map(Duration::from_secs);
        let trace = response.headers().get(routes::TRACE_ID);
        let trace = trace.and_then(|value| value.to_str().ok());
        let trace = trace.filter(|text| text.len() <= LONGEST_TRACE).map(str::to_owned);
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            if body.len() + chunk.len() > LONGEST_ANSWER {
                return Err(LinkError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Incoming {
            status,
            retry_after,
            trace,
            body,
        })
    }
}

/// An address as it may be shown: without user, password and query.
pub(super) fn shown(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) => {
            let _ = url.set_username("");
            let _ = url.set_password(None);
            url.set_query(None);
            url.set_fragment(None);
            url.into()
        }
        Err(_) => "(an address that is not valid)".into(),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.ends_with(".localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn lost(error: reqwest::Error) -> LinkError {
    if error.is_timeout() && !error.is_connect() {
        return LinkError::TimedOut;
    }
    let was_sent = !error.is_connect();
    let reason = chain(&error.without_url());
    LinkError::Lost { reason, was_sent }
}

/// The error and its causes in one line.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only_unless_allowed() {
        for fine in [
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:1",
            "https://play.example.com/api",
        ] {
            assert!(Link::new(fine, false).is_ok(), "{fine}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://localhost.example.com",
            "ftp://127.0.0.1",
            "127.0.0.1:8080",
            "",
        ] {
            assert!(Link::new(bad, false).is_err(), "{bad}");
        }
        assert!(Link::new("http://10.0.0.1", true).is_ok());
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_shown() {
        let url = "https://anna:secret@play.example.com/?token=secret";
        assert!(!Link::new(url, false).err().unwrap().contains("secret"));
        assert_eq!(shown(url), "https://play.example.com/");
    }
}
