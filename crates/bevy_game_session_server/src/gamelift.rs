//! Game sessions from Amazon GameLift: the one file that knows the GameLift server SDK.

/// Stands in until the SDK's handle exists.
pub struct GameLiftHost;
