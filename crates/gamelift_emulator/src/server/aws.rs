//! The AWS API over HTTP: a request in either format, an answer in the same.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header::CONTENT_TYPE},
};

use super::router::App;
use crate::{
    api::{codec::Codec, dispatch::dispatch},
    model::{
        error::{ApiError, ErrorKind},
        operations::OPERATIONS,
    },
    world::{Caller, World, is_a_trace},
};

/// The largest body: 262,144 characters of session data, each written as an escape, and some room.
const MAX_BODY: usize = 2 * 1024 * 1024;
/// A body must have come by then.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// The operation and format of a request, if it is one of the API.
pub(super) fn operation(request: &Request) -> Option<(String, Codec)> {
    if request.method() != Method::POST {
        return None;
    }
    if let Some(operation) = request.uri().path().strip_prefix("/service/GameLift/operation/") {
        return Some((operation.to_owned(), Codec::Cbor));
    }
    let target = request.headers().get("x-amz-target")?.to_str().ok()?;
    Some((target.strip_prefix("GameLift.")?.to_owned(), Codec::Json))
}

/// Headers in which callers say under which id they follow a request, the most telling first. Every AWS SDK sends the last.
const TRACES: [&str; 4] = [
    "x-amzn-trace-id",
    "traceparent",
    "x-request-id",
    "amz-sdk-invocation-id",
];

/// Who calls, and since when.
pub(super) fn caller(app: &App, headers: &HeaderMap) -> Caller {
    let traces = TRACES.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    Caller {
        at: Some(app.driver.now()),
        trace: traces.filter(|text| is_a_trace(text)).map(ToOwned::to_owned).next(),
    }
}

pub(super) async fn answer(
    app: &Arc<App>,
    operation: &str,
    codec: Codec,
    caller: Caller,
    body: Body,
) -> Response<Body> {
    if OPERATIONS.contains(&operation) {
        app.driver.record_call(operation);
    }
    let fault = app.driver.faults().for_call(operation);
    if let Some(delay) = fault.delay {
        tokio::time::sleep(delay).await;
    }
    if let Some(error) = fault.error {
        app.driver
            .act(|world, now| world.tell_call(operation, Some(&error), now));
        return respond(app, codec, error.kind.status(), codec.encode_error(&error));
    }
    if !app.has_a_turn(operation) {
        let error = ApiError::new(ErrorKind::Throttling, "Rate exceeded");
        app.driver
            .act(|world, now| world.tell_call(operation, Some(&error), now));
        return respond(app, codec, error.kind.status(), codec.encode_error(&error));
    }
    let answered = match read(body).await {
        Ok(body) => codec.decode(&body).and_then(|body| {
            app.driver.act(|world, now| {
                let call = |world: &mut World| dispatch(world, operation, body, now, codec);
                world.called(operation, caller, now, call)
            })
        }),
        Err(error) => Err(error),
    };
    let answered = match app.driver.settled().await {
        Ok(()) => answered,
        Err(broken) => Err(ApiError::new(ErrorKind::InternalService, broken.to_string())),
    };
    match answered {
        Ok(bytes) => {
            tracing::debug!(operation, "answered");
            respond(app, codec, 200, bytes)
        }
        Err(error) => {
            tracing::debug!(operation, %error, "refused");
            respond(app, codec, error.kind.status(), codec.encode_error(&error))
        }
    }
}

async fn read(body: Body) -> Result<axum::body::Bytes, ApiError> {
    let refused = |message: &str| ApiError::new(ErrorKind::Serialization, message);
    tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BODY))
        .await
        .map_err(|_| refused("the body did not come in time"))?
        .map_err(|_| refused("the body is too large or broke off"))
}

fn respond(app: &App, codec: Codec, status: u16, body: Vec<u8>) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(codec.content_type()));
    if codec == Codec::Cbor {
        headers.insert("smithy-protocol", HeaderValue::from_static("rpc-v2-cbor"));
    }
    if let Ok(id) = HeaderValue::from_str(&app.next_request_id()) {
        headers.insert("x-amzn-requestid", id);
    }
    response
}
