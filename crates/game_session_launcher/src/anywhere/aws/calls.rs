//! The calls that `anywhere` and `doctor` make, in plain types.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use aws_sdk_gamelift::config::Builder;
use aws_sdk_gamelift::config::retry::RetryConfig;
use aws_sdk_gamelift::types::{
    AnywhereConfiguration, Compute, ComputeType, FleetAttributes, FleetStatus, FleetUtilization, GameSessionStatus,
    LocationConfiguration, LocationFilter, Tag,
};

use super::errors::{failed, unreadable};
use super::{Cloud, CloudError, CloudErrorKind};

/// Lists are read up to so many pages.
const MOST_PAGES: usize = 20;

/// A fleet as GameLift describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FleetSeen {
    pub(crate) id: String,
    pub(crate) arn: String,
    pub(crate) name: String,
    pub(crate) anywhere: bool,
    pub(crate) active: bool,
    pub(crate) status: String,
}

/// A compute as GameLift describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ComputeSeen {
    pub(crate) name: String,
    pub(crate) address: Option<IpAddr>,
    pub(crate) location: String,
    /// Where its server processes connect.
    pub(crate) endpoint: String,
}

/// What a compute is registered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewCompute {
    pub(crate) fleet_id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    pub(crate) address: IpAddr,
}

/// An auth token of a compute.
#[derive(Clone)]
pub(crate) struct Token {
    pub(crate) secret: String,
    pub(crate) expires: SystemTime,
}

/// A game session of a compute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionSeen {
    pub(crate) arn: String,
    pub(crate) compute: Option<String>,
    pub(crate) created: SystemTime,
    pub(crate) over: bool,
}

