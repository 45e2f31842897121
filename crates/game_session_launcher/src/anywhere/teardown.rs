//! Removing what this user made, and nothing else: the newest first, each forgotten once it is gone.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::aws::{Cloud, CloudError, CloudErrorKind};
use super::error::AnywhereError;
use super::names::LocationName;
use super::setup::{OWNER_TAG, gone_is_fine, own_fleets};
use super::state::{Keeper, Thing};

/// How often GameLift is asked again to let go of something.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Everything that this user made for the location: what was noted, and fleets that only their tags tell of.
pub(crate) async fn all_made(
    cloud: &Cloud,
    keeper: &Keeper,
    location: &LocationName,
) -> Result<Vec<Thing>, AnywhereError> {
    let mut made = keeper.record().made.clone();
    let fleets = cloud.fleets().await?;
    for fleet in own_fleets(cloud, keeper.owner(), location, &fleets).await? {
        let thing = Thing::Fleet(fleet.id);
        if !made.contains(&thing) {
            made.push(thing);
        }
    }
    // what is in a fleet goes before the fleet, and the location last
    made.sort_by_key(|thing| match thing {
        Thing::Compute { .. } => 0,
        Thing::FleetLocation { .. } => 1,
        Thing::Fleet(_) => 2,
        Thing::Location(_) => 3,
    });
    Ok(made)
}

/// Removes these things in this order and tells which were there.
pub(crate) async fn remove(
    cloud: &Cloud,
    keeper: &mut Keeper,
    things: Vec<Thing>,
    patience: Duration,
) -> Result<Vec<Thing>, AnywhereError> {
    let deadline = Instant::now() + patience;
    let mut removed = Vec::new();
    for thing in things {
        if remove_one(cloud, keeper, &thing, deadline).await? {
            tracing::info!("removed {thing}");
            removed.push(thing.clone());
        }
        keeper.forget(&thing)?;
    }
    Ok(removed)
}

/// Whether it was there and is gone now.
async fn remove_one(cloud: &Cloud, keeper: &Keeper, thing: &Thing, deadline: Instant) -> Result<bool, AnywhereError> {
    match thing {
        Thing::Compute { fleet_id, name } => {
            if cloud.compute(fleet_id, name).await?.is_none() {
                return Ok(false);
            }
            gone_is_fine(cloud.deregister_compute(fleet_id, name).await)?;
        }
        Thing::FleetLocation { fleet_id, location } => {
            if cloud.fleet(fleet_id).await?.is_none() || !cloud.fleet_has_location(fleet_id, location).await? {
                return Ok(false);
            }
            let users = cloud.computes(fleet_id).await?.into_iter();
            check_unused(
                thing,
                users.filter(|compute| compute.location == *location).map(|it| it.name),
            )?;
            let call = || cloud.remove_fleet_location(fleet_id, location);
            patiently(thing, deadline, call).await?;
        }
        Thing::Fleet(id) => {
            let Some(fleet) = cloud.fleet(id).await? else {
                return Ok(false);
            };
            if !is_own(cloud, keeper, &fleet.arn).await? {
                return Ok(false);
            }
            check_unused(thing, cloud.computes(id).await?.into_iter().map(|compute| compute.name))?;
            patiently(thing, deadline, || cloud.delete_fleet(id)).await?;
        }
        Thing::Location(name) => {
            let Some(arn) = cloud.locations().await?.remove(name) else {
                return Ok(false);
            };
            if !is_own(cloud, keeper, &arn).await? {
                return Ok(false);
            }
            let mut users = Vec::new();
            for fleet in cloud
                .fleets()
                .await?
                .into_iter()
                .filter(|fleet| fleet.anywhere && fleet.active)
            {
                if cloud.fleet_has_location(&fleet.id, name).await? {
                    users.push(fleet.id);
                }
            }
            check_unused(thing, users.into_iter())?;
            patiently(thing, deadline, || cloud.delete_location(name)).await?;
        }
    }
    Ok(true)
}

/// Whether the tag says that this user made it: a note alone may be of another account, or of a thing that was made
/// anew by somebody else.
async fn is_own(cloud: &Cloud, keeper: &Keeper, arn: &str) -> Result<bool, AnywhereError> {
    match cloud.tags(arn).await {
        Ok(tags) => Ok(tags.get(OWNER_TAG).is_some_and(|owner| owner == keeper.owner())),
        Err(error) if error.kind == CloudErrorKind::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn check_unused(thing: &Thing, users: impl Iterator<Item = String>) -> Result<(), AnywhereError> {
    let users: Vec<String> = users.collect();
    if users.is_empty() {
        return Ok(());
    }
    Err(AnywhereError::StillUsed {
        thing: thing.to_string(),
        by: users.join(", "),
    })
}

/// GameLift lets go of a fleet only when the processes on it have ended, and of a location when the fleet is gone.
async fn patiently<F: Future<Output = Result<(), CloudError>>>(
    thing: &Thing,
    deadline: Instant,
    call: impl Fn() -> F,
) -> Result<(), AnywhereError> {
    loop {
        match gone_is_fine(call().await) {
            Ok(()) => return Ok(()),
            Err(error) if !may_pass(error.kind) => return Err(error.into()),
            Err(source) if Instant::now() >= deadline => {
                return Err(AnywhereError::NotYet {
                    thing: thing.to_string(),
                    source,
                });
            }
            Err(_) => sleep(ASK_EVERY).await,
        }
    }
}

fn may_pass(kind: CloudErrorKind) -> bool {
    use CloudErrorKind as Kind;
    matches!(
        kind,
        Kind::Conflict | Kind::WrongStatus | Kind::Invalid | Kind::Throttled | Kind::Other
    )
}
