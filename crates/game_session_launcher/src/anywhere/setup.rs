//! From an empty account, or a half made or whole set-up, to a location, a fleet and a registered compute.
//!
//! Each thing is looked for first and made only if it is not there; before it is made it is noted. Locations and fleets
//! carry the user's mark as a tag, so that they are known as this user's even when a run was killed between the call
//! and its answer.

use std::net::IpAddr;

use super::aws::{Cloud, CloudError, CloudErrorKind, ComputeSeen, FleetSeen, NewCompute};
use super::error::AnywhereError;
use super::names::{ComputeName, LocationName};
use super::state::{Keeper, Thing};

/// The tag with the mark of the user who made a location or a fleet.
pub(crate) const OWNER_TAG: &str = "game-session:owner";
/// The tag with the location that a fleet was made for.
pub(crate) const LOCATION_TAG: &str = "game-session:location";

/// Which fleet is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FleetChoice {
    /// The one that this user made for the location, else the only Anywhere fleet that has it.
    #[default]
    Found,
    /// The one of this id.
    Named(String),
    /// The one that this user made for the location; it is made if it is not there.
    Created,
}

/// What a compute needs to be in a fleet.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub(crate) location: LocationName,
    pub(crate) fleet: FleetChoice,
    pub(crate) compute: ComputeName,
    pub(crate) address: IpAddr,
}

/// Where the server processes will run, as GameLift knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Site {
    pub(crate) compute: NewCompute,
    /// Where server processes connect.
    pub(crate) endpoint: String,
}

/// One run of the set-up.
pub(crate) struct Setup<'a> {
    pub(crate) cloud: &'a Cloud,
    pub(crate) keeper: &'a mut Keeper,
    /// What this run made, oldest first.
    pub(crate) made: Vec<Thing>,
}

impl Setup<'_> {
    /// Looks for everything and makes what is not there.
    pub(crate) async fn site(&mut self, wish: &Wish) -> Result<Site, AnywhereError> {
        self.location(&wish.location).await?;
        let fleet = self.fleet(wish).await?;
        self.fleet_location(&fleet, &wish.location).await?;
        let new = NewCompute {
            fleet_id: fleet.id,
            name: wish.compute.to_string(),
            location: wish.location.to_string(),
            address: wish.address,
        };
        let seen = self.compute(&new).await?;
        let (fleet_id, name) = (new.fleet_id.clone(), new.name.clone());
        self.keeper.change(|record| {
            record.fleet_id = Some(fleet_id);
            record.compute = Some(name);
        })?;
        Ok(Site {
            compute: new,
            endpoint: seen.endpoint,
        })
    }

    fn about_to_make(&mut self, thing: Thing) -> Result<(), AnywhereError> {
        tracing::info!("making {thing}");
        self.keeper.note(thing.clone())?;
        self.made.push(thing);
        Ok(())
    }

    async fn location(&mut self, location: &LocationName) -> Result<(), AnywhereError> {
        if self.cloud.locations().await?.contains_key(location.as_str()) {
            return Ok(());
        }
        self.about_to_make(Thing::Location(location.to_string()))?;
        let tags = [(OWNER_TAG, self.keeper.owner())];
        match self.cloud.create_location(location.as_str(), &tags).await {
            // somebody else was quicker, and it is theirs
            Err(error) if error.kind == CloudErrorKind::Conflict => {
                let thing = Thing::Location(location.to_string());
                self.made.retain(|made| *made != thing);
                self.keeper.forget(&thing)
            }
            outcome => Ok(outcome?),
        }
    }

    async fn fleet(&mut self, wish: &Wish) -> Result<FleetSeen, AnywhereError> {
        if let FleetChoice::Named(id) = &wish.fleet {
            let fleet = self.cloud.fleet(id).await?.ok_or_else(|| AnywhereError::NoSuchFleet {
                id: id.clone(),
                whereabouts: self.cloud.whereabouts(),
            })?;
            return usable(fleet);
        }
        let fleets = self.cloud.fleets().await?;
        if let Some(own) = own_fleets(self.cloud, self.keeper.owner(), &wish.location, &fleets)
            .await?
            .pop()
        {
            // a run may have been killed before it knew the id
            self.keeper.note(Thing::Fleet(own.id.clone()))?;
            return usable(own);
        }
        if wish.fleet == FleetChoice::Created {
            return self.create_fleet(&wish.location).await;
        }
        let mut fitting = Vec::new();
        for fleet in fleets.into_iter().filter(|fleet| fleet.anywhere && fleet.active) {
            if self.cloud.fleet_has_location(&fleet.id, wish.location.as_str()).await? {
                fitting.push(fleet);
            }
        }
        match fitting.len() {
            0 => Err(AnywhereError::NoFleet(wish.location.to_string())),
            1 => fitting
                .pop()
                .ok_or_else(|| AnywhereError::NoFleet(wish.location.to_string())),
            _ => Err(AnywhereError::SeveralFleets {
                location: wish.location.to_string(),
                fleets: fitting.into_iter().map(|fleet| fleet.id).collect(),
            }),
        }
    }

    /// Its id is not known before the answer: until then its tags stand for it.
    async fn create_fleet(&mut self, location: &LocationName) -> Result<FleetSeen, AnywhereError> {
        let name = fleet_name(location);
        let tags = [(OWNER_TAG, self.keeper.owner()), (LOCATION_TAG, location.as_str())];
        tracing::info!("making fleet {name}");
        let fleet = self.cloud.create_fleet(&name, location.as_str(), &tags).await?;
        let thing = Thing::Fleet(fleet.id.clone());
        self.made.push(thing.clone());
        self.keeper.note(thing)?;
        Ok(fleet)
    }

    async fn fleet_location(&mut self, fleet: &FleetSeen, location: &LocationName) -> Result<(), AnywhereError> {
        if self.cloud.fleet_has_location(&fleet.id, location.as_str()).await? {
            return Ok(());
        }
        self.about_to_make(Thing::FleetLocation {
            fleet_id: fleet.id.clone(),
            location: location.to_string(),
        })?;
        match self.cloud.add_fleet_location(&fleet.id, location.as_str()).await {
            Err(error) if error.kind == CloudErrorKind::Conflict => Ok(()),
            outcome => Ok(outcome?),
        }
    }

    async fn compute(&mut self, new: &NewCompute) -> Result<ComputeSeen, AnywhereError> {
        let thing = compute_thing(new);
        if let Some(seen) = self.cloud.compute(&new.fleet_id, &new.name).await? {
            if seen.address == Some(new.address) && seen.location == new.location {
                return Ok(seen);
            }
            if !self.keeper.has(&thing) {
                return Err(taken(new, &seen));
            }
            tracing::info!("registering {thing} again: its address or location has changed");
            gone_is_fine(self.cloud.deregister_compute(&new.fleet_id, &new.name).await)?;
        }
        if self.keeper.has(&thing) {
            self.made.push(thing);
        } else {
            self.about_to_make(thing)?;
        }
        match self.cloud.register_compute(new).await {
            Err(error) if error.kind == CloudErrorKind::Conflict => {
                let seen = self.cloud.compute(&new.fleet_id, &new.name).await?;
                match seen {
                    Some(seen) if seen.address == Some(new.address) && seen.location == new.location => Ok(seen),
                    Some(seen) => {
                        self.not_made(new)?;
                        Err(taken(new, &seen))
                    }
                    None => Err(error.into()),
                }
            }
            outcome => Ok(outcome?),
        }
    }

    fn not_made(&mut self, new: &NewCompute) -> Result<(), AnywhereError> {
        let thing = compute_thing(new);
        self.made.retain(|made| *made != thing);
        self.keeper.forget(&thing)
    }
}

