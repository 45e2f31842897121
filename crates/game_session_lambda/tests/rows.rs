//! Shared rows in DynamoDB, played by moto: `.ci/moto` puts it under `target/moto`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../game_session_backend/tests/rows/suite.rs"]
mod suite;

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use game_session_backend::Clock;
use game_session_backend::shared_state::SharedState as _;
use game_session_lambda::DynamoRows;

/// One request after the other: DynamoDB's writes are atomic, moto's are not.
const SERVE: &str = "
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=False)
";

/// A DynamoDB on this machine; dropping it ends it.
struct Moto {
    child: Child,
    url: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// `None` where it is not installed and nobody insists on it.
    fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/moto/bin/python");
        if !program.exists() {
            let required = std::env::var("DYNAMODB_MOTO").is_ok_and(|value| value == "required");
            assert!(!required, "{} is missing: run .ci/moto", program.display());
            println!("skipped: moto is not installed (.ci/moto installs it)");
            return None;
        }
        let mut child = Command::new(program)
            .args(["-c", SERVE])
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let url = lines.find_map(|line| {
            let line = line.unwrap();
            line.split_once("Running on ").map(|(_, url)| url.trim().to_owned())
        });
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Some(Self {
            child,
            url: url.unwrap(),
        })
    }

    fn client(&self) -> Client {
        client(&self.url)
    }
}

fn client(url: &str) -> Client {
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

async fn make_table(client: &Client) {
    let key = KeySchemaElement::builder().attribute_name("pk").key_type(KeyType::Hash);
    let attribute = AttributeDefinition::builder()
        .attribute_name("pk")
        .attribute_type(ScalarAttributeType::S);
    client
        .create_table()
        .table_name("rows")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key.build().unwrap())
        .attribute_definitions(attribute.build().unwrap())
        .send()
        .await
        .unwrap();
}

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
