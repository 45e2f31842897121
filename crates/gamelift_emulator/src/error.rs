//! Why an emulator could not do what it was asked.

use std::{io, time::Duration};

use thiserror::Error;

/// Why an emulator could not do what it was asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmulatorError {
    /// The port could not be taken.
    #[error("cannot listen on 127.0.0.1:{port}: is another emulator running? try another port, or 0 for any free one")]
    Listen {
        /// The port.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The UDP port for metrics could not be taken.
    #[error(
        "cannot take metrics at UDP port {port}: is a StatsD collector running? leave the port out for any free one"
    )]
    Metrics {
        /// The port; 0 for any.
        port: u16,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// The certificate of this run could not be made.
    #[error("cannot make a certificate")]
    Certificate(#[source] io::Error),
    /// A name in the configuration breaks a rule of the service model.
    #[error("the {what} {value:?} is not one that GameLift would take: {rule}")]
    BadName {
        /// What is named.
        what: &'static str,
        /// The name.
        value: String,
        /// The rule.
        rule: &'static str,
    },
    /// The seed is not one that can be sown.
    #[error("the seed cannot be used: {0}")]
    Seed(String),
    /// The data directory cannot be used.
    #[error("the data directory {directory:?} cannot be used: {reason}")]
    DataDirectory {
        /// The directory.
        directory: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A subscriber cannot be one.
    #[error("the subscription cannot be made: {0}")]
    Subscription(String),
    /// A fault names an error that the service does not have.
    #[error("GameLift has no error {0:?}: name one such as FleetCapacityExceededException or ThrottlingException")]
    UnknownError(String),
    /// A fault names somebody or something that is not there.
    #[error("there is no {what} {name:?} for anything to go wrong with")]
    UnknownTarget {
        /// What is named: an operation, a process, a location.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// What was waited for did not happen.
    #[error("the emulator did not get into the expected state within {0:?}")]
    NotReached(Duration),
}
