//! What fleets report: how busy they are, what happened on them; and what players and owners ask about a game session.

use super::{
    World,
    fleets::Fleet,
    page::{self, DEFAULT_LIMIT, Scope},
};
use crate::model::{
    error::ApiError,
    fleets::{LocationState, NoOutput},
    reports::{
        Event, FleetCapacity, FleetCapacityOutput, FleetEventsInput, FleetEventsOutput, FleetIdsInput,
        FleetLocationAttributesInput, FleetLocationAttributesOutput, FleetUtilization, FleetUtilizationOutput,
        GameSessionNameInput, InstanceCounts, LocationAttributes, PlayerConnectionDetail, PlayerConnectionDetailsInput,
        PlayerConnectionDetailsOutput, PlayerEndpoint,
    },
    status::{GameSessionStatus, ProcessStatus},
    timestamp::Timestamp,
};

impl World {
    pub(crate) fn describe_fleet_utilization(
        &mut self,
        input: FleetIdsInput,
        _: Timestamp,
    ) -> Result<FleetUtilizationOutput, ApiError> {
        let (fleets, next_token) = self.select_fleets("DescribeFleetUtilization", &input)?;
        Ok(FleetUtilizationOutput {
            fleet_utilization: fleets.into_iter().map(|fleet| self.utilization(fleet)).collect(),
            next_token,
        })
    }

    pub(crate) fn describe_fleet_capacity(
        &mut self,
        input: FleetIdsInput,
        _: Timestamp,
    ) -> Result<FleetCapacityOutput, ApiError> {
        let (fleets, next_token) = self.select_fleets("DescribeFleetCapacity", &input)?;
        let capacity = fleets.into_iter().map(|fleet| FleetCapacity {
            fleet_id: fleet.id.clone(),
            fleet_arn: fleet.arn.clone(),
            instance_counts: InstanceCounts::default(),
        });
        Ok(FleetCapacityOutput {
            fleet_capacity: capacity.collect(),
            next_token,
        })
    }

    /// Ids that no fleet has are passed over.
    fn select_fleets(&self, operation: &str, input: &FleetIdsInput) -> Result<(Vec<&Fleet>, Option<String>), ApiError> {
        let wanted = input.fleet_ids.as_deref().unwrap_or_default();
        let wanted: Vec<&str> = wanted.iter().map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
        let fleets = self
            .fleets
            .iter()
            .filter(|(_, fleet)| wanted.is_empty() || wanted.contains(&fleet.id.as_str()))
            .map(|(key, fleet)| (*key, fleet));
        page::page(
            fleets,
            Scope::of((operation, &wanted)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )
    }

    fn utilization(&self, fleet: &Fleet) -> FleetUtilization {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let processes = self
            .live_processes
            .iter()
            .filter(|(name, _)| name.fleet_id == fleet.id)
            .filter_map(|(_, key)| self.processes.get(key))
            .filter(|process| process.status == ProcessStatus::Active);
        let sessions: Vec<_> = self
            .game_sessions
            .values()
            .filter(|session| session.fleet_id == fleet.id && session.status == GameSessionStatus::Active)
            .collect();
        FleetUtilization {
            fleet_id: fleet.id.clone(),
            fleet_arn: fleet.arn.clone(),
            active_server_process_count: count(processes.count()),
            active_game_session_count: count(sessions.len()),
            current_player_session_count: sessions.iter().map(|session| session.seats_taken).sum(),
            maximum_player_session_count: sessions.iter().map(|session| session.maximum).sum(),
        }
    }

    pub(crate) fn describe_fleet_events(
        &mut self,
        input: FleetEventsInput,
        _: Timestamp,
    ) -> Result<FleetEventsOutput, ApiError> {
        let fleet_id = self.fleet(&input.fleet_id)?.id.clone();
        if let (Some(start), Some(end)) = (input.start_time, input.end_time)
            && end < start
        {
            return Err(ApiError::invalid("EndTime is before StartTime"));
        }
        let events = self
            .fleet_events
            .values()
            .filter(|event| event.fleet_id == fleet_id)
            .filter(|event| input.start_time.is_none_or(|start| event.time >= start))
            .filter(|event| input.end_time.is_none_or(|end| event.time <= end))
            .map(|event| {
                let shown = Event {
                    event_id: format!("event-{:016x}", event.serial),
                    resource_id: event.fleet_id.clone(),
                    event_code: event.code.0,
                    message: event.message.clone(),
                    event_time: event.time,
                };
                (event.serial, shown)
            });
        let (events, next_token) = page::page(
            events,
            Scope::of(("DescribeFleetEvents", &fleet_id, input.start_time, input.end_time)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(FleetEventsOutput { events, next_token })
    }

    /// Locations that were asked for come in that order; those that the fleet does not have are passed over.
    pub(crate) fn describe_fleet_location_attributes(
        &mut self,
        input: FleetLocationAttributesInput,
        _: Timestamp,
    ) -> Result<FleetLocationAttributesOutput, ApiError> {
        let fleet = self.fleet(&input.fleet_id)?;
        let wanted = input.locations.as_ref().unwrap_or(&fleet.locations);
        let locations = wanted.iter().filter(|name| fleet.locations.contains(name));
        let attributes = (1..).zip(locations.map(|location| LocationAttributes {
            location_state: LocationState {
                location: location.clone(),
                status: "ACTIVE",
            },
        }));
        let (location_attributes, next_token) = page::page(
            attributes,
            Scope::of(("DescribeFleetLocationAttributes", &fleet.id, &input.locations)),
            input.limit.unwrap_or(DEFAULT_LIMIT),
            input.next_token.as_deref(),
        )?;
        Ok(FleetLocationAttributesOutput {
            fleet_id: fleet.id.clone(),
            fleet_arn: fleet.arn.clone(),
            location_attributes,
            next_token,
        })
    }

    /// There is no player gateway: every player gets the server's own address and no token.
    pub(crate) fn get_player_connection_details(
        &mut self,
        input: PlayerConnectionDetailsInput,
        _: Timestamp,
    ) -> Result<PlayerConnectionDetailsOutput, ApiError> {
        let session = self.game_session(self.game_session_key(&input.game_session_id)?)?;
        if session.status != GameSessionStatus::Active {
            return Err(super::game_sessions::wrong_status(
                session.status,
                "players cannot connect to it",
            ));
        }
        let details = input.player_ids.into_iter().map(|player_id| PlayerConnectionDetail {
            player_id,
            endpoints: vec![PlayerEndpoint {
                ip_address: session.ip_address.clone(),
                port: session.port,
            }],
        });
        Ok(PlayerConnectionDetailsOutput {
            game_session_id: session.arn.clone(),
            player_connection_details: details.collect(),
        })
    }

    /// Processes of Anywhere computes keep their logs: there is nothing to download.
    pub(crate) fn get_game_session_log_url(
        &mut self,
        input: GameSessionNameInput,
        _: Timestamp,
    ) -> Result<NoOutput, ApiError> {
        let key = self.game_session_key(&input.game_session_id)?;
        let status = self.game_session(key)?.status;
        if status != GameSessionStatus::Terminated {
            return Err(ApiError::invalid(
                "the game session is not over: its log is not there yet",
            ));
        }
        Ok(NoOutput {})
    }
}
