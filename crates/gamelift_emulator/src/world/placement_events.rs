//! What the service tells of the end of a placement: the events that AWS sends to SNS and `EventBridge`.

use serde_json::{Value, json};

use super::{World, keys::PlacementKey};
use crate::{
    model::{status::PlacementStatus, timestamp::Timestamp},
    notify::PlacementEvent,
    snapshot::PlacementEventSnapshot,
};

/// Placement events that are kept.
const MAX_EVENTS: usize = 1_000;

impl World {
    pub(super) fn record_placement_event(&mut self, key: PlacementKey, now: Timestamp) {
        let Some(placement) = self.placement_model(key) else {
            return;
        };
        let kind = match placement.status {
            PlacementStatus::Pending => return,
            PlacementStatus::Fulfilled => "PlacementFulfilled",
            PlacementStatus::Cancelled => "PlacementCancelled",
            PlacementStatus::TimedOut => "PlacementTimedOut",
            PlacementStatus::Failed => "PlacementFailed",
        };
        let mut detail = json!({
            "placementId": placement.placement_id,
            "type": kind,
            "startTime": placement.start_time.as_iso(),
            "endTime": now.as_iso(),
        });
        if let (PlacementStatus::Fulfilled, Value::Object(detail)) = (placement.status, &mut detail) {
            let players = placement.placed_player_sessions.iter();
            let players: Vec<Value> = players
                .map(|player| json!({"playerId": player.player_id, "playerSessionId": player.player_session_id}))
                .collect();
            let known = [
                ("gameSessionArn", placement.game_session_arn),
                ("ipAddress", placement.ip_address),
                ("dnsName", placement.dns_name),
                ("port", placement.port.map(|port| port.to_string())),
                ("gameSessionRegion", placement.game_session_region),
            ];
            let known = known
                .into_iter()
                .filter_map(|(name, value)| Some((name.to_owned(), json!(value?))));
            detail.extend(known);
            detail.insert("placedPlayerSessions".into(), json!(players));
        }
        if let Ok(queue) = self.queue(&placement.game_session_queue_name)
            && let (Some(data), Value::Object(detail)) = (&queue.custom_event_data, &mut detail)
        {
            detail.insert("customEventData".into(), json!(data));
        }
        if self.placement_events.len() >= MAX_EVENTS {
            self.placement_events.pop_first();
        }
        self.announce(&placement.game_session_queue_name, detail.clone(), now);
        let serial = self.next_serial();
        let event = PlacementEventSnapshot {
            placement_id: placement.placement_id,
            kind: kind.to_owned(),
            detail: detail.to_string(),
        };
        self.placement_events.insert(serial, event);
    }

    /// The event for those outside, as AWS sends it.
    fn announce(&mut self, queue: &str, detail: Value, now: Timestamp) {
        let id = self.new_id("");
        let topic = self
            .queue(queue)
            .ok()
            .and_then(|queue| queue.notification_target.clone());
        if self.notices.len() >= MAX_EVENTS {
            self.notices.pop_front();
        }
        self.notices.push_back(PlacementEvent {
            version: "0",
            id,
            detail_type: "GameLift Queue Placement Event",
            source: "aws.gamelift",
            account: self.settings.account.clone(),
            time: now.as_iso_seconds(),
            region: self.settings.region.clone(),
            resources: [self.arn(&format!("gamesessionqueue/{queue}"))],
            detail,
            topic,
        });
    }

    /// The next event for those outside.
    pub(crate) fn poll_notice(&mut self) -> Option<PlacementEvent> {
        self.notices.pop_front()
    }
}
