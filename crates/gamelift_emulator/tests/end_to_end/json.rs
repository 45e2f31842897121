//! AWS JSON 1.1, as boto3 and the AWS CLI speak it.

use gamelift_emulator::Emulator;
use reqwest::{Response, header::CONTENT_TYPE};
use serde_json::{Value, json};

use crate::process::{Process, emulator};

async fn call(emulator: &Emulator, target: &str, body: impl Into<reqwest::Body>) -> Response {
    reqwest::Client::new()
        .post(emulator.endpoint())
        .header("X-Amz-Target", target)
        .header(CONTENT_TYPE, "application/x-amz-json-1.1")
        .body(body)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn json_answers_the_same_as_cbor() {
    let emulator = emulator().await;
    let _process = Process::healthy(&emulator, "process-1", 7001).await;

    let response = call(&emulator, "GameLift.ListFleets", "{}").await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[CONTENT_TYPE], "application/x-amz-json-1.1");
    assert!(response.headers().contains_key("x-amzn-requestid"));
    assert_eq!(
        response.json::<Value>().await.unwrap(),
        json!({"FleetIds": ["fleet-local"]})
    );

    let create =
        json!({"FleetId": "fleet-local", "Location": "custom-local", "MaximumPlayerSessionCount": 4, "Name": null});
    let response = call(&emulator, "GameLift.CreateGameSession", create.to_string()).await;
    let session = response.json::<Value>().await.unwrap()["GameSession"].clone();
    assert_eq!(session["Status"], "ACTIVATING");
    let seconds = session["CreationTime"].as_f64().unwrap();
    assert!(
        (1.7e9..1.0e11).contains(&seconds),
        "seconds, not milliseconds: {seconds}"
    );
    assert!(session.get("Name").is_none(), "null is unset");
}

#[tokio::test]
async fn errors_name_their_type_in_the_body() {
    let emulator = emulator().await;
    for (target, body, kind) in [
        (
            "GameLift.DescribeCompute",
            r#"{"FleetId":"fleet-local","ComputeName":"none"}"#,
            "NotFoundException",
        ),
        (
            "GameLift.DescribeCompute",
            r#"{"FleetId":"fleet-local"}"#,
            "InvalidRequestException",
        ),
        (
            "GameLift.CreateGameSession",
            r#"{"MaximumPlayerSessionCount":1.5}"#,
            "SerializationException",
        ),
        ("GameLift.ListFleets", "{", "SerializationException"),
        ("GameLift.ListFleets", "[]", "SerializationException"),
        ("GameLift.StartMatchmaking", "{}", "InvalidRequestException"),
        ("GameLift.Dance", "{}", "UnknownOperationException"),
    ] {
        let response = call(&emulator, target, body).await;
        assert_eq!(response.status(), 400, "{target} {body}");
        let body: Value = response.json().await.unwrap();
        assert_eq!(body["__type"], kind, "{target}: {body}");
        assert!(body["Message"].is_string());
    }
}

#[tokio::test]
async fn a_body_that_is_too_large_is_refused() {
    let emulator = emulator().await;
    let response = call(&emulator, "GameLift.ListFleets", vec![b' '; 3 * 1024 * 1024]).await;
    assert_eq!(
        response.json::<Value>().await.unwrap()["__type"],
        "SerializationException"
    );
}

#[tokio::test]
async fn what_is_no_call_is_not_found() {
    let emulator = emulator().await;
    let response = reqwest::get(format!("{}/index.html", emulator.endpoint()))
        .await
        .unwrap();
    assert_eq!(response.status(), 404);
    let response = reqwest::get(format!("{}/_emulator/health", emulator.endpoint()))
        .await
        .unwrap();
    assert_eq!(response.status(), 200);
}
