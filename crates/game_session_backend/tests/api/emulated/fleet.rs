//! Fleets that are found by their name or their build.

use aws_sdk_gamelift::types::{ComputeType, LocationConfiguration, RoutingStrategy, RoutingStrategyType};
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

fn to(fleet: &str) -> RoutingStrategy {
    let simple = RoutingStrategy::builder().r#type(RoutingStrategyType::Simple);
    simple.fleet_id(fleet).build()
}

/// The ARN that the game session of some token would have.
async fn arn(gamelift: &AwsGameLift) -> String {
    let arn = gamelift.arn_of_token("t".to_owned()).await.unwrap();
    arn.unwrap().as_str().to_owned()
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

    async fn make_alias(&self, fleet: &str) -> String {
        let client = self.pipe.client();
        let call = client.create_alias().name("live").routing_strategy(to(fleet));
        call.send().await.unwrap().alias.unwrap().alias_id.unwrap()
    }

    async fn lead_alias(&self, alias: &str, fleet: &str) {
        let client = self.pipe.client();
        let call = client.update_alias().alias_id(alias).routing_strategy(to(fleet));
        call.send().await.unwrap();
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
    let (one, other) = tokio::join!(search(&gamelift), search(&gamelift));
    assert_eq!((one, other), (Ok(()), Ok(())));
    search(&gamelift).await.unwrap();
    assert_eq!((stage.calls(LOOK), stage.calls("SearchGameSessions")), (1, 3));
    assert!(arn(&gamelift).await.contains(&old));

    stage.remove_fleet(&old).await;
    let new = stage.make_fleet("arena").await;
    search(&gamelift).await.unwrap();
    assert_eq!(stage.calls(LOOK), 2);
    assert!(arn(&gamelift).await.contains(&new));
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
    assert!(arn(&gamelift).await.contains(&fleet));
    let other = stage.found(FleetTarget::of_build("build-8"));
    assert_eq!(search(&other).await, Err(GameLiftErrorKind::WrongFleetStatus));
}

#[tokio::test(start_paused = true)]
async fn the_fleet_of_a_token_is_looked_up_and_that_of_an_alias_each_time() {
    let stage = Stage::new(EmulatorConfig::default()).await;
    let (one, other) = (stage.make_fleet("one").await, stage.make_fleet("other").await);
    assert!(arn(&stage.found(FleetTarget::named("other"))).await.contains(&other));
    let alias = stage.make_alias(&one).await;
    let gamelift = stage.found(FleetTarget::alias(&alias));
    assert!(arn(&gamelift).await.contains(&one));
    stage.lead_alias(&alias, &other).await;
    assert!(arn(&gamelift).await.contains(&other));
    let nowhere = stage.found(FleetTarget::alias("alias-00000000-0000-0000-0000-000000000000"));
    let error = nowhere.arn_of_token("t".to_owned()).await.unwrap_err();
    assert_eq!(error.kind, GameLiftErrorKind::NotFound);
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
