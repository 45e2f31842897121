//! Placements: game sessions that a queue places as soon as one of its places has a free process.
//!
//! A placement is `PENDING` until its game session is active; then the players get their seats and it is `FULFILLED`. A
//! game session that ends before it was active is forgotten by the placement, which goes on until the queue's time is up.

use serde::{Deserialize, Serialize};

use std::{collections::BTreeSet, time::Duration};

use super::{
    World,
    chronicle::{About, Caller, Level},
    keys::{GameSessionKey, PlacementKey},
    place_order::{Place, Wishes, ordered},
    timers::Timer,
};
use crate::model::{
    error::ApiError,
    placements::{GameSessionPlacement, PlacedPlayerSession, PlacementInput, PlacementOutput, StartPlacementInput},
    queues::Priority,
    status::PlacementStatus,
    timestamp::Timestamp,
};

/// Placements that are remembered after their end.
const MAX_ENDED: usize = 20_000;
/// Placements that may wait at the same time.
const MAX_PENDING: usize = 10_000;

/// A placement.
#[derive(Serialize, Deserialize)]
pub(super) struct Placement {
    pub(super) call: StartPlacementInput,
    pub(super) queue: String,
    pub(super) status: PlacementStatus,
    pub(super) started: Timestamp,
    pub(super) deadline: Timestamp,
    pub(super) ended: Option<Timestamp>,
    /// On its way to being active, or active.
    pub(super) game_session: Option<GameSessionKey>,
    placed: Vec<PlacedPlayerSession>,
    caller: Caller,
}

impl World {
    pub(crate) fn start_game_session_placement(
        &mut self,
        input: StartPlacementInput,
        now: Timestamp,
    ) -> Result<PlacementOutput, ApiError> {
        if self.placement_ids.contains_key(&input.placement_id) {
            return Err(ApiError::invalid("there was already a placement with this PlacementId"));
        }
        let queue = self.queue(&input.game_session_queue_name)?;
        check_call(&input, queue.priority_configuration.as_ref())?;
        if self.pending_placements.len() >= MAX_PENDING {
            return Err(ApiError::invalid("too many placements are waiting"));
        }
        let deadline = now + Duration::from_secs(queue.timeout_in_seconds.into());
        let placement = Placement {
            queue: queue.name.clone(),
            status: PlacementStatus::Pending,
            started: now,
            deadline,
            ended: None,
            game_session: None,
            placed: Vec::new(),
            caller: self.caller.clone(),
            call: input,
        };
        let key = PlacementKey(self.next_serial());
        self.placement_ids.insert(placement.call.placement_id.clone(), key);
        self.placements.insert(key, placement);
        self.pending_placements.insert(key);
        self.timers.set(deadline, Timer::Placement(key));
        self.try_placement(key, now);
        self.placement_output(key)
    }

    pub(crate) fn describe_game_session_placement(
        &mut self,
        input: PlacementInput,
        _: Timestamp,
    ) -> Result<PlacementOutput, ApiError> {
        let key = self.placement_key(&input.placement_id)?;
        self.placement_output(key)
    }

    pub(crate) fn stop_game_session_placement(
        &mut self,
        input: PlacementInput,
        now: Timestamp,
    ) -> Result<PlacementOutput, ApiError> {
        let key = self.placement_key(&input.placement_id)?;
        if !self.end_placement(key, PlacementStatus::Cancelled, now) {
            return Err(ApiError::invalid("the placement is not pending any more"));
        }
        self.placement_output(key)
    }

    /// Something is free, or a queue was changed: waiting placements are tried again at the next opportunity.
    pub(super) fn reconsider_placements(&mut self) {
        self.retry_placements = !self.pending_placements.is_empty();
    }

    /// Tries every waiting placement, the oldest first.
    pub(super) fn retry_waiting_placements(&mut self, now: Timestamp) {
        if std::mem::take(&mut self.retry_placements) {
            let waiting: Vec<PlacementKey> = self.pending_placements.iter().copied().collect();
            for key in waiting {
                self.try_placement(key, now);
            }
        }
    }

    /// Its time is up, or another latency policy counts now.
    pub(super) fn placement_timer(&mut self, key: PlacementKey, now: Timestamp) {
        let Some(placement) = self.placements.get(&key) else {
            return;
        };
        if placement.deadline <= now {
            self.end_placement(key, PlacementStatus::TimedOut, now);
        } else {
            self.try_placement(key, now);
        }
    }

