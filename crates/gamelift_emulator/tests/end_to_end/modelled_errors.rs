//! Every error that the service model gives an emulated operation can occur, and reaches a caller in both formats.

use gamelift_emulator::{Emulator, Fault};
use reqwest::Client;
use serde_json::Value;

use crate::{modelled::MODELLED, process::emulator};

async fn type_of_answer(http: &Client, emulator: &Emulator, operation: &str) -> (u16, String) {
    let response = http
        .post(emulator.endpoint())
        .header("X-Amz-Target", format!("GameLift.{operation}"))
        .body("{}")
        .send()
        .await
        .unwrap();
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    (status, body["__type"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_modelled_error_of_every_emulated_operation_can_be_had() {
    let emulator = emulator().await;
    let http = Client::new();
    for (operation, errors) in MODELLED {
        for name in errors.split(' ') {
            let error = format!("{name}Exception");
            let fault = Fault::FailCalls {
                operation: Some(operation.into()),
                error: error.clone(),
                times: 1,
            };
            emulator.inject(fault).unwrap();
            let expected = if name == "InternalService" { 500 } else { 400 };
            assert_eq!(
                type_of_answer(&http, &emulator, operation).await,
                (expected, error),
                "{operation}"
            );
        }
    }
}

#[tokio::test]
async fn the_list_names_what_is_emulated_and_nothing_else() {
    let emulator = emulator().await;
    let readme = include_str!("../../README.md");
    let listed: Vec<&str> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`').map(|(name, _)| name))
        .collect();
    assert_eq!(listed, MODELLED.map(|(operation, _)| operation));
    let unavailable = Fault::FailCalls {
        operation: None,
        error: "ServiceUnavailableException".into(),
        times: 1,
    };
    emulator.inject(unavailable).unwrap();
    let (status, _) = type_of_answer(&Client::new(), &emulator, "ListFleets").await;
    assert_eq!(status, 503, "and what a front end says when it is overrun");
}
