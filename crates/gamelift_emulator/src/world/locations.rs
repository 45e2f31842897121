//! Custom locations.

use super::{
    World,
    page::{self, DEFAULT_LIMIT, Scope},
};
use crate::model::{
    error::{ApiError, ErrorKind},
    fleets::{
        CreateLocationOutput, ListLocationsInput, ListLocationsOutput, LocationModel, LocationNameInput, NoOutput,
        PingBeacon, UdpEndpoint,
    },
    timestamp::Timestamp,
};

/// The quota of custom locations.
const MAX_LOCATIONS: usize = 20;
/// Where ping beacons are.
const BEACON_DOMAIN: &str = "127.0.0.1";

impl World {
    pub(crate) fn create_location(
        &mut self,
        input: LocationNameInput,
        _: Timestamp,
    ) -> Result<CreateLocationOutput, ApiError> {
        if self.locations.values().any(|name| *name == input.location_name) {
            return Err(ApiError::new(
                ErrorKind::Conflict,
                format!("there is already a location {}", input.location_name),
            ));
        }
        if self.locations.len() >= MAX_LOCATIONS {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of custom locations is used up",
            ));
        }
        let arn = self.arn(&format!("location/{}", input.location_name));
        self.tag_new(&arn, input.tags)?;
        self.beacons.open(&input.location_name);
        let location = self.location_model(&input.location_name);
        let serial = self.next_serial();
        self.locations.insert(serial, input.location_name);
        Ok(CreateLocationOutput { location })
    }

    pub(crate) fn delete_location(&mut self, input: LocationNameInput, _: Timestamp) -> Result<NoOutput, ApiError> {
        let name = input.location_name.rsplit('/').next().unwrap_or(&input.location_name);
        let Some(key) = self
            .locations
            .iter()
            .find_map(|(key, known)| (known == name).then_some(*key))
        else {
            return Err(ApiError::not_found(format!("there is no location {name}")));
        };
        if let Some(fleet) = self
            .fleets
            .values()
            .find(|fleet| fleet.locations.iter().any(|location| location == name))
        {
            return Err(ApiError::invalid(format!("fleet {} uses the location", fleet.id)));
        }
        let arn = self.arn(&format!("location/{name}"));
        self.tags.remove(&arn);
        self.beacons.close(name);
        self.locations.remove(&key);
        Ok(NoOutput {})
    }

    pub(crate) fn list_locations(
        &mut self,
        input: ListLocationsInput,
        _: Timestamp,
    ) -> Result<ListLocationsOutput, ApiError> {
        // AWS's own regions are no places of this machine: only custom locations are listed.
        let filters = input.filters.unwrap_or_default();
        let custom = filters.is_empty() || filters.iter().any(|filter| filter == "CUSTOM");
        let locations = self
            .locations
            .iter()
            .filter(|_| custom)
            .map(|(key, name)| (*key, self.location_model(name)));
        let (locations, next_token) = page::page(
            locations,
            Scope::of(("ListLocations", custom)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(ListLocationsOutput { locations, next_token })
    }

    fn location_model(&self, name: &str) -> LocationModel {
        LocationModel {
            location_name: name.to_owned(),
            location_arn: self.arn(&format!("location/{name}")),
            ping_beacon: self.beacons.port(name).map(|port| PingBeacon {
                udp_endpoint: UdpEndpoint {
                    domain: BEACON_DOMAIN,
                    port,
                },
            }),
        }
    }
}
