//! Game session queues.

use super::{
    World,
    fleets::Fleet,
    page::{self, DEFAULT_LIMIT, Scope},
};
use crate::model::{
    error::{ApiError, ErrorKind},
    fleets::NoOutput,
    queues::{
        DescribeQueuesInput, DescribeQueuesOutput, Destination, GameSessionQueue, QueueInput, QueueNameInput,
        QueueOutput,
    },
    timestamp::Timestamp,
};

/// The quota of queues.
const MAX_QUEUES: usize = 20;
/// The quota of destinations of a queue.
const MAX_DESTINATIONS: usize = 10;
/// The time of a queue that says nothing about it.
const DEFAULT_TIMEOUT_SECONDS: u32 = 600;

impl World {
    pub(crate) fn create_game_session_queue(
        &mut self,
        input: QueueInput,
        _: Timestamp,
    ) -> Result<QueueOutput, ApiError> {
        if self.queue_key(&input.name).is_ok() {
            return Err(ApiError::invalid(format!("there is already a queue {}", input.name)));
        }
        if self.queues.len() >= MAX_QUEUES {
            return Err(ApiError::new(
                ErrorKind::LimitExceeded,
                "the quota of queues is used up",
            ));
        }
        self.check_queue(&input)?;
        let mut queue = GameSessionQueue {
            game_session_queue_arn: self.arn(&format!("gamesessionqueue/{}", input.name)),
            name: input.name.clone(),
            timeout_in_seconds: DEFAULT_TIMEOUT_SECONDS,
            player_latency_policies: Vec::new(),
            destinations: Vec::new(),
            filter_configuration: None,
            priority_configuration: None,
            custom_event_data: None,
            notification_target: None,
        };
        let tags = change(&mut queue, input);
        self.tag_new(&queue.game_session_queue_arn, tags)?;
        let serial = self.next_serial();
        self.queues.insert(serial, queue.clone());
        Ok(QueueOutput {
            game_session_queue: queue,
        })
    }

    pub(crate) fn describe_game_session_queues(
        &mut self,
        input: DescribeQueuesInput,
        _: Timestamp,
    ) -> Result<DescribeQueuesOutput, ApiError> {
        let names = input.names.unwrap_or_default();
        let mut wanted = Vec::new();
        for name in &names {
            wanted.push(self.queue_key(name)?);
        }
        let queues = self
            .queues
            .iter()
            .filter(|(key, _)| wanted.is_empty() || wanted.contains(key))
            .map(|(key, queue)| (*key, queue.clone()));
        let (game_session_queues, next_token) = page::page(
            queues,
            Scope::of(("DescribeGameSessionQueues", &names)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(DescribeQueuesOutput {
            game_session_queues,
            next_token,
        })
    }

    pub(crate) fn update_game_session_queue(
        &mut self,
        input: QueueInput,
        _: Timestamp,
    ) -> Result<QueueOutput, ApiError> {
        let key = self.queue_key(&input.name)?;
        self.check_queue(&input)?;
        let Some(queue) = self.queues.get_mut(&key) else {
            return Err(ApiError::not_found("the queue is gone"));
        };
        change(queue, input);
        let game_session_queue = queue.clone();
        self.reconsider_placements();
        Ok(QueueOutput { game_session_queue })
    }

    /// Placements that still wait in the queue fail.
    pub(crate) fn delete_game_session_queue(
        &mut self,
        input: QueueNameInput,
        now: Timestamp,
    ) -> Result<NoOutput, ApiError> {
        let key = self.queue_key(&input.name)?;
        // while the queue can still say who is to be told
        let name = self.queue(&input.name)?.name.clone();
        self.fail_placements_of(&name, now);
        if let Some(queue) = self.queues.remove(&key) {
            self.tags.remove(&queue.game_session_queue_arn);
        }
        Ok(NoOutput {})
    }

    pub(super) fn queue(&self, name_or_arn: &str) -> Result<&GameSessionQueue, ApiError> {
        let key = self.queue_key(name_or_arn)?;
        self.queues
            .get(&key)
            .ok_or_else(|| ApiError::not_found("the queue is gone"))
    }

    /// The fleet that a destination means now.
    pub(super) fn destination_fleet(&self, destination: &Destination) -> Result<&Fleet, ApiError> {
        let Some(arn) = destination.destination_arn.as_deref() else {
            return Err(ApiError::invalid("a destination needs a DestinationArn"));
        };
        if arn.contains(":alias/") {
            self.fleet_of_alias(arn)
        } else {
            self.fleet(arn)
        }
    }

    fn queue_key(&self, name_or_arn: &str) -> Result<u64, ApiError> {
        let name = name_or_arn.rsplit('/').next().unwrap_or(name_or_arn);
        self.queues
            .iter()
            .find_map(|(key, queue)| (queue.name == name).then_some(*key))
            .ok_or_else(|| ApiError::not_found(format!("there is no queue {name}")))
    }

    fn check_queue(&self, input: &QueueInput) -> Result<(), ApiError> {
        if input
            .timeout_in_seconds
            .is_some_and(|seconds| !(10..=600).contains(&seconds))
        {
            return Err(ApiError::invalid("TimeoutInSeconds must be from 10 to 600"));
        }
        let destinations = input.destinations.as_deref().unwrap_or_default();
        if destinations.len() > MAX_DESTINATIONS {
            return Err(ApiError::invalid("a queue has at most 10 destinations"));
        }
        for destination in destinations {
            match self.destination_fleet(destination) {
                Err(error) if error.kind != ErrorKind::TerminalRoutingStrategy => return Err(error),
                _ => {}
            }
        }
        let order = input.priority_configuration.as_ref();
        let order = order.and_then(|priority| priority.priority_order.as_deref());
        let order = order.unwrap_or_default();
        if (1..order.len()).any(|place| order[..place].contains(&order[place])) {
            return Err(ApiError::invalid("PriorityOrder names something twice"));
        }
        let policies = input.player_latency_policies.as_deref().unwrap_or_default();
        if policies
            .iter()
            .any(|policy| policy.maximum_individual_player_latency_milliseconds.is_none())
        {
            return Err(ApiError::invalid(
                "a latency policy needs MaximumIndividualPlayerLatencyMilliseconds",
            ));
        }
        Ok(())
    }
}

/// Takes over what is given; what is left is the tags.
fn change(queue: &mut GameSessionQueue, input: QueueInput) -> Option<Vec<crate::model::tags::Tag>> {
    if let Some(seconds) = input.timeout_in_seconds {
        queue.timeout_in_seconds = seconds;
    }
    if let Some(mut policies) = input.player_latency_policies {
        policies.sort_by_key(|policy| policy.maximum_individual_player_latency_milliseconds);
        queue.player_latency_policies = policies;
    }
    if let Some(destinations) = input.destinations {
        queue.destinations = destinations;
    }
    queue.filter_configuration = input.filter_configuration.or(queue.filter_configuration.take());
    queue.priority_configuration = input.priority_configuration.or(queue.priority_configuration.take());
    queue.custom_event_data = input.custom_event_data.or(queue.custom_event_data.take());
    queue.notification_target = input.notification_target.or(queue.notification_target.take());
    input.tags
}