impl Cloud {
    /// The custom locations: ARNs by name.
    pub(crate) async fn locations(&self) -> Result<BTreeMap<String, String>, CloudError> {
        const CALL: &str = "ListLocations";
        let (mut all, mut next) = (BTreeMap::new(), None);
        for _ in 0..MOST_PAGES {
            let call = self.client.list_locations().filters(LocationFilter::Custom);
            let page = call
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(CALL, &error))?;
            for location in page.locations() {
                if let (Some(name), Some(arn)) = (location.location_name(), location.location_arn()) {
                    all.insert(name.to_owned(), arn.to_owned());
                }
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(all)
    }

    pub(crate) async fn create_location(&self, name: &str, tags: &[(&str, &str)]) -> Result<(), CloudError> {
        let call = self
            .client
            .create_location()
            .location_name(name)
            .set_tags(Some(tags_out(tags)));
        call.send()
            .await
            .map(drop)
            .map_err(|error| failed("CreateLocation", &error))
    }

    pub(crate) async fn delete_location(&self, name: &str) -> Result<(), CloudError> {
        let call = self.client.delete_location().location_name(name);
        call.send()
            .await
            .map(drop)
            .map_err(|error| failed("DeleteLocation", &error))
    }

    pub(crate) async fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, CloudError> {
        const CALL: &str = "ListTagsForResource";
        let call = self.client.list_tags_for_resource().resource_arn(arn);
        let output = call.send().await.map_err(|error| failed(CALL, &error))?;
        let pair = |tag: &Tag| Some((tag.key()?.to_owned(), tag.value()?.to_owned()));
        Ok(output.tags().iter().filter_map(pair).collect())
    }

    /// All fleets, of every kind.
    pub(crate) async fn fleets(&self) -> Result<Vec<FleetSeen>, CloudError> {
        const CALL: &str = "DescribeFleetAttributes";
        let (mut all, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let call = self.client.describe_fleet_attributes().set_next_token(next);
            let page = call.send().await.map_err(|error| failed(CALL, &error))?;
            all.extend(page.fleet_attributes().iter().filter_map(fleet_in));
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(all)
    }

    /// One fleet.
    pub(crate) async fn fleet(&self, id: &str) -> Result<Option<FleetSeen>, CloudError> {
        let call = self.client.describe_fleet_attributes().fleet_ids(id);
        match call.send().await {
            Ok(output) => Ok(output.fleet_attributes().iter().find_map(fleet_in)),
            Err(error) => none_if_missing(failed("DescribeFleetAttributes", &error)),
        }
    }

    /// Not repeated inside: a second call would make a second fleet.
    pub(crate) async fn create_fleet(
        &self,
        name: &str,
        location: &str,
        tags: &[(&str, &str)],
    ) -> Result<FleetSeen, CloudError> {
        const CALL: &str = "CreateFleet";
        let cost = AnywhereConfiguration::builder().cost("1").build();
        let location = LocationConfiguration::builder().location(location).build();
        let call = self
            .client
            .create_fleet()
            .name(name)
            .compute_type(ComputeType::Anywhere)
            .anywhere_configuration(cost)
            .locations(location)
            .set_tags(Some(tags_out(tags)));
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let output = call.customize().config_override(once).send().await;
        let output = output.map_err(|error| failed(CALL, &error))?;
        output
            .fleet_attributes()
            .and_then(fleet_in)
            .ok_or_else(|| unreadable(CALL))
    }

    pub(crate) async fn delete_fleet(&self, id: &str) -> Result<(), CloudError> {
        let call = self.client.delete_fleet().fleet_id(id);
        call.send()
            .await
            .map(drop)
            .map_err(|error| failed("DeleteFleet", &error))
    }

    /// Whether a fleet has a location.
    pub(crate) async fn fleet_has_location(&self, id: &str, location: &str) -> Result<bool, CloudError> {
        const CALL: &str = "DescribeFleetLocationAttributes";
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let call = self.client.describe_fleet_location_attributes().fleet_id(id);
            let page = call
                .set_next_token(next)
                .send()
                .await
                .map_err(|error| failed(CALL, &error))?;
            let mut states = page.location_attributes().iter().filter_map(|one| one.location_state());
            if states.any(|state| state.location() == Some(location)) {
                return Ok(true);
            }
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(false)
    }

    pub(crate) async fn add_fleet_location(&self, id: &str, location: &str) -> Result<(), CloudError> {
        const CALL: &str = "CreateFleetLocations";
        let location = LocationConfiguration::builder().location(location).build();
        let call = self.client.create_fleet_locations().fleet_id(id).locations(location);
        call.send().await.map(drop).map_err(|error| failed(CALL, &error))
    }

    pub(crate) async fn remove_fleet_location(&self, id: &str, location: &str) -> Result<(), CloudError> {
        let call = self.client.delete_fleet_locations().fleet_id(id).locations(location);
        call.send()
            .await
            .map(drop)
            .map_err(|error| failed("DeleteFleetLocations", &error))
    }

    /// How many server processes of a fleet are ready or busy.
    pub(crate) async fn active_processes(&self, fleet_id: &str) -> Result<u32, CloudError> {
        let call = self.client.describe_fleet_utilization().fleet_ids(fleet_id);
        let output = call
            .send()
            .await
            .map_err(|error| failed("DescribeFleetUtilization", &error))?;
        let mut counts = output
            .fleet_utilization()
            .iter()
            .filter_map(FleetUtilization::active_server_process_count);
        Ok(counts.next().and_then(|count| u32::try_from(count).ok()).unwrap_or(0))
    }

    pub(crate) async fn compute(&self, fleet_id: &str, name: &str) -> Result<Option<ComputeSeen>, CloudError> {
        let call = self.client.describe_compute().fleet_id(fleet_id).compute_name(name);
        match call.send().await {
            Ok(output) => Ok(output.compute().and_then(compute_in)),
            Err(error) => none_if_missing(failed("DescribeCompute", &error)),
        }
    }

    pub(crate) async fn computes(&self, fleet_id: &str) -> Result<Vec<ComputeSeen>, CloudError> {
        let (mut all, mut next) = (Vec::new(), None);
        for _ in 0..MOST_PAGES {
            let call = self.client.list_compute().fleet_id(fleet_id).set_next_token(next);
            let page = call.send().await.map_err(|error| failed("ListCompute", &error))?;
            all.extend(page.compute_list().iter().filter_map(compute_in));
            next = page.next_token;
            if next.is_none() {
                break;
            }
        }
        Ok(all)
    }

    pub(crate) async fn register_compute(&self, new: &NewCompute) -> Result<ComputeSeen, CloudError> {
        const CALL: &str = "RegisterCompute";
        let call = self
            .client
            .register_compute()
            .fleet_id(&new.fleet_id)
            .compute_name(&new.name);
        let call = call.location(&new.location).ip_address(new.address.to_string());
        let output = call.send().await.map_err(|error| failed(CALL, &error))?;
        output.compute().and_then(compute_in).ok_or_else(|| unreadable(CALL))
    }

    pub(crate) async fn deregister_compute(&self, fleet_id: &str, name: &str) -> Result<(), CloudError> {
        let call = self.client.deregister_compute().fleet_id(fleet_id).compute_name(name);
        call.send()
            .await
            .map(drop)
            .map_err(|error| failed("DeregisterCompute", &error))
    }

    pub(crate) async fn auth_token(&self, fleet_id: &str, name: &str) -> Result<Token, CloudError> {
        const CALL: &str = "GetComputeAuthToken";
        let call = self
            .client
            .get_compute_auth_token()
            .fleet_id(fleet_id)
            .compute_name(name);
        let output = call.send().await.map_err(|error| failed(CALL, &error))?;
        let expires = output.expiration_timestamp().and_then(|time| time.to_millis().ok());
        match (
            output.auth_token(),
            expires.and_then(|millis| u64::try_from(millis).ok()),
        ) {
            (Some(secret), Some(millis)) => Ok(Token {
                secret: secret.to_owned(),
                expires: SystemTime::UNIX_EPOCH + Duration::from_millis(millis),
            }),
            _ => Err(unreadable(CALL)),
        }
    }

    /// The newest game sessions at a location of a fleet: one page of them.
    pub(crate) async fn game_sessions(&self, fleet_id: &str, location: &str) -> Result<Vec<SessionSeen>, CloudError> {
        let call = self
            .client
            .describe_game_sessions()
            .fleet_id(fleet_id)
            .location(location);
        let page = call
            .send()
            .await
            .map_err(|error| failed("DescribeGameSessions", &error))?;
        let seen = page.game_sessions().iter().filter_map(|session| {
            let millis = session.creation_time()?.to_millis().ok()?;
            Some(SessionSeen {
                arn: session.game_session_id()?.to_owned(),
                compute: session.compute_name().map(str::to_owned),
                created: SystemTime::UNIX_EPOCH + Duration::from_millis(millis.try_into().ok()?),
                over: !matches!(
                    session.status(),
                    Some(GameSessionStatus::Active | GameSessionStatus::Activating)
                ),
            })
        });
        Ok(seen.collect())
    }

    /// Makes a harmless call that needs the right of this name: about things that do not exist.
    pub(crate) async fn probe(&self, call: &'static str) -> Result<(), CloudError> {
        const FLEET: &str = "fleet-00000000-0000-4000-8000-000000000000";
        const COMPUTE: &str = "game-session-doctor";
        const LOCATION: &str = "custom-game-session-doctor-0";
        const SESSION: &str = "arn:aws:gamelift:us-west-2::gamesession/fleet-00000000-0000-4000-8000-000000000000/none";
        let nobody = std::net::Ipv4Addr::LOCALHOST.into();
        let new = || NewCompute {
            fleet_id: FLEET.to_owned(),
            name: COMPUTE.to_owned(),
            location: LOCATION.to_owned(),
            address: nobody,
        };
        match call {
            "DeleteLocation" => self.delete_location(LOCATION).await,
            "DeleteFleet" => self.delete_fleet(FLEET).await,
            "CreateFleetLocations" => self.add_fleet_location(FLEET, LOCATION).await,
            "DeleteFleetLocations" => self.remove_fleet_location(FLEET, LOCATION).await,
            "DescribeFleetLocationAttributes" => self.fleet_has_location(FLEET, LOCATION).await.map(drop),
            "DescribeFleetUtilization" => self.active_processes(FLEET).await.map(drop),
            "DescribeCompute" => self.compute(FLEET, COMPUTE).await.map(drop),
            "ListCompute" => self.computes(FLEET).await.map(drop),
            "RegisterCompute" => self.register_compute(&new()).await.map(drop),
            "DeregisterCompute" => self.deregister_compute(FLEET, COMPUTE).await,
            "GetComputeAuthToken" => self.auth_token(FLEET, COMPUTE).await.map(drop),
            "DescribeGameSessions" => self.game_sessions(FLEET, LOCATION).await.map(drop),
            "SearchGameSessions" => {
                let call = self.client.search_game_sessions().fleet_id(FLEET).location(LOCATION);
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("SearchGameSessions", &error))
            }
            "CreateGameSession" => {
                let call = self.client.create_game_session().fleet_id(FLEET).location(LOCATION);
                let call = call.maximum_player_session_count(1);
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("CreateGameSession", &error))
            }
            "CreatePlayerSession" => {
                let call = self
                    .client
                    .create_player_session()
                    .game_session_id(SESSION)
                    .player_id("doctor");
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("CreatePlayerSession", &error))
            }
            "DescribePlayerSessions" => {
                let call = self.client.describe_player_sessions().game_session_id(SESSION);
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("DescribePlayerSessions", &error))
            }
            "UpdateGameSession" => {
                let call = self
                    .client
                    .update_game_session()
                    .game_session_id(SESSION)
                    .name("doctor");
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("UpdateGameSession", &error))
            }
            "TerminateGameSession" => {
                let call = self.client.terminate_game_session().game_session_id(SESSION);
                let call = call.termination_mode(aws_sdk_gamelift::types::TerminationMode::TriggerOnProcessTerminate);
                call.send()
                    .await
                    .map(drop)
                    .map_err(|error| failed("TerminateGameSession", &error))
            }
            _ => Ok(()),
        }
    }
}

