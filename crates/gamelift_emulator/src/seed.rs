//! What exists from the start besides the default fleet, read from a TOML file.

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{
    api::{codec::Codec, dispatch::dispatch},
    error::EmulatorError,
    model::{
        error::ApiError,
        scalars,
        shape::{self, Member},
        timestamp::Timestamp,
    },
    world::World,
};

/// What exists from the start besides the default fleet and its location.
///
/// ```
/// # fn main() -> Result<(), gamelift_emulator::EmulatorError> {
/// let seed = gamelift_emulator::Seed::from_toml(r#"
///     locations = ["custom-attic"]
///     ping_millis = { custom-attic = 40 }
///
///     [[fleets]]
///     id = "fleet-attic"
///     locations = ["custom-attic"]
///     activation_timeout_seconds = 20
///
///     [[computes]]
///     fleet = "fleet-attic"
///     name = "box"
///     location = "custom-attic"
///     ip_address = "127.0.0.1"
///
///     [[aliases]]
///     name = "live"
///     fleet = "fleet-attic"
///
///     [[queues]]
///     name = "everywhere"
///     fleets = ["fleet-local", "fleet-attic"]
///     timeout_seconds = 60
/// "#)?;
/// let config = gamelift_emulator::EmulatorConfig::default().seed(seed);
/// # drop(config);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Seed {
    locations: Vec<String>,
    ping_millis: BTreeMap<String, u64>,
    fleets: Vec<SeedFleet>,
    computes: Vec<SeedCompute>,
    aliases: Vec<SeedAlias>,
    queues: Vec<SeedQueue>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedFleet {
    id: String,
    name: Option<String>,
    locations: Vec<String>,
    activation_timeout_seconds: Option<u32>,
    cost: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedCompute {
    fleet: String,
    name: String,
    location: String,
    ip_address: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedAlias {
    name: String,
    fleet: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedQueue {
    name: String,
    fleets: Vec<String>,
    timeout_seconds: Option<u32>,
}

impl Seed {
    /// Reads the text of a seed file.
    ///
    /// # Errors
    /// When it is not TOML, or names something that a seed does not have.
    pub fn from_toml(text: &str) -> Result<Self, EmulatorError> {
        toml::from_str(text).map_err(|error| EmulatorError::Seed(error.to_string()))
    }

    /// How late the ping beacons of locations answer.
    pub(crate) fn ping_delays(&self) -> impl Iterator<Item = (String, Duration)> {
        let millis = self.ping_millis.iter();
        millis.map(|(location, millis)| (location.clone(), Duration::from_millis(*millis)))
    }

    /// Carries out the seed as the calls that would make the same, under the same rules.
    pub(crate) fn sow(&self, world: &mut World, now: Timestamp) -> Result<(), EmulatorError> {
        for name in &self.locations {
            call(world, "CreateLocation", json!({ "LocationName": name }), now, name)?;
        }
        for fleet in &self.fleets {
            self::fleet(world, fleet, now).map_err(|error| refused(&fleet.id, &error))?;
        }
        for compute in &self.computes {
            let body = json!({
                "FleetId": compute.fleet, "ComputeName": compute.name, "Location": compute.location,
                "IpAddress": compute.ip_address,
            });
            call(world, "RegisterCompute", body, now, &compute.name)?;
        }
        for alias in &self.aliases {
            let strategy = json!({"Type": "SIMPLE", "FleetId": alias.fleet});
            let body = json!({"Name": alias.name, "RoutingStrategy": strategy});
            call(world, "CreateAlias", body, now, &alias.name)?;
        }
        for queue in &self.queues {
            let destinations = queue.fleets.iter();
            let destinations: Vec<Value> = destinations
                .map(|id| json!({"DestinationArn": world.fleet_arn(id)}))
                .collect();
            let body =
                json!({"Name": queue.name, "Destinations": destinations, "TimeoutInSeconds": queue.timeout_seconds});
            call(world, "CreateGameSessionQueue", body, now, &queue.name)?;
        }
        Ok(())
    }
}

fn fleet(world: &mut World, fleet: &SeedFleet, now: Timestamp) -> Result<(), ApiError> {
    let locations: Vec<Value> = fleet.locations.iter().map(|name| json!({ "Location": name })).collect();
    let mut body = json!({
        "Name": fleet.name.as_ref().unwrap_or(&fleet.id), "ComputeType": "ANYWHERE", "Locations": locations,
        "RuntimeConfiguration": {"GameSessionActivationTimeoutSeconds": fleet.activation_timeout_seconds},
    });
    if let Some(cost) = &fleet.cost {
        body["AnywhereConfiguration"] = json!({ "Cost": cost });
    }
    shape::check(
        &[Member::required("FleetId", &scalars::FLEET_ID)],
        &json!({"FleetId": fleet.id}),
    )?;
    world.create_fleet_as(&fleet.id, body, now)
}

fn call(world: &mut World, operation: &str, body: Value, now: Timestamp, what: &str) -> Result<(), EmulatorError> {
    match dispatch(world, operation, body, now, Codec::Json) {
        Ok(_) => Ok(()),
        Err(error) => Err(refused(what, &error)),
    }
}

fn refused(what: &str, error: &ApiError) -> EmulatorError {
    EmulatorError::Seed(format!("{what}: {error}"))
}