/// The compute as a thing to note.
pub(crate) fn compute_thing(compute: &NewCompute) -> Thing {
    Thing::Compute {
        fleet_id: compute.fleet_id.clone(),
        name: compute.name.clone(),
    }
}

/// The fleets that this user made for the location, whatever became of the runs that made them.
pub(crate) async fn own_fleets(
    cloud: &Cloud,
    owner: &str,
    location: &LocationName,
    fleets: &[FleetSeen],
) -> Result<Vec<FleetSeen>, CloudError> {
    let mut own = Vec::new();
    let name = fleet_name(location);
    for fleet in fleets.iter().filter(|fleet| fleet.anywhere && fleet.name == name) {
        let tags = match cloud.tags(&fleet.arn).await {
            Err(error) if error.kind == CloudErrorKind::NotFound => continue,
            outcome => outcome?,
        };
        let is = |tag: &str, value: &str| tags.get(tag).is_some_and(|it| it == value);
        if is(OWNER_TAG, owner) && is(LOCATION_TAG, location.as_str()) {
            own.push(fleet.clone());
        }
    }
    Ok(own)
}

/// What is gone need not be removed.
pub(crate) fn gone_is_fine(outcome: Result<(), CloudError>) -> Result<(), CloudError> {
    match outcome {
        Err(error) if error.kind == CloudErrorKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

fn fleet_name(location: &LocationName) -> String {
    format!("game-session-{}", location.short())
}

fn usable(fleet: FleetSeen) -> Result<FleetSeen, AnywhereError> {
    if !fleet.anywhere {
        Err(AnywhereError::NotAnywhere(fleet.id))
    } else if fleet.active {
        Ok(fleet)
    } else {
        Err(AnywhereError::FleetNotActive {
            id: fleet.id,
            status: fleet.status,
        })
    }
}

fn taken(new: &NewCompute, seen: &ComputeSeen) -> AnywhereError {
    let address = seen
        .address
        .map_or_else(|| "an unknown address".to_owned(), |address| address.to_string());
    AnywhereError::NameTaken {
        name: new.name.clone(),
        fleet_id: new.fleet_id.clone(),
        at: format!("{address} in {}", seen.location),
    }
}
