//! Fleets: Anywhere fleets, which exist as soon as they are created.

use serde::{Deserialize, Serialize};

use std::time::Duration;

use serde_json::Value;

use super::{
    World,
    page::{self, DEFAULT_LIMIT, Scope},
    words::Word,
};
use crate::model::{
    error::{ApiError, ErrorKind},
    fleets::{
        AnywhereConfiguration, CreateFleetInput, CreateFleetOutput, CreationLimitPolicy, DeleteFleetInput,
        DescribeFleetAttributesInput, DescribeFleetAttributesOutput, FleetAttributes, ListFleetsInput,
        ListFleetsOutput, LocationState, NoOutput, RuntimeConfiguration,
    },
    inputs::members_of,
    shape,
    timestamp::Timestamp,
};

/// The quota of Anywhere fleets.
const MAX_FLEETS: usize = 10;
/// Fleet events that are kept.
const MAX_EVENTS: usize = 1_000;

/// A fleet.
#[derive(Serialize, Deserialize)]
pub(super) struct Fleet {
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) description: Option<String>,
    created: Timestamp,
    pub(super) protection: String,
    pub(super) limit_policy: Option<CreationLimitPolicy>,
    pub(super) activation_timeout: Duration,
    pub(super) runtime: RuntimeConfiguration,
    pub(super) cost: String,
    pub(super) locations: Vec<String>,
}

/// Something that happened on a fleet, for its owner to read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct FleetEvent {
    pub(super) serial: u64,
    pub(super) code: Word,
    pub(super) fleet_id: String,
    pub(super) message: String,
    pub(super) time: Timestamp,
}

impl World {
    pub(super) fn add_default_fleet(&mut self, now: Timestamp) {
        let location = self.settings.location.clone();
        if !self.locations.values().any(|known| *known == location) {
            let serial = self.next_serial();
            self.beacons.open(&location);
            self.locations.insert(serial, location.clone());
        }
        self.default_fleet.clone_from(&self.settings.fleet_id);
        let fleet = Fleet {
            id: self.settings.fleet_id.clone(),
            arn: self.arn(&format!("fleet/{}", self.settings.fleet_id)),
            name: "local".into(),
            description: Some("the fleet that is there from the start".into()),
            created: now,
            protection: "NoProtection".into(),
            limit_policy: None,
            activation_timeout: self.settings.activation_timeout,
            runtime: RuntimeConfiguration::default(),
            cost: "1".into(),
            locations: vec![location],
        };
        let serial = self.next_serial();
        self.fleets.insert(serial, fleet);
    }

    /// The fleet with this id or ARN.
    pub(super) fn fleet(&self, id_or_arn: &str) -> Result<&Fleet, ApiError> {
        let id = id_or_arn.rsplit('/').next().unwrap_or(id_or_arn);
        self.fleets
            .values()
            .find(|fleet| fleet.id == id)
            .ok_or_else(|| ApiError::not_found(format!("there is no fleet {id}")))
    }

    /// The fleet that a call names by exactly one of fleet id and alias.
    pub(super) fn fleet_or_alias(&self, fleet_id: Option<&str>, alias_id: Option<&str>) -> Result<&Fleet, ApiError> {
        match (fleet_id, alias_id) {
            (Some(fleet_id), None) => self.fleet(fleet_id),
            (None, Some(alias)) => self.fleet_of_alias(alias),
            _ => Err(ApiError::invalid("exactly one of FleetId and AliasId is needed")),
        }
    }

    /// Fails when the location is none of the fleet's.
    pub(super) fn check_location(fleet: &Fleet, location: Option<&str>) -> Result<(), ApiError> {
        match location {
            Some(location) if !fleet.locations.iter().any(|known| known == location) => Err(ApiError::invalid(
                format!("{location} is not a location of fleet {}", fleet.id),
            )),
            _ => Ok(()),
        }
    }

