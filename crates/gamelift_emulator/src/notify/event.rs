//! A placement event as AWS sends it.

use serde::Serialize;
use serde_json::Value;

/// The event, and the topic that its queue names.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct PlacementEvent {
    pub(crate) version: &'static str,
    pub(crate) id: String,
    pub(crate) detail_type: &'static str,
    pub(crate) source: &'static str,
    pub(crate) account: String,
    /// Whole seconds, as everywhere on `EventBridge`.
    pub(crate) time: String,
    pub(crate) region: String,
    pub(crate) resources: [String; 1],
    pub(crate) detail: Value,
    /// The queue's `NotificationTarget`.
    #[serde(skip)]
    pub(crate) topic: Option<String>,
}
