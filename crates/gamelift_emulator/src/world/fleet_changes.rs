//! What can be changed about a fleet after its creation.

use std::time::Duration;

use super::{World, fleets::Fleet};
use crate::model::{
    aliases::FleetNameOutput,
    error::{ApiError, ErrorKind},
    fleets::LocationState,
    reports::{
        CreateFleetLocationsInput, DeleteFleetLocationsInput, FleetInput, FleetLocationsOutput,
        RuntimeConfigurationOutput, UpdateFleetAttributesInput, UpdateRuntimeConfigurationInput,
    },
    timestamp::Timestamp,
};

/// The most locations of a fleet.
const MAX_LOCATIONS: usize = 100;

impl World {
    pub(crate) fn update_fleet_attributes(
        &mut self,
        input: UpdateFleetAttributesInput,
        now: Timestamp,
    ) -> Result<FleetNameOutput, ApiError> {
        let fleet = self.fleet_mut(&input.fleet_id)?;
        fleet.name = input.name.unwrap_or_else(|| fleet.name.clone());
        fleet.description = input.description.or(fleet.description.take());
        fleet.limit_policy = input.resource_creation_limit_policy.or(fleet.limit_policy);
        if let Some(anywhere) = input.anywhere_configuration {
            fleet.cost = anywhere.cost;
        }
        let changed = input
            .new_game_session_protection_policy
            .filter(|policy| *policy != fleet.protection);
        let output = FleetNameOutput {
            fleet_id: fleet.id.clone(),
            fleet_arn: fleet.arn.clone(),
        };
        if let Some(policy) = changed {
            fleet.protection = policy;
            self.record_event(
                &output.fleet_id,
                "FLEET_NEW_GAME_SESSION_PROTECTION_POLICY_UPDATED",
                "the protection policy of new game sessions was changed",
                now,
            );
        }
        Ok(output)
    }

    pub(crate) fn create_fleet_locations(
        &mut self,
        input: CreateFleetLocationsInput,
        now: Timestamp,
    ) -> Result<FleetLocationsOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        if fleet.locations.len() + input.locations.len() > MAX_LOCATIONS {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of locations of the fleet is used up",
            ));
        }
        for wanted in &input.locations {
            let name = &wanted.location;
            if !self.locations.values().any(|known| known == name) {
                return Err(ApiError::not_found(format!(
                    "there is no location {name}: create it first"
                )));
            }
            if fleet.locations.contains(name) {
                return Err(ApiError::new(
                    ErrorKind::Conflict,
                    format!("the fleet already has the location {name}"),
                ));
            }
        }
        let names: Vec<String> = input.locations.into_iter().map(|location| location.location).collect();
        let fleet = self.fleet_mut(&input.fleet_id)?;
        for name in &names {
            if !fleet.locations.contains(name) {
                fleet.locations.push(name.clone());
            }
        }
        let output = locations_output(fleet, names, "ACTIVE");
        self.record_event(&output.fleet_id, "LOCATION_STATE_ACTIVE", "a location was added", now);
        self.reconsider_placements();
        Ok(output)
    }

    pub(crate) fn delete_fleet_locations(
        &mut self,
        input: DeleteFleetLocationsInput,
        now: Timestamp,
    ) -> Result<FleetLocationsOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        for name in &input.locations {
            Self::check_location(fleet, Some(name))?;
            let used = self
                .computes
                .values()
                .any(|compute| compute.fleet_id == fleet.id && compute.location == *name);
            if used {
                return Err(ApiError::invalid(format!(
                    "computes of the fleet are in {name}: deregister them first"
                )));
            }
        }
        let fleet = self.fleet_mut(&input.fleet_id)?;
        fleet.locations.retain(|name| !input.locations.contains(name));
        let output = locations_output(fleet, input.locations, "DELETING");
        self.record_event(
            &output.fleet_id,
            "LOCATION_STATE_DELETED",
            "a location was removed",
            now,
        );
        self.reconsider_placements();
        Ok(output)
    }

    pub(crate) fn describe_runtime_configuration(
        &mut self,
        input: FleetInput,
        _: Timestamp,
    ) -> Result<RuntimeConfigurationOutput, ApiError> {
        Ok(runtime_output(self.fleet(&input.fleet_id)?))
    }

    /// Only the activation timeout means something here: nobody but the owner of a compute starts processes on it.
    pub(crate) fn update_runtime_configuration(
        &mut self,
        input: UpdateRuntimeConfigurationInput,
        _: Timestamp,
    ) -> Result<RuntimeConfigurationOutput, ApiError> {
        let fleet = self.fleet_mut(&input.fleet_id)?;
        if let Some(seconds) = input.runtime_configuration.game_session_activation_timeout_seconds {
            fleet.activation_timeout = Duration::from_secs(seconds.into());
        }
        fleet.runtime = input.runtime_configuration;
        Ok(runtime_output(fleet))
    }

    fn fleet_mut(&mut self, id_or_arn: &str) -> Result<&mut Fleet, ApiError> {
        let id = self.fleet(id_or_arn)?.id.clone();
        self.fleets
            .values_mut()
            .find(|fleet| fleet.id == id)
            .ok_or_else(|| ApiError::not_found(format!("there is no fleet {id}")))
    }
}

fn runtime_output(fleet: &Fleet) -> RuntimeConfigurationOutput {
    let mut runtime_configuration = fleet.runtime.clone();
    let seconds = u32::try_from(fleet.activation_timeout.as_secs()).unwrap_or(u32::MAX);
    runtime_configuration.game_session_activation_timeout_seconds = Some(seconds);
    RuntimeConfigurationOutput { runtime_configuration }
}

fn locations_output(fleet: &Fleet, names: Vec<String>, status: &'static str) -> FleetLocationsOutput {
    let locations = names.into_iter().map(|location| LocationState { location, status });
    FleetLocationsOutput {
        fleet_id: fleet.id.clone(),
        fleet_arn: fleet.arn.clone(),
        location_states: locations.collect(),
    }
}
