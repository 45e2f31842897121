//! What stands before the routes: web pages are kept out of loopback, and requests are counted and timed.

use std::net::IpAddr;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{HOST, ORIGIN};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use game_session_protocol::ErrorCode;
use tokio::time::timeout;

use crate::addresses::client_of;
use crate::problem::Problem;
use crate::state::AppState;

/// Where a request came from. What stands before the [router](crate::app) puts it into the request's extensions; without
/// it nothing is counted per address.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// A backend on the loopback interface is for programs of this machine: a web page that was lured to it names another
/// host, or sends its origin.
pub(super) async fn refuse_web_pages(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if let Some(hosts) = &state.0.hosts
        && !may_ask(request.headers(), hosts)
    {
        return Problem::new(ErrorCode::Forbidden, "this host or origin may not ask here").into_response();
    }
    next.run(request).await
}

fn may_ask(headers: &HeaderMap, hosts: &[String]) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let known = |host: &str| {
        hosts.iter().any(|known| {
            known.eq_ignore_ascii_case(host)
                || host
                    .rsplit_once(':')
                    .is_some_and(|(name, _)| !known.contains(':') && known.eq_ignore_ascii_case(name))
        })
    };
    let origin_fits = text(ORIGIN).is_none_or(|origin| origin.split_once("://").is_some_and(|(_, host)| known(host)));
    text(HOST).is_some_and(known) && origin_fits
}

/// Bounds how many requests are in progress, how many one address makes, and how long each may take.
pub(super) async fn limit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let shared = &state.0;
    let Ok(_permit) = shared.requests.try_acquire() else {
        let busy = Problem::new(ErrorCode::Unavailable, "the backend is too busy or about to stop");
        return busy.retry_after(Duration::from_secs(1)).into_response();
    };
    if let (Some(buckets), Some(Peer(address))) = (&shared.addresses, request.extensions().get())
        && let Err(pause) = buckets.take(client_of(*address))
    {
        return Problem::busy().retry_after(pause).into_response();
    }
    match timeout(shared.limits.longest_request(), next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(ErrorCode::TimedOut, "the request took too long").into_response(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    fn asks(host: &str, origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        let hosts = ["127.0.0.1:8080", "localhost:8080", "game.example.com"].map(str::to_owned);
        may_ask(&headers, &hosts)
    }

    #[test]
    fn only_the_names_and_the_port_of_this_backend_may_ask() {
        assert!(asks("127.0.0.1:8080", None) && asks("LocalHost:8080", None));
        assert!(asks("game.example.com", None) && asks("game.example.com:443", None));
        assert!(!asks("127.0.0.1:9090", None) && !asks("127.0.0.1", None) && !asks("evil.example:8080", None));
        assert!(!asks("", None) && !asks("localhost:8080.evil.example", None));
    }

    #[test]
    fn a_foreign_origin_may_not_ask() {
        assert!(asks("localhost:8080", Some("http://localhost:8080")));
        assert!(!asks("localhost:8080", Some("http://evil.example")));
        assert!(!asks("localhost:8080", Some("null")));
    }
}
