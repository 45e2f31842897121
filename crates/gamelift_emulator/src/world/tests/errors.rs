//! Every error that the service model gives an emulated operation: it occurs here, or there is a reason why it cannot.
//! (Any of them can be asked for by a fault, which is another test.)

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::rig::Rig;
use crate::{
    api::dispatch::EMULATED,
    model::{error::ErrorKind, modelled::MODELLED},
};

/// Errors that this service has no reason for.
const NEVER: [(&str, &str); 4] = [
    ("InternalService", "only when the emulator itself is wrong"),
    ("Unauthorized", "any credentials are good"),
    ("UnsupportedRegion", "there is one region, and all is in it"),
    ("NotReady", "Anywhere fleets and their computes are ready at once"),
];

/// Errors of single operations that cannot occur.
const NOT_HERE: [(&str, &str, &str); 19] = [
    (
        "DescribeFleetAttributes",
        "NotFound",
        "fleets that do not exist are left out",
    ),
    (
        "DescribeFleetUtilization",
        "NotFound",
        "fleets that do not exist are left out",
    ),
    (
        "DescribeFleetCapacity",
        "NotFound",
        "fleets that do not exist are left out",
    ),
    ("ListFleets", "NotFound", "an unknown build or script has no fleets"),
    ("CreateFleet", "Conflict", "several fleets may have one name"),
    ("DeleteFleet", "TaggingFailed", "tags go with what has them"),
    ("DeleteAlias", "TaggingFailed", "tags go with what has them"),
    ("DeleteGameSessionQueue", "TaggingFailed", "tags go with what has them"),
    (
        "UntagResource",
        "TaggingFailed",
        "taking off a tag that is not there is no error",
    ),
    ("ListTagsForResource", "TaggingFailed", "listing changes nothing"),
    (
        "CreateGameSession",
        "InvalidFleetStatus",
        "Anywhere fleets are always active",
    ),
    (
        "UpdateGameSession",
        "Conflict",
        "calls are carried out one after the other",
    ),
    (
        "CreatePlayerSession",
        "TerminalRoutingStrategy",
        "the call names no alias",
    ),
    (
        "CreatePlayerSessions",
        "TerminalRoutingStrategy",
        "the call names no alias",
    ),
    ("CreateAlias", "Conflict", "several aliases may have one name"),
    (
        "UpdateFleetAttributes",
        "Conflict InvalidFleetStatus LimitExceeded",
        "an Anywhere fleet is active, and its names are free",
    ),
    (
        "CreateFleetLocations",
        "InvalidFleetStatus LimitExceeded",
        "active, and the quota of locations is below that of a fleet's",
    ),
    (
        "UpdateRuntimeConfiguration",
        "InvalidFleetStatus LimitExceeded",
        "active, and it starts no processes",
    ),
    (
        "GetPlayerConnectionDetails",
        "LimitExceeded",
        "there is no gateway that could be overrun",
    ),
];

const FLEET: &str = "fleet-local";
const NOBODY: &str = "arn:aws:gamelift:us-west-2::gamesession/fleet-local/custom-local/gsess-none";

