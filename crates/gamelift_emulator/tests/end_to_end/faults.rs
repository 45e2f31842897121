//! Things that go wrong on purpose, from inside the program and through the control routes.

use gamelift_emulator::{EmulatorError, Fault};
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    aws_sdk::{client, create},
    process::{LIMIT, Process, emulator, query},
};

#[tokio::test]
async fn a_failing_call_fails_as_often_as_asked() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let _process = Process::healthy(&emulator, "process-1", 7001).await;
    let fail = |error: &str| Fault::FailCalls {
        operation: Some("CreateGameSession".into()),
        error: error.into(),
        times: 1,
    };
    emulator.inject(fail("FleetCapacityExceededException")).unwrap();
    let refused = create(&client, &emulator, "t").send().await.unwrap_err();
    assert!(refused.into_service_error().is_fleet_capacity_exceeded_exception());
    emulator.inject(fail("InternalServiceException")).unwrap();
    client.list_fleets().send().await.unwrap();
    create(&client, &emulator, "t")
        .send()
        .await
        .expect("the SDK tries again after a 500");
    assert!(matches!(
        emulator.inject(fail("Nonsense")),
        Err(EmulatorError::UnknownError(_))
    ));
}

#[tokio::test]
async fn sockets_break_tokens_expire_and_processes_are_interrupted() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    emulator.inject(Fault::RefreshConnections { process_id: None }).unwrap();
    assert_eq!(process.push().await["Action"], "RefreshConnection");
    emulator
        .inject(Fault::Interrupt {
            process_id: Some("process-1".into()),
        })
        .unwrap();
    assert_eq!(process.push().await["Action"], "TerminateProcess");

    let query = query(&emulator.server_environment("process-1"), "t");
    emulator.inject(Fault::CutSockets { process_id: None }).unwrap();
    assert_eq!(process.closed().await, None, "no farewell");
    emulator
        .wait_until(|snapshot| snapshot.open_sockets == 0, LIMIT)
        .await
        .unwrap();
    emulator.inject(Fault::ExpireTokens).unwrap();
    assert!(Process::connect_with(&emulator, &query).await.is_err());
}

#[tokio::test]
async fn a_half_open_socket_answers_nothing_and_the_process_goes_on_over_a_new_one() {
    let emulator = emulator().await;
    let mut old = Process::healthy(&emulator, "process-1", 7001).await;
    emulator.inject(Fault::HalfOpenSockets { process_id: None }).unwrap();
    let heartbeat = json!({"Action": "HeartbeatServerProcess", "RequestId": "deaf", "HealthStatus": true});
    let mut new = Process::connect(&emulator, "process-1").await;
    new.ping().await;
    old.send(&heartbeat.to_string()).await;
    let silence = tokio::time::timeout(std::time::Duration::from_millis(200), old.reply("deaf")).await;
    assert!(silence.is_err(), "no answer: {silence:?}");
    let reply = new
        .request(json!({"Action": "HeartbeatServerProcess", "HealthStatus": true}))
        .await;
    assert_eq!(reply["StatusCode"], 200);
    assert_eq!(emulator.snapshot().fleet_events, []);
}

#[tokio::test]
async fn a_refused_activation_a_crash_and_an_interruption_with_a_deadline_happen_when_asked_for() {
    let emulator = emulator().await;
    let client = client(&emulator);
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    crate::aws_sdk::create(&client, &emulator, "t").send().await.unwrap();
    let arn = process.push().await["GameSessionId"].clone();
    emulator.inject(Fault::RefuseActivations { times: 1 }).unwrap();
    let activate = json!({"Action": "ActivateGameSession", "GameSessionId": arn});
    assert_eq!(process.request(activate.clone()).await["StatusCode"], 400);
    assert_eq!(process.request(activate).await["StatusCode"], 200);

    let process_id = Some("process-1".to_owned());
    emulator.inject(Fault::CrashProcesses { process_id }).unwrap();
    assert_eq!(process.closed().await, None, "no farewell");
    let snapshot = emulator.snapshot();
    assert_eq!(snapshot.fleet_events[0].code, "SERVER_PROCESS_CRASHED");
    assert_eq!(
        snapshot.game_sessions[0].status,
        gamelift_emulator::GameSessionStatus::Terminated
    );

    let mut process = Process::healthy(&emulator, "process-2", 7002).await;
    emulator
        .inject(Fault::InterruptWithin {
            process_id: None,
            millis: 40,
        })
        .unwrap();
    assert_eq!(process.push().await["Action"], "TerminateProcess");
    let late = |snapshot: &gamelift_emulator::Snapshot| {
        snapshot
            .fleet_events
            .last()
            .is_some_and(|event| event.code == "SERVER_PROCESS_PROCESS_EXIT_TIMEOUT")
    };
    emulator.wait_until(late, LIMIT).await.unwrap();
}

