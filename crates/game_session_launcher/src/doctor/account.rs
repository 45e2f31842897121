//! The AWS account: credentials, rights, quotas, and the fleet and the compute that servers would be in.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use tokio::net::TcpStream;
use tokio::time::timeout;

use super::Patient;
use super::finding::Finding;
use crate::anywhere::aws::{Cloud, CloudError, CloudErrorKind, ComputeSeen, FleetSeen};
use crate::anywhere::settings::{host_and_port, own_address};
use crate::anywhere::{ComputeName, LocationName};

/// What the launcher and the backend need besides the calls that make something.
const NEEDED: &[&str] = &[
    "DeleteLocation",
    "DeleteFleet",
    "CreateFleetLocations",
    "DeleteFleetLocations",
    "DescribeFleetLocationAttributes",
    "DescribeFleetUtilization",
    "RegisterCompute",
    "DeregisterCompute",
    "DescribeCompute",
    "ListCompute",
    "GetComputeAuthToken",
    "CreateGameSession",
    "DescribeGameSessions",
    "SearchGameSessions",
    "CreatePlayerSession",
    "DescribePlayerSessions",
    "UpdateGameSession",
    "TerminateGameSession",
];

/// Quotas of a new account.
const MOST_LOCATIONS: usize = 20;
const MOST_FLEETS: usize = 10;
const MOST_COMPUTES: usize = 100;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Looks at the account, each thing only when what it needs is there.
pub(super) async fn examine(patient: &Patient, findings: &mut Vec<Finding>) {
    let cloud = Cloud::connect(&patient.account).await;
    findings.push(super::machine::clock(time_of_service(&cloud).await, SystemTime::now()));
    let seen = match look(&cloud).await {
        Ok(seen) => seen,
        Err(error) => {
            findings.push(unusable(&error));
            return;
        }
    };
    findings.push(Finding::fine(
        "credentials",
        format!("GameLift answers in {}", cloud.whereabouts()),
    ));
    findings.push(rights(&cloud).await);
    findings.push(quotas(&seen));
    let Some(location) = location(patient, &cloud, &seen, findings) else {
        return;
    };
    let Some(fleet) = fleet(patient, &cloud, &seen, &location, findings).await else {
        return;
    };
    compute(patient, &cloud, &fleet, &location, findings).await;
}

struct Seen {
    locations: Vec<String>,
    fleets: Vec<FleetSeen>,
}

async fn look(cloud: &Cloud) -> Result<Seen, CloudError> {
    Ok(Seen {
        locations: cloud.locations().await?.into_keys().collect(),
        fleets: cloud.fleets().await?,
    })
}

/// Without credentials and a region nothing else can be looked at.
fn unusable(error: &CloudError) -> Finding {
    Finding::problem("credentials", error.why(), error.mend())
}

async fn time_of_service(cloud: &Cloud) -> Option<SystemTime> {
    let url = match (cloud.endpoint(), cloud.region()) {
        (Some(url), _) => url.to_owned(),
        (None, Some(region)) => format!("https://gamelift.{region}.amazonaws.com/"),
        (None, None) => return None,
    };
    let http = reqwest::Client::builder().timeout(CONNECT_WITHIN).build().ok()?;
    let answer = http.get(url).send().await.ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    httpdate::parse_http_date(date).ok()
}

/// Calls about things that do not exist: who may not make them hears so, who may hears that there is nothing.
async fn rights(cloud: &Cloud) -> Finding {
    const CHECK: &str = "rights";
    let (mut denied, mut unknown) = (Vec::new(), Vec::new());
    for call in NEEDED {
        match cloud.probe(call).await {
            Err(error) if error.kind == CloudErrorKind::Denied => denied.push(*call),
            Err(error) if error.kind == CloudErrorKind::UnknownCall => unknown.push(*call),
            Ok(()) | Err(_) => {}
        }
    }
    if !denied.is_empty() {
        let names: Vec<String> = denied.iter().map(|call| format!("gamelift:{call}")).collect();
        return Finding::problem(
            CHECK,
            format!("these credentials may not {}", names.join(", ")),
            "attach the policy of the launcher's guide to the user or role",
        );
    }
    if !unknown.is_empty() {
        return Finding::problem(
            CHECK,
            format!("the endpoint does not know {}", unknown.join(", ")),
            "it is the old GameLift Local: take gamelift-emulator, or run the backend in legacy mode",
        );
    }
    let seen = format!(
        "{} calls are allowed; CreateLocation and CreateFleet are not tried",
        NEEDED.len()
    );
    Finding::fine(CHECK, seen)
}

