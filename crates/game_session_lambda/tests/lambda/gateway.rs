//! What API Gateway's HTTP API makes of a request (payload format 2.0), and of a function's answer.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use crate::list::Ask;

/// From where a request comes, unless a test says otherwise.
pub(crate) const SOURCE: &str = "192.0.2.7";

/// The event of a request.
pub(crate) fn event(ask: &Ask<'_>) -> Value {
    let (path, query) = ask.path.split_once('?').unwrap_or((ask.path, ""));
    let text = ask.text();
    let mut headers = Map::new();
    headers.insert("host".to_owned(), json!("api-id.execute-api.us-west-2.amazonaws.com"));
    headers.insert("x-forwarded-for".to_owned(), json!(SOURCE));
    headers.insert("x-forwarded-proto".to_owned(), json!("https"));
    headers.insert("content-length".to_owned(), json!(text.len().to_string()));
    headers.extend(
        ask.headers()
            .into_iter()
            .map(|(name, value)| (name.to_owned(), json!(value))),
    );
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api-id",
            "domainName": "api-id.execute-api.us-west-2.amazonaws.com",
            "domainPrefix": "api-id",
            "http": {
                "method": ask.method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE,
                "userAgent": "test",
            },
            "requestId": uuid::Uuid::new_v4().to_string(),
            "routeKey": "$default",
            "stage": "$default",
            "time": "23/Nov/2026:07:00:00 +0000",
            "timeEpoch": 1_795_417_200_000_u64,
        },
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
        event["queryStringParameters"] = parameters
            .map(|(name, value)| (name.to_owned(), json!(value)))
            .collect();
    }
    if !text.is_empty() {
        event["body"] = json!(text);
    }
    event
}

/// The same event as the JWT authorizer of an HTTP API passes it on: every claim as text.
pub(crate) fn with_claims(mut event: Value, claims: &Value) -> Value {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let claims = claims.as_object().unwrap().iter();
    let claims: Map<_, _> = claims.map(|(name, value)| (name.clone(), json!(text(value)))).collect();
    event["requestContext"]["authorizer"] = json!({"jwt": {"claims": claims, "scopes": null}});
    event
}

/// The status and the text of a function's answer.
pub(crate) fn answer(answer: &Value) -> (u16, String) {
    let status = answer["statusCode"]
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    let body = answer["body"].as_str().unwrap_or_default();
    let text = if answer["isBase64Encoded"] == json!(true) {
        String::from_utf8(BASE64.decode(body).unwrap()).unwrap()
    } else {
        body.to_owned()
    };
    (status.expect("an answer has a status"), text)
}
