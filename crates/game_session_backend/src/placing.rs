//! Where game sessions are placed when it is not just one fleet: a queue, the fleets behind it, and how its events come.

use crate::config::FleetTarget;

/// Where game sessions are placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Fleet(FleetTarget),
    Queue(QueueTarget),
}

/// A queue. Game sessions are placed by `StartGameSessionPlacement`; lists are those of all fleets behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTarget {
    name: String,
    arn: Option<String>,
    pub(crate) destinations: Vec<Destination>,
}

/// A fleet behind a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Destination {
    pub(crate) region: Option<String>,
    pub(crate) fleet: FleetTarget,
    key: String,
}

impl QueueTarget {
    /// The queue of this name or ARN, in the home region. Its destinations are looked up, every five minutes.
    pub fn new(name_or_arn: impl Into<String>) -> Self {
        let text = name_or_arn.into();
        let name = text.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            arn: text.starts_with("arn:").then_some(text),
            name,
            destinations: Vec::new(),
        }
    }

    /// A fleet or alias, by its ARN, whose game sessions are listed. With one or more of these the queue is not asked for its
    /// destinations. An ARN of anything else is left out.
    #[must_use]
    pub fn destination(mut self, arn: &str) -> Self {
        self.destinations.extend(Destination::of_arn(arn));
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the queue's ARN, as far as the configuration tells.
    pub(crate) fn has_arn(&self, arn: &str) -> bool {
        if let Some(own) = &self.arn {
            return own == arn;
        }
        let mut parts = arn.splitn(6, ':');
        let is_gamelift = parts.next() == Some("arn")
            && parts.next().is_some_and(|partition| partition.starts_with("aws"))
            && parts.next() == Some("gamelift");
        let own = parts
            .nth(2)
            .and_then(|resource| resource.strip_prefix("gamesessionqueue/"));
        is_gamelift && own == Some(self.name.as_str())
    }
}

impl Destination {
    /// The fleet or alias of an ARN: `arn:aws:gamelift:REGION:ACCOUNT:fleet/ID` or `...:alias/ID`.
    pub(crate) fn of_arn(arn: &str) -> Option<Self> {
        let mut parts = arn.splitn(6, ':').skip(3);
        let (region, resource) = (parts.next()?, parts.nth(1)?);
        let (kind, id) = resource.split_once('/')?;
        let fleet = match kind {
            "alias" => FleetTarget::alias(id),
            "fleet" | "containerfleet" => FleetTarget::new(id),
            _ => return None,
        };
        Some(Self {
            region: (!region.is_empty()).then(|| region.to_owned()),
            fleet,
            key: format!("{region}/{id}"),
        })
    }

    /// What it is called in page tokens.
    pub(crate) fn key(&self) -> String {
        self.key.clone()
    }
}

/// How the ends of placements are told to a backend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementEvents {
    pub(crate) topic: Option<String>,
    pub(crate) certificate: Option<String>,
}

impl PlacementEvents {
    /// Over Amazon SNS: the queue's `NotificationTarget` is this topic, and the topic has a subscription with the endpoint
    /// `https://HOST/v1/events/sns` (raw delivery off). The subscription is confirmed by itself; messages that SNS did not
    /// sign, or not for this topic, are refused.
    pub fn sns(topic_arn: impl Into<String>) -> Self {
        Self {
            topic: Some(topic_arn.into()),
            certificate: None,
        }
    }

    /// By calls of [`events::handle`](crate::events::handle): for a function that a topic or a rule invokes.
    pub fn invoked() -> Self {
        Self {
            topic: None,
            certificate: None,
        }
    }

    /// The certificate that an emulator on this machine signs its messages under. Its URL must lead to a loopback
    /// address; the backend does not start with another.
    #[must_use]
    pub fn certificate_url(mut self, url: impl Into<String>) -> Self {
        self.certificate = Some(url.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_knows_its_arn_by_name_or_exactly() {
        let arn = "arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/arena";
        assert!(QueueTarget::new("arena").has_arn(arn) && QueueTarget::new(arn).has_arn(arn));
        assert_eq!(QueueTarget::new(arn).name(), "arena");
        for other in [
            "arn:aws:gamelift:us-west-2:123456789012:gamesessionqueue/arena2",
            "arn:aws:gamelift:us-west-2:123456789012:fleet/arena",
            "arn:aws:sns:us-west-2:123456789012:gamesessionqueue/arena",
            "gamesessionqueue/arena",
            "",
        ] {
            assert!(!QueueTarget::new("arena").has_arn(other), "{other}");
        }
        assert!(!QueueTarget::new(arn.replace("us-west-2", "eu-west-1")).has_arn(arn));
    }

    #[test]
    fn a_destination_is_a_fleet_or_an_alias_in_its_region() {
        let alias = Destination::of_arn("arn:aws:gamelift:eu-west-1::alias/alias-1");
        assert_eq!(
            alias.map(|it| (it.fleet, it.region)),
            Some((FleetTarget::alias("alias-1"), Some("eu-west-1".to_owned())))
        );
        let fleet = Destination::of_arn("arn:aws:gamelift:us-west-2:123456789012:fleet/fleet-1");
        assert_eq!(fleet.map(|it| it.fleet), Some(FleetTarget::new("fleet-1")));
        assert!(Destination::of_arn("arn:aws:gamelift:us-west-2:1:build/build-1").is_none());
        assert!(Destination::of_arn("fleet-1").is_none());
    }
}