    pub(crate) fn list_fleets(&mut self, input: ListFleetsInput, _: Timestamp) -> Result<ListFleetsOutput, ApiError> {
        // Anywhere fleets have neither build nor script.
        let none = input.build_id.is_some() || input.script_id.is_some();
        let ids = self
            .fleets
            .iter()
            .filter(|_| !none)
            .map(|(key, fleet)| (*key, fleet.id.clone()));
        let (fleet_ids, next_token) = page::page(
            ids,
            Scope::of("ListFleets"),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(ListFleetsOutput { fleet_ids, next_token })
    }

    pub(crate) fn describe_fleet_attributes(
        &mut self,
        input: DescribeFleetAttributesInput,
        _: Timestamp,
    ) -> Result<DescribeFleetAttributesOutput, ApiError> {
        let wanted = input.fleet_ids.unwrap_or_default();
        let wanted: Vec<&str> = wanted.iter().map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
        let scope = Scope::of(("DescribeFleetAttributes", &wanted));
        let fleets = self
            .fleets
            .iter()
            .filter(|(_, fleet)| wanted.is_empty() || wanted.contains(&fleet.id.as_str()))
            .map(|(key, fleet)| (*key, fleet.attributes()));
        let (fleet_attributes, next_token) = page::page(
            fleets,
            scope,
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(DescribeFleetAttributesOutput {
            fleet_attributes,
            next_token,
        })
    }

    pub(crate) fn create_fleet(
        &mut self,
        input: CreateFleetInput,
        now: Timestamp,
    ) -> Result<CreateFleetOutput, ApiError> {
        self.add_fleet(None, input, now)
    }

    /// Creates a fleet under an id that its owner chose, which only a seed can.
    pub(crate) fn create_fleet_as(&mut self, id: &str, body: Value, now: Timestamp) -> Result<(), ApiError> {
        if self.fleet(id).is_ok() {
            return Err(ApiError::new(
                ErrorKind::Conflict,
                "there is already a fleet with this id",
            ));
        }
        if let Some(members) = members_of("CreateFleet") {
            shape::check(members, &body)?;
        }
        let input = serde_json::from_value(body).map_err(|error| ApiError::invalid(error.to_string()))?;
        self.add_fleet(Some(id), input, now).map(drop)
    }

    /// The ARN of the fleet with this id.
    pub(crate) fn fleet_arn(&self, id: &str) -> String {
        self.arn(&format!("fleet/{id}"))
    }

    fn add_fleet(
        &mut self,
        id: Option<&str>,
        input: CreateFleetInput,
        now: Timestamp,
    ) -> Result<CreateFleetOutput, ApiError> {
        if input.compute_type.as_deref() != Some("ANYWHERE") {
            return Err(ApiError::invalid("only fleets with ComputeType ANYWHERE are emulated"));
        }
        let locations: Vec<String> = input
            .locations
            .unwrap_or_default()
            .into_iter()
            .map(|location| location.location)
            .collect();
        if locations.is_empty() {
            return Err(ApiError::invalid("an Anywhere fleet needs Locations"));
        }
        for location in &locations {
            if !self.locations.values().any(|known| known == location) {
                return Err(ApiError::not_found(format!(
                    "there is no location {location}: create it first"
                )));
            }
        }
        if self.fleets.len() >= MAX_FLEETS {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of Anywhere fleets is used up",
            ));
        }
        let id = id.map_or_else(|| self.new_id("fleet-"), ToOwned::to_owned);
        let fleet = Fleet {
            arn: self.arn(&format!("fleet/{id}")),
            id,
            name: input.name,
            description: input.description,
            created: now,
            protection: input
                .new_game_session_protection_policy
                .unwrap_or_else(|| "NoProtection".into()),
            limit_policy: input.resource_creation_limit_policy,
            activation_timeout: input
                .runtime_configuration
                .as_ref()
                .and_then(|runtime| runtime.game_session_activation_timeout_seconds)
                .map_or(self.settings.activation_timeout, |seconds| {
                    Duration::from_secs(seconds.into())
                }),
            runtime: input.runtime_configuration.unwrap_or_default(),
            cost: input
                .anywhere_configuration
                .map_or_else(|| "0".into(), |anywhere| anywhere.cost),
            locations,
        };
        let output = CreateFleetOutput {
            fleet_attributes: fleet.attributes(),
            location_states: fleet
                .locations
                .iter()
                .map(|location| LocationState {
                    location: location.clone(),
                    status: "ACTIVE",
                })
                .collect(),
        };
        self.tag_new(&fleet.arn, input.tags)?;
        self.record_event(&fleet.id, "FLEET_CREATED", "the fleet was created", now);
        let serial = self.next_serial();
        self.fleets.insert(serial, fleet);
        Ok(output)
    }

    pub(crate) fn delete_fleet(&mut self, input: DeleteFleetInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        let (id, arn) = (fleet.id.clone(), fleet.arn.clone());
        if self.live_processes.keys().any(|name| name.fleet_id == id) {
            return Err(ApiError::new(
                ErrorKind::InvalidFleetStatus,
                "the fleet still has server processes: end them first",
            ));
        }
        self.fleets.retain(|_, fleet| fleet.id != id);
        self.tags.remove(&arn);
        self.computes.retain(|_, compute| compute.fleet_id != id);
        self.grants.retain(|_, grant| grant.fleet_id != id);
        self.reconsider_placements();
        Ok(NoOutput {})
    }

    pub(super) fn record_event(&mut self, fleet_id: &str, code: &'static str, message: &str, time: Timestamp) {
        if self.fleet_events.len() >= MAX_EVENTS {
            self.fleet_events.pop_first();
        }
        let serial = self.next_serial();
        let event = FleetEvent {
            serial,
            code: Word(code),
            fleet_id: fleet_id.to_owned(),
            message: message.to_owned(),
            time,
        };
        self.fleet_events.insert(serial, event);
    }
}

impl Fleet {
    fn attributes(&self) -> FleetAttributes {
        FleetAttributes {
            fleet_id: self.id.clone(),
            fleet_arn: self.arn.clone(),
            description: self.description.clone(),
            name: self.name.clone(),
            creation_time: self.created,
            status: "ACTIVE",
            new_game_session_protection_policy: self.protection.clone(),
            resource_creation_limit_policy: self.limit_policy,
            compute_type: "ANYWHERE",
            anywhere_configuration: AnywhereConfiguration {
                cost: self.cost.clone(),
            },
        }
    }
}
