//! Which fleet is asked: as configured, or found once and remembered.
//!
//! A fleet that was named by its build or its name is looked up before the first call that needs it, by one caller for
//! all, and again after GameLift has said of it that it is not there or not active: a deployment may have replaced it.

use std::cmp::Reverse;
use std::future::Future;
use std::sync::Mutex;

use aws_sdk_gamelift::Client;
use aws_sdk_gamelift::types::{FleetAttributes, FleetStatus};

use super::errors::failed;
use crate::config::{Fleet, FleetTarget};
use crate::gamelift::{GameLiftError, GameLiftErrorKind};
use crate::locks::locked;

const PAGE_SIZE: i32 = 100;
/// Fleets are looked through up to so many pages.
const MOST_PAGES: usize = 10;

/// How a call names its fleet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FleetName {
    pub(super) id: Option<String>,
    pub(super) alias: Option<String>,
    pub(super) location: Option<String>,
}

/// The configured fleet, and the one that it was found to be.
pub(super) struct FleetInUse {
    target: FleetTarget,
    found: Mutex<Option<String>>,
    /// Held while one caller looks.
    looking: tokio::sync::Mutex<()>,
}

impl FleetInUse {
    pub(super) fn new(target: FleetTarget) -> Self {
        Self {
            target,
            found: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        }
    }

    pub(super) fn target(&self) -> &FleetTarget {
        &self.target
    }

    /// The fleet's id or ARN, as far as it is known without a call.
    fn id(&self) -> Option<String> {
        match &self.target.fleet {
            Fleet::Id(id) => Some(id.clone()),
            Fleet::Alias(_) => None,
            Fleet::Build(_) | Fleet::Name(_) => locked(&self.found).clone(),
        }
    }

    /// Makes a call of the fleet; once more if the fleet that was found before is another one by now.
    pub(super) async fn call<T, F>(&self, client: &Client, call: impl Fn(FleetName) -> F) -> Result<T, GameLiftError>
    where
        F: Future<Output = Result<T, GameLiftError>>,
    {
        let fleet = self.name(client).await?;
        match call(fleet.clone()).await {
            Err(error)
                if matches!(
                    error.kind,
                    GameLiftErrorKind::NotFound | GameLiftErrorKind::WrongFleetStatus
                ) && self.forget(&fleet) =>
            {
                let now = self.name(client).await?;
                if now == fleet { Err(error) } else { call(now).await }
            }
            answer => answer,
        }
    }

    /// How calls name it; it is looked for if it is not known yet.
    pub(super) async fn name(&self, client: &Client) -> Result<FleetName, GameLiftError> {
        let location = self.target.location.clone();
        if let Fleet::Alias(alias) = &self.target.fleet {
            return Ok(FleetName {
                id: None,
                alias: Some(alias.clone()),
                location,
            });
        }
        let id = match self.id() {
            Some(id) => id,
            None => self.look(client).await?,
        };
        Ok(FleetName {
            id: Some(id),
            alias: None,
            location,
        })
    }

    /// Whether it was a fleet that had been found.
    fn forget(&self, fleet: &FleetName) -> bool {
        if !matches!(self.target.fleet, Fleet::Build(_) | Fleet::Name(_)) {
            return false;
        }
        let mut found = locked(&self.found);
        if *found == fleet.id {
            *found = None;
        }
        true
    }

    async fn look(&self, client: &Client) -> Result<String, GameLiftError> {
        let _alone = self.looking.lock().await;
        if let Some(id) = self.id() {
            return Ok(id);
        }
        let fleets = match &self.target.fleet {
            Fleet::Build(build) => {
                let ids = of_build(client, build).await?;
                if ids.is_empty() {
                    Vec::new()
                } else {
                    attributes(client, Some(ids)).await?
                }
            }
            Fleet::Name(name) => {
                let mut fleets = attributes(client, None).await?;
                fleets.retain(|fleet| fleet.name() == Some(name));
                fleets
            }
            Fleet::Id(_) | Fleet::Alias(_) => Vec::new(),
        };
        let Some(id) = newest_active(fleets) else {
            return Err(GameLiftError {
                operation: "DescribeFleetAttributes",
                kind: GameLiftErrorKind::WrongFleetStatus,
                detail: "no active fleet has the configured build or name".to_owned(),
            });
        };
        tracing::info!(fleet = id, "a fleet was found");
        *locked(&self.found) = Some(id.clone());
        Ok(id)
    }
}

fn newest_active(mut fleets: Vec<FleetAttributes>) -> Option<String> {
    fleets.retain(|fleet| fleet.status() == Some(&FleetStatus::Active));
    let age = |fleet: &FleetAttributes| fleet.creation_time().map(|time| (time.secs(), time.subsec_nanos()));
    fleets.sort_by_key(|fleet| Reverse(age(fleet)));
    fleets.into_iter().find_map(|fleet| fleet.fleet_id)
}

async fn of_build(client: &Client, build: &str) -> Result<Vec<String>, GameLiftError> {
    let call = client.list_fleets().build_id(build).limit(PAGE_SIZE);
    let answer = call.send().await.map_err(|error| failed("ListFleets", &error))?;
    Ok(answer.fleet_ids.unwrap_or_default())
}

/// Of these fleets, or of all.
async fn attributes(client: &Client, ids: Option<Vec<String>>) -> Result<Vec<FleetAttributes>, GameLiftError> {
    let call = client.describe_fleet_attributes().set_fleet_ids(ids).limit(PAGE_SIZE);
    let (mut fleets, mut next) = (Vec::new(), None);
    for _ in 0..MOST_PAGES {
        let answer = call.clone().set_next_token(next).send().await;
        let answer = answer.map_err(|error| failed("DescribeFleetAttributes", &error))?;
        fleets.extend(answer.fleet_attributes.unwrap_or_default());
        next = answer.next_token;
        if next.is_none() {
            break;
        }
    }
    Ok(fleets)
}
