//! Who of several instances reserves a player's seat: the one whose claim, a short row that all share, is first.
//!
//! GameLift does not notice when one player reserves twice. Requests at one instance are kept apart by a lock; at two of
//! them both may look, find nothing, and reserve. So each claims what it found to be missing before it reserves it: the
//! seat of this player in this game session, after so many before. A claim is taken back when GameLift refused the
//! reservation. Else it ends by itself: there is a seat, or there may be one.

use std::time::Duration;

use game_session_protocol::PlayerId;

use crate::problem::Problem;
use crate::seats::Facts;
use crate::state::Shared;

/// A claim holds for so long: longer than the call that reserves, repeated.
const LIFE: Duration = Duration::from_secs(40);
/// Of what was not there so long ago at most, every claim still holds.
pub(crate) const ALL_CLAIMS_HOLD: Duration = Duration::from_secs(30);
/// Who comes second looks again after each of these.
pub(crate) const PAUSES: [Duration; 6] = [
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1600),
];

/// What this instance may reserve, and no other.
pub(crate) struct Claim(String);

impl Claim {
    /// Claims the player's next seat in a game session, where `before` seats were found. `None` when another instance did.
    /// Call it under the lock of the seat: a claim of this instance's own was left behind by a request that was cut off.
    pub(crate) async fn lay(
        shared: &Shared,
        player: &PlayerId,
        facts: &Facts,
        before: usize,
    ) -> Result<Option<Self>, Problem> {
        let tag = shared.ring.owner_tag(&facts.token, player);
        let key = format!("seat/{}/{tag}/{before}", facts.trace_id);
        let first = shared
            .rows
            .put_if_absent(key.clone(), shared.instance.clone(), LIFE)
            .await?;
        Ok((first == shared.instance).then_some(Self(key)))
    }

    /// Takes it back: the seat was refused.
    pub(crate) async fn take_back(self, shared: &Shared) {
        if let Err(error) = shared.rows.strike(self.0).await {
            tracing::warn!(%error, "a claim on a seat is not taken back and holds until it ends");
        }
    }
}