#[tokio::test]
async fn calls_above_the_published_rate_are_refused_when_asked_for() {
    let config = gamelift_emulator::EmulatorConfig::default().throttled();
    let emulator = gamelift_emulator::Emulator::start(config).await.unwrap();
    let http = Client::new();
    let mut refused = 0;
    for _ in 0..30 {
        let response = http
            .post(emulator.endpoint())
            .header("X-Amz-Target", "GameLift.CreateFleet")
            .body("{}")
            .send()
            .await
            .unwrap();
        let body: Value = response.json().await.unwrap();
        refused += usize::from(body["__type"] == "ThrottlingException" && body["Message"] == "Rate exceeded");
    }
    assert!((1..=26).contains(&refused), "4 at once and 1 a second: {refused}");
}

#[tokio::test]
async fn the_control_routes_need_the_secret_of_the_run() {
    let emulator = emulator().await;
    let http = Client::new();
    let route = |name: &str| format!("{}/_emulator/{name}", emulator.endpoint());
    assert_eq!(http.get(route("events")).send().await.unwrap().status(), 401);
    assert_eq!(
        http.post(route("faults"))
            .bearer_auth("guess")
            .body("{}")
            .send()
            .await
            .unwrap()
            .status(),
        401
    );
    let secret = emulator.control_secret();

    let fault = json!({"fault": "delay_calls", "millis": 1, "times": 1}).to_string();
    let accepted = http
        .post(route("faults"))
        .bearer_auth(&secret)
        .body(fault)
        .send()
        .await
        .unwrap();
    assert_eq!(accepted.status(), 200);
    let odd = http
        .post(route("faults"))
        .bearer_auth(&secret)
        .body(r#"{"fault":"none"}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(odd.status(), 400);
    client(&emulator).list_fleets().send().await.unwrap();
    let events: Value = http
        .get(route("events"))
        .bearer_auth(&secret)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(events["calls"], json!(["ListFleets"]));
    assert_eq!(
        http.post(route("reset"))
            .bearer_auth(&secret)
            .send()
            .await
            .unwrap()
            .status(),
        200
    );
    assert!(emulator.calls().is_empty());
}

#[tokio::test]
async fn a_fault_that_names_nobody_is_refused_and_hits_nobody() {
    let emulator = emulator().await;
    let _process = Process::healthy(&emulator, "process-1", 7001).await;
    for fault in [
        json!({"fault": "crash_processes", "process": "process-1"}),
        json!({"fault": "crash_processes", "process_id": "process-l"}),
        json!({"fault": "cut_sockets", "process_id": ""}),
        json!({"fault": "fail_calls", "operation": "CreateGameSesion", "error": "ThrottlingException", "times": 1}),
        json!({"fault": "delay_pings", "location": "custom-lokal", "millis": 5}),
    ] {
        let asked = Client::new()
            .post(format!("{}/_emulator/faults", emulator.endpoint()))
            .bearer_auth(emulator.control_secret())
            .json(&fault);
        assert_eq!(asked.send().await.unwrap().status(), 400, "{fault}");
    }
    let snapshot = emulator.snapshot();
    assert_eq!(snapshot.open_sockets, 1);
    assert_eq!(snapshot.fleet_events, []);
}

#[tokio::test]
async fn the_rate_of_an_operation_can_be_set() {
    let config = gamelift_emulator::EmulatorConfig::default().throttle_rate("ListFleets", 0.001, 2.0);
    let emulator = gamelift_emulator::Emulator::start(config).await.unwrap();
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let call = Client::new()
            .post(emulator.endpoint())
            .header("X-Amz-Target", "GameLift.ListFleets");
        statuses.push(call.body("{}").send().await.unwrap().status().as_u16());
    }
    assert_eq!(statuses, [200, 200, 400]);
    for (operation, rate) in [("ListFleet", 1.0), ("ListFleets", 0.0), ("account", f64::NAN)] {
        let config = gamelift_emulator::EmulatorConfig::default().throttle_rate(operation, rate, 1.0);
        let refused = gamelift_emulator::Emulator::start(config).await;
        assert!(matches!(refused, Err(EmulatorError::BadName { .. })), "{operation}");
    }
}