fn quotas(seen: &Seen) -> Finding {
    const CHECK: &str = "quotas";
    let fleets = seen.fleets.iter().filter(|fleet| fleet.anywhere).count();
    let locations = seen.locations.len();
    let used = format!(
        "{locations} of {MOST_LOCATIONS} custom locations and {fleets} of {MOST_FLEETS} Anywhere fleets are used"
    );
    if fleets >= MOST_FLEETS || locations >= MOST_LOCATIONS {
        let mend = "delete what is not needed, or ask for more under Service Quotas; what exists can be used";
        Finding::warning(CHECK, used, mend)
    } else {
        Finding::fine(CHECK, used)
    }
}

fn location(patient: &Patient, cloud: &Cloud, seen: &Seen, findings: &mut Vec<Finding>) -> Option<LocationName> {
    const CHECK: &str = "location";
    let given = patient.location.as_deref()?;
    let name: LocationName = match given.parse() {
        Ok(name) => name,
        Err(error) => {
            findings.push(Finding::problem(CHECK, format!("{error}"), "choose a name like `home`"));
            return None;
        }
    };
    if seen.locations.iter().any(|known| known == name.as_str()) {
        findings.push(Finding::fine(CHECK, format!("{name} exists")));
        return Some(name);
    }
    let known = if seen.locations.is_empty() {
        "there is none".to_owned()
    } else {
        format!("there are {}", seen.locations.join(", "))
    };
    findings.push(Finding::problem(
        CHECK,
        format!("there is no location {name} in {}: {known}", cloud.whereabouts()),
        "check AWS_REGION: locations belong to one region; or run `game-session anywhere up --create`, which makes it",
    ));
    None
}

async fn fleet(
    patient: &Patient,
    cloud: &Cloud,
    seen: &Seen,
    location: &LocationName,
    findings: &mut Vec<Finding>,
) -> Option<FleetSeen> {
    const CHECK: &str = "fleet";
    let mut say = |finding| findings.push(finding);
    if let Some(id) = &patient.fleet {
        let Some(fleet) = seen.fleets.iter().find(|fleet| fleet.id == *id || fleet.arn == *id) else {
            let there = format!("there is no fleet {id} in {}", cloud.whereabouts());
            say(Finding::problem(
                CHECK,
                there,
                "check the id and AWS_REGION, or let `anywhere up --create` make one",
            ));
            return None;
        };
        if !fleet.anywhere || !fleet.active {
            let kind = if fleet.anywhere {
                "an Anywhere fleet"
            } else {
                "a managed fleet"
            };
            let seen = format!("{id} is {kind} and {}", fleet.status);
            say(Finding::problem(CHECK, seen, "name an Anywhere fleet that is ACTIVE"));
            return None;
        }
        return match cloud.fleet_has_location(id, location.as_str()).await {
            Ok(true) => {
                say(Finding::fine(
                    CHECK,
                    format!("{id} is an Anywhere fleet, ACTIVE, with {location}"),
                ));
                Some(fleet.clone())
            }
            Ok(false) => {
                let seen = format!("{id} does not have the location {location}");
                say(Finding::problem(
                    CHECK,
                    seen,
                    "run `game-session anywhere up`, which adds it",
                ));
                None
            }
            Err(error) => {
                say(Finding::problem(CHECK, error.to_string(), "mend that first"));
                None
            }
        };
    }
    let mut fitting = Vec::new();
    for fleet in seen.fleets.iter().filter(|fleet| fleet.anywhere && fleet.active) {
        if let Ok(true) = cloud.fleet_has_location(&fleet.id, location.as_str()).await {
            fitting.push(fleet.clone());
        }
    }
    match fitting.len() {
        0 => {
            let seen = format!("no Anywhere fleet has the location {location}");
            say(Finding::problem(
                CHECK,
                seen,
                "run `game-session anywhere up --create`, which makes one",
            ));
            None
        }
        1 => {
            let fleet = fitting.pop()?;
            say(Finding::fine(
                CHECK,
                format!("{} has the location {location}", fleet.id),
            ));
            Some(fleet)
        }
        _ => {
            let ids: Vec<_> = fitting.into_iter().map(|fleet| fleet.id).collect();
            let seen = format!("several fleets have the location {location}: {}", ids.join(", "));
            say(Finding::warning(CHECK, seen, "name the one that is meant with --fleet"));
            None
        }
    }
}

