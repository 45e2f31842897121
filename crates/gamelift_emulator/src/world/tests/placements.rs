//! Placements: where a queue places, when, and what becomes of it.

use std::time::Duration;

use super::rig::Rig;
use crate::model::{
    aliases::{AliasInput, CreateAliasInput, RoutingStrategy, UpdateAliasInput},
    error::{ApiError, ErrorKind},
    fleets::{AnywhereConfiguration, CreateFleetInput, LocationConfiguration, LocationNameInput, RegisterComputeInput},
    placements::{
        DesiredPlayerSession, FallbackStrategy, GameSessionPlacement, PlacementInput, PlayerLatency, PriorityOverride,
        StartPlacementInput,
    },
    queues::{
        Destination, FilterConfiguration, PlayerLatencyPolicy, Priority, PriorityConfiguration, QueueInput,
        QueueNameInput,
    },
    status::{GameSessionStatus, PlacementStatus, PlayerSessionStatus, ProcessStatus},
};

fn queue(destinations: &[&str]) -> QueueInput {
    let destinations = destinations.iter().map(|arn| Destination {
        destination_arn: Some((*arn).into()),
    });
    QueueInput {
        name: "queue".into(),
        timeout_in_seconds: Some(60),
        player_latency_policies: None,
        destinations: Some(destinations.collect()),
        filter_configuration: None,
        priority_configuration: None,
        custom_event_data: None,
        notification_target: None,
        tags: None,
    }
}

fn call(id: &str) -> StartPlacementInput {
    StartPlacementInput {
        placement_id: id.into(),
        game_session_queue_name: "queue".into(),
        game_properties: None,
        maximum_player_session_count: 2,
        game_session_name: None,
        player_latencies: None,
        desired_player_sessions: Some(vec![DesiredPlayerSession {
            player_id: Some("ann".into()),
            player_data: None,
        }]),
        game_session_data: None,
        priority_configuration_override: None,
    }
}

fn latency(location: &str, millis: f64) -> PlayerLatency {
    PlayerLatency {
        player_id: Some("ann".into()),
        region_identifier: Some(location.into()),
        latency_in_milliseconds: Some(millis),
    }
}

/// A rig with a queue and, besides the default fleet, a fleet in three places, each with a free process if asked for.
struct Queued {
    rig: Rig,
    wide_fleet: String,
}

impl Queued {
    fn new() -> Self {
        let mut rig = Rig::new();
        let names = ["custom-a", "custom-b", "custom-c"];
        for name in names {
            let input = LocationNameInput {
                location_name: name.into(),
                tags: None,
            };
            rig.world.create_location(input, rig.now).unwrap();
        }
        let fleet = CreateFleetInput {
            name: "wide".into(),
            description: None,
            new_game_session_protection_policy: None,
            resource_creation_limit_policy: None,
            runtime_configuration: None,
            locations: Some(
                names
                    .map(|location| LocationConfiguration {
                        location: location.into(),
                    })
                    .into(),
            ),
            compute_type: Some("ANYWHERE".into()),
            anywhere_configuration: Some(AnywhereConfiguration { cost: "0.5".into() }),
            tags: None,
        };
        let wide_fleet = rig
            .world
            .create_fleet(fleet, rig.now)
            .unwrap()
            .fleet_attributes
            .fleet_arn;
        Self { rig, wide_fleet }
    }

    /// A free process in one of the three places.
    fn process_in(&mut self, location: &str) {
        let fleet_id = self.wide_fleet.rsplit('/').next().unwrap().to_owned();
        let input = RegisterComputeInput {
            fleet_id: fleet_id.clone(),
            compute_name: location.into(),
            certificate_path: None,
            dns_name: None,
            ip_address: Some("127.0.0.1".into()),
            location: Some(location.into()),
        };
        self.rig.world.register_compute(input, self.rig.now).unwrap();
        let (token, _) = self.rig.world.grant_token(&fleet_id, location, self.rig.now);
        let socket = self.rig.connect_as(&fleet_id, location, location, &token);
        self.rig.ready(socket);
        self.rig.heartbeat(socket, true);
    }