/// What was seen, by operation.
#[derive(Default)]
struct Seen(BTreeMap<&'static str, BTreeSet<String>>, Vec<String>);

impl Seen {
    /// The call must fail in this way.
    fn fails(&mut self, rig: &mut Rig, operation: &'static str, body: Value, with: ErrorKind) {
        match rig.call(operation, body) {
            Err(error) if error.kind == with => {}
            Err(error) => self.1.push(format!(
                "{operation}: {:?} in place of {with:?}: {}",
                error.kind, error.message
            )),
            Ok(_) => self.1.push(format!("{operation}: no {with:?}")),
        }
        let name = with.name().trim_end_matches("Exception").to_owned();
        self.0.entry(operation).or_default().insert(name);
    }
}

#[test]
fn every_modelled_error_occurs_or_has_a_reason_not_to() {
    let mut seen = Seen::default();
    wrong_requests(&mut seen);
    unknown_things(&mut seen);
    tags(&mut seen);
    quotas_and_conflicts(&mut seen);
    game_sessions(&mut seen);
    let mut missing = std::mem::take(&mut seen.1);
    for (operation, errors) in MODELLED {
        let here = seen.0.remove(operation).unwrap_or_default();
        for error in errors.split(' ') {
            let never = NEVER.iter().any(|(known, _)| *known == error);
            let excused = NOT_HERE
                .iter()
                .any(|(known, errors, _)| *known == operation && errors.split(' ').any(|known| known == error));
            match (here.contains(error), never || excused) {
                (false, false) => missing.push(format!("{operation}: {error} did not occur, and there is no reason")),
                (true, true) => missing.push(format!("{operation}: {error} occurred although it cannot")),
                _ => {}
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
    assert!(seen.0.is_empty(), "not in the model: {:?}", seen.0);
}

fn wrong_requests(seen: &mut Seen) {
    let mut rig = Rig::new();
    for operation in EMULATED {
        let body = if rig.call(operation, json!({})).is_err() {
            json!({})
        } else {
            json!({"NextToken": ""})
        };
        seen.fails(&mut rig, operation, body, ErrorKind::InvalidRequest);
    }
}

fn unknown_things(seen: &mut Seen) {
    let mut rig = Rig::new();
    let fleet = || json!({"FleetId": "fleet-none"});
    let compute = || json!({"FleetId": FLEET, "ComputeName": "none"});
    let alias = || json!({"AliasId": "alias-none"});
    let with = |mut body: Value, name: &str, value: Value| {
        body[name] = value;
        body
    };
    let create = json!({"FleetId": "fleet-none", "Location": "custom-local", "MaximumPlayerSessionCount": 1});
    let new_fleet = json!({"Name": "f", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-none"}]});
    let locations = json!([{"Location": "custom-none"}]);
    let placement = json!({"PlacementId": "p", "GameSessionQueueName": "none", "MaximumPlayerSessionCount": 1});
    let destination = json!([{"DestinationArn": "arn:aws:gamelift:us-west-2:123456789012:fleet/fleet-none"}]);
    let resource = || json!({"ResourceARN": "arn:aws:gamelift:us-west-2:123456789012:fleet/fleet-none"});
    for (operation, body) in [
        ("CreateFleet", new_fleet),
        ("DeleteFleet", fleet()),
        ("DeleteLocation", json!({"LocationName": "custom-none"})),
        ("DeregisterCompute", compute()),
        ("DescribeCompute", compute()),
        ("GetComputeAuthToken", compute()),
        ("CreateGameSession", create),
        ("DescribeGameSessions", fleet()),
        ("DescribeGameSessionDetails", fleet()),
        ("SearchGameSessions", fleet()),
        ("UpdateGameSession", json!({"GameSessionId": NOBODY})),
        (
            "TerminateGameSession",
            json!({"GameSessionId": NOBODY, "TerminationMode": "TRIGGER_ON_PROCESS_TERMINATE"}),
        ),
        (
            "CreatePlayerSession",
            json!({"GameSessionId": NOBODY, "PlayerId": "ann"}),
        ),
        (
            "CreatePlayerSessions",
            json!({"GameSessionId": NOBODY, "PlayerIds": ["ann"]}),
        ),
        ("DescribePlayerSessions", json!({"GameSessionId": NOBODY})),
        ("DescribeAlias", alias()),
        ("UpdateAlias", alias()),
        ("DeleteAlias", alias()),
        ("ResolveAlias", alias()),
        (
            "CreateGameSessionQueue",
            json!({"Name": "q", "Destinations": destination}),
        ),
        ("DescribeGameSessionQueues", json!({"Names": ["none"]})),
        ("UpdateGameSessionQueue", json!({"Name": "none"})),
        ("DeleteGameSessionQueue", json!({"Name": "none"})),
        ("StartGameSessionPlacement", placement),
        ("DescribeGameSessionPlacement", json!({"PlacementId": "none"})),
        ("StopGameSessionPlacement", json!({"PlacementId": "none"})),
        ("UpdateFleetAttributes", fleet()),
        ("CreateFleetLocations", with(fleet(), "Locations", locations)),
        (
            "DeleteFleetLocations",
            with(fleet(), "Locations", json!(["custom-local"])),
        ),
        ("DescribeFleetLocationAttributes", fleet()),
        ("DescribeFleetEvents", fleet()),
        ("DescribeRuntimeConfiguration", fleet()),
        (
            "UpdateRuntimeConfiguration",
            with(fleet(), "RuntimeConfiguration", json!({})),
        ),
        (
            "TagResource",
            with(resource(), "Tags", json!([{"Key": "a", "Value": "b"}])),
        ),
        ("UntagResource", with(resource(), "TagKeys", json!(["a"]))),
        ("ListTagsForResource", resource()),
        (
            "GetPlayerConnectionDetails",
            json!({"GameSessionId": NOBODY, "PlayerIds": ["ann"]}),
        ),
        ("GetGameSessionLogUrl", json!({"GameSessionId": NOBODY})),
    ] {
        seen.fails(&mut rig, operation, body, ErrorKind::NotFound);
    }
}

fn tags(seen: &mut Seen) {
    let mut rig = Rig::new();
    let reserved = json!([{"Key": "aws:mine", "Value": "no"}]);
    let strategy = json!({"Type": "SIMPLE", "FleetId": FLEET});
    let fleet = rig.world.fleet_arn(FLEET);
    for (operation, mut body) in [
        (
            "CreateFleet",
            json!({"Name": "f", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-local"}]}),
        ),
        ("CreateLocation", json!({"LocationName": "custom-new"})),
        ("CreateAlias", json!({"Name": "a", "RoutingStrategy": strategy})),
        ("CreateGameSessionQueue", json!({"Name": "q"})),
        ("TagResource", json!({"ResourceARN": fleet})),
    ] {
        body["Tags"] = reserved.clone();
        seen.fails(&mut rig, operation, body, ErrorKind::TaggingFailed);
    }
}

/// Makes things until there is no more room for them.
fn exhaust(seen: &mut Seen, rig: &mut Rig, operation: &'static str, body: impl Fn(usize) -> Value) {
    for number in 0..200 {
        if rig.call(operation, body(number)).is_err() {
            return seen.fails(rig, operation, body(number), ErrorKind::LimitExceeded);
        }
    }
    panic!("{operation} has no quota");
}

fn quotas_and_conflicts(seen: &mut Seen) {
    let mut rig = Rig::new();
    rig.process("process-1");
    let strategy = json!({"Type": "SIMPLE", "FleetId": FLEET});
    exhaust(
        seen,
        &mut rig,
        "CreateFleet",
        |_| json!({"Name": "f", "ComputeType": "ANYWHERE", "Locations": [{"Location": "custom-local"}]}),
    );
    exhaust(
        seen,
        &mut rig,
        "CreateLocation",
        |number| json!({"LocationName": format!("custom-{number}")}),
    );
    let compute = |number: usize| json!({"FleetId": FLEET, "ComputeName": format!("c{number}"), "Location": "custom-local", "IpAddress": "127.0.0.1"});
    exhaust(seen, &mut rig, "RegisterCompute", compute);
    exhaust(
        seen,
        &mut rig,
        "CreateAlias",
        |_| json!({"Name": "a", "RoutingStrategy": strategy}),
    );
    exhaust(
        seen,
        &mut rig,
        "CreateGameSessionQueue",
        |number| json!({"Name": format!("q{number}")}),
    );
    let conflict = ErrorKind::Conflict;
    seen.fails(
        &mut rig,
        "CreateLocation",
        json!({"LocationName": "custom-0"}),
        conflict,
    );
    seen.fails(&mut rig, "RegisterCompute", compute(0), conflict);
    let again = json!({"FleetId": FLEET, "Locations": [{"Location": "custom-local"}]});
    seen.fails(&mut rig, "CreateFleetLocations", again, conflict);
    seen.fails(
        &mut rig,
        "DeleteFleet",
        json!({"FleetId": FLEET}),
        ErrorKind::InvalidFleetStatus,
    );
}

fn game_sessions(seen: &mut Seen) {
    let mut rig = Rig::new();
    let create = |more: &Value| {
        let mut body = json!({"FleetId": FLEET, "Location": "custom-local", "MaximumPlayerSessionCount": 1});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    seen.fails(
        &mut rig,
        "CreateGameSession",
        create(&json!({})),
        ErrorKind::FleetCapacityExceeded,
    );

    let socket = rig.process("process-1");
    let made = rig.call("CreateGameSession", create(&json!({"IdempotencyToken": "token"})));
    let arn = made.unwrap()["GameSession"]["GameSessionId"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = create(&json!({"IdempotencyToken": "token", "Name": "other"}));
    seen.fails(
        &mut rig,
        "CreateGameSession",
        other,
        ErrorKind::IdempotentParameterMismatch,
    );
    let join = json!({"GameSessionId": arn, "PlayerId": "ann"});
    let join_all = json!({"GameSessionId": arn, "PlayerIds": ["ann"]});
    let status = ErrorKind::InvalidGameSessionStatus;
    seen.fails(&mut rig, "CreatePlayerSession", join.clone(), status);
    seen.fails(&mut rig, "CreatePlayerSessions", join_all.clone(), status);
    seen.fails(&mut rig, "GetPlayerConnectionDetails", join_all.clone(), status);

    assert_eq!(rig.activate(socket, &arn), 200);
    rig.call("CreatePlayerSession", join.clone()).unwrap();
    seen.fails(&mut rig, "CreatePlayerSession", join, ErrorKind::GameSessionFull);
    seen.fails(&mut rig, "CreatePlayerSessions", join_all, ErrorKind::GameSessionFull);
    rig.ending(socket);
    seen.fails(&mut rig, "UpdateGameSession", json!({"GameSessionId": arn}), status);
    let terminate = json!({"GameSessionId": arn, "TerminationMode": "TRIGGER_ON_PROCESS_TERMINATE"});
    seen.fails(&mut rig, "TerminateGameSession", terminate, status);

    rig.process("process-2");
    rig.call("CreateGameSession", create(&json!({"GameSessionId": "mine"})))
        .unwrap();
    let again = create(&json!({"GameSessionId": "mine"}));
    seen.fails(&mut rig, "CreateGameSession", again, ErrorKind::Conflict);

    let policy = json!({"NewGameSessionsPerCreator": 1, "PolicyPeriodInMinutes": 5});
    let limited = json!({"FleetId": FLEET, "ResourceCreationLimitPolicy": policy});
    rig.call("UpdateFleetAttributes", limited).unwrap();
    rig.process("process-3");
    let by_ann = create(&json!({"CreatorId": "ann"}));
    rig.call("CreateGameSession", by_ann.clone()).unwrap();
    seen.fails(&mut rig, "CreateGameSession", by_ann, ErrorKind::LimitExceeded);

    let gone = json!({"Name": "gone", "RoutingStrategy": {"Type": "TERMINAL", "Message": "moved"}});
    let alias = rig.call("CreateAlias", gone).unwrap()["Alias"]["AliasId"].clone();
    let by_alias = json!({"AliasId": alias});
    let created = json!({"AliasId": alias, "Location": "custom-local", "MaximumPlayerSessionCount": 1});
    for (operation, body) in [
        ("CreateGameSession", created),
        ("DescribeGameSessions", by_alias.clone()),
        ("DescribeGameSessionDetails", by_alias.clone()),
        ("SearchGameSessions", by_alias.clone()),
        ("ResolveAlias", by_alias),
    ] {
        seen.fails(&mut rig, operation, body, ErrorKind::TerminalRoutingStrategy);
    }
}
