//! Metrics end to end: what our server SDK measures and tells the crash reporter is shown per process; and what others
//! send, the official SDKs' oddities included.

use std::time::Duration;

use gamelift_emulator::{CrashReporterStatus, Emulator, EmulatorConfig, EmulatorError, Snapshot};
use gamelift_server_sdk::{Event, Metrics, MetricsParameters, ProcessParameters};
use reqwest::Client;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpStream, UdpSocket},
    time::timeout,
};

use crate::{
    aws_sdk::{client, create},
    process::{LIMIT, Process, emulator},
    server_sdk::server,
};

fn value(emulator: &Emulator, name: &str) -> String {
    let environment = emulator.metrics_environment();
    let found = environment.iter().find(|(known, _)| known.ends_with(name));
    found.map(|(_, value)| value.clone()).unwrap()
}

fn port(emulator: &Emulator, name: &str) -> u16 {
    value(emulator, name).parse().unwrap()
}

fn parameters(emulator: &Emulator) -> MetricsParameters {
    MetricsParameters::default()
        .statsd(value(emulator, "STATSD_HOST"), port(emulator, "STATSD_PORT"))
        .crash_reporter(value(emulator, "REPORTER_HOST"), port(emulator, "REPORTER_PORT"))
        .flush_interval(Duration::from_millis(20))
}

/// The value of this name that the first process measured.
fn measured(snapshot: &Snapshot, name: &str) -> Option<f64> {
    let process = snapshot.processes.first()?;
    let found = process.metrics.iter().find(|metric| metric.name == name);
    found.map(|metric| metric.value)
}

#[tokio::test]
async fn what_our_server_sdk_measures_is_shown_with_its_process() {
    let emulator = emulator().await;
    let metrics = Metrics::start(parameters(&emulator)).unwrap();
    let server = server(&emulator, "process-1").await;
    server.set_metrics(&metrics);
    server.process_ready(ProcessParameters::new(7777)).await.unwrap();
    emulator
        .wait_until(|snapshot| snapshot.processes[0].placeable, LIMIT)
        .await
        .unwrap();
    create(&client(&emulator), &emulator, "t").send().await.unwrap();
    let event = timeout(LIMIT, server.next_event()).await.unwrap().unwrap();
    assert!(matches!(event, Event::StartGameSession(_)));

    metrics.gauge("server_connections").unwrap().set(-2.5);
    metrics.counter("server_bytes_in").unwrap().add(1_400);
    let tick = metrics.timer("server_tick_time").unwrap().percentiles(&[50]).unwrap();
    tick.record(Duration::from_micros(3_250));
    let told = |snapshot: &Snapshot| {
        measured(snapshot, "server_up") == Some(1.0)
            && measured(snapshot, "server_connections") == Some(-2.5)
            && measured(snapshot, "server_bytes_in") == Some(1_400.0)
            && measured(snapshot, "server_tick_time") == Some(3.25)
            && measured(snapshot, "server_tick_time.p50") == Some(3.25)
            && snapshot.processes[0].crash_reporter == CrashReporterStatus::Registered
    };
    let snapshot = emulator.wait_until(told, LIMIT).await.unwrap();
    assert_eq!(snapshot.processes[0].operating_system_pid, Some(std::process::id()));
    assert_eq!(snapshot.metrics.junk, 0);

    server.process_ending().await.unwrap();
    server.destroy().await.unwrap();
    let ended = |snapshot: &Snapshot| {
        measured(snapshot, "server_up") == Some(0.0)
            && snapshot.processes[0].crash_reporter == CrashReporterStatus::Deregistered
    };
    emulator.wait_until(ended, LIMIT).await.unwrap();

    let events = Client::new()
        .get(format!("{}/_emulator/events", emulator.endpoint()))
        .bearer_auth(emulator.control_secret())
        .send();
    let events: Value = events.await.unwrap().json().await.unwrap();
    let names: Vec<&str> = events["processes"][0]["metrics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|metric| metric["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"server_tick_time"), "{names:?}");
    assert_eq!(events["processes"][0]["crash_reporter"], "deregistered");
}

/// Sends a request as it is; the answer's status line.
async fn raw(emulator: &Emulator, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port(emulator, "REPORTER_PORT")))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(LIMIT, stream.read_to_string(&mut answer))
        .await
        .unwrap()
        .unwrap();
    answer.lines().next().unwrap().to_owned()
}

#[tokio::test]
async fn the_official_sdks_oddities_are_understood() {
    let emulator = emulator().await;
    let _process = Process::healthy(&emulator, "envproc", 7001).await;
    let sender = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let to = ("127.0.0.1", port(&emulator, "STATSD_PORT"));
    // C++: a newline, then a NUL; Go: the same line once for every worker
    let cpp = b"server_up:1|g|#process_pid:800,gamelift_process_id:envproc\n\0";
    sender.send_to(cpp, to).await.unwrap();
    for _ in 0..10 {
        let go = b"server.up:1|g|#gamelift_process_id:envproc,process_pid:800";
        sender.send_to(go, to).await.unwrap();
    }
    // the end of its HTTP host has no port
    let get = |what: &str, host: &str, more: &str| {
        format!("GET {what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{more}\r\n")
    };
    let register = "/register?process_pid=800";
    assert!(raw(&emulator, &get(register, "localhost", "")).await.contains("200"));
    let all = |snapshot: &Snapshot| {
        snapshot.metrics.lines == 11
            && measured(snapshot, "server.up") == Some(1.0)
            && measured(snapshot, "server_up") == Some(1.0)
            && snapshot.processes[0].crash_reporter == CrashReporterStatus::Registered
    };
    emulator.wait_until(all, LIMIT).await.unwrap();
    for (what, host, more, status) in [
        (register, "evil.example", "", "403"),
        (register, "localhost", "Origin: http://localhost\r\n", "403"),
        (register, "127.0.0.1", "Sec-Fetch-Site: cross-site\r\n", "403"),
        ("/register", "localhost", "", "400"),
        ("/register?process_pid=many", "localhost", "", "400"),
        ("/update?process_pid=800", "localhost", "", "400"),
        ("/update?process_pid=800&session_id=arn:x", "127.0.0.1", "", "200"),
        ("/deregister?process_pid=800", "[::1]", "", "200"),
    ] {
        let said = raw(&emulator, &get(what, host, more)).await;
        assert!(said.contains(status), "{what} {host} {more}: {said}");
    }
    let junk = vec![b'x'; 20_000];
    sender.send_to(&junk, to).await.unwrap();
    let counted = |snapshot: &Snapshot| snapshot.metrics.junk == 4;
    emulator.wait_until(counted, LIMIT).await.unwrap();
}

#[tokio::test]
async fn a_port_for_metrics_that_is_taken_is_named_and_the_default_takes_another() {
    let taken = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let number = taken.local_addr().unwrap().port();
    let error = Emulator::start(EmulatorConfig::default().statsd_port(number)).await;
    let error = error.unwrap_err();
    assert!(matches!(error, EmulatorError::Metrics { .. }), "{error}");
    assert!(error.to_string().contains(&number.to_string()));
    let emulator = emulator().await;
    assert_ne!(port(&emulator, "STATSD_PORT"), number);
}
