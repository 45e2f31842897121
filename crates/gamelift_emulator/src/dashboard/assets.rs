//! The files of the dashboard, which are in the program.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header},
};

/// Nothing but what comes from here, and no script or style in the page itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Where the page's secret goes.
const SECRET: &str = "{{secret}}";

/// The answer to a request of the page or of one of its files.
pub(crate) fn answer(method: &Method, path: &str, headers: &HeaderMap, secret: &str) -> Option<Response<Body>> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        return None;
    }
    let (kind, text) = match path {
        "/" => ("text/html; charset=utf-8", include_str!("../../dashboard/index.html")),
        "/_emulator/dashboard/style.css" => ("text/css; charset=utf-8", include_str!("../../dashboard/style.css")),
        "/_emulator/dashboard/app.js" => (SCRIPT, include_str!("../../dashboard/app.js")),
        "/_emulator/dashboard/tables.js" => (SCRIPT, include_str!("../../dashboard/tables.js")),
        "/_emulator/dashboard/detail.js" => (SCRIPT, include_str!("../../dashboard/detail.js")),
        "/_emulator/dashboard/process.js" => (SCRIPT, include_str!("../../dashboard/process.js")),
        "/_emulator/dashboard/faults.js" => (SCRIPT, include_str!("../../dashboard/faults.js")),
        "/_emulator/dashboard/dom.js" => (SCRIPT, include_str!("../../dashboard/dom.js")),
        _ => return None,
    };
    if !is_for_ourselves(headers, path == "/") {
        let mut refused = Response::new(Body::from("the dashboard is not for other pages\n"));
        *refused.status_mut() = StatusCode::FORBIDDEN;
        return Some(refused);
    }
    let body = if path == "/" {
        Body::from(text.replace(SECRET, secret))
    } else {
        Body::from(text)
    };
    let mut response = Response::new(body);
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    for name in ["cross-origin-opener-policy", "cross-origin-resource-policy"] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static("same-origin"));
    }
    Some(response)
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// Browsers say what a request is for. A page of its own may be opened from anywhere; anything else only by ourselves.
fn is_for_ourselves(headers: &HeaderMap, is_page: bool) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match says("sec-fetch-site") {
        None | Some("none" | "same-origin") => true,
        Some(_) => is_page && says("sec-fetch-mode") == Some("navigate") && says("sec-fetch-dest") == Some("document"),
    }
}
