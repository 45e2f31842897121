//! What there is: in the account, and on this machine.

use super::aws::Cloud;
use super::error::AnywhereError;
use super::settings::Place;
use super::setup::own_fleets;
use super::state::{Keeper, Thing};

/// What there is of a set-up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct AnywhereStatus {
    /// Whether the location exists.
    pub location_exists: bool,
    /// The fleet of the last `up`, or the one that this user made, if it exists.
    pub fleet_id: Option<String>,
    /// This machine in the fleet: its name and address, if it is registered.
    pub compute: Option<(String, String)>,
    /// How many ready server processes of the fleet are counted; AWS counts them for managed fleets only.
    pub processes: Option<u32>,
    /// What `down` would remove.
    pub made: Vec<Thing>,
    /// The process of the `up` that runs now; 0 if it did not say.
    pub running: Option<u32>,
    /// Where its backend listens.
    pub backend_url: Option<String>,
}

/// Looks at what there is; changes nothing.
///
/// # Errors
/// [`AnywhereError`] when GameLift or the state cannot be asked.
pub async fn status(place: &Place) -> Result<AnywhereStatus, AnywhereError> {
    let cloud = Cloud::connect(&place.account).await;
    let (record, running) = Keeper::look(&place.state, &cloud.scope(), &place.location)?;
    let location_exists = cloud.locations().await?.contains_key(place.location.as_str());
    let fleets = cloud.fleets().await?;
    let own = own_fleets(&cloud, &place.state.owner()?, &place.location, &fleets).await?;
    let last = record.fleet_id.filter(|id| fleets.iter().any(|fleet| fleet.id == *id));
    let fleet_id = last.or_else(|| own.first().map(|fleet| fleet.id.clone()));
    let mut made = record.made;
    for fleet in own {
        let thing = Thing::Fleet(fleet.id);
        if !made.contains(&thing) {
            made.push(thing);
        }
    }
    let (mut compute, mut processes) = (None, None);
    if let Some(fleet_id) = &fleet_id {
        let count = cloud.active_processes(fleet_id).await.ok();
        processes = count.filter(|count| *count > 0 || cloud.endpoint().is_some());
        if let Some(name) = &record.compute
            && let Some(seen) = cloud.compute(fleet_id, name).await?
        {
            let address = seen
                .address
                .map_or_else(|| "no address".to_owned(), |address| address.to_string());
            compute = Some((seen.name, address));
        }
    }
    Ok(AnywhereStatus {
        location_exists,
        fleet_id,
        compute,
        processes,
        made,
        backend_url: record.backend_url.filter(|_| running.is_some()),
        running,
    })
}
