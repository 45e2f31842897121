//! DynamoDB and Secrets Manager, played by moto: `.ci/moto` puts it under `target/moto`.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Builder, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use game_session_lambda::rows::LIST_INDEX;

/// One request after the other: DynamoDB's writes are atomic, moto's are not.
const SERVE: &str = "
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import run_simple
run_simple('127.0.0.1', 0, DomainDispatcherApplication(create_backend_app), threaded=False)
";

/// An AWS on this machine; dropping it ends it.
pub(crate) struct Moto {
    child: Child,
    pub(crate) url: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Moto {
    /// `None` where it is not installed and nobody insists on it.
    pub(crate) fn start() -> Option<Self> {
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

    pub(crate) fn client(&self) -> Client {
        client(&self.url)
    }

    /// Keeps a secret under the name `keyring`.
    pub(crate) async fn keep_keyring(&self, text: &str) {
        use aws_sdk_secretsmanager::config as secrets;
        let config = secrets::Builder::new()
            .behavior_version(secrets::BehaviorVersion::latest())
            .region(secrets::Region::new("us-west-2"))
            .credentials_provider(secrets::Credentials::new("local", "local", None, None, "test"))
            .endpoint_url(&self.url)
            .build();
        let client = aws_sdk_secretsmanager::Client::from_conf(config);
        let kept = client.create_secret().name("keyring").secret_string(text);
        kept.send().await.unwrap();
    }
}

pub(crate) fn client(url: &str) -> Client {
    let config = Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-west-2"))
        .credentials_provider(Credentials::new("local", "local", None, None, "test"))
        .endpoint_url(url)
        .build();
    Client::from_conf(config)
}

pub(crate) async fn make_table(client: &Client) {
    let key = |name: &str, kind| {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind);
        key.build().unwrap()
    };
    let attribute = |name: &str, kind| {
        let attribute = AttributeDefinition::builder().attribute_name(name).attribute_type(kind);
        attribute.build().unwrap()
    };
    let index = GlobalSecondaryIndex::builder()
        .index_name(LIST_INDEX)
        .key_schema(key("list", KeyType::Hash))
        .key_schema(key("due_ms", KeyType::Range))
        .projection(Projection::builder().projection_type(ProjectionType::All).build());
    client
        .create_table()
        .table_name("rows")
        .billing_mode(BillingMode::PayPerRequest)
        .key_schema(key("pk", KeyType::Hash))
        .global_secondary_indexes(index.build().unwrap())
        .attribute_definitions(attribute("pk", ScalarAttributeType::S))
        .attribute_definitions(attribute("list", ScalarAttributeType::S))
        .attribute_definitions(attribute("due_ms", ScalarAttributeType::N))
        .send()
        .await
        .unwrap();
}
