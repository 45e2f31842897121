//! Computes: the machines of an Anywhere fleet.

use serde::{Deserialize, Serialize};

use super::{
    World,
    page::{self, DEFAULT_LIMIT, Scope},
};
use crate::model::{
    error::{ApiError, ErrorKind},
    fleets::{
        Compute as ComputeModel, ComputeInput, ComputeOutput, GetComputeAuthTokenOutput, ListComputeInput,
        ListComputeOutput, NoOutput, RegisterComputeInput,
    },
    timestamp::Timestamp,
};

/// The quota of computes of an Anywhere fleet.
const MAX_COMPUTES: usize = 100;

/// A registered machine.
#[derive(Serialize, Deserialize)]
pub(super) struct Compute {
    pub(super) fleet_id: String,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) ip_address: Option<String>,
    pub(super) dns_name: Option<String>,
    pub(super) certificate_path: Option<String>,
    created: Timestamp,
}

impl World {
    pub(crate) fn register_compute(
        &mut self,
        input: RegisterComputeInput,
        now: Timestamp,
    ) -> Result<ComputeOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        let Some(location) = input.location else {
            return Err(ApiError::invalid("a compute of an Anywhere fleet needs a Location"));
        };
        Self::check_location(fleet, Some(&location))?;
        if input.ip_address.is_none() {
            return Err(ApiError::invalid("a compute of an Anywhere fleet needs an IpAddress"));
        }
        let fleet_id = fleet.id.clone();
        if self.find_compute(&fleet_id, &input.compute_name).is_some() {
            return Err(ApiError::new(
                ErrorKind::Conflict,
                format!("fleet {fleet_id} already has a compute {}", input.compute_name),
            ));
        }
        let registered = self.computes.values().filter(|compute| compute.fleet_id == fleet_id);
        if registered.count() >= MAX_COMPUTES {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of computes of the fleet is used up",
            ));
        }
        let compute = Compute {
            fleet_id,
            name: input.compute_name,
            location,
            ip_address: input.ip_address,
            dns_name: input.dns_name,
            certificate_path: input.certificate_path,
            created: now,
        };
        let output = ComputeOutput {
            compute: self.compute_model(&compute),
        };
        let serial = self.next_serial();
        self.computes.insert(serial, compute);
        Ok(output)
    }

    pub(crate) fn deregister_compute(&mut self, input: ComputeInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        let compute = self.compute(&input)?;
        let (fleet_id, name) = (compute.fleet_id.clone(), compute.name.clone());
        self.computes
            .retain(|_, compute| compute.fleet_id != fleet_id || compute.name != name);
        self.grants
            .retain(|_, grant| grant.fleet_id != fleet_id || grant.compute_name != name);
        Ok(NoOutput {})
    }

    pub(crate) fn describe_compute(&mut self, input: ComputeInput, _: Timestamp) -> Result<ComputeOutput, ApiError> {
        let compute = self.compute(&input)?;
        Ok(ComputeOutput {
            compute: self.compute_model(compute),
        })
    }

    pub(crate) fn list_compute(
        &mut self,
        input: ListComputeInput,
        _: Timestamp,
    ) -> Result<ListComputeOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        let impaired = input.compute_status.as_deref() == Some("IMPAIRED");
        let computes = self
            .computes
            .iter()
            .filter(|(_, compute)| compute.fleet_id == fleet.id && !impaired)
            .filter(|(_, compute)| input.location.as_ref().is_none_or(|wanted| *wanted == compute.location))
            .map(|(key, compute)| (*key, self.compute_model(compute)));
        let (compute_list, next_token) = page::page(
            computes,
            Scope::of(("ListCompute", &fleet.id, &input.location, impaired)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(ListComputeOutput {
            compute_list,
            next_token,
        })
    }

    pub(crate) fn get_compute_auth_token(
        &mut self,
        input: ComputeInput,
        now: Timestamp,
    ) -> Result<GetComputeAuthTokenOutput, ApiError> {
        let compute = self.compute(&input)?;
        let (fleet_id, name) = (compute.fleet_id.clone(), compute.name.clone());
        let (auth_token, expiration_timestamp) = self.grant_token(&fleet_id, &name, now);
        Ok(GetComputeAuthTokenOutput {
            fleet_arn: self.arn(&format!("fleet/{fleet_id}")),
            fleet_id,
            compute_arn: self.arn(&format!("compute/{name}")),
            compute_name: name,
            auth_token,
            expiration_timestamp,
        })
    }

    pub(super) fn find_compute(&self, fleet_id: &str, name: &str) -> Option<&Compute> {
        self.computes
            .values()
            .find(|compute| compute.fleet_id == fleet_id && compute.name == name)
    }

    fn compute(&self, input: &ComputeInput) -> Result<&Compute, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        let name = input
            .compute_name
            .split_once(":compute/")
            .map_or(input.compute_name.as_str(), |(_, name)| name);
        self.find_compute(&fleet.id, name)
            .ok_or_else(|| ApiError::not_found(format!("fleet {} has no compute {name}", fleet.id)))
    }

    fn compute_model(&self, compute: &Compute) -> ComputeModel {
        ComputeModel {
            fleet_id: compute.fleet_id.clone(),
            fleet_arn: self.arn(&format!("fleet/{}", compute.fleet_id)),
            compute_name: compute.name.clone(),
            compute_arn: self.arn(&format!("compute/{}", compute.name)),
            ip_address: compute.ip_address.clone(),
            dns_name: compute.dns_name.clone(),
            compute_status: "ACTIVE",
            location: compute.location.clone(),
            creation_time: compute.created,
            game_lift_service_sdk_endpoint: self.settings.advertised_url().to_owned(),
        }
    }
}