    /// The queue is deleted: what waits in it fails.
    pub(super) fn fail_placements_of(&mut self, queue: &str, now: Timestamp) {
        let waiting: Vec<PlacementKey> = self.pending_placements.iter().copied().collect();
        for key in waiting {
            if self
                .placements
                .get(&key)
                .is_some_and(|placement| placement.queue == queue)
            {
                self.end_placement(key, PlacementStatus::Failed, now);
            }
        }
    }

    /// A game session became active: the placement that wanted it is fulfilled.
    pub(super) fn placement_activated(&mut self, game_session: GameSessionKey, now: Timestamp) {
        let Some(key) = self.placement_of.get(&game_session).copied() else {
            return;
        };
        let Some(placement) = self.placements.get_mut(&key) else {
            return;
        };
        if placement.status != PlacementStatus::Pending {
            return;
        }
        let players = placement.call.desired_player_sessions.clone().unwrap_or_default();
        let mut placed = Vec::with_capacity(players.len());
        for player in players {
            let player_id = player.player_id.unwrap_or_default();
            // There is room: the call was checked, and nobody else could have a seat before the game session was active.
            let seat = self.reserve_placed(game_session, player_id.clone(), player.player_data, now);
            if let Ok(player_session_id) = seat {
                placed.push(PlacedPlayerSession {
                    player_id,
                    player_session_id,
                });
            }
        }
        if let Some(placement) = self.placements.get_mut(&key) {
            placement.placed = placed;
        }
        self.end_placement(key, PlacementStatus::Fulfilled, now);
    }

    /// A game session is over. One that was never active is looked for anew.
    pub(super) fn placement_lost(&mut self, game_session: GameSessionKey) {
        let Some(key) = self.placement_of.remove(&game_session) else {
            return;
        };
        if let Some(placement) = self.placements.get_mut(&key)
            && placement.status == PlacementStatus::Pending
        {
            placement.game_session = None;
            self.reconsider_placements();
        }
    }

    fn try_placement(&mut self, key: PlacementKey, now: Timestamp) {
        let Some(placement) = self.placements.get(&key) else {
            return;
        };
        if placement.status != PlacementStatus::Pending || placement.game_session.is_some() {
            return;
        }
        let Ok(queue) = self.queue(&placement.queue) else {
            return;
        };
        let places = self.places_of(&queue.destinations);
        if places.is_empty() {
            self.end_placement(key, PlacementStatus::Failed, now);
            return;
        }
        let wishes = Wishes {
            latencies: placement.call.player_latencies.as_deref().unwrap_or_default(),
            priority_override: placement.call.priority_configuration_override.as_ref(),
        };
        let (places, until) = ordered(queue, places, &wishes, now.since(placement.started));
        let again = until.map(|waited| placement.started + waited);
        let call = placement.call.clone();
        let free = places.into_iter().find_map(|place| {
            let spot = (place.fleet_id.clone(), place.location.clone());
            let process = self.idle.get(&spot)?.first().copied()?;
            Some((place, process))
        });
        if let Some((place, process)) = free {
            let Ok(game_session) = self.place_for_queue(call, &place, process, now) else {
                return;
            };
            self.placement_of.insert(game_session, key);
            if let Some(placement) = self.placements.get_mut(&key) {
                if let Some(session) = self.game_sessions.get_mut(&game_session) {
                    session.story.called = placement.caller.at;
                    session.story.request_trace.clone_from(&placement.caller.trace);
                }
                placement.game_session = Some(game_session);
            }
        } else if let Some(again) = again {
            self.timers.set(again, Timer::Placement(key));
        }
    }

    fn places_of(&self, destinations: &[crate::model::queues::Destination]) -> Vec<Place> {
        let fleets = destinations
            .iter()
            .enumerate()
            .filter_map(|(place, destination)| Some((place, self.destination_fleet(destination).ok()?)));
        fleets
            .flat_map(|(destination, fleet)| {
                fleet.locations.iter().map(move |location| Place {
                    destination,
                    fleet_id: fleet.id.clone(),
                    location: location.clone(),
                    cost: fleet.cost.parse().unwrap_or(0.0),
                })
            })
            .collect()
    }

    /// Ends a pending placement; whether it was one. A game session that is not active yet goes with it.
    fn end_placement(&mut self, key: PlacementKey, status: PlacementStatus, now: Timestamp) -> bool {
        let Some(placement) = self.placements.get_mut(&key) else {
            return false;
        };
        let Some(status) = placement.status.after(status) else {
            return false;
        };
        placement.status = status;
        placement.ended = Some(now);
        let orphan = placement.game_session.filter(|_| status != PlacementStatus::Fulfilled);
        if orphan.is_some() {
            placement.game_session = None;
        }
        tracing::info!(placement = %placement.call.placement_id, status = status.word(), "placement ended");
        self.pending_placements.remove(&key);
        if let Some(orphan) = orphan {
            self.ask_game_session_to_end(orphan, None, now);
        }
        self.record_placement_event(key, now);
        self.tell_placement(key, now);
        self.ended_placements.push_back(key);
        if self.ended_placements.len() > MAX_ENDED
            && let Some(oldest) = self.ended_placements.pop_front()
        {
            self.forget_placement(oldest);
        }
        true
    }

