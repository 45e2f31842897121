//! One connection: HTTP over it, and where its requests come from.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use axum::response::Response;
use game_session_protocol::BoxedFuture;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::ServiceExt as _;

use crate::api::Peer;
use crate::config::{BehindProxy, Limits};

const MOST_HEADERS: usize = 64;
const HEAD_BYTES: usize = 16 * 1024;
/// What proxies add the address of their peer to.
const FORWARDED_FOR: &str = "x-forwarded-for";

pub(super) fn connection<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    stream: S,
    from: FromPeer,
    limits: &Limits,
) -> http1::Connection<TokioIo<S>, FromPeer> {
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_headers(MOST_HEADERS)
        .max_buf_size(HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), from)
}

/// The router for the requests of one connection.
#[derive(Clone)]
pub(super) struct FromPeer {
    pub(super) router: Router,
    pub(super) peer: IpAddr,
    pub(super) behind_proxy: BehindProxy,
}

impl Service<Request<Incoming>> for FromPeer {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxedFuture<Result<Response, Infallible>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let mut request = request.map(Body::new);
        let address = match self.behind_proxy {
            BehindProxy::No => self.peer,
            BehindProxy::Yes => forwarded_for(request.headers()).unwrap_or(self.peer),
        };
        request.extensions_mut().insert(Peer(address));
        Box::pin(self.router.clone().oneshot(request))
    }
}

/// The last address: the proxy wrote it. Those before it are the client's own words.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all(FORWARDED_FOR).iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    #[test]
    fn the_proxys_word_counts_and_not_what_the_client_claims() {
        let of = |lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(FORWARDED_FOR, line.parse().unwrap());
            }
            forwarded_for(&headers).map(|address| address.to_string())
        };
        assert_eq!(of(&["198.51.100.9, 192.0.2.1"]).as_deref(), Some("192.0.2.1"));
        assert_eq!(of(&["198.51.100.9", "2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        for junk in [&[][..], &[""], &["192.0.2.1,"], &["unknown"]] {
            assert_eq!(of(junk), None);
        }
    }
}
