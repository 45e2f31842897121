//! The legacy profile, through the AWS SDK.

use aws_sdk_gamelift::error::ProvideErrorMetadata as _;
use gamelift_emulator::{Emulator, EmulatorConfig};

use crate::{aws_sdk::client, process::Process};

async fn legacy() -> Emulator {
    Emulator::start(EmulatorConfig::default().legacy()).await.unwrap()
}

#[tokio::test]
async fn a_session_is_made_described_and_joined_without_a_location_in_the_fixed_fleet() {
    let emulator = legacy().await;
    assert_eq!(
        (emulator.fleet_id().as_str(), emulator.region().as_str()),
        ("fleet-123", "local")
    );
    let client = client(&emulator);
    let _process = Process::healthy(&emulator, "process-1", 7001).await;
    let made = client
        .create_game_session()
        .fleet_id("fleet-123")
        .maximum_player_session_count(2);
    let made = made.send().await.unwrap().game_session.unwrap();
    let arn = made.game_session_id().unwrap();
    assert!(
        arn.starts_with("arn:aws:gamelift:local::gamesession/fleet-123/"),
        "{arn}"
    );
    assert!(arn.contains("/gsess-"), "{arn}");
    let described = client
        .describe_game_sessions()
        .fleet_id("fleet-123")
        .send()
        .await
        .unwrap();
    assert_eq!(described.game_sessions().len(), 1);
}

#[tokio::test]
async fn only_the_five_calls_of_the_old_tool_are_known_and_no_location() {
    let emulator = legacy().await;
    let client = client(&emulator);
    let search = client
        .search_game_sessions()
        .fleet_id("fleet-123")
        .send()
        .await
        .unwrap_err();
    assert_eq!(search.code(), Some("UnknownOperationException"));
    assert!(search.message().unwrap().contains("knows only CreateGameSession"));
    assert_eq!(
        client.list_fleets().send().await.unwrap_err().code(),
        Some("UnknownOperationException")
    );
    let located = client
        .create_game_session()
        .fleet_id("fleet-123")
        .location("custom-local");
    let located = located.maximum_player_session_count(2).send().await.unwrap_err();
    assert!(located.message().unwrap().contains("knows no locations"));
}
