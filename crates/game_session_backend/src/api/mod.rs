//! The HTTP API, version 1, as one axum `Router`, and its description.

mod answer;
mod bodies;
mod describe;
mod extract;
mod guard;
mod routes;

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use bytes::Bytes;
use game_session_protocol::routes as paths;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use guard::Peer;

use crate::events::sns;
use crate::state::AppState;

/// The API as a router: in a test it is called directly, [`Backend`](crate::Backend) puts it on a socket.
pub fn app(state: AppState) -> Router {
    let (api, description) = described().split_for_parts();
    let description = Bytes::from(describe::finish(description));
    let openapi = move || async move { ([(CONTENT_TYPE, "application/json")], description) };
    let (legacy, original) = (state.0.legacy, state.0.legacy.routes(&state));
    let told = sns::routes(&state);
    let routes = Router::new()
        .merge(told.layer(from_fn_with_state(state.clone(), guard::limit)))
        .merge(api.layer(from_fn_with_state(state.clone(), guard::limit)))
        .merge(original.layer(from_fn_with_state(state.clone(), guard::limit)))
        .route(paths::OPENAPI, get(openapi))
        .route("/healthz", get(routes::healthy))
        .route("/readyz", get(routes::ready))
        .layer(from_fn_with_state(state.clone(), guard::refuse_web_pages))
        .layer(from_fn(answer::in_shape));
    legacy.in_shape(routes).with_state(state)
}

/// The description of the API that is served at `/v1/openapi.json`.
pub fn openapi_json() -> String {
    describe::finish(described().into_openapi())
}

/// Every route of version 1: what is registered here is described, and nothing else.
fn described() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(routes::new_guest))
        .routes(routes!(routes::refresh_guest))
        .routes(routes!(routes::public_keys))
        .routes(routes!(routes::create, routes::browse))
        .routes(routes!(routes::end, routes::update))
        .routes(routes!(routes::seat))
        .routes(routes!(routes::join))
        .routes(routes!(routes::join_code))
        .routes(routes!(routes::join_by_code))
        .routes(routes!(routes::quick_join))
}
