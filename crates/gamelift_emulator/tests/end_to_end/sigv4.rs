//! Handshakes signed with `SigV4`, and role credentials, as containers on managed fleets use them.

use std::time::{SystemTime, UNIX_EPOCH};

use gamelift_emulator::{Emulator, EmulatorConfig};
use serde_json::json;

use crate::{
    aws_sdk::{client, create},
    process::{Process, emulator, status},
};

fn query(date: &str, signature: &str) -> String {
    format!(
        "Authorization=SigV4&ComputeId=task-1&FleetId=fleet-local&pID=process-1&X-Amz-Algorithm=AWS4-HMAC-SHA256\
         &X-Amz-Credential=AKIAEXAMPLE%2F{}%2Fus-west-2%2Fgamelift%2Faws4_request&X-Amz-Date={date}&X-Amz-Signature={signature}",
        &date[..8]
    )
}

/// Now, as an SDK stamps it.
fn stamp() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let days = i64::try_from(seconds / 86_400).unwrap() + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let rest = day - (365 * year + year / 4 - year / 100);
    let month = (5 * rest + 2) / 153;
    let date = rest - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    let time = seconds % 86_400;
    format!(
        "{year:04}{month:02}{date:02}T{:02}{:02}{:02}Z",
        time / 3600,
        time / 60 % 60,
        time % 60
    )
}

#[tokio::test]
async fn a_signed_handshake_needs_no_token_and_no_registered_compute() {
    let emulator = emulator().await;
    let mut process = Process::connect_with(&emulator, &query(&stamp(), &"ab".repeat(32)))
        .await
        .unwrap();
    process.ready(7001).await;
    process
        .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": true}))
        .await;
    create(&client(&emulator), &emulator, "t").send().await.unwrap();
    assert_eq!(process.push().await["Action"], "CreateGameSession");
}

#[tokio::test]
async fn an_old_or_shapeless_signature_is_refused() {
    let emulator = emulator().await;
    for odd in [
        query("20200101T000000Z", &"ab".repeat(32)),
        query(&stamp(), "short"),
        query(&stamp(), &"ab".repeat(32)).replace("FleetId=fleet-local", "FleetId=fleet-none"),
        "Authorization=SigV4&ComputeId=task-1&FleetId=fleet-local&pID=process-1".to_owned(),
    ] {
        let refused = Process::connect_with(&emulator, &odd).await.err().unwrap();
        assert_eq!(status(refused), 403, "{odd}");
    }
}

#[tokio::test]
async fn with_credentials_the_signature_is_verified() {
    let config = EmulatorConfig::default().credentials("AKIAEXAMPLE", "secret");
    let emulator = Emulator::start(config).await.unwrap();
    let forged = query(&stamp(), &"ab".repeat(32));
    let refused = Process::connect_with(&emulator, &forged).await.err().unwrap();
    assert_eq!(status(refused), 403);
}

#[tokio::test]
async fn role_credentials_are_empty_on_anywhere_fleets_and_made_up_on_managed_ones() {
    let request = json!({"Action": "GetFleetRoleCredentials", "RoleArn": "arn:aws:iam::123456789012:role/x", "RoleSessionName": "me"});
    let anywhere = emulator().await;
    let mut process = Process::connect(&anywhere, "process-1").await;
    let reply = process.request(request.clone()).await;
    assert_eq!((&reply["StatusCode"], &reply["AccessKeyId"]), (&json!(200), &json!("")));

    let managed = Emulator::start(EmulatorConfig::default().managed_role()).await.unwrap();
    let mut process = Process::connect(&managed, "process-1").await;
    let reply = process.request(request).await;
    assert!(!reply["AccessKeyId"].as_str().unwrap().is_empty());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let left = u128::from(reply["Expiration"].as_u64().unwrap())
        .checked_sub(now)
        .unwrap();
    assert!((3_500_000..=3_600_000).contains(&left), "an hour: {left}");
    let odd = json!({"Action": "GetFleetRoleCredentials", "RoleArn": "x", "RoleSessionName": "me"});
    assert_eq!(process.request(odd).await["StatusCode"], 400);
}