    /// Its id is free again.
    fn forget_placement(&mut self, key: PlacementKey) {
        if let Some(placement) = self.placements.remove(&key) {
            self.placement_ids.remove(&placement.call.placement_id);
        }
    }

    fn tell_placement(&mut self, key: PlacementKey, now: Timestamp) {
        let Some(placement) = self.placements.get(&key) else {
            return;
        };
        let level = match placement.status {
            PlacementStatus::Failed | PlacementStatus::TimedOut => Level::Error,
            _ => Level::Info,
        };
        let (id, word) = (placement.call.placement_id.clone(), placement.status.word());
        self.tell(now, (level, About::Placement), &id, word);
    }

    fn placement_key(&self, id: &str) -> Result<PlacementKey, ApiError> {
        self.placement_ids
            .get(id)
            .copied()
            .ok_or_else(|| ApiError::not_found(format!("there is no placement {id}")))
    }

    fn placement_output(&self, key: PlacementKey) -> Result<PlacementOutput, ApiError> {
        self.placement_model(key)
            .map(|game_session_placement| PlacementOutput { game_session_placement })
            .ok_or_else(|| ApiError::not_found("the placement is not known any more"))
    }

    pub(super) fn placement_model(&self, key: PlacementKey) -> Option<GameSessionPlacement> {
        let placement = self.placements.get(&key)?;
        let session = placement.game_session.and_then(|key| self.game_sessions.get(&key));
        let call = &placement.call;
        Some(GameSessionPlacement {
            placement_id: call.placement_id.clone(),
            game_session_queue_name: placement.queue.clone(),
            status: placement.status,
            game_properties: call.game_properties.clone().unwrap_or_default(),
            maximum_player_session_count: call.maximum_player_session_count,
            game_session_name: call.game_session_name.clone(),
            game_session_id: session.map(|session| session.arn.clone()),
            game_session_arn: session.map(|session| session.arn.clone()),
            game_session_region: session.map(|_| self.settings.region.clone()),
            player_latencies: call.player_latencies.clone().unwrap_or_default(),
            start_time: placement.started,
            end_time: placement.ended,
            ip_address: session.and_then(|session| session.ip_address.clone()),
            dns_name: session.and_then(|session| session.dns_name.clone()),
            port: session.map(|session| session.port),
            placed_player_sessions: placement.placed.clone(),
            game_session_data: call.game_session_data.clone(),
            priority_configuration_override: call.priority_configuration_override.clone(),
        })
    }
}

fn check_call(
    call: &StartPlacementInput,
    priority: Option<&crate::model::queues::PriorityConfiguration>,
) -> Result<(), ApiError> {
    super::game_sessions::check_maximum(call.maximum_player_session_count)?;
    let players = call.desired_player_sessions.as_deref().unwrap_or_default();
    if players.len() > call.maximum_player_session_count as usize {
        return Err(ApiError::invalid(
            "there are more DesiredPlayerSessions than MaximumPlayerSessionCount",
        ));
    }
    if players.iter().any(|player| player.player_id.is_none()) {
        return Err(ApiError::invalid("a desired player session needs a PlayerId"));
    }
    let properties = call.game_properties.as_deref().unwrap_or_default();
    let keys: BTreeSet<&str> = properties.iter().map(|property| property.key.as_str()).collect();
    if keys.len() != properties.len() {
        return Err(ApiError::invalid("two GameProperties have the same Key"));
    }
    let latencies = call.player_latencies.as_deref().unwrap_or_default();
    if latencies
        .iter()
        .any(|latency| latency.latency_in_milliseconds.is_some_and(|millis| millis < 0.0))
    {
        return Err(ApiError::invalid("a latency is below zero"));
    }
    if call.priority_configuration_override.is_some() {
        if !latencies.is_empty() {
            return Err(ApiError::invalid(
                "PriorityConfigurationOverride and PlayerLatencies exclude each other",
            ));
        }
        let order = priority.and_then(|priority| priority.priority_order.as_deref());
        if order.is_none_or(|order| order.first() != Some(&Priority::Location)) {
            return Err(ApiError::invalid(
                "PriorityConfigurationOverride needs a queue whose first priority is LOCATION",
            ));
        }
    }
    Ok(())
}
