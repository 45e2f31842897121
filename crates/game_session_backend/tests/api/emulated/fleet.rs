//! Fleets that are found by their name or their build.

use aws_sdk_gamelift::types::{ComputeType, LocationConfiguration};
use game_session_backend::FleetTarget;
use game_session_backend::gamelift::aws::AwsGameLift;
use game_session_backend::gamelift::{GameLift as _, GameLiftErrorKind, SearchQuery};
use gamelift_emulator::EmulatorConfig;

use super::Stage;

const LOOK: &str = "DescribeFleetAttributes";

async fn search(gamelift: &AwsGameLift) -> Result<(), GameLiftErrorKind> {
    let query = SearchQuery {
        filter: "hasAvailablePlayerSessions = true".to_owned(),
        sort: "creationTimeMillis DESC".to_owned(),
        limit: 20,
        next_token: None,
    };
    let found = gamelift.search_game_sessions(query).await;
    found.map(drop).map_err(|error| error.kind)
}

impl Stage {
    async fn make_fleet(&self, name: &str) -> String {
        let location = LocationConfiguration::builder().location(self.emulator.location());
        let made = self
            .pipe
            .client()
            .create_fleet()
            .name(name)
            .compute_type(ComputeType::Anywhere)
            .locations(location.build())
            .send()
            .await
            .unwrap();
        made.fleet_attributes.unwrap().fleet_id.unwrap()
    }

    async fn remove_fleet(&self, id: &str) {
        self.pipe.client().delete_fleet().fleet_id(id).send().await.unwrap();
    }

    fn found(&self, fleet: FleetTarget) -> AwsGameLift {
        self.emulator.reset_calls();
        self.pipe.gamelift(fleet.location(self.emulator.location()))
    }
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_found_once_by_its_name_for_all_who_ask_and_again_when_it_was_replaced() {
    let stage = Stage::new(EmulatorConfig::default()).await;
    let old = stage.make_fleet("arena").await;
    let gamelift = stage.found(FleetTarget::named("arena"));
    assert_eq!(
        gamelift.arn_of_token("t"),
        None,
        "nothing is known before the first call"
    );
    let (one, other) = tokio::join!(search(&gamelift), search(&gamelift));
    assert_eq!((one, other), (Ok(()), Ok(())));
    search(&gamelift).await.unwrap();
    assert_eq!((stage.calls(LOOK), stage.calls("SearchGameSessions")), (1, 3));
    assert!(gamelift.arn_of_token("t").unwrap().as_str().contains(&old));

    stage.remove_fleet(&old).await;
    let new = stage.make_fleet("arena").await;
    search(&gamelift).await.unwrap();
    assert_eq!(stage.calls(LOOK), 2);
    assert!(gamelift.arn_of_token("t").unwrap().as_str().contains(&new));
}

#[tokio::test(start_paused = true)]
async fn a_fleet_is_found_by_the_build_that_it_runs() {
    let stage = Stage::new(EmulatorConfig::default()).await;
    let fleet = stage.make_fleet("arena").await;
    stage.pipe.let_fleets_run("build-7", &[&fleet]);
    let gamelift = stage.found(FleetTarget::of_build("build-7"));
    search(&gamelift).await.unwrap();
    search(&gamelift).await.unwrap();
    assert_eq!(stage.calls(LOOK), 1);
    assert!(gamelift.arn_of_token("t").unwrap().as_str().contains(&fleet));
    let other = stage.found(FleetTarget::of_build("build-8"));
    assert_eq!(search(&other).await, Err(GameLiftErrorKind::WrongFleetStatus));
}

#[tokio::test(start_paused = true)]
async fn a_fleet_that_is_not_there_is_looked_for_again_at_each_call_and_found_when_it_comes() {
    let stage = Stage::new(EmulatorConfig::default()).await;
    let gamelift = stage.found(FleetTarget::named("arena"));
    for _ in 0..2 {
        assert_eq!(search(&gamelift).await, Err(GameLiftErrorKind::WrongFleetStatus));
    }
    stage.make_fleet("arena").await;
    assert_eq!(search(&gamelift).await, Ok(()));
}
