//! What exists from the start, and ports that are taken.

use gamelift_emulator::{Emulator, EmulatorConfig, EmulatorError, Seed};

use crate::aws_sdk::client;

const SEED: &str = r#"
    locations = ["custom-attic"]

    [[fleets]]
    id = "fleet-attic"
    locations = ["custom-attic"]
    cost = "0.25"

    [[computes]]
    fleet = "fleet-attic"
    name = "box"
    location = "custom-attic"
    ip_address = "127.0.0.1"

    [[aliases]]
    name = "live"
    fleet = "fleet-attic"

    [[queues]]
    name = "everywhere"
    fleets = ["fleet-local", "fleet-attic"]
    timeout_seconds = 60
"#;

#[tokio::test]
async fn a_seed_is_there_from_the_start() {
    let config = EmulatorConfig::default().seed(Seed::from_toml(SEED).unwrap());
    let emulator = Emulator::start(config).await.unwrap();
    let client = client(&emulator);
    let computes = client.list_compute().fleet_id("fleet-attic").send().await.unwrap();
    assert_eq!(computes.compute_list()[0].compute_name(), Some("box"));
    let aliases = client.list_aliases().name("live").send().await.unwrap();
    let id = aliases.aliases()[0].alias_id().unwrap();
    let resolved = client.resolve_alias().alias_id(id).send().await.unwrap();
    assert_eq!(resolved.fleet_id(), Some("fleet-attic"));
    let queues = client.describe_game_session_queues().send().await.unwrap();
    assert_eq!(queues.game_session_queues()[0].destinations().len(), 2);
    assert!(
        emulator.calls().len() == 4,
        "only what was called: {:?}",
        emulator.calls()
    );
}

#[tokio::test]
async fn a_seed_that_breaks_a_rule_says_which_and_where() {
    for (text, needle) in [
        ("lokations = []", "lokations"),
        ("locations = [\"attic\"]", "attic: InvalidRequestException"),
        ("[[fleets]]\nid = \"attic\"\nlocations = [\"custom-local\"]", "fleetId"),
        (
            "[[fleets]]\nid = \"fleet-local\"\nlocations = [\"custom-local\"]",
            "ConflictException",
        ),
        (
            "[[queues]]\nname = \"q\"\nfleets = [\"fleet-none\"]",
            "there is no fleet fleet-none",
        ),
    ] {
        let error = match Seed::from_toml(text) {
            Ok(seed) => Emulator::start(EmulatorConfig::default().seed(seed))
                .await
                .err()
                .unwrap(),
            Err(error) => error,
        };
        assert!(matches!(error, EmulatorError::Seed(_)));
        assert!(error.to_string().contains(needle), "{error}");
    }
}

#[tokio::test]
async fn a_taken_port_is_named_with_what_to_try() {
    let first = Emulator::start(EmulatorConfig::default()).await.unwrap();
    let port: u16 = first.endpoint().rsplit(':').next().unwrap().parse().unwrap();
    let error = Emulator::start(EmulatorConfig::default().port(port))
        .await
        .err()
        .unwrap();
    let message = error.to_string();
    assert!(
        message.contains(&port.to_string()) && message.contains("another emulator"),
        "{message}"
    );
}
