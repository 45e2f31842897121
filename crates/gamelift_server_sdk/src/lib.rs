#![doc = include_str!("../README.md")]

mod container;
mod credentials;
mod driver;
mod error;
mod event;
mod matchmaker;
mod metrics;
mod parameters;
pub mod proto;
mod seats;
mod server;

pub use self::{
    container::{ContainerGroupType, ContainerNetwork},
    error::{Error, ServiceErrorKind},
    event::{Event, GameSession, GameSessionUpdate},
    matchmaker::{BackfillMode, MatchedAttribute, MatchedPlayer, MatchedTeam, MatchmakerData},
    metrics::{Counter, Gauge, Metrics, MetricsParameters, Timer},
    parameters::{ProcessParameters, ServerParameters},
    proto::message::{
        AttributeValue, BackfillPlayer, ComputeCertificate, DescribePlayerSessions, FleetRoleCredentials,
        GetFleetRoleCredentials, PlayerSession, PlayerSessionCreationPolicy, PlayerSessionStatus, PlayerSessions,
        StartMatchBackfill, StopMatchBackfill, UpdateReason,
    },
    proto::{AwsCredentials, Secret},
    seats::PlayerSessionStream,
    server::GameLiftServer,
};

/// The version of the protocol that this SDK reports: what the official SDK 5.6.0 speaks.
pub const SDK_VERSION: &str = "5.6.0";

/// The language that this SDK reports.
pub const SDK_LANGUAGE: &str = "Rust";
