//! The game session backend on AWS: the same API as on a plain server, as a Lambda function behind an HTTP API.
//!
//! Nothing that must be right is kept in the memory of an instance: idempotency is GameLift's, and the few rows that
//! instances share (join codes, counts of wrong tries) are in a DynamoDB table. Waits are short: the answer is then
//! `202` with `Retry-After`, and the client asks again.
//!
//! | file | what |
//! |---|---|
//! | [`settings`] | what the function is configured with |
//! | [`home`] | the functions themselves: the keyring, the rows, the API, placement events, the reconciler |
//! | [`rows`] | the rows, the only file that knows DynamoDB |

pub mod home;
pub mod rows;
pub mod settings;

pub use home::{HomeError, Role, run, start};
pub use rows::DynamoRows;
pub use settings::{Settings, SettingsError};