async fn compute(
    patient: &Patient,
    cloud: &Cloud,
    fleet: &FleetSeen,
    location: &LocationName,
    findings: &mut Vec<Finding>,
) {
    const CHECK: &str = "compute";
    let name = patient.compute.clone().unwrap_or_else(ComputeName::of_this_machine);
    let computes = match cloud.computes(&fleet.id).await {
        Ok(computes) => computes,
        Err(error) => {
            findings.push(Finding::problem(CHECK, error.to_string(), "mend that first"));
            return;
        }
    };
    if computes.len() >= MOST_COMPUTES {
        let seen = format!("{} has {} computes, the quota", fleet.id, computes.len());
        findings.push(Finding::warning(
            "compute quota",
            seen,
            "deregister computes that are gone",
        ));
    }
    let Some(seen) = computes.into_iter().find(|compute| compute.name == name.as_str()) else {
        let seen = format!("{name} is not registered in {}", fleet.id);
        findings.push(Finding::problem(
            CHECK,
            seen,
            "run `game-session anywhere up`, which registers this machine",
        ));
        return;
    };
    findings.push(judge_compute(patient, cloud, &seen, location));
    findings.push(endpoint(&seen).await);
    findings.push(token(cloud, fleet, &seen).await);
}

fn judge_compute(patient: &Patient, cloud: &Cloud, seen: &ComputeSeen, location: &LocationName) -> Finding {
    const CHECK: &str = "compute";
    let mend = "run `game-session anywhere up`, which registers it again; --address names the address";
    if seen.location != location.as_str() {
        let seen = format!("{} is registered in {}, not in {location}", seen.name, seen.location);
        return Finding::problem(CHECK, seen, mend);
    }
    let here = patient.address.or_else(|| own_address(cloud.endpoint()).ok());
    match (seen.address, here) {
        (Some(there), Some(here)) if there != here && !may_be_public(there, here) => {
            let seen = format!("{} is registered with {there}, and this machine has {here}", seen.name);
            Finding::problem(CHECK, seen, mend)
        }
        (Some(there), _) => Finding::fine(CHECK, format!("{} is registered with {there} in {location}", seen.name)),
        (None, _) => Finding::problem(CHECK, format!("{} is registered without an address", seen.name), mend),
    }
}

/// A public address in front of a private one cannot be judged from here.
fn may_be_public(there: IpAddr, here: IpAddr) -> bool {
    use crate::anywhere::settings::is_private;
    !is_private(there) && !there.is_loopback() && is_private(here)
}

async fn endpoint(compute: &ComputeSeen) -> Finding {
    const CHECK: &str = "endpoint";
    let mend = "let the firewall pass outgoing TLS connections (TCP port 443) to it";
    let Some((host, port)) = host_and_port(&compute.endpoint) else {
        let seen = format!("GameLift names {:?} as the endpoint of servers", compute.endpoint);
        return Finding::problem(
            CHECK,
            seen,
            "register the compute again with `game-session anywhere up`",
        );
    };
    match timeout(CONNECT_WITHIN, TcpStream::connect((host.as_str(), port))).await {
        Ok(Ok(_)) => Finding::fine(CHECK, format!("servers can reach {host}:{port}")),
        Ok(Err(error)) => Finding::problem(CHECK, format!("servers cannot reach {host}:{port}: {error}"), mend),
        Err(_) => Finding::problem(CHECK, format!("servers cannot reach {host}:{port}: no answer"), mend),
    }
}

async fn token(cloud: &Cloud, fleet: &FleetSeen, compute: &ComputeSeen) -> Finding {
    const CHECK: &str = "auth token";
    match cloud.auth_token(&fleet.id, &compute.name).await {
        Ok(token) => {
            let left = token.expires.duration_since(SystemTime::now()).unwrap_or_default();
            Finding::fine(
                CHECK,
                format!("GameLift gives one, good for {} minutes", left.as_secs() / 60),
            )
        }
        Err(error) => Finding::problem(CHECK, error.to_string(), "mend that first"),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
    use std::collections::BTreeSet;

    use super::*;

    /// What is called and cannot be tried, or is seen to work by the first look.
    const UNTRIED: [&str; 6] = [
        "ListLocations",
        "CreateLocation",
        "DescribeFleetAttributes",
        "CreateFleet",
        "TagResource",
        "ListTagsForResource",
    ];

    #[test]
    fn the_policy_of_the_guide_allows_what_is_called_and_nothing_more() {
        let guide = include_str!("../../README.md");
        let block = guide.split("<!-- policy -->").nth(1).unwrap();
        let json = block.split("```json").nth(1).unwrap().split("```").next().unwrap();
        let policy: serde_json::Value = serde_json::from_str(json).unwrap();
        let statements = policy["Statement"].as_array().unwrap().iter();
        let actions = statements.flat_map(|statement| statement["Action"].as_array().unwrap());
        let allowed: BTreeSet<_> = actions.map(|action| action.as_str().unwrap().to_owned()).collect();
        let called = NEEDED.iter().chain(&UNTRIED).map(|call| format!("gamelift:{call}"));
        assert_eq!(allowed, called.collect());
    }
}
