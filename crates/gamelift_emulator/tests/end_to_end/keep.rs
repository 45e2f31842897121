//! The data directory: what was answered is there after a restart, and processes that come back are known.

use gamelift_emulator::{Emulator, EmulatorConfig, EmulatorError, PlayerSessionStatus, ProcessStatus, Seed};
use reqwest::Client;
use serde_json::{Value, json};

use crate::process::{LIMIT, Process, query};

async fn call(emulator: &Emulator, operation: &str, body: Value) -> Value {
    let request = Client::new()
        .post(emulator.endpoint())
        .header("x-amz-target", format!("GameLift.{operation}"));
    let answer = request.json(&body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{operation}");
    answer.json().await.unwrap()
}

fn port(emulator: &Emulator) -> u16 {
    emulator.endpoint().rsplit_once(':').unwrap().1.parse().unwrap()
}

#[tokio::test]
async fn a_process_goes_on_with_its_players_after_the_emulator_was_restarted() {
    let directory = tempfile::tempdir().unwrap();
    let config = EmulatorConfig::default().data_dir(directory.path().join("data"));
    let emulator = Emulator::start(config.clone()).await.unwrap();
    let token_query = query(&emulator.server_environment("lasting"), "lasting");
    let mut process = Process::healthy(&emulator, "lasting", 7777).await;
    let place =
        json!({"FleetId": emulator.fleet_id(), "Location": emulator.location(), "MaximumPlayerSessionCount": 4});
    let session = call(&emulator, "CreateGameSession", place).await;
    let arn = session["GameSession"]["GameSessionId"].as_str().unwrap().to_owned();
    assert_eq!(process.push().await["Action"], "CreateGameSession");
    let activate = json!({"Action": "ActivateGameSession", "GameSessionId": arn});
    assert_eq!(process.request(activate).await["StatusCode"], 200);
    let seat = json!({"GameSessionId": arn, "PlayerId": "ada"});
    let seat = call(&emulator, "CreatePlayerSession", seat).await["PlayerSession"]["PlayerSessionId"].clone();
    let port = port(&emulator);
    emulator.stop().await;
    assert_eq!(process.closed().await, Some(1012));

    let emulator = Emulator::start(config.port(port)).await.unwrap();
    let mut process = Process::connect_with(&emulator, &token_query).await.unwrap();
    let heartbeat = json!({"Action": "HeartbeatServerProcess", "HealthStatus": true});
    assert_eq!(process.request(heartbeat).await["StatusCode"], 200);
    let accept = json!({"Action": "AcceptPlayerSession", "GameSessionId": arn, "PlayerSessionId": seat});
    assert_eq!(process.request(accept).await["StatusCode"], 200);
    let snapshot = emulator.snapshot();
    assert_eq!(snapshot.processes.len(), 1);
    assert_eq!(snapshot.processes[0].status, ProcessStatus::Active);
    assert_eq!(snapshot.player_sessions[0].status, PlayerSessionStatus::Active);
    assert!(
        process.unasked().is_empty(),
        "it is told nothing that it was told before"
    );
    emulator.stop().await;
}

#[tokio::test]
async fn fleets_queues_and_tags_are_there_again_and_the_seed_is_sown_once() {
    let directory = tempfile::tempdir().unwrap();
    let seed = Seed::from_toml("locations = [\"custom-attic\"]").unwrap();
    let config = EmulatorConfig::default().data_dir(directory.path()).seed(seed);
    let emulator = Emulator::start(config.clone()).await.unwrap();
    let tags = json!([{"Key": "team", "Value": "red"}]);
    let alias =
        json!({"Name": "live", "RoutingStrategy": {"Type": "SIMPLE", "FleetId": emulator.fleet_id()}, "Tags": tags});
    call(&emulator, "CreateAlias", alias).await;
    let queue = json!({"Name": "everywhere", "CustomEventData": "mine"});
    call(&emulator, "CreateGameSessionQueue", queue).await;
    let questions = [
        "ListAliases",
        "DescribeGameSessionQueues",
        "ListLocations",
        "DescribeFleetAttributes",
    ];
    let mut before = Vec::new();
    for question in questions {
        before.push(call(&emulator, question, json!({})).await);
    }
    emulator.stop().await;
    let emulator = Emulator::start(config).await.unwrap();
    for (question, before) in questions.into_iter().zip(before) {
        let mut after = call(&emulator, question, json!({})).await;
        let mut before = before;
        // the beacons have other ports now
        for answer in [&mut before, &mut after] {
            for location in answer["Locations"].as_array_mut().into_iter().flatten() {
                location.as_object_mut().unwrap().remove("PingBeacon");
            }
        }
        assert_eq!(after, before, "{question}");
    }
    emulator.stop().await;
}

#[tokio::test]
async fn a_seed_that_fails_leaves_nothing_and_is_sown_when_it_is_mended() {
    let directory = tempfile::tempdir().unwrap();
    let config = EmulatorConfig::default().data_dir(directory.path());
    let half = "locations = ['custom-attic']\n[[queues]]\nname = 'q'\nfleets = ['fleet-none']";
    let bad = config.clone().seed(Seed::from_toml(half).unwrap());
    assert!(matches!(Emulator::start(bad).await, Err(EmulatorError::Seed(_))));
    let mended = half.replace("fleet-none", "fleet-local");
    let emulator = Emulator::start(config.seed(Seed::from_toml(&mended).unwrap()))
        .await
        .unwrap();
    let locations = call(&emulator, "ListLocations", json!({})).await;
    assert_eq!(locations["Locations"].as_array().unwrap().len(), 2);
    let queues = call(&emulator, "DescribeGameSessionQueues", json!({})).await;
    assert_eq!(queues["GameSessionQueues"][0]["Name"], "q");
    emulator.stop().await;
}

#[tokio::test]
async fn a_data_directory_has_one_emulator_and_is_its_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let config = EmulatorConfig::default().data_dir(&data);
    let emulator = Emulator::start(config.clone()).await.unwrap();
    let second = Emulator::start(config.clone()).await;
    assert!(matches!(second, Err(EmulatorError::DataDirectory { .. })), "{second:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&data).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
    }
    let limit = emulator.wait_until(|_| true, LIMIT).await;
    assert!(limit.is_ok());
    emulator.stop().await;
    Emulator::start(config).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_file_that_is_no_store_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("gamelift-emulator.redb"), vec![7_u8; 4096]).unwrap();
    let refused = Emulator::start(EmulatorConfig::default().data_dir(directory.path())).await;
    let Err(error) = refused else {
        panic!("started");
    };
    assert!(
        error.to_string().contains(&directory.path().display().to_string()),
        "{error}"
    );
}
