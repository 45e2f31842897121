//! The HTTP side of the sink for metrics: the words of server SDKs to the crash reporter, three GETs without a body.
//!
//! They come with a `Host` that has no port (C++), which is why they are looked at before the guard; what a browser sends
//! is refused here too.

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, Method, Response, StatusCode,
        header::{HOST, UPGRADE},
    },
};

use super::{
    guard,
    query::decoded,
    router::{App, text},
};
use crate::world::CrashReport;

/// The longest id of a game session.
const MAX_SESSION_ID: usize = 256;

pub(super) fn answer(app: &App, request: &Request) -> Option<Response<Body>> {
    if request.headers().contains_key(UPGRADE) {
        // a process may open its socket at any path
        return None;
    }
    let path = request.uri().path();
    if !matches!(path, "/register" | "/update" | "/deregister") || request.method() != Method::GET {
        return None;
    }
    if !is_from_a_process(request.headers(), app.port) {
        return Some(text(
            StatusCode::FORBIDDEN,
            "the crash reporter is for processes of this machine",
        ));
    }
    let query = request.uri().query().unwrap_or_default();
    let value = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(known, _)| *known == name)
            .map(|(_, value)| decoded(value))
            .next()
    };
    let report = match path {
        "/register" => Some(CrashReport::Register),
        "/deregister" => Some(CrashReport::Deregister),
        _ => value("session_id")
            .filter(|id| (1..=MAX_SESSION_ID).contains(&id.len()))
            .map(|session_id| CrashReport::Update { session_id }),
    };
    let pid = value("process_pid").and_then(|pid| pid.parse().ok());
    let (Some(pid), Some(report)) = (pid, report) else {
        app.driver.act(|world, _| world.count_metrics_junk());
        return Some(text(
            StatusCode::BAD_REQUEST,
            "process_pid must be a number, and session_id an id",
        ));
    };
    app.driver.act(|world, now| world.crash_report(pid, &report, now));
    Some(text(StatusCode::OK, "ok"))
}

fn is_from_a_process(headers: &HeaderMap, port: u16) -> bool {
    let browser = headers
        .keys()
        .any(|name| name.as_str() == "origin" || name.as_str().starts_with("sec-fetch-"));
    let bare = headers.get(HOST).and_then(|host| host.to_str().ok());
    let bare = bare.is_some_and(|host| guard::LOOPBACK_NAMES.iter().any(|name| name.eq_ignore_ascii_case(host)));
    !browser && (bare || guard::refusal(headers, port).is_none())
}