    fn queue(&mut self, change: impl FnOnce(&mut QueueInput)) {
        let mut input = queue(&[&self.wide_fleet.clone()]);
        change(&mut input);
        self.rig.world.create_game_session_queue(input, self.rig.now).unwrap();
    }

    fn start(&mut self, call: StartPlacementInput) -> Result<GameSessionPlacement, ApiError> {
        self.rig
            .world
            .start_game_session_placement(call, self.rig.now)
            .map(|output| output.game_session_placement)
    }

    /// Where a placement went, if it went anywhere yet.
    fn place_of(&mut self, call: StartPlacementInput) -> Option<String> {
        let arn = self.start(call).unwrap().game_session_arn?;
        Some(arn.split('/').rev().nth(1).unwrap().to_owned())
    }
}

fn describe(rig: &mut Rig, id: &str) -> GameSessionPlacement {
    let input = PlacementInput {
        placement_id: id.into(),
    };
    let now = rig.now;
    rig.world
        .describe_game_session_placement(input, now)
        .unwrap()
        .game_session_placement
}

fn simple() -> Rig {
    let mut rig = Rig::new();
    let arn = rig.world.fleet("fleet-local").unwrap().arn.clone();
    rig.world.create_game_session_queue(queue(&[&arn]), rig.now).unwrap();
    rig
}

