//! What a subscriber of a topic fetches: the answer to its confirmation, and the certificate of the signatures.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, Method, Response, StatusCode, header::CONTENT_TYPE},
};

use super::router::{App, text};

pub(super) fn answer(app: &App, request: &Request) -> Option<Response<Body>> {
    if request.method() != Method::GET {
        return None;
    }
    match request.uri().path() {
        "/_emulator/sns.pem" => Some(match app.driver.notifier.certificate() {
            Some(certificate) => typed("application/x-pem-file", certificate),
            None => text(StatusCode::NOT_FOUND, "no topic has a subscriber"),
        }),
        "/" => action(app, request.uri().query()?),
        _ => None,
    }
}

fn action(app: &App, query: &str) -> Option<Response<Body>> {
    let value = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let found = pairs.find(|(known, _)| *known == name).map(|(_, value)| value);
        found.map(|value| value.replace("%3A", ":").replace("%3a", ":"))
    };
    let notifier = &app.driver.notifier;
    match value("Action")?.as_str() {
        "ConfirmSubscription" => {}
        "Unsubscribe" if notifier.unsubscribe(&value("SubscriptionArn").unwrap_or_default()) => {
            return Some(text(StatusCode::OK, "unsubscribed"));
        }
        _ => {
            return Some(text(
                StatusCode::BAD_REQUEST,
                "there is nothing to confirm or to unsubscribe",
            ));
        }
    }
    let (topic, token) = (value("TopicArn"), value("Token"));
    let confirmed = notifier.confirm(&topic.unwrap_or_default(), &token.unwrap_or_default());
    let Some(subscription) = confirmed else {
        return Some(text(
            StatusCode::FORBIDDEN,
            "no subscription of this topic has this token",
        ));
    };
    let id = app.next_request_id();
    let body = format!(
        "<ConfirmSubscriptionResponse xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><ConfirmSubscriptionResult>\
         <SubscriptionArn>{subscription}</SubscriptionArn></ConfirmSubscriptionResult>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></ConfirmSubscriptionResponse>"
    );
    Some(typed("text/xml", body))
}

fn typed(kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