fn none_if_missing<T>(error: CloudError) -> Result<Option<T>, CloudError> {
    if error.kind == CloudErrorKind::NotFound {
        Ok(None)
    } else {
        Err(error)
    }
}

fn tags_out(tags: &[(&str, &str)]) -> Vec<Tag> {
    let tag = |(key, value): &(&str, &str)| Tag::builder().key(*key).value(*value).build();
    tags.iter().map(tag).collect()
}

fn fleet_in(fleet: &FleetAttributes) -> Option<FleetSeen> {
    Some(FleetSeen {
        id: fleet.fleet_id()?.to_owned(),
        arn: fleet.fleet_arn()?.to_owned(),
        name: fleet.name().unwrap_or_default().to_owned(),
        anywhere: fleet.compute_type() == Some(&ComputeType::Anywhere),
        active: fleet.status() == Some(&FleetStatus::Active),
        status: fleet.status().map_or("unknown", FleetStatus::as_str).to_owned(),
    })
}

fn compute_in(compute: &Compute) -> Option<ComputeSeen> {
    Some(ComputeSeen {
        name: compute.compute_name()?.to_owned(),
        address: compute.ip_address().and_then(|address| address.parse().ok()),
        location: compute.location().unwrap_or_default().to_owned(),
        endpoint: compute.game_lift_service_sdk_endpoint().unwrap_or_default().to_owned(),
    })
}
