//! The behaviours that the protocol page names, those that need a socket; the others are tests in virtual time.

use gamelift_emulator::{Emulator, EmulatorConfig};
use serde_json::json;

use crate::{
    aws_sdk::client,
    process::{Process, emulator, status},
    sdks::SDKS,
};

/// Every behaviour that the page names for an emulator.
const NAMES: [&str; 11] = [
    "upgrade_lenient_query",
    "plus_slash_equals_in_token",
    "tls_and_plain_on_one_port",
    "csharp_case_and_nulls",
    "cpp_same_request_id_resend",
    "two_sockets_one_pid_push_to_newest",
    "no_push_before_first_heartbeat",
    "reservation_expires",
    "activation_timeout",
    "unhealthy_after_3_min",
    "socket_loss_grace",
];

/// The rows of the quirks matrix.
const ROWS: [&str; 16] = [
    "row_query_encoding",
    "row_request_id_form",
    "row_log_paths_when_none",
    "row_nulls_for_unset",
    "row_tls",
    "row_ping_before_send",
    "row_resends_same_request_id",
    "row_reads_replies",
    "row_close_on_destroy",
    "row_after_refresh_connection",
    "row_backfill_keys",
    "row_reconnect_on_1000_and_1001",
    "row_binary_frames",
    "row_two_process_ready_replies",
    "row_no_terminate_handler",
    "row_destroy_twice",
];

#[test]
fn every_named_behaviour_and_every_row_of_the_matrix_is_a_test() {
    let sources = [
        include_str!("named.rs"),
        include_str!("quirks.rs"),
        include_str!("../../src/world/tests/named.rs"),
    ];
    for name in NAMES.iter().chain(&ROWS) {
        let found = sources.iter().any(|source| {
            [
                format!("#[test]\nfn {name}()"),
                format!("#[tokio::test]\nasync fn {name}()"),
            ]
            .iter()
            .any(|test| source.contains(test))
        });
        assert!(found, "{name} is not a test");
    }
}

#[tokio::test]
async fn upgrade_lenient_query() {
    let emulator = emulator().await;
    let query = SDKS[0].query(&emulator, "process-1");
    for odd in [
        format!("&&{query}&"),
        format!("{query}&unknown=1&x&=y"),
        query.replace("process-1", "process%2D1"),
        query.split('&').rev().collect::<Vec<_>>().join("&"),
    ] {
        Process::connect_with(&emulator, &odd).await.unwrap().ping().await;
    }
    for path in ["/base/path/", "/base", "/register", "/update", "/_emulator/health"] {
        let odd = Process::connect_at(&emulator, path, &query).await;
        odd.unwrap_or_else(|refused| panic!("{path}: {refused}")).ping().await;
    }
    let wrong = query.replace("FleetId=fleet-local", "FleetId=fleet-other");
    let refused = Process::connect_with(&emulator, &wrong).await.err().unwrap();
    assert_eq!(status(refused), 403);
}

#[tokio::test]
async fn plus_slash_equals_in_token() {
    let config = EmulatorConfig::default().auth_token("to/ken+=&x");
    let emulator = Emulator::start(config).await.unwrap();
    emulator.server_environment("process-1");
    let rest = "&ComputeId=local&FleetId=fleet-local&pID=process-1";
    for good in ["to%2Fken%2B%3D%26x", "to/ken+=%26x", "to%2fken+%3D%26x"] {
        let query = format!("Authorization={good}{rest}");
        Process::connect_with(&emulator, &query).await.unwrap().ping().await;
    }
    let query = format!("Authorization=to%2Fken%20%3D%26x{rest}");
    let refused = Process::connect_with(&emulator, &query).await.err().unwrap();
    assert_eq!(status(refused), 403, "a space is no plus in this token");
}

#[tokio::test]
async fn tls_and_plain_on_one_port() {
    let emulator = emulator().await;
    let query = SDKS[1].query(&emulator, "process-1");
    for versions in [&[&rustls::version::TLS12][..], rustls::DEFAULT_VERSIONS] {
        let mut secure = Process::connect_tls(&emulator, &query, versions).await.unwrap();
        secure.ping().await;
    }
    Process::connect_with(&emulator, &query).await.unwrap().ping().await;
    let plain = emulator.websocket_url().replace("ws://", "");
    assert_eq!(emulator.secure_websocket_url(), format!("wss://{plain}"), "one port");
}

#[tokio::test]
async fn computes_and_processes_are_told_the_url_with_tls_when_asked_for() {
    for tls in [false, true] {
        let config = EmulatorConfig::default();
        let config = if tls { config.advertise_tls() } else { config };
        let emulator = Emulator::start(config).await.unwrap();
        let url = if tls {
            emulator.secure_websocket_url()
        } else {
            emulator.websocket_url()
        };
        assert_eq!(url.starts_with("wss://"), tls);
        let registered = client(&emulator)
            .register_compute()
            .fleet_id(emulator.fleet_id())
            .compute_name("other")
            .location(emulator.location())
            .ip_address("127.0.0.1")
            .send()
            .await
            .unwrap();
        let compute = registered.compute().unwrap();
        assert_eq!(compute.game_lift_service_sdk_endpoint(), Some(url.as_str()));
        let told = emulator.server_environment("process-1");
        assert!(told.contains(&("GAMELIFT_SDK_WEBSOCKET_URL".to_owned(), url)));
    }
}

#[tokio::test]
async fn csharp_case_and_nulls() {
    let emulator = emulator().await;
    let mut process = SDKS[2].connect(&emulator, "process-1").await;
    let ready = r#"{"action":"ActivateServerProcess","requestId":"r","port":7001,"logPaths":null,"sdkToolName":null}"#;
    process.send(ready).await;
    let reply = process.reply("r").await;
    assert_eq!(
        (&reply["StatusCode"], &reply["Action"]),
        (&json!(200), &json!("ActivateServerProcess"))
    );
}

#[tokio::test]
async fn cpp_same_request_id_resend() {
    let emulator = emulator().await;
    let sdk = SDKS[1];
    let mut process = sdk.connect(&emulator, "process-1").await;
    assert_eq!(sdk.ask(&mut process, 1, sdk.ready()).await["StatusCode"], 200);
    // On a second socket too: C++ opens a new one when a reply was late.
    let mut again = sdk.connect(&emulator, "process-1").await;
    assert_eq!(sdk.ask(&mut again, 1, sdk.ready()).await["StatusCode"], 200);
    assert_eq!(emulator.snapshot().processes.len(), 1);
}
