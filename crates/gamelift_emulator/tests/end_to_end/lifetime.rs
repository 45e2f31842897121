//! Starting, stopping, and what is left behind: nothing.

use gamelift_emulator::{Emulator, EmulatorConfig, EmulatorError};
use tokio::net::TcpListener;

use crate::process::{Process, emulator};

#[tokio::test]
async fn stopping_closes_sockets_so_that_processes_come_back_and_frees_the_port() {
    let emulator = emulator().await;
    let port: u16 = emulator.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    let _idle_connection = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    emulator.stop().await;
    assert_eq!(process.closed().await, Some(1012));
    TcpListener::bind(("127.0.0.1", port)).await.unwrap();
}

#[tokio::test]
async fn dropping_stops() {
    let emulator = emulator().await;
    let mut process = Process::healthy(&emulator, "process-1", 7001).await;
    drop(emulator);
    assert_eq!(process.closed().await, Some(1012));
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Emulator::start(EmulatorConfig::default().port(port)).await.unwrap_err();
    assert!(matches!(error, EmulatorError::Listen { .. }));
    assert!(error.to_string().contains(&port.to_string()));
}

#[tokio::test]
async fn a_name_that_gamelift_would_not_take_is_refused() {
    for config in [
        EmulatorConfig::default().fleet_id("my fleet"),
        EmulatorConfig::default().location("somewhere"),
        EmulatorConfig::default().region(""),
    ] {
        assert!(matches!(
            Emulator::start(config).await,
            Err(EmulatorError::BadName { .. })
        ));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_waited_for_the_end_can_start_again_at_once_in_the_same_place() {
    let directory = tempfile::tempdir().unwrap();
    let first = Emulator::start(EmulatorConfig::default().data_dir(directory.path()))
        .await
        .unwrap();
    let port: u16 = first.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    first.stop().await;
    let config = EmulatorConfig::default().data_dir(directory.path()).port(port);
    for round in 0..25 {
        let emulator = Emulator::start(config.clone())
            .await
            .unwrap_or_else(|error| panic!("round {round}: {error}"));
        let _process = Process::healthy(&emulator, &format!("process-{round}"), 7001).await;
        let _idle = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        emulator.stop().await;
    }
}
