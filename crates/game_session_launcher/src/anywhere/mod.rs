//! GameLift Anywhere: this machine as a compute of a fleet in an AWS account, in one call.
//!
//! [`up`] looks for the custom location, the Anywhere fleet and the registration of this machine, makes what is not
//! there, and runs server processes and a backend. It may be run again after any end of an earlier run. [`down`] removes
//! what this user's runs made and nothing else; [`status`] only looks.
//!
//! | file | what |
//! |---|---|
//! | `aws` | GameLift through the AWS SDK, and its errors in plain words |
//! | `setup`, `teardown` | making what is not there, removing what was made |
//! | `state` | what was made, on disk, noted before it is made |
//! | `compute` | what server processes are given to connect: a token that is renewed in time |
//! | `up`, `status` | the whole |

pub(crate) mod aws;
mod compute;
mod error;
mod names;
pub(crate) mod settings;
mod setup;
mod state;
mod status;
mod teardown;
mod up;

use std::time::Duration;

pub use aws::{Account, CloudError, CloudErrorKind};
pub use error::AnywhereError;
pub use names::{ComputeName, InvalidComputeName, InvalidLocationName, LocationName};
pub use settings::{Place, UpSettings};
pub use setup::FleetChoice;
pub use state::{StateDir, Thing};
pub use status::{AnywhereStatus, status};
pub use up::{Up, up};

use aws::Cloud;
use state::Keeper;

/// Removes what this user's runs made at the place, and tells what that was. GameLift is asked for so long to let go of
/// it: it counts processes for a while after their end.
///
/// # Errors
/// [`AnywhereError`]; what could not be removed stays on record, for the next time.
pub async fn down(place: &Place, patience: Duration) -> Result<Vec<Thing>, AnywhereError> {
    let cloud = Cloud::connect(&place.account).await;
    let mut keeper = Keeper::take(&place.state, &cloud.scope(), &place.location)?;
    let things = teardown::all_made(&cloud, &keeper, &place.location).await?;
    teardown::remove(&cloud, &mut keeper, things, patience).await
}
