//! The members of every emulated operation's input: the table that requests are checked against. The rows of aliases,
//! queues and placements are in `routing_inputs`, those of reports and tags in `report_inputs`.

use super::{report_inputs::REPORT_INPUTS, routing_inputs::ROUTING_INPUTS, scalars as s, shape::Member};

use Member as M;

/// The members of an operation's input, if it is emulated.
pub(crate) fn members_of(operation: &str) -> Option<&'static [Member]> {
    [INPUTS, ROUTING_INPUTS, REPORT_INPUTS]
        .into_iter()
        .flatten()
        .find_map(|(name, members)| (*name == operation).then_some(*members))
}

/// How many inputs there are.
#[cfg(test)]
pub(crate) fn known_inputs() -> usize {
    INPUTS.len() + ROUTING_INPUTS.len() + REPORT_INPUTS.len()
}

/// The inputs of fleets, locations, computes, game sessions and player sessions, by operation name.
static INPUTS: &[(&str, &[Member])] = &[
    (
        "ListFleets",
        &[
            M::optional("BuildId", &s::BUILD),
            M::optional("ScriptId", &s::SCRIPT),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "DescribeFleetAttributes",
        &[
            M::optional("FleetIds", &s::FLEETS),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "CreateFleet",
        &[
            M::required("Name", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("Description", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("NewGameSessionProtectionPolicy", &s::PROTECTION_POLICY),
            M::optional("ResourceCreationLimitPolicy", &s::CREATION_LIMIT_POLICY),
            M::optional("RuntimeConfiguration", &s::RUNTIME_CONFIGURATION),
            M::optional("Locations", &s::LOCATION_CONFIGURATIONS),
            M::optional("Tags", &s::TAGS),
            M::optional("ComputeType", &s::COMPUTE_TYPE),
            M::optional("AnywhereConfiguration", &s::ANYWHERE_CONFIGURATION),
        ],
    ),
    ("DeleteFleet", &[M::required("FleetId", &s::FLEET)]),
    (
        "CreateLocation",
        &[
            M::required("LocationName", &s::CUSTOM_LOCATION),
            M::optional("Tags", &s::TAGS),
        ],
    ),
    (
        "DeleteLocation",
        &[M::required("LocationName", &s::CUSTOM_LOCATION_OR_ARN)],
    ),
    (
        "ListLocations",
        &[
            M::optional("Filters", &s::LOCATION_FILTERS),
            M::optional("Limit", &s::LIST_LOCATIONS_LIMIT),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "RegisterCompute",
        &[
            M::required("FleetId", &s::FLEET),
            M::required("ComputeName", &s::COMPUTE_NAME),
            M::optional("CertificatePath", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("DnsName", &s::DNS_NAME),
            M::optional("IpAddress", &s::IP_ADDRESS),
            M::optional("Location", &s::LOCATION),
        ],
    ),
    ("DeregisterCompute", COMPUTE),
    ("DescribeCompute", COMPUTE),
    ("GetComputeAuthToken", COMPUTE),
    (
        "ListCompute",
        &[
            M::required("FleetId", &s::FLEET),
            M::optional("Location", &s::LOCATION),
            M::optional("ComputeStatus", &s::COMPUTE_STATUS),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "CreateGameSession",
        &[
            M::optional("FleetId", &s::FLEET),
            M::optional("AliasId", &s::ALIAS),
            M::required("MaximumPlayerSessionCount", &s::WHOLE_NUMBER),
            M::optional("Name", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("GameProperties", &s::GAME_PROPERTIES),
            M::optional("CreatorId", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("GameSessionId", &s::ID_STRING),
            M::optional("IdempotencyToken", &s::ID_STRING),
            M::optional("GameSessionData", &s::LARGE_GAME_SESSION_DATA),
            M::optional("Location", &s::LOCATION),
        ],
    ),
    ("DescribeGameSessions", DESCRIBE_GAME_SESSIONS),
    ("DescribeGameSessionDetails", DESCRIBE_GAME_SESSIONS),
    (
        "SearchGameSessions",
        &[
            M::optional("FleetId", &s::FLEET),
            M::optional("AliasId", &s::ALIAS),
            M::optional("Location", &s::LOCATION),
            M::optional("FilterExpression", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("SortExpression", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
    (
        "UpdateGameSession",
        &[
            M::required("GameSessionId", &s::ARN),
            M::optional("MaximumPlayerSessionCount", &s::WHOLE_NUMBER),
            M::optional("Name", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("PlayerSessionCreationPolicy", &s::CREATION_POLICY),
            M::optional("ProtectionPolicy", &s::PROTECTION_POLICY),
            M::optional("GameProperties", &s::GAME_PROPERTIES),
        ],
    ),
    (
        "TerminateGameSession",
        &[
            M::required("GameSessionId", &s::ARN),
            M::required("TerminationMode", &s::TERMINATION_MODE),
        ],
    ),
    (
        "CreatePlayerSession",
        &[
            M::required("GameSessionId", &s::ARN),
            M::required("PlayerId", &s::PLAYER_ID),
            M::optional("PlayerData", &s::PLAYER_DATA),
        ],
    ),
    (
        "CreatePlayerSessions",
        &[
            M::required("GameSessionId", &s::ARN),
            M::required("PlayerIds", &s::PLAYER_IDS),
            M::optional("PlayerDataMap", &s::PLAYER_DATA_MAP),
        ],
    ),
    (
        "DescribePlayerSessions",
        &[
            M::optional("GameSessionId", &s::ARN),
            M::optional("PlayerId", &s::PLAYER_ID),
            M::optional("PlayerSessionId", &s::PLAYER_SESSION_ID),
            M::optional("PlayerSessionStatusFilter", &s::NON_ZERO_AND_MAX_STRING),
            M::optional("Limit", &s::POSITIVE_INTEGER),
            M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
        ],
    ),
];

const COMPUTE: &[Member] = &[
    M::required("FleetId", &s::FLEET),
    M::required("ComputeName", &s::COMPUTE_NAME_OR_ARN),
];

const DESCRIBE_GAME_SESSIONS: &[Member] = &[
    M::optional("FleetId", &s::FLEET),
    M::optional("GameSessionId", &s::ARN),
    M::optional("AliasId", &s::ALIAS),
    M::optional("Location", &s::LOCATION),
    M::optional("StatusFilter", &s::NON_ZERO_AND_MAX_STRING),
    M::optional("Limit", &s::POSITIVE_INTEGER),
    M::optional("NextToken", &s::NON_ZERO_AND_MAX_STRING),
];
