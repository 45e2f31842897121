//! The shape of every answer: a request id, nothing cached, and refusals as `{code, message, request_id}`.

use std::time::Instant;

use axum::Json;
use axum::extract::Request;
use axum::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use game_session_protocol::{ErrorBody, ErrorCode};
use tracing::Instrument as _;

use crate::problem::Problem;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

impl IntoResponse for Problem {
    /// Only the status; [`in_shape`] writes the body, because it knows the request's id.
    fn into_response(self) -> Response {
        let mut response = status_of(&self.code).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// The outermost layer: numbers requests, logs them, and puts all refusals in one shape, also axum's own.
pub(super) async fn in_shape(request: Request, next: Next) -> Response {
    let id = uuid::Uuid::new_v4().simple().to_string();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let started = Instant::now();
    // Every line that the request logs carries its id; the trace id of a game session is on the lines about it.
    let span = tracing::info_span!("request", request_id = id, %method, path);
    let mut response = next.run(request).instrument(span.clone()).await;
    let status = response.status();
    if status.is_client_error() || status.is_server_error() {
        response = refusal(response, &id);
    }
    tracing::debug!(parent: &span, status = status.as_u16(), us = started.elapsed().as_micros(), "answered");
    let headers = response.headers_mut();
    headers
        .entry(CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    response
}

fn refusal(response: Response, request_id: &str) -> Response {
    let (parts, _) = response.into_parts();
    let problem = parts
        .extensions
        .get::<Problem>()
        .cloned()
        .unwrap_or_else(|| by_status(parts.status));
    let body = ErrorBody {
        code: problem.code.clone(),
        message: problem.message.into_owned(),
        request_id: request_id.to_owned(),
    };
    let mut refusal = (status_of(&problem.code), Json(body)).into_response();
    if let Some(pause) = problem.retry_after {
        let seconds = pause.as_millis().div_ceil(1000).max(1);
        if let Ok(value) = HeaderValue::from_str(&seconds.to_string()) {
            refusal.headers_mut().insert(RETRY_AFTER, value);
        }
    }
    if let Some(allow) = parts.headers.get(ALLOW) {
        refusal.headers_mut().insert(ALLOW, allow.clone());
    }
    refusal
}

/// What axum refused by itself.
fn by_status(status: StatusCode) -> Problem {
    match status {
        StatusCode::NOT_FOUND => Problem::new(ErrorCode::NotFound, "there is no such route"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Problem::new(ErrorCode::MethodNotAllowed, "the route does not exist with this method")
        }
        status if status.is_client_error() => Problem::invalid("the request cannot be understood"),
        _ => Problem::internal("something inside broke"),
    }
}

fn status_of(code: &ErrorCode) -> StatusCode {
    StatusCode::from_u16(code.http_status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
