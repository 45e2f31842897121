//! Shared rows in DynamoDB.

#[path = "../../../game_session_backend/tests/rows/suite.rs"]
mod suite;

use game_session_backend::Clock;
use game_session_backend::shared_state::SharedState as _;
use game_session_lambda::DynamoRows;

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
