//! Shared rows in DynamoDB.

#[path = "../../../game_session_backend/tests/rows/suite.rs"]
mod suite;

use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_dynamodb::config::Credentials;
use game_session_backend::Clock;
use game_session_backend::shared_state::SharedState as _;
use game_session_lambda::DynamoRows;
use game_session_lambda::home::bounded;
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::moto::{Moto, client, make_table};

#[tokio::test]
async fn rows_in_dynamodb_do_what_shared_rows_must_do() {
    let Some(moto) = Moto::start() else { return };
    let client = moto.client();
    make_table(&client).await;
    let clock = Clock::fixed(1_800_000_000_000);
    let rows = DynamoRows::new(client, "rows", clock.clone());
    let stage = suite::Stage {
        rows: &rows,
        pass: &|time| {
            clock.advance(time);
            Box::pin(std::future::ready(()))
        },
    };
    suite::the_whole_suite(&stage).await;
}

#[tokio::test]
async fn a_table_that_is_not_there_is_an_error_that_says_so_and_nothing_more() {
    let Some(moto) = Moto::start() else { return };
    let rows = DynamoRows::new(moto.client(), "nowhere", Clock::system());
    let error = rows.get("row".into()).await.unwrap_err();
    assert_eq!(error.reason, "DynamoDB refused: ResourceNotFoundException");
}

#[tokio::test]
async fn a_dynamodb_that_is_down_is_an_error() {
    let rows = DynamoRows::new(client("http://127.0.0.1:1"), "rows", Clock::system());
    let error = rows.get("row".into()).await.unwrap_err();
    assert_eq!(error.reason, "DynamoDB cannot be reached");
}

#[tokio::test(start_paused = true)]
async fn a_dynamodb_that_hangs_is_an_error_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let config = aws_config::defaults(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(format!("http://{}", listener.local_addr().unwrap()));
    let client = aws_sdk_dynamodb::Client::new(&bounded(config).load().await);
    let rows = DynamoRows::new(client, "rows", Clock::system());
    let started = Instant::now();
    let got = tokio::time::timeout(Duration::from_mins(1), rows.get("row".to_owned()));
    assert!(got.await.unwrap().is_err());
    assert!(started.elapsed() <= Duration::from_secs(5), "{:?}", started.elapsed());
}
