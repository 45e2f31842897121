//! One client for each region, made when a call first goes there.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_config::Region;
use aws_sdk_gamelift::Client;

use super::AwsGameLift;
use crate::config::FleetTarget;
use crate::gamelift::GameSessionArn;
use crate::locks::locked;

/// GameLift has fewer. A region beyond them is asked through the home region, which does not know it.
const MOST_CLIENTS: usize = 48;

/// The clients. An endpoint that was named serves all regions.
pub(super) struct Regions {
    home: Client,
    endpoint: Option<String>,
    others: Mutex<BTreeMap<String, Client>>,
}

impl Regions {
    pub(super) fn new(home: Client, endpoint: Option<String>) -> Self {
        Self {
            home,
            endpoint,
            others: Mutex::default(),
        }
    }

    pub(super) fn home(&self) -> &Client {
        &self.home
    }

    pub(super) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// A fleet in a region; in the home region when none is named.
    pub(super) fn fleet(&self, region: Option<&str>, fleet: FleetTarget) -> AwsGameLift {
        AwsGameLift::of(self.client(region), fleet, self.endpoint.clone())
    }

    /// Where a game session is.
    pub(super) fn of(&self, arn: &GameSessionArn) -> AwsGameLift {
        let fleet = arn.fleet_id().unwrap_or_default();
        self.fleet(arn.region(), FleetTarget::new(fleet))
    }

    fn client(&self, region: Option<&str>) -> Client {
        let is_home = |region: &str| self.home.config().region().is_some_and(|home| home.as_ref() == region);
        let Some(region) = region.filter(|region| !is_home(region)) else {
            return self.home.clone();
        };
        let mut others = locked(&self.others);
        if let Some(client) = others.get(region) {
            return client.clone();
        }
        if others.len() >= MOST_CLIENTS {
            return self.home.clone();
        }
        let config = self.home.config().to_builder().region(Region::new(region.to_owned()));
        let client = Client::from_conf(config.build());
        others.insert(region.to_owned(), client.clone());
        client
    }
}
