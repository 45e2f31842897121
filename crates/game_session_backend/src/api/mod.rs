//! The HTTP API, version 1, as one axum `Router`.

mod answer;
mod extract;
mod guard;
mod routes;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{delete, get, post};
use game_session_protocol::routes as paths;

pub(crate) use guard::Peer;

use crate::state::AppState;

/// The API as a router: in a test it is called directly, [`Backend`](crate::Backend) puts it on a socket.
pub fn app(state: AppState) -> Router {
    let api = Router::new()
        .route(paths::GUESTS, post(routes::new_guest))
        .route(paths::GUEST_REFRESH, post(routes::refresh_guest))
        .route(paths::GAME_SESSIONS, post(routes::create).get(routes::browse))
        .route(paths::GAME_SESSION, delete(routes::end).patch(routes::update))
        .route(paths::SEAT, get(routes::seat))
        .route(paths::PLAYER_SESSIONS, post(routes::join))
        .route(paths::QUICK_JOIN, post(routes::quick_join))
        .layer(from_fn_with_state(state.clone(), guard::limit));
    Router::new()
        .merge(api)
        .route(paths::JWKS, get(routes::public_keys))
        .route("/healthz", get(routes::healthy))
        .route("/readyz", get(routes::ready))
        .layer(from_fn_with_state(state.clone(), guard::refuse_web_pages))
        .layer(from_fn(answer::in_shape))
        .with_state(state)
}