#[test]
fn a_placement_is_fulfilled_when_its_game_session_is_active_and_players_have_their_seats() {
    let mut rig = simple();
    let socket = rig.process("process-1");
    let started = rig
        .world
        .start_game_session_placement(call("p-1"), rig.now)
        .unwrap()
        .game_session_placement;
    assert_eq!(started.status, PlacementStatus::Pending);
    let arn = started.game_session_arn.unwrap();
    assert!(arn.ends_with("/p-1"), "{arn}");
    assert!(started.placed_player_sessions.is_empty());
    assert_eq!(rig.activate(socket, &arn), 200);
    let done = describe(&mut rig, "p-1");
    assert_eq!(done.status, PlacementStatus::Fulfilled);
    assert_eq!(done.port, Some(7777));
    let seat = &done.placed_player_sessions[0];
    assert_eq!(seat.player_id, "ann");
    assert_eq!(
        rig.player_status(&seat.player_session_id),
        PlayerSessionStatus::Reserved
    );
    let event = &rig.world.snapshot().placement_events[0];
    assert_eq!(event.kind, "PlacementFulfilled");
    assert!(
        event.detail.contains(r#""port":"7777""#),
        "a port is text in events: {}",
        event.detail
    );
    assert!(
        event.detail.contains(r#""startTime":"2023-11-14T22:13:20.000Z""#),
        "{}",
        event.detail
    );
}

#[test]
fn a_waiting_placement_goes_on_when_a_process_is_free_and_the_oldest_goes_first() {
    let mut rig = simple();
    for id in ["p-1", "p-2"] {
        rig.world.start_game_session_placement(call(id), rig.now).unwrap();
    }
    assert_eq!(describe(&mut rig, "p-1").game_session_arn, None);
    rig.process("process-1");
    rig.pass(Duration::ZERO);
    assert!(describe(&mut rig, "p-1").game_session_arn.is_some());
    assert_eq!(describe(&mut rig, "p-2").game_session_arn, None);
}

#[test]
fn a_placement_nobody_serves_times_out_and_says_so() {
    let mut rig = simple();
    rig.world.start_game_session_placement(call("p-1"), rig.now).unwrap();
    rig.pass(Duration::from_secs(59));
    assert_eq!(describe(&mut rig, "p-1").status, PlacementStatus::Pending);
    rig.pass(Duration::from_secs(1));
    assert_eq!(describe(&mut rig, "p-1").status, PlacementStatus::TimedOut);
    assert_eq!(rig.world.snapshot().placement_events[0].kind, "PlacementTimedOut");
    let again = rig.world.start_game_session_placement(call("p-1"), rig.now).map(drop);
    assert_eq!(again.unwrap_err().kind, ErrorKind::InvalidRequest, "an id is good once");
}

#[test]
fn a_game_session_that_dies_before_it_is_active_is_placed_anew() {
    let mut rig = simple();
    let socket = rig.process("process-1");
    rig.world.start_game_session_placement(call("p-1"), rig.now).unwrap();
    let first = describe(&mut rig, "p-1").game_session_arn.unwrap();
    rig.ending(socket);
    assert_eq!(rig.game_status(&first), GameSessionStatus::Terminated);
    assert_eq!(describe(&mut rig, "p-1").game_session_arn, None);
    let socket = rig.process("process-2");
    rig.pass(Duration::ZERO);
    let second = describe(&mut rig, "p-1").game_session_arn.unwrap();
    assert_ne!(first, second);
    assert_eq!(rig.activate(socket, &second), 200);
    assert_eq!(describe(&mut rig, "p-1").status, PlacementStatus::Fulfilled);
}

#[test]
fn stopping_works_while_pending_only_and_takes_the_unfinished_game_session_along() {
    let mut rig = simple();
    rig.process("process-1");
    rig.world.start_game_session_placement(call("p-1"), rig.now).unwrap();
    let stop = || PlacementInput {
        placement_id: "p-1".into(),
    };
    let stopped = rig.world.stop_game_session_placement(stop(), rig.now).unwrap();
    assert_eq!(stopped.game_session_placement.status, PlacementStatus::Cancelled);
    assert_eq!(rig.process_status(0), ProcessStatus::Ending);
    let again = rig.world.stop_game_session_placement(stop(), rig.now).map(drop);
    assert_eq!(again.unwrap_err().kind, ErrorKind::InvalidRequest);
}

#[test]
fn what_waits_in_a_deleted_queue_fails_and_so_does_what_has_no_places() {
    let mut rig = simple();
    rig.world.start_game_session_placement(call("p-1"), rig.now).unwrap();
    let name = QueueNameInput { name: "queue".into() };
    rig.world.delete_game_session_queue(name, rig.now).unwrap();
    assert_eq!(describe(&mut rig, "p-1").status, PlacementStatus::Failed);
    rig.world.create_game_session_queue(queue(&[]), rig.now).unwrap();
    rig.world.start_game_session_placement(call("p-2"), rig.now).unwrap();
    assert_eq!(describe(&mut rig, "p-2").status, PlacementStatus::Failed);
}

#[test]
fn without_latencies_places_are_tried_by_destination_and_then_by_name() {
    let mut queued = Queued::new();
    let local = queued.rig.world.fleet("fleet-local").unwrap().arn.clone();
    let wide = queued.wide_fleet.clone();
    queued.queue(|input| *input = queue(&[&local, &wide]));
    for place in ["custom-c", "custom-a"] {
        queued.process_in(place);
    }
    queued.rig.process("process-1");
    assert_eq!(queued.place_of(call("p-1")).as_deref(), Some("custom-local"));
    assert_eq!(queued.place_of(call("p-2")).as_deref(), Some("custom-a"));
    assert_eq!(queued.place_of(call("p-3")).as_deref(), Some("custom-c"));
    assert_eq!(queued.place_of(call("p-4")), None);
}

#[test]
fn with_latencies_the_nearest_place_comes_first_and_a_filter_shuts_places_out() {
    let mut queued = Queued::new();
    queued.queue(|input| {
        input.filter_configuration = Some(FilterConfiguration {
            allowed_locations: Some(vec!["custom-a".into(), "custom-b".into()]),
        });
    });
    for place in ["custom-a", "custom-b", "custom-c"] {
        queued.process_in(place);
    }
    let near_c = |id| StartPlacementInput {
        player_latencies: Some(vec![
            latency("custom-a", 90.0),
            latency("custom-b", 40.0),
            latency("custom-c", 5.0),
        ]),
        ..call(id)
    };
    assert_eq!(queued.place_of(near_c("p-1")).as_deref(), Some("custom-b"));
    assert_eq!(queued.place_of(near_c("p-2")).as_deref(), Some("custom-a"));
    assert_eq!(queued.place_of(near_c("p-3")), None);
}

#[test]
fn latency_policies_open_farther_places_as_time_passes() {
    let mut queued = Queued::new();
    let policy = |cap, seconds| PlayerLatencyPolicy {
        maximum_individual_player_latency_milliseconds: Some(cap),
        policy_duration_seconds: Some(seconds),
    };
    queued.queue(|input| input.player_latency_policies = Some(vec![policy(100, 10), policy(50, 20)]));
    queued.process_in("custom-a");
    let far = StartPlacementInput {
        player_latencies: Some(vec![latency("custom-a", 80.0)]),
        ..call("p-1")
    };
    assert_eq!(queued.place_of(far), None);
    queued.rig.pass(Duration::from_secs(19));
    assert_eq!(describe(&mut queued.rig, "p-1").game_session_arn, None);
    queued.rig.pass(Duration::from_secs(1));
    assert!(describe(&mut queued.rig, "p-1").game_session_arn.is_some());
}

#[test]
fn a_priority_configuration_and_its_override_decide_the_order_of_locations() {
    let mut queued = Queued::new();
    queued.queue(|input| {
        input.priority_configuration = Some(PriorityConfiguration {
            priority_order: Some(vec![Priority::Location]),
            location_order: Some(vec!["custom-c".into()]),
        });
    });
    for place in ["custom-a", "custom-b", "custom-c"] {
        queued.process_in(place);
    }
    let wish = |id, strategy| StartPlacementInput {
        priority_configuration_override: Some(PriorityOverride {
            placement_fallback_strategy: Some(strategy),
            location_order: vec!["custom-b".into()],
        }),
        ..call(id)
    };
    assert_eq!(
        queued.place_of(wish("p-1", FallbackStrategy::None)).as_deref(),
        Some("custom-b")
    );
    assert_eq!(queued.place_of(wish("p-2", FallbackStrategy::None)), None);
    let fallback = FallbackStrategy::DefaultAfterSinglePass;
    assert_eq!(queued.place_of(wish("p-3", fallback)).as_deref(), Some("custom-c"));
    assert_eq!(queued.place_of(call("p-4")).as_deref(), Some("custom-a"));
    let both = StartPlacementInput {
        player_latencies: Some(vec![latency("custom-a", 1.0)]),
        ..wish("p-5", fallback)
    };
    assert_eq!(
        queued.start(both).map(drop).unwrap_err().kind,
        ErrorKind::InvalidRequest
    );
}

#[test]
fn an_alias_stands_for_its_fleet_until_it_is_terminal() {
    let mut rig = Rig::new();
    let simple = RoutingStrategy {
        kind: Some("SIMPLE".into()),
        fleet_id: Some("fleet-local".into()),
        message: None,
    };
    let input = CreateAliasInput {
        name: "live".into(),
        description: None,
        routing_strategy: simple,
        tags: None,
    };
    let alias = rig.world.create_alias(input, rig.now).unwrap().alias;
    rig.world
        .create_game_session_queue(queue(&[&alias.alias_arn]), rig.now)
        .unwrap();
    rig.process("process-1");
    rig.world.start_game_session_placement(call("p-1"), rig.now).unwrap();
    assert!(describe(&mut rig, "p-1").game_session_arn.is_some());
    let terminal = UpdateAliasInput {
        alias_id: alias.alias_id.clone(),
        name: None,
        description: None,
        routing_strategy: Some(RoutingStrategy {
            kind: Some("TERMINAL".into()),
            fleet_id: None,
            message: Some("closed for good".into()),
        }),
    };
    rig.world.update_alias(terminal, rig.now).unwrap();
    let input = AliasInput {
        alias_id: alias.alias_id,
    };
    let error = rig.world.resolve_alias(input, rig.now).map(drop).unwrap_err();
    assert_eq!(error.kind, ErrorKind::TerminalRoutingStrategy);
    assert_eq!(error.message, "closed for good");
}
