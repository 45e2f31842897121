//! The tables of constraints beside botocore's service model, where Python has it: every member of every emulated
//! operation, its range, length, pattern, words, and whether it is required; and the errors of every operation.
//!
//! Where botocore cannot be imported, or is older than what the tables say, the test says so and passes, unless `EMULATOR_BOTO3` is `required`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{
    inputs::members_of,
    modelled::MODELLED,
    shape::{Member, Pattern, Shape},
};
use crate::api::dispatch::EMULATED;

/// What the tables leave out, and why: it is taken and has no meaning here.
const LEFT_OUT: &[(&str, &str)] = &[
    ("CreateFleet.BuildId", "of EC2 fleets"),
    ("CreateFleet.ScriptId", "of EC2 fleets"),
    ("CreateFleet.ServerLaunchPath", "of EC2 fleets, and deprecated"),
    ("CreateFleet.ServerLaunchParameters", "of EC2 fleets, and deprecated"),
    ("CreateFleet.LogPaths", "deprecated"),
    ("CreateFleet.EC2InstanceType", "of EC2 fleets"),
    ("CreateFleet.EC2InboundPermissions", "of EC2 fleets"),
    ("CreateFleet.MetricGroups", "metrics are not emulated"),
    ("CreateFleet.PeerVpcAwsAccountId", "of EC2 fleets"),
    ("CreateFleet.PeerVpcId", "of EC2 fleets"),
    ("CreateFleet.FleetType", "of EC2 fleets"),
    ("CreateFleet.InstanceRoleArn", "of EC2 fleets"),
    ("CreateFleet.InstanceRoleCredentialsProvider", "of EC2 fleets"),
    ("CreateFleet.CertificateConfiguration", "of EC2 fleets"),
    ("CreateFleet.PlayerGatewayMode", "of EC2 fleets"),
    ("CreateFleet.PlayerGatewayConfiguration", "of EC2 fleets"),
    ("CreateGameSessionQueue.LogConfiguration", "no logs are delivered"),
    ("UpdateGameSessionQueue.LogConfiguration", "no logs are delivered"),
    (
        "UpdateGameSessionQueue.AddLogDeliveryDestinations",
        "no logs are delivered",
    ),
    (
        "UpdateGameSessionQueue.RemoveLogDeliveryDestinations",
        "no logs are delivered",
    ),
    ("ListCompute.ContainerGroupDefinitionName", "of container fleets"),
];

/// Texts that come close to what the patterns mean, from one side or the other.
const SAMPLES: [&str; 58] = [
    "",
    " ",
    "a",
    "A9-",
    "a b",
    "a_b",
    "ä",
    "a/b",
    "a/b/c",
    "/a",
    "a/",
    "-",
    ":",
    ".",
    "a.b",
    "a:b",
    "0",
    "1.5",
    "12345",
    "123456",
    "1.123456",
    "123456.1",
    "1.",
    ".5",
    "1.5.5",
    "-1",
    "1e5",
    "fleet-",
    "fleet-1",
    "containerfleet-a-1",
    "Xfleet-1",
    "fleet-1_",
    "my-fleet-1",
    "fleet-1 ",
    "arn:aws:gamelift:us-west-2:123456789012:fleet/fleet-1",
    "arn:aws:gamelift:us-west-2:1:containerfleet/containerfleet-1",
    "arn:x:fleet/1",
    "arn:fleet/fleet-1",
    "arn:aws:gamelift:us-west-2::alias/alias-1",
    "alias-1",
    "alias-",
    "alias-a b",
    "arn:aws:alias/other-1",
    "custom-a",
    "custom-",
    "custom-a_b",
    "arn:aws:gamelift:us-west-2:1:location/custom-a",
    "arn:aws:x:location/a",
    "psess-1",
    "psess-",
    "psess-a b",
    "127.0.0.1",
    "::1",
    "localhost",
    "arn:aws:x:compute/a/b",
    "arn:aws:sns:us-west-2:1:topic.fifo",
    "arn:aws:x:gamesessionqueue/queue",
    "a.fifo.fifo",
];

