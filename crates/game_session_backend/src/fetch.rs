//! Fetches small public documents over HTTPS, in the only file that names reqwest: the keys of an identity provider, and
//! what SNS signs under.
//!
//! A document is bounded in size and time, and a redirect is not followed: what may be asked is decided by who
//! configures the backend, and not by whom it asks.

use std::net::IpAddr;
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(5);

/// Asks for documents. Cheap to make: its connections and the certificates it trusts are read at the first question.
#[derive(Default)]
pub(crate) struct Fetcher(OnceLock<Option<Client>>);

/// A document that did not come.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no TLS client could be made: are the root certificates of this machine installed?")]
    NoClient,
    #[error("it cannot be reached or broke off")]
    Unreachable,
    #[error("it did not answer within {} s", TIMEOUT.as_secs())]
    TimedOut,
    #[error("it answered {0}")]
    Status(u16),
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
}

impl Fetcher {
    /// The document at this address, which must be [safe](is_safe_url).
    pub(crate) async fn get(&self, url: &str, most_bytes: usize) -> Result<Vec<u8>, FetchError> {
        let client = self.0.get_or_init(client).as_ref().ok_or(FetchError::NoClient)?;
        let mut answer = client
            .get(url)
            .header("accept", "application/json")
            .send()
            .await
            .map_err(failed)?;
        if answer.status() != StatusCode::OK {
            return Err(FetchError::Status(answer.status().as_u16()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(failed)? {
            if bytes.len() + chunk.len() > most_bytes {
                return Err(FetchError::TooLarge(most_bytes));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }
}

/// Whether what an address answers may be believed: it is asked by https, or by http on this machine. User, password and
/// fragment are refused, and what a URL may not hold.
pub(crate) fn is_safe_url(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    let loopback = match url.host_str() {
        Some(host) => {
            let ip = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
            host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback())
        }
        None => return false,
    };
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic())
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    plain && (url.scheme() == "https" || (url.scheme() == "http" && loopback))
}

fn client() -> Option<Client> {
    let client = Client::builder()
        .redirect(Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(TIMEOUT)
        .build();
    client.ok()
}

fn failed(error: reqwest::Error) -> FetchError {
    if error.is_timeout() {
        FetchError::TimedOut
    } else {
        FetchError::Unreachable
    }
}
