//! The emulator's own routes: whether it runs, what it knows, what shall go wrong. All but health want the run's secret.

use std::{sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderValue, Method, Response, StatusCode,
        header::{AUTHORIZATION, CONTENT_TYPE},
    },
};
use serde::Serialize;
use subtle::ConstantTimeEq;

use super::router::{App, text};
use crate::{
    dashboard,
    faults::Fault,
    notify::Subscription,
    snapshot::Snapshot,
    world::{Ask, World},
};

/// A control request is short.
const MAX_BODY: usize = 16 * 1024;
/// Where a subscriber is, before its id.
const SUBSCRIPTION: &str = "/_emulator/subscriptions/";
/// And quick.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) async fn answer(app: &Arc<App>, request: Request) -> Response<Body> {
    let route = (request.method().clone(), request.uri().path().to_owned());
    if route == (Method::GET, "/_emulator/health".into()) {
        return text(StatusCode::OK, "ok");
    }
    if !knows_the_secret(app, &request) {
        return text(
            StatusCode::UNAUTHORIZED,
            "the control routes need the secret of this run as a bearer token",
        );
    }
    match (route.0, route.1.as_str()) {
        (Method::GET, "/_emulator/events") => events(app),
        (Method::POST, "/_emulator/watch") => watch(app, request.into_body()).await,
        (Method::GET, "/_emulator/subscriptions") => json(&app.driver.notifier.states()),
        (Method::POST, "/_emulator/subscriptions") => subscribe(app, request.into_body()).await,
        (Method::DELETE, path) if path.starts_with(SUBSCRIPTION) => unsubscribe(app, path),
        (Method::POST, "/_emulator/faults") => fault(app, request.into_body()).await,
        (Method::POST, "/_emulator/reset") => {
            app.driver.reset_calls();
            match Fault::Clear.inject(&app.driver) {
                Ok(()) => text(StatusCode::OK, "ok"),
                Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
            }
        }
        _ => text(
            StatusCode::NOT_FOUND,
            "there are health, events, subscriptions (GET), faults, reset, subscriptions, watch (POST) and \
             subscriptions/ID (DELETE)",
        ),
    }
}

fn knows_the_secret(app: &App, request: &Request) -> bool {
    let given = request
        .headers()
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let given = given
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    given.as_bytes().ct_eq(app.secret.as_bytes()).into()
}

fn events(app: &App) -> Response<Body> {
    #[derive(Serialize)]
    struct Events {
        calls: Vec<String>,
        #[serde(flatten)]
        snapshot: Snapshot,
    }
    let events = Events {
        calls: app.driver.calls(),
        snapshot: app.driver.look(World::snapshot),
    };
    json(&events)
}

fn json(value: &impl Serialize) -> Response<Body> {
    match serde_json::to_vec(value) {
        Ok(body) => {
            let mut response = Response::new(Body::from(body));
            response
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            response
        }
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

/// Somebody is to be told of placement events.
async fn subscribe(app: &App, body: Body) -> Response<Body> {
    let read = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BODY)).await;
    let Ok(Ok(body)) = read else {
        return text(StatusCode::BAD_REQUEST, "the body is too large or did not come");
    };
    let subscription: Subscription = match serde_json::from_slice(&body) {
        Ok(subscription) => subscription,
        Err(error) => return text(StatusCode::BAD_REQUEST, &format!("this is no subscription: {error}")),
    };
    match app.driver.notifier.subscribe(subscription) {
        Ok(id) => json(&serde_json::json!({ "id": id })),
        Err(error) => text(StatusCode::BAD_REQUEST, &error.to_string()),
    }
}

/// Somebody is to be told no more.
fn unsubscribe(app: &App, path: &str) -> Response<Body> {
    let id = path.strip_prefix(SUBSCRIPTION).unwrap_or_default();
    let id = ["%3A", "%3a"]
        .iter()
        .fold(id.to_owned(), |id, code| id.replace(code, ":"));
    let id = ["%2F", "%2f"].iter().fold(id, |id, code| id.replace(code, "/"));
    if app.driver.notifier.unsubscribe(&id) {
        text(StatusCode::OK, "unsubscribed")
    } else {
        text(StatusCode::NOT_FOUND, "there is no subscriber with this id")
    }
}

/// A stream of what the dashboard shows.
async fn watch(app: &Arc<App>, body: Body) -> Response<Body> {
    let read = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BODY)).await;
    let Ok(Ok(body)) = read else {
        return text(StatusCode::BAD_REQUEST, "the body is too large or did not come");
    };
    match serde_json::from_slice::<Ask>(&body) {
        Ok(ask) => dashboard::open(Arc::clone(app), ask),
        Err(error) => text(StatusCode::BAD_REQUEST, &format!("this is no question: {error}")),
    }
}

async fn fault(app: &App, body: Body) -> Response<Body> {
    let read = tokio::time::timeout(BODY_TIMEOUT, axum::body::to_bytes(body, MAX_BODY)).await;
    let Ok(Ok(body)) = read else {
        return text(StatusCode::BAD_REQUEST, "the body is too large or did not come");
    };
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) => return text(StatusCode::BAD_REQUEST, &format!("this is no fault: {error}")),
    };
    if let Err(error) = fault.inject(&app.driver) {
        return text(StatusCode::BAD_REQUEST, &error.to_string());
    }
    match app.driver.settled().await {
        Ok(()) => text(StatusCode::OK, "ok"),
        Err(broken) => text(StatusCode::INTERNAL_SERVER_ERROR, &broken.to_string()),
    }
}