#[test]
fn every_constraint_is_the_one_of_botocores_service_model() {
    let mut patterns = BTreeMap::new();
    for operation in EMULATED {
        for member in members_of(operation).unwrap() {
            collect_patterns(member.shape, &mut patterns);
        }
    }
    let asked: Vec<Value> = patterns.keys().map(|pattern| json!([pattern, &SAMPLES[..]])).collect();
    let Some(model) = botocore(&json!(asked)) else {
        return;
    };
    let mut wrong = Vec::new();
    for (pattern, matches) in patterns.values().zip(model["matches"].as_array().unwrap()) {
        for (sample, matched) in SAMPLES.iter().zip(matches.as_array().unwrap()) {
            if (pattern.holds)(sample) != matched.as_bool().unwrap() {
                wrong.push(format!("{:?} and {sample:?}: the model says {matched}", pattern.text));
            }
        }
    }
    let mut members = 0;
    for operation in EMULATED {
        let shape = model["inputs"][operation].as_str();
        let shape = shape.unwrap_or_else(|| panic!("botocore has no input of {operation}"));
        members += compare_members(operation, members_of(operation).unwrap(), shape, &model, &mut wrong);
    }
    for (operation, errors) in MODELLED {
        let theirs: BTreeSet<&str> = model["errors"][operation]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| error.as_str().unwrap().trim_end_matches("Exception"))
            .collect();
        let ours: BTreeSet<&str> = errors.split(' ').collect();
        if ours != theirs {
            wrong.push(format!("{operation}: the model has the errors {theirs:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(members > 150, "{members} members were compared");
    let version = &model["version"];
    println!(
        "{} operations, {members} members, {} patterns are those of botocore {version}",
        EMULATED.len(),
        patterns.len()
    );
}

fn collect_patterns(shape: &Shape, patterns: &mut BTreeMap<&'static str, Pattern>) {
    match shape {
        Shape::Text { pattern, .. } => drop(patterns.insert(pattern.text, *pattern)),
        Shape::List { item, .. } => collect_patterns(item, patterns),
        Shape::Map { key, value } => {
            collect_patterns(key, patterns);
            collect_patterns(value, patterns);
        }
        Shape::Record(members) => members
            .iter()
            .for_each(|member| collect_patterns(member.shape, patterns)),
        _ => {}
    }
}

/// How many members there are, at any depth.
fn compare_members(path: &str, members: &[Member], shape: &str, model: &Value, wrong: &mut Vec<String>) -> usize {
    let shape = &model["shapes"][shape];
    let theirs = shape["members"].as_object().unwrap();
    let required: BTreeSet<&str> = shape["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for name in theirs.keys() {
        let path = format!("{path}.{name}");
        let left_out = LEFT_OUT.iter().any(|(known, _)| *known == path);
        if members.iter().all(|member| member.name != name) && !left_out {
            wrong.push(format!("{path} is not in the table"));
        }
    }
    let mut count = members.len();
    for member in members {
        let path = format!("{path}.{}", member.name);
        match theirs.get(member.name).and_then(|their| their["shape"].as_str()) {
            Some(shape) => count += compare(&path, member.shape, shape, model, wrong),
            None => wrong.push(format!("{path} is not in the model")),
        }
        if required.contains(member.name) != member.required {
            wrong.push(format!("{path} is required in one and optional in the other"));
        }
    }
    count
}

fn compare(path: &str, ours: &Shape, shape: &str, model: &Value, wrong: &mut Vec<String>) -> usize {
    let theirs = &model["shapes"][shape];
    let kind = theirs["type"].as_str().unwrap();
    let length = |name: &str, absent: usize| {
        let length = theirs[name].as_u64();
        length.map_or(absent, |length| usize::try_from(length).unwrap())
    };
    let number = |name: &str, absent: i64| theirs[name].as_i64().unwrap_or(absent);
    let lengths = (length("min", 0), length("max", usize::MAX));
    let mut count = 0;
    let same = match (ours, kind) {
        (Shape::Text { min, max, pattern }, "string") => {
            (*min, *max) == lengths
                && theirs["pattern"].as_str().unwrap_or(".*") == pattern.text
                && theirs.get("enum").is_none()
        }
        (Shape::Word(words), "string") => {
            let theirs = theirs["enum"].as_array().into_iter().flatten();
            words.iter().copied().collect::<BTreeSet<_>>() == theirs.filter_map(Value::as_str).collect()
        }
        (Shape::Whole { min, max }, "integer") => {
            (*min, *max) == (number("min", i32::MIN.into()), number("max", i32::MAX.into()))
        }
        (Shape::Number, "float" | "double" | "timestamp") => true,
        (Shape::List { min, max, item }, "list") => {
            let member = theirs["member"]["shape"].as_str().unwrap();
            count += compare(&format!("{path}[]"), item, member, model, wrong);
            (*min, *max) == lengths
        }
        (Shape::Map { key, value }, "map") => {
            let part = |name: &str| theirs[name]["shape"].as_str().unwrap();
            count += compare(&format!("{path} keys"), key, part("key"), model, wrong);
            count += compare(&format!("{path} values"), value, part("value"), model, wrong);
            true
        }
        (Shape::Record(members), "structure") => {
            count += compare_members(path, members, shape, model, wrong);
            true
        }
        _ => false,
    };
    if !same {
        wrong.push(format!("{path}: the model says {theirs}"));
    }
    count
}

/// What botocore says; nothing, with the reason printed, where it is not.
fn botocore(patterns: &Value) -> Option<Value> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = root.join("../../target/boto3/bin/python");
    let python = if own.exists() { own } else { "python3".into() };
    let new_enough =
        "import botocore, sys; sys.exit([int(part) for part in botocore.__version__.split('.')] < [1, 44])";
    let importable = Command::new(&python).args(["-c", new_enough]).output();
    if !importable.is_ok_and(|output| output.status.success()) {
        let required = std::env::var("EMULATOR_BOTO3").is_ok_and(|boto3| boto3 == "required");
        assert!(!required, "boto3 is required");
        println!(
            "skipped: {} cannot import botocore 1.44 or later; .ci/boto3 makes an environment that can",
            python.display()
        );
        return None;
    }
    let mut child = Command::new(python)
        .arg(root.join("tests/botocore/model.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(patterns.to_string().as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}
