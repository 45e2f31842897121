//! What the supervisor asks whoever places game sessions on its processes: the emulator, or GameLift itself.

use game_session_protocol::BoxedFuture;

/// Whoever places game sessions on the supervised processes.
///
/// The local stack's is the emulator; a GameLift Anywhere compute's is the AWS API, which gives out a token that
/// expires: so it is asked anew for every process.
pub trait Orchestrator: Send + Sync + 'static {
    /// The environment that connects the process of this id to the orchestrator: the five official variables
    /// `GAMELIFT_SDK_WEBSOCKET_URL`, `_PROCESS_ID`, `_HOST_ID`, `_FLEET_ID` and `_AUTH_TOKEN`. An error is one
    /// sentence; the supervisor tries again later.
    fn environment(&self, process_id: &str) -> BoxedFuture<Result<Vec<(String, String)>, String>>;

    /// Whether the process of this id, which has ended, ever got a game session. One that ended soon without is taken
    /// for broken, and its replacement waits.
    fn has_hosted(&self, process_id: &str) -> BoxedFuture<bool>;
}
