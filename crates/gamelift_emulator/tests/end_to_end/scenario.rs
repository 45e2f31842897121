//! One scenario, two wire formats: the AWS SDK for Rust plays it in CBOR, boto3 plays the same file in JSON.
//!
//! boto3 comes from `target/boto3` if that virtual environment exists, else from `python3`. Where it cannot be imported
//! the test says so and passes, unless `EMULATOR_BOTO3` is `required`.

use std::{collections::HashMap, path::Path, process::Command};

use gamelift_emulator::Emulator;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    aws_sdk::client,
    process::{Process, emulator},
    scenario_calls::call,
};

const SCENARIO: &str = include_str!("../scenario/scenario.json");

/// Two processes that activate whatever is placed on them.
async fn willing_processes(emulator: &Emulator) -> Vec<JoinHandle<()>> {
    let mut tasks = Vec::new();
    for port in [7001, 7002] {
        let mut process = Process::healthy(emulator, &format!("process-{port}"), port).await;
        tasks.push(tokio::spawn(async move {
            let placed = process.push().await;
            let activate = json!({"Action": "ActivateGameSession", "GameSessionId": placed["GameSessionId"]});
            assert_eq!(process.request(activate).await["StatusCode"], 200);
            process.closed().await;
        }));
    }
    tasks
}

async fn local_arn(emulator: &Emulator) -> String {
    let fleets = client(emulator).describe_fleet_attributes().send().await.unwrap();
    fleets.fleet_attributes()[0].fleet_arn().unwrap().to_owned()
}

fn at(value: &Value, path: &str) -> Value {
    let pointer = format!("/{}", path.replace('.', "/"));
    value.pointer(&pointer).cloned().unwrap_or_default()
}

fn filled(value: &Value, saved: &HashMap<String, Value>) -> Value {
    match value {
        Value::String(text) => text
            .strip_prefix('$')
            .map_or_else(|| value.clone(), |name| saved[name].clone()),
        Value::Array(items) => items.iter().map(|item| filled(item, saved)).collect(),
        Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), filled(member, saved)))
            .collect(),
        _ => value.clone(),
    }
}

#[tokio::test]
async fn the_aws_sdk_for_rust_plays_the_scenario_in_cbor() {
    let emulator = emulator().await;
    let processes = willing_processes(&emulator).await;
    let client = client(&emulator);
    let mut saved = HashMap::from([("local_arn".to_owned(), json!(local_arn(&emulator).await))]);
    let steps: Vec<Value> = serde_json::from_str(SCENARIO).unwrap();
    for step in &steps {
        let input = filled(&step["input"], &saved);
        let operation = step["call"].as_str().unwrap();
        let mut answer = Value::Null;
        for _ in 0..10_000 {
            let answered = call(&client, operation, &input).await;
            let error = answered.as_ref().err().and_then(|error| error.code());
            assert_eq!(error, step["error"].as_str(), "{step}");
            answer = answered.unwrap_or_default();
            let until = step["until"].as_object().cloned().unwrap_or_default();
            if until.iter().all(|(path, wanted)| at(&answer, path) == *wanted) {
                break;
            }
        }
        for name in ["until", "facts"] {
            for (path, wanted) in step[name].as_object().cloned().unwrap_or_default() {
                assert_eq!(at(&answer, &path), wanted, "{path} of {step}");
            }
        }
        for (name, path) in step["save"].as_object().cloned().unwrap_or_default() {
            saved.insert(name, at(&answer, path.as_str().unwrap()));
        }
    }
    drop(emulator);
    for process in processes {
        process.await.unwrap();
    }
}

#[tokio::test]
async fn boto3_plays_the_scenario_in_json() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join("../../target/boto3/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let importable = Command::new(&python).args(["-c", "import boto3"]).output();
    if !importable.is_ok_and(|output| output.status.success()) {
        assert_ne!(
            std::env::var("EMULATOR_BOTO3").as_deref(),
            Ok("required"),
            "boto3 is required"
        );
        println!(
            "skipped: {} cannot import boto3; .ci/boto3 makes an environment that can",
            python.display()
        );
        return;
    }
    let emulator = emulator().await;
    let processes = willing_processes(&emulator).await;
    let arguments = [
        root.join("tests/scenario/scenario.py").display().to_string(),
        emulator.endpoint(),
        emulator.region(),
        local_arn(&emulator).await,
        root.join("tests/scenario/scenario.json").display().to_string(),
    ];
    let played = tokio::task::spawn_blocking(move || Command::new(python).args(arguments).output().unwrap());
    let played = played.await.unwrap();
    let said = String::from_utf8_lossy(&played.stderr);
    assert!(played.status.success(), "{said}");
    println!("{}", String::from_utf8_lossy(&played.stdout).trim());
    drop(emulator);
    for process in processes {
        process.await.unwrap();
    }
}
